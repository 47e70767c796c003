//! `kubectl exec`: a program in a container.
//!
//! *Left out:* `-f`, `--pod-running-timeout`, what is typed into a program, and all programs but those
//! of `programs`.

use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    programs::{self, Host},
    wanted::not_found,
};
use crate::{
    Object,
    resource::{self, Resource},
    selector::Selector,
};

pub(super) const FLAGS: &[Flag] = &[
    valued("container", 'c'),
    valued("namespace", 'n'),
    switch("quiet", 'q'),
    switch("stdin", 'i'),
    switch("tty", 't'),
];

/// What stands before `--`, and the command behind it.
pub(super) fn split(line: &[String]) -> (&[String], &[String]) {
    match line.iter().position(|word| word == "--") {
        Some(place) => (&line[..place], &line[place + 1..]),
        None => (line, &[]),
    }
}

pub(super) fn exec(flags: &Flags, program: &[String], cluster: &dyn Cluster) -> Printed {
    let [target, others @ ..] = &flags.words[..] else {
        return Printed::error("error: pod, type/name or --filename must be specified");
    };
    if !others.is_empty() {
        return Printed::error(
            "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] \
             instead\nSee 'kubectl exec -h' for help and examples",
        );
    }
    if program.is_empty() {
        return Printed::error("error: you must specify at least one command for the container");
    }
    let pod = match pod(target, flags.namespace(), cluster) {
        Ok(pod) => pod,
        Err(problem) => return Printed::error(problem),
    };
    let pod = Object::new(&pod);
    let mut printed = Printed::default();
    let (container, said) = match choose_container(pod, flags.value("container")) {
        Ok(chosen) => chosen,
        Err(problem) => return Printed::error(problem),
    };
    if !flags.is_on("quiet") {
        printed.stderr.push_str(&said);
    }
    let container = Some((pod.name(), container));
    let Some(inside) = cluster.inside(flags.namespace(), container) else {
        return programs::none();
    };
    printed.append(programs::run(program, &Host::of(pod), &*inside));
    if printed.code > 0 {
        let code = printed.code;
        printed.stderr.push_str(&format!("command terminated with exit code {code}\n"));
    }
    printed
}

/// The pod of a name, or one of a Deployment or ReplicaSet: the first that is ready.
fn pod(target: &str, namespace: &str, cluster: &dyn Cluster) -> Result<Value, String> {
    let (kind, name) = target.split_once('/').unwrap_or(("pod", target));
    let resource = Resource::named(kind).ok_or_else(|| resource::unknown(kind))?;
    let mut objects = cluster.objects(resource.kind).into_iter();
    let found = objects.find(|object| {
        let object = Object::new(object);
        object.name() == name && object.namespace() == namespace
    });
    let found = found.ok_or_else(|| not_found(resource, name))?;
    if resource.kind == "Pod" {
        return Ok(found);
    }
    let labels = found.pointer("/spec/selector/matchLabels").or(found.pointer("/spec/selector"));
    let labels = labels.and_then(Value::as_object).ok_or_else(|| {
        format!("error: cannot attach to {}: selector for it cannot be found", resource.singular)
    })?;
    let pairs: Vec<String> = labels
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    let selector =
        Selector::parse(&pairs.join(",")).map_err(|problem| format!("error: {problem}"))?;
    let pods = cluster.objects("Pod").into_iter();
    let mut own: Vec<Value> = pods
        .filter(|pod| {
            let pod = Object::new(pod);
            pod.namespace() == namespace && selector.matches(pod)
        })
        .collect();
    own.sort_by_key(|pod| !is_ready(Object::new(pod)));
    own.into_iter().next().ok_or_else(|| {
        "error: timed out waiting for the condition: there is no pod of it".to_owned()
    })
}

fn is_ready(pod: Object<'_>) -> bool {
    pod.list("status.conditions")
        .any(|condition| condition.text("type") == "Ready" && condition.text("status") == "True")
}

/// The container that is meant, and what kubectl says where it had to choose it; or why it can run
/// nothing in there.
fn choose_container<'a>(
    pod: Object<'a>,
    asked: Option<&'a str>,
) -> Result<(&'a str, String), String> {
    let names: Vec<&str> = pod.list("spec.containers").map(|it| it.text("name")).collect();
    let first = names.first().copied().unwrap_or_default();
    let name = asked.unwrap_or(first);
    if !names.contains(&name) {
        return Err(format!("error: container {name} not found in pod {}", pod.name()));
    }
    if pod.text("spec.nodeName").is_empty() {
        let problem = "does not have a host assigned";
        return Err(format!("Error from server (BadRequest): pod {} {problem}", pod.name()));
    }
    let mut statuses = pod.list("status.containerStatuses");
    let runs =
        statuses.any(|status| status.text("name") == name && status.at("state.running").is_set());
    if !runs {
        return Err(format!(
            "error: Internal error occurred: unable to upgrade connection: container not found \
             (\"{name}\")"
        ));
    }
    let said = match (asked, names.len()) {
        (None, 2..) => format!("Defaulted container \"{name}\" out of: {}\n", names.join(", ")),
        _ => String::new(),
    };
    Ok((name, said))
}
