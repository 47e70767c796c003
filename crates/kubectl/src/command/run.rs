//! `kubectl run`: one program in a pod of its own, or with `--dry-run=client` that pod's manifest.
//!
//! *Left out:* `--expose`, `--overrides` and `--annotations`. No pod is made: the program sees what
//! one in a new pod of the namespace would.

use api::names::{is_label, is_subdomain};
use serde_json::{Value, json};

use super::{
    Cluster, Printed, dry_run,
    flags::{Flag, Flags, integer, listed, switch, valued},
    programs::{self, Host},
};
use crate::{Object, expose::parse_labels, resource::RESOURCES};

pub(super) const FLAGS: &[Flag] = &[
    switch("attach", ' '),
    switch("command", ' '),
    valued("dry-run", ' '),
    listed("env", ' '),
    valued("image", ' '),
    valued("image-pull-policy", ' '),
    valued("labels", 'l'),
    valued("namespace", 'n'),
    valued("output", 'o'),
    integer("port", ' '),
    switch("quiet", 'q'),
    valued("restart", ' '),
    switch("rm", ' '),
    switch("stdin", 'i'),
    switch("tty", 't'),
];

/// Namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

pub(super) fn run(flags: &Flags, program: &[String], cluster: &dyn Cluster) -> Printed {
    let [name, others @ ..] = &flags.words[..] else {
        return Printed::error("error: NAME is required for run");
    };
    let program: Vec<String> = others.iter().chain(program).cloned().collect();
    if let Err(problem) = check(flags) {
        return Printed::error(format!("error: {problem}"));
    }
    if flags.value("dry-run").is_some_and(|mode| mode != "none") {
        return match pod(name, &program, flags) {
            Ok(pod) => dry_run::print(flags, &pod, "created", cluster),
            Err(problem) => Printed::error(format!("error: {problem}")),
        };
    }
    if !flags.is_on("rm") || program.is_empty() {
        return Printed::error(format!(
            "error: the simulated cluster stands still and cannot take pod/{name}\n  = help: run one \
             command and remove the pod: run {name} --image=IMAGE --rm -it --restart=Never -- COMMAND"
        ));
    }
    let namespace = flags.namespace();
    if let Err(objection) = admit(namespace, name, cluster) {
        return Printed::error(objection);
    }
    let Some(inside) = cluster.inside(namespace, None) else { return programs::none() };
    let mut printed = programs::run(&program, &Host::named(name), &*inside);
    if printed.code > 0 {
        printed.stderr.push_str(&format!("pod {namespace}/{name} terminated (Error)\n"));
    }
    printed.last = format!("pod \"{name}\" deleted from {namespace} namespace\n");
    printed
}

/// What kubectl refuses before it asks the API server.
fn check(flags: &Flags) -> Result<(), String> {
    if flags.value("image").is_none_or(str::is_empty) {
        return Err("required flag(s) \"image\" not set".to_owned());
    }
    let attached = ["stdin", "tty", "attach"].iter().any(|flag| flags.is_on(flag));
    if flags.is_on("rm") && !attached {
        return Err("--rm should only be used for attached containers".to_owned());
    }
    match flags.value("restart").unwrap_or_default() {
        "" | "Always" | "OnFailure" | "Never" => Ok(()),
        other => Err(format!("invalid restart policy: {other}")),
    }
}

/// Whether the API server takes a pod of that name; if not, in its words and in kubectl's.
fn admit(namespace: &str, name: &str, cluster: &dyn Cluster) -> Result<(), String> {
    let namespaced = RESOURCES.iter().filter(|resource| resource.namespaced);
    let mut objects = namespaced.flat_map(|resource| cluster.objects(resource.kind));
    let is_there = |object: &Value| Object::new(object).namespace() == namespace;
    if !NAMESPACES.contains(&namespace) && !objects.any(|object| is_there(&object)) {
        return Err(format!("Error from server (NotFound): namespaces \"{namespace}\" not found"));
    }
    let problems = name_problems(name);
    match &problems[..] {
        [] => {}
        [only] => return Err(format!("The Pod \"{name}\" is invalid: {only}")),
        all => {
            let all = all.iter().map(|problem| format!("\n* {problem}")).collect::<String>();
            return Err(format!("The Pod \"{name}\" is invalid: {all}"));
        }
    }
    let pods = cluster.objects("Pod");
    let mut pods = pods.iter().map(Object::new);
    match pods.any(|pod| pod.name() == name && pod.namespace() == namespace) {
        true => Err(format!("Error from server (AlreadyExists): pods \"{name}\" already exists")),
        false => Ok(()),
    }
}

/// What is wrong with a name that a pod has and its container too.
fn name_problems(name: &str) -> Vec<String> {
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                             characters, '-' or '.', and must start and end with an alphanumeric \
                             character (e.g. 'example.com', regex used for validation is \
                             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
                         or '-', and must start and end with an alphanumeric character (e.g. \
                         'my-name',  or '123-abc', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    let checks = [
        (is_subdomain(name), "metadata.name", SUBDOMAIN),
        (name.len() <= 63, "spec.containers[0].name", "must be no more than 63 characters"),
        (is_label(name), "spec.containers[0].name", LABEL),
    ];
    let failed = checks.into_iter().filter(|(holds, ..)| !holds);
    failed.map(|(_, path, text)| format!("{path}: Invalid value: {name:?}: {text}")).collect()
}

/// The pod (`BasicPod.Generate`).
fn pod(name: &str, program: &[String], flags: &Flags) -> Result<Value, String> {
    let labels = match flags.value("labels").filter(|labels| !labels.is_empty()) {
        Some(labels) => parse_labels(labels)?,
        None => json!({ "run": name }),
    };
    let mut metadata = json!({ "labels": labels, "name": name });
    if let Some(namespace) = flags.value("namespace") {
        metadata["namespace"] = namespace.into();
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": [container(name, program, flags)?],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": flags.value("restart").unwrap_or("Always"),
        },
        "status": {},
    }))
}

fn container(name: &str, program: &[String], flags: &Flags) -> Result<Value, String> {
    let mut container = json!({ "image": flags.value("image"), "name": name, "resources": {} });
    if !program.is_empty() {
        let field = if flags.is_on("command") { "command" } else { "args" };
        container[field] = program.into();
    }
    let variables = flags.all("env").iter().map(|variable| variable_of(variable));
    let variables = variables.collect::<Result<Vec<Value>, String>>()?;
    if !variables.is_empty() {
        container["env"] = variables.into();
    }
    if let Some(policy) = flags.value("image-pull-policy") {
        container["imagePullPolicy"] = policy.into();
    }
    if let Some(port) = flags.integer("port").filter(|port| *port > 0) {
        container["ports"] = json!([{ "containerPort": port }]);
    }
    if flags.is_on("stdin") {
        container["stdin"] = true.into();
        container["stdinOnce"] = true.into();
    }
    if flags.is_on("tty") {
        container["tty"] = true.into();
    }
    Ok(container)
}

/// `NAME=VALUE` (`parseEnvs`).
fn variable_of(text: &str) -> Result<Value, String> {
    let variable = text.split_once('=').filter(|(name, _)| !name.is_empty());
    match variable {
        Some((name, "")) => Ok(json!({ "name": name })),
        Some((name, value)) => Ok(json!({ "name": name, "value": value })),
        None => Err(format!("invalid env: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{super::execute, *};

    /// A cluster with one pod, of namespace `shop`.
    struct Shop;

    impl Cluster for Shop {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn objects(&self, kind: &str) -> Vec<Value> {
            let pod = json!({ "metadata": { "name": "web", "namespace": "shop" } });
            if kind == "Pod" { vec![pod] } else { Vec::new() }
        }
    }

    fn run_line(line: &str) -> Printed {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        execute(&words, &Shop)
    }

    #[test]
    fn the_manifest_of_a_pod_is_written() {
        let plain = run_line("run web --image=nginx --dry-run=client -o yaml").stdout;
        let expected = "\
apiVersion: v1
kind: Pod
metadata:
  labels:
    run: web
  name: web
spec:
  containers:
  - image: nginx
    name: web
    resources: {}
  dnsPolicy: ClusterFirst
  restartPolicy: Always
status: {}
";
        assert_eq!(plain, expected);
        let all = run_line(
            "run web --image=nginx --port=80 --env=A=b,c --env=D= -l app=web,tier=front -n shop \
             --restart=Never --dry-run=client -o json -- serve -v",
        );
        let pod: Value = serde_json::from_str(&all.stdout).expect("it is JSON");
        let labels = json!({ "app": "web", "tier": "front" });
        let metadata = json!({ "labels": labels, "name": "web", "namespace": "shop" });
        assert_eq!(pod["metadata"], metadata);
        let container = json!({
            "args": ["serve", "-v"], "env": [{ "name": "A", "value": "b,c" }, { "name": "D" }],
            "image": "nginx", "name": "web", "ports": [{ "containerPort": 80 }], "resources": {},
        });
        assert_eq!(pod["spec"]["containers"][0], container);
        assert_eq!(pod["spec"]["restartPolicy"], "Never");
        let named = run_line("run web --image=nginx --dry-run=client -o name");
        assert_eq!(named.stdout, "pod/web\n");
        let plain = run_line("run web --image=nginx --dry-run=client");
        assert_eq!(plain.stdout, "pod/web created (dry run)\n");
    }

    #[test]
    fn a_pod_that_nobody_takes_is_refused_in_the_api_servers_words() {
        let label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
                     '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
                     '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n";
        let cases = [
            (
                "Bad_Name",
                "The Pod \"Bad_Name\" is invalid: \n* metadata.name: Invalid value: \"Bad_",
            ),
            ("Bad_Name", label),
            (
                "a.b",
                "The Pod \"a.b\" is invalid: spec.containers[0].name: Invalid value: \"a.b\": a ",
            ),
            ("web -n prod", "Error from server (NotFound): namespaces \"prod\" not found\n"),
            ("web -n shop", "Error from server (AlreadyExists): pods \"web\" already exists\n"),
            ("web --restart=never", "error: invalid restart policy: never\n"),
            // Nothing is wrong with it, but this cluster has no containers.
            ("web -n kube-system", "error: there are no containers to look into here\n"),
        ];
        for (words, expected) in cases {
            let printed = run_line(&format!("run {words} --image=x --rm -it -- env"));
            let found = printed.stderr.starts_with(expected) || printed.stderr.ends_with(expected);
            assert!(found && printed.code == 1, "{words}: {}", printed.stderr);
        }
        let wrong = run_line("run web --image=x --env=A --dry-run=client -o yaml");
        assert_eq!(wrong.stderr, "error: invalid env: A\n");
    }
}
