//! `kubectl create service`, as far as it changes nothing: `--dry-run=client`
//! (`pkg/cmd/create/create_service.go`).
//!
//! *Left out:* everything else that `create` makes, and `-f`.

use api::names::port_name_problems;
use serde_json::{Map, Value, json};

use super::{
    Cluster, Printed, dry_run,
    flags::{Flag, Flags, listed, valued},
};

const FLAGS: &[Flag] = &[
    valued("clusterip", ' '),
    valued("dry-run", ' '),
    valued("external-name", ' '),
    valued("namespace", 'n'),
    valued("node-port", ' '),
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
        ["service" | "svc"] => return no_type("a type"),
        [what, ..] => {
            return Printed::error(format!(
                "error: `kubectl create {what}` is not simulated; create service is"
            ));
        }
        [] => return Printed::error("error: name what to create: service"),
    };
    let Some((_, kind, own)) = TYPES.into_iter().find(|(known, ..)| *known == word) else {
        return no_type(&format!("a type, and {word:?} is none"));
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

fn no_type(what: &str) -> Printed {
    Printed::error(format!(
        "error: create service takes {what}: clusterip, nodeport, loadbalancer or externalname"
    ))
}

/// The Service. The order of what is looked at is kubectl's.
fn service(flags: &Flags, command: &str, kind: &str) -> Result<Value, String> {
    let external = kind == "ExternalName";
    if external && flags.value("external-name").is_none() {
        return Err("required flag(s) \"external-name\" not set".to_owned());
    }
    let [name] = &flags.words[..] else {
        return Err(format!(
            "exactly one NAME is required, got {}\nSee 'kubectl {command} -h' for help and examples",
            flags.words.len()
        ));
    };
    let node_port = flags.value("node-port").unwrap_or("0");
    let node_port: i32 = node_port.parse().map_err(|_| {
        format!(
            "invalid argument {node_port:?} for \"--node-port\" flag: strconv.ParseInt: parsing \
             {node_port:?}: invalid syntax"
        )
    })?;
    let cluster_ip = flags.value("clusterip").unwrap_or_default();
    let written = flags.value("tcp").unwrap_or_default();
    let written: Vec<&str> = written.split(',').filter(|port| !port.is_empty()).collect();
    if written.is_empty() && !external && cluster_ip != "None" {
        return Err("at least one tcp port specifier must be provided".to_owned());
    }
    let ports = written.into_iter().map(|text| port(text, node_port));
    let ports = ports.collect::<Result<Vec<Value>, String>>()?;
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
    let mut metadata = json!({ "labels": { "app": name }, "name": name });
    if let Some(namespace) = flags.value("namespace") {
        metadata["namespace"] = namespace.into();
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": spec,
        "status": { "loadBalancer": {} },
    }))
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
