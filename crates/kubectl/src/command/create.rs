//! `kubectl create service`, as far as it changes nothing: `--dry-run=client`
//! (`pkg/cmd/create/create_service.go`).
//!
//! *Left out:* everything else that `create` makes, and `-f`.

use api::names::{is_subdomain, port_name_problems};
use serde_json::{Map, Value, json};

use super::{
    Cluster, Printed, dry_run,
    flags::{Flag, Flags, integer, listed, valued},
    help,
};

const FLAGS: &[Flag] = &[
    valued("clusterip", ' '),
    valued("dry-run", ' '),
    valued("external-name", ' '),
    valued("namespace", 'n'),
    integer("node-port", ' '),
    valued("output", 'o'),
    listed("tcp", ' '),
];

/// The types by their word on the command line, each with the flag that no other has.
const TYPES: [(&str, &str, Option<&str>); 4] = [
    ("clusterip", "ClusterIP", Some("clusterip")),
    ("nodeport", "NodePort", Some("node-port")),
    ("loadbalancer", "LoadBalancer", None),
    ("externalname", "ExternalName", Some("external-name")),
];

pub(super) fn create(line: &[String], cluster: &dyn Cluster) -> Printed {
    let words: Vec<&str> = line.iter().map(String::as_str).collect();
    let (word, rest) = match words[..] {
        ["service" | "svc", word, ..] => (word, &line[2..]),
        ["service" | "svc"] => {
            return Printed {
                stderr: help::CREATE_SERVICE.to_owned(),
                code: 1,
                ..Printed::default()
            };
        }
        [what, ..] => {
            return Printed::error(format!(
                "error: `kubectl create {what}` is not simulated; create service is"
            ));
        }
        [] => return Printed::error("error: name what to create: service"),
    };
    let Some((_, kind, own)) = TYPES.into_iter().find(|(known, ..)| *known == word) else {
        let words = words[1..].iter().take_while(|word| !word.starts_with('-'));
        return Printed::error(format!(
            "error: unknown command \"{}\"\nSee 'kubectl create service -h' for help and examples",
            words.copied().collect::<Vec<_>>().join(" ")
        ));
    };
    let foreign = TYPES.iter().filter_map(|(.., flag)| *flag).filter(|flag| Some(*flag) != own);
    let foreign: Vec<&str> = foreign.collect();
    let known: Vec<Flag> =
        FLAGS.iter().filter(|flag| !foreign.contains(&flag.name)).copied().collect();
    let command = format!("create service {word}");
    let flags = match Flags::parse(&command, &known, rest) {
        Ok(flags) => flags,
        Err(problem) => return Printed::error(problem),
    };
    match service(&flags, &command, kind) {
        Ok(service) => dry_run::print(&flags, &service, "created", cluster),
        Err(problem) => Printed::error(format!("error: {problem}")),
    }
}

/// The Service. The order of what is looked at is kubectl's.
fn service(flags: &Flags, command: &str, kind: &str) -> Result<Value, String> {
    if kind == "ExternalName" && flags.value("external-name").is_none() {
        return Err("required flag(s) \"external-name\" not set".to_owned());
    }
    let [name] = &flags.words[..] else {
        return Err(format!(
            "exactly one NAME is required, got {}\nSee 'kubectl {command} -h' for help and examples",
            flags.words.len()
        ));
    };
    let mut metadata = json!({ "labels": { "app": name }, "name": name });
    if let Some(namespace) = flags.value("namespace") {
        metadata["namespace"] = namespace.into();
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": spec(flags, name, kind)?,
        "status": { "loadBalancer": {} },
    }))
}

fn spec(flags: &Flags, name: &str, kind: &str) -> Result<Map<String, Value>, String> {
    let cluster_ip = flags.value("clusterip").unwrap_or_default();
    let written = flags.texts("tcp");
    if written.is_empty() && kind != "ExternalName" && cluster_ip != "None" {
        return Err("at least one tcp port specifier must be provided".to_owned());
    }
    if let Some(name) = flags.value("external-name").filter(|name| !is_subdomain(name)) {
        return Err(format!("invalid service external name {name}"));
    }
    // kubectl cuts a number that is too large as well, and the API server says what it thinks of it.
    let node_port = flags.integer("node-port").unwrap_or_default() as i32;
    let ports = written
        .into_iter()
        .map(|text| port(text, node_port))
        .collect::<Result<Vec<Value>, String>>()?;
    let mut spec = Map::new();
    if !cluster_ip.is_empty() {
        spec.insert("clusterIP".to_owned(), cluster_ip.into());
    }
    if let Some(name) = flags.value("external-name") {
        spec.insert("externalName".to_owned(), name.into());
    }
    if !ports.is_empty() {
        spec.insert("ports".to_owned(), ports.into());
    }
    spec.insert("selector".to_owned(), json!({ "app": name }));
    spec.insert("type".to_owned(), kind.into());
    Ok(spec)
}

/// `PORT` or `PORT:TARGET`, where the target may be a name (`parsePorts`). The port's name is the text.
fn port(text: &str, node_port: i32) -> Result<Value, String> {
    let mut parts = text.split(':');
    let number = parts.next().unwrap_or_default();
    let unparsed = |why| format!("strconv.ParseUint: parsing {number:?}: {why}");
    if number.is_empty() || number.contains(|c: char| !c.is_ascii_digit()) {
        return Err(unparsed("invalid syntax"));
    }
    let number: u16 = number.parse().map_err(|_| unparsed("value out of range"))?;
    let target = match parts.next() {
        None => Value::from(number),
        Some(target) => match target.parse::<i64>() {
            Ok(1..=65_535) => Value::from(target.parse::<u16>().unwrap_or(number)),
            Ok(_) => return Err("must be between 1 and 65535, inclusive".to_owned()),
            Err(_) => {
                let problems = port_name_problems(target);
                if !problems.is_empty() {
                    return Err(problems.join(","));
                }
                target.into()
            }
        },
    };
    let mut port = json!({
        "name": text.replace(':', "-"),
        "port": number,
        "protocol": "TCP",
        "targetPort": target,
    });
    if node_port != 0 {
        port["nodePort"] = node_port.into();
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    struct Empty;

    impl Cluster for Empty {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn objects(&self, _: &str) -> Vec<Value> {
            Vec::new()
        }
    }

    fn create_service(words: &[&str]) -> Printed {
        let line = [&["service"], words, &["--dry-run=client", "-o", "json"]].concat();
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        create(&line, &Empty)
    }

    #[test]
    fn what_is_wrong_is_said_in_kubectls_words() {
        let syntax = "invalid syntax";
        let cases: [(&[&str], String); 5] = [
            (
                &["nodeport", "--node-port=x"],
                format!(
                    "invalid argument \"x\" for \"--node-port\" flag: strconv.ParseInt: parsing \"x\": \
                     {syntax}\nSee 'kubectl create service nodeport --help' for usage."
                ),
            ),
            (
                &["clusterip", "a", "--tcp=80,,81"],
                format!("strconv.ParseUint: parsing \"\": {syntax}"),
            ),
            (
                &["clusterip", "a", "--tcp="],
                "at least one tcp port specifier must be provided".to_owned(),
            ),
            (
                &["externalname", "a", "--external-name="],
                "invalid service external name ".to_owned(),
            ),
            (
                &["externalname", "a", "--external-name=a_b"],
                "invalid service external name a_b".to_owned(),
            ),
        ];
        for (words, expected) in cases {
            let printed = create_service(words);
            assert_eq!(printed.stderr, format!("error: {expected}\n"), "{words:?}");
        }
    }

    #[test]
    fn a_node_port_is_a_number_as_go_writes_them() {
        for (text, number) in [("0x10", 16), ("99999999999", 1_215_752_191)] {
            let printed = create_service(&["nodeport", "a", "--tcp=80", "--node-port", text]);
            let service: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
            assert_eq!(service["spec"]["ports"][0]["nodePort"], number, "{text}");
        }
    }
}
