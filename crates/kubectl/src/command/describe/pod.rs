//! `kubectl describe pod`, and what of a pod the description of a workload has too.

use jiff::Timestamp;

use super::{
    Options,
    container::containers,
    lines::{annotations, labels, lines},
};
use crate::{Object, human_duration, table::elastic};

/// What is known of a pod.
#[must_use]
pub fn describe_pod(pod: Object<'_>, options: Options) -> String {
    let mut text = head(pod);
    text.push_str(&labels("Labels", &pod.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &pod.entries("metadata.annotations")));
    text.push_str(&phase(pod, options.now));
    text.push_str(&addresses(pod));
    text.push_str(&controlled_by(pod));
    text.push_str(&containers("", pod.at("spec"), Some(pod.at("status")), options));
    text.push_str(&readiness_gates(pod));
    text.push_str(&conditions(pod));
    if options.complete {
        text.push_str("Volumes:\t<none>\n");
    }
    // An API server always says the class; here it would follow from limits, which nobody knows.
    let class = pod.text("status.qosClass");
    if !class.is_empty() {
        text.push_str(&format!("QoS Class:\t{class}\n"));
    }
    text.push_str(&placement("", pod.at("spec"), options));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// Which pod, where, and since when.
fn head(pod: Object<'_>) -> String {
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", pod.name(), pod.namespace());
    if let Some(priority) = pod.some_number("spec.priority") {
        text.push_str(&format!("Priority:\t{priority}\n"));
    }
    let node = match (pod.text("spec.nodeName"), pod.text("status.hostIP")) {
        ("", _) => "<none>".to_owned(),
        (node, "") => node.to_owned(),
        (node, address) => format!("{node}/{address}"),
    };
    text.push_str(&format!("Node:\t{node}\n"));
    if let Some(start) = pod.moment("status.startTime") {
        text.push_str(&format!("Start Time:\t{}\n", rfc1123(start)));
    }
    text
}

/// How far it is; of one that is being deleted, kubectl asks how long ago its deadline was.
fn phase(pod: Object<'_>, now: Timestamp) -> String {
    let phase = pod.text("status.phase");
    match pod.moment("metadata.deletionTimestamp") {
        Some(deadline) if phase != "Failed" && phase != "Succeeded" => {
            let lasts = human_duration(now.as_second() - deadline);
            let grace = pod.number("metadata.deletionGracePeriodSeconds");
            format!("Status:\tTerminating (lasts {lasts})\nTermination Grace Period:\t{grace}s\n")
        }
        _ => format!("Status:\t{phase}\n"),
    }
}

fn addresses(pod: Object<'_>) -> String {
    let all = pod.list("status.podIPs").map(|ip| format!("  IP:\t{}\n", ip.text("ip")));
    let all: String = all.collect();
    let first = format!("IP:\t{}\n", pod.text("status.podIP"));
    first + &if all.is_empty() { "IPs:\t<none>\n".to_owned() } else { format!("IPs:\n{all}") }
}

/// What has to be True besides, and what it is; `<none>` of a condition that is not there.
fn readiness_gates(pod: Object<'_>) -> String {
    let status = |kind: &str| {
        let mut conditions = pod.list("status.conditions");
        let found = conditions.find(|it| it.text("type") == kind);
        found.map_or("<none>", |it| it.text("status"))
    };
    let gates = pod.list("spec.readinessGates").map(|gate| gate.text("conditionType"));
    let rows: String = gates.map(|kind| format!("  {kind} \t{} \n", status(kind))).collect();
    let title = "Readiness Gates:\n  Type\tStatus\n";
    if rows.is_empty() { rows } else { format!("{title}{rows}") }
}

fn conditions(pod: Object<'_>) -> String {
    let rows = pod.list("status.conditions");
    let rows: String =
        rows.map(|it| format!("  {} \t{} \n", it.text("type"), it.text("status"))).collect();
    if rows.is_empty() { rows } else { format!("Conditions:\n  Type\tStatus\n{rows}") }
}

/// The pods that a workload makes.
pub(super) fn template(template: Object<'_>, options: Options) -> String {
    let mut text = "Pod Template:\n".to_owned();
    text.push_str(&labels("  Labels", &template.entries("metadata.labels")));
    if !template.entries("metadata.annotations").is_empty() {
        text.push_str(&annotations("  Annotations", &template.entries("metadata.annotations")));
    }
    let spec = template.at("spec");
    text.push_str(&containers("  ", spec, None, options));
    if options.complete {
        text.push_str("  Volumes:\t<none>\n");
    }
    text.push_str(&placement("  ", spec, options));
    text
}

/// Where it may be placed.
fn placement(indent: &str, spec: Object<'_>, options: Options) -> String {
    let selectors = labels(&format!("{indent}Node-Selectors"), &spec.entries("nodeSelector"));
    if !options.complete {
        return selectors;
    }
    let tolerations = spec.list("tolerations").map(toleration);
    selectors + &lines(&format!("{indent}Tolerations"), tolerations)
}

fn toleration(toleration: Object<'_>) -> String {
    let part = |sign: &str, name: &str| match toleration.text(name) {
        "" => String::new(),
        text => format!("{sign}{text}"),
    };
    let mut text = part("", "key") + &part("=", "value") + &part(":", "effect");
    if toleration.text("operator") == "Exists" && toleration.text("value").is_empty() {
        text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration.some_number("tolerationSeconds") {
        text.push_str(&format!(" for {seconds}s"));
    }
    text
}

/// `Sun, 22 Nov 2026 10:20:36 +0000`.
pub(super) fn rfc1123(second: i64) -> String {
    let moment = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The controlling owner, where there is one.
pub(super) fn controlled_by(object: Object<'_>) -> String {
    let mut owners = object.list("metadata.ownerReferences");
    let owner = owners.find(|owner| owner.flag("controller"));
    owner.map_or(String::new(), |owner| {
        format!("Controlled By:\t{}/{}\n", owner.text("kind"), owner.text("name"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// kubectl asks how long ago the deadline was; before it, the answer is `<invalid>`.
    #[test]
    fn a_pod_that_is_being_deleted_says_so() {
        let pod = json!({
            "metadata": {
                "name": "web-1",
                "namespace": "default",
                "deletionTimestamp": "1970-01-01T00:01:00Z",
                "deletionGracePeriodSeconds": 30,
            },
            "status": { "phase": "Running" },
        });
        let at = |second| {
            let now = Timestamp::from_second(second).expect("it is a moment");
            describe_pod(Object::new(&pod), Options { now, events: true, complete: true })
        };
        let grace = "\nTermination Grace Period:  30s\n";
        let status =
            |lasts: &str| format!("\nStatus:                    Terminating (lasts {lasts})");
        assert!(at(40).contains(&(status("<invalid>") + grace)), "{}", at(40));
        assert!(at(65).contains(&(status("5s") + grace)), "{}", at(65));
    }

    /// A simulated pod has no limits, mounts or host's address: no line says that it has none.
    #[test]
    fn what_is_not_known_is_not_said() {
        let pod = json!({
            "metadata": { "name": "web-1", "namespace": "default" },
            "spec": { "nodeName": "node-1", "containers": [{ "name": "web", "image": "web:1" }] },
            "status": {
                "phase": "Running",
                "containerStatuses": [{ "name": "web", "state": { "running": {} } }],
            },
        });
        let of = |complete| {
            let options = Options { now: Timestamp::UNIX_EPOCH, events: false, complete };
            describe_pod(Object::new(&pod), options)
        };
        assert!(of(false).contains("\nNode:         node-1\n"), "{}", of(false));
        for title in ["Image ID", "Environment", "Mounts", "Volumes", "Tolerations"] {
            assert!(of(true).contains(title) && !of(false).contains(title), "{title}");
        }
        for title in ["Start Time", "Started", "QoS Class"] {
            assert!(!of(true).contains(title) && !of(false).contains(title), "{title}");
        }
    }
}
