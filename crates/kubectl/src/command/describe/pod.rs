//! `kubectl describe pod`, and what of a pod the description of a workload has too.

use jiff::Timestamp;

use super::LAST_APPLIED;
use crate::{Object, human_duration, object::or, table::elastic};

/// What is known of a pod.
#[must_use]
pub fn describe_pod(pod: Object<'_>, now: Timestamp, events: bool) -> String {
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", pod.name(), pod.namespace());
    let mut say = |name: &str, value: &str| text.push_str(&format!("{name}:\t{value}\n"));
    if let Some(priority) = pod.some_number("spec.priority") {
        say("Priority", &priority.to_string());
    }
    let node = pod.text("spec.nodeName");
    match node {
        "" => say("Node", "<none>"),
        node => say("Node", &format!("{node}/{}", pod.text("status.hostIP"))),
    }
    if let Some(start) = pod.moment("status.startTime") {
        say("Start Time", &rfc1123(start));
    }
    text.push_str(&labels("", "Labels", &pod.entries("metadata.labels")));
    text.push_str(&annotations("", &pod.entries("metadata.annotations")));
    let mut say = |name: &str, value: &str| text.push_str(&format!("{name}:\t{value}\n"));
    let phase = pod.text("status.phase");
    match pod.moment("metadata.deletionTimestamp") {
        Some(deadline) if phase != "Failed" && phase != "Succeeded" => {
            let lasts = human_duration(now.as_second() - deadline);
            say("Status", &format!("Terminating (lasts {lasts})"));
            let grace = pod.number("metadata.deletionGracePeriodSeconds");
            say("Termination Grace Period", &format!("{grace}s"));
        }
        _ => say("Status", phase),
    }
    say("IP", pod.text("status.podIP"));
    let ips: Vec<&str> = pod.list("status.podIPs").map(|ip| ip.text("ip")).collect();
    match ips[..] {
        [] => say("IPs", "<none>"),
        _ => {
            text.push_str("IPs:\n");
            ips.iter().for_each(|ip| text.push_str(&format!("  IP:\t{ip}\n")));
        }
    }
    text.push_str(&controlled_by(pod));
    text.push_str(&containers("", pod.at("spec"), Some(pod.at("status"))));
    let conditions: String = pod
        .list("status.conditions")
        .map(|it| format!("  {} \t{} \n", it.text("type"), it.text("status")))
        .collect();
    if !conditions.is_empty() {
        text.push_str(&format!("Conditions:\n  Type\tStatus\n{conditions}"));
    }
    text.push_str("Volumes:\t<none>\n");
    let given = pod.text("status.qosClass");
    text.push_str(&format!("QoS Class:\t{}\n", or(given, qos_class(pod.at("spec")))));
    text.push_str(&placement("", pod.at("spec")));
    if events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// The pods that a workload makes.
pub(super) fn template(template: Object<'_>) -> String {
    let mut text = "Pod Template:\n".to_owned();
    text.push_str(&labels("  ", "Labels", &template.entries("metadata.labels")));
    if !template.entries("metadata.annotations").is_empty() {
        text.push_str(&annotations("  ", &template.entries("metadata.annotations")));
    }
    let spec = template.at("spec");
    text.push_str(&containers("  ", spec, None));
    text.push_str("  Volumes:\t<none>\n");
    text.push_str(&placement("  ", spec));
    text
}

/// Where it may be placed.
fn placement(indent: &str, spec: Object<'_>) -> String {
    let selectors = labels("", &format!("{indent}Node-Selectors"), &spec.entries("nodeSelector"));
    let tolerations = spec.list("tolerations").map(toleration);
    selectors + &lines("", &format!("{indent}Tolerations"), tolerations)
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

pub(super) fn labels(indent: &str, title: &str, labels: &[(&str, &str)]) -> String {
    lines(indent, title, labels.iter().map(|(key, value)| format!("{key}={value}")))
}

pub(super) fn annotations(indent: &str, annotations: &[(&str, &str)]) -> String {
    let pairs = annotations.iter().filter(|(key, _)| *key != LAST_APPLIED);
    lines(indent, "Annotations", pairs.map(|(key, value)| format!("{key}: {value}")))
}

/// Lines under each other, the first one behind the title; `<none>` of none.
fn lines(indent: &str, title: &str, lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for line in lines {
        let before = if text.is_empty() { format!("{indent}{title}:") } else { indent.to_owned() };
        text.push_str(&format!("{before}\t{line}\n"));
    }
    if text.is_empty() { format!("{indent}{title}:\t<none>\n") } else { text }
}

/// The containers of a spec, with how each is where there is a status.
fn containers(indent: &str, spec: Object<'_>, status: Option<Object<'_>>) -> String {
    let name_indent = if indent.is_empty() { "" } else { " " };
    let mut text = format!("{indent}Containers:\n");
    for container in spec.list("containers") {
        let name = container.text("name");
        let mut statuses = status.into_iter().flat_map(|status| status.list("containerStatuses"));
        let status = statuses.find(|status| status.text("name") == name);
        text.push_str(&format!("  {name_indent}{name}:\n"));
        let mut say = |name: &str, value: &str| {
            text.push_str(&format!("    {name}:\t{value}\n"));
        };
        if let Some(status) = status {
            say("Container ID", status.text("containerID"));
        }
        say("Image", container.text("image"));
        if let Some(status) = status {
            say("Image ID", status.text("imageID"));
        }
        for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
            let ports: Vec<String> = container.list("ports").map(|it| port(it, field)).collect();
            let plural = if ports.len() > 1 { "s" } else { "" };
            let ports = ports.join(", ");
            say(&format!("{title}{plural}"), or(&ports, "<none>"));
        }
        if let Some(status) = status {
            text.push_str(&state(status));
        }
        text.push_str(&resources(container.at("resources")));
        let probes = [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ];
        for (title, field) in probes {
            let probe_of = container.at(field);
            if probe_of.is_set() {
                text.push_str(&format!("    {title}:\t{}\n", probe(probe_of)));
            }
        }
        text.push_str("    Environment:\t<none>\n    Mounts:\t<none>\n");
    }
    text
}

fn port(port: Object<'_>, field: &str) -> String {
    let name = match port.text("name") {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    format!("{}/{}{name}", port.number(field), port.text("protocol"))
}

fn state(status: Object<'_>) -> String {
    let (running, waiting) = (status.at("state.running"), status.at("state.waiting"));
    let ended = status.at("state.terminated");
    let mut text = String::new();
    let mut say = |indent: &str, name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("    {indent}{name}:\t{value}\n"));
        }
    };
    if running.is_set() {
        say("", "State", "Running");
        say("  ", "Started", &running.moment("startedAt").map(rfc1123).unwrap_or_default());
    } else if ended.is_set() {
        say("", "State", "Terminated");
        say("  ", "Reason", ended.text("reason"));
        say("  ", "Message", ended.text("message"));
        say("  ", "Exit Code", &ended.number("exitCode").to_string());
        say("  ", "Started", &ended.moment("startedAt").map(rfc1123).unwrap_or_default());
        say("  ", "Finished", &ended.moment("finishedAt").map(rfc1123).unwrap_or_default());
    } else {
        say("", "State", "Waiting");
        say("  ", "Reason", waiting.text("reason"));
    }
    say("", "Ready", if status.flag("ready") { "True" } else { "False" });
    say("", "Restart Count", &status.number("restartCount").to_string());
    text
}

fn resources(resources: Object<'_>) -> String {
    let mut text = String::new();
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = resources.entries(field);
        if !amounts.is_empty() {
            text.push_str(&format!("    {title}:\n"));
            let each = amounts.iter().map(|(name, amount)| format!("      {name}:\t{amount}\n"));
            text.extend(each);
        }
    }
    text
}

fn probe(probe: Object<'_>) -> String {
    let seconds = |name: &str| probe.number(name);
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        seconds("initialDelaySeconds"),
        seconds("timeoutSeconds"),
        seconds("periodSeconds"),
        seconds("successThreshold"),
        seconds("failureThreshold"),
    );
    let (http, tcp) = (probe.at("httpGet"), probe.at("tcpSocket"));
    let handler = if http.is_set() {
        let scheme = or(http.text("scheme"), "HTTP").to_lowercase();
        let port = http.int_or_text("port");
        format!("http-get {scheme}://{}:{port}{}", http.text("host"), http.text("path"))
    } else if tcp.is_set() {
        format!("tcp-socket {}:{}", tcp.text("host"), tcp.int_or_text("port"))
    } else if probe.at("grpc").is_set() {
        format!("grpc <pod>:{} {}", probe.number("grpc.port"), probe.text("grpc.service"))
    } else {
        let words: Vec<&str> = probe.texts("exec.command").collect();
        format!("exec [{}]", words.join(" "))
    };
    format!("{handler} {times}")
}

/// The class of a pod by what its containers ask for, as the API server works it out.
fn qos_class(spec: Object<'_>) -> &'static str {
    let all_limited = spec.list("containers").all(|container| {
        let (limits, requests) =
            (container.entries("resources.limits"), container.entries("resources.requests"));
        ["cpu", "memory"].iter().all(|name| {
            let of = |amounts: &[(&str, &str)]| {
                amounts
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, amount)| (*amount).to_owned())
            };
            of(&limits).is_some_and(|limit| of(&requests).is_none_or(|request| request == limit))
        })
    });
    let nothing_asked = spec.list("containers").all(|container| {
        let kinds = ["resources.limits", "resources.requests"];
        kinds.iter().all(|kind| container.entries(kind).is_empty())
    });
    match (nothing_asked, all_limited) {
        (true, _) => "BestEffort",
        (false, true) => "Guaranteed",
        (false, false) => "Burstable",
    }
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
            describe_pod(Object::new(&pod), now, true)
        };
        let grace = "\nTermination Grace Period:  30s\n";
        let status =
            |lasts: &str| format!("\nStatus:                    Terminating (lasts {lasts})");
        assert!(at(40).contains(&(status("<invalid>") + grace)), "{}", at(40));
        assert!(at(65).contains(&(status("5s") + grace)), "{}", at(65));
    }

    #[test]
    fn a_class_follows_from_what_is_asked_for() {
        let spec = |resources| json!({ "containers": [{ "resources": resources }] });
        let all = json!({ "cpu": "1", "memory": "1Gi" });
        let cases = [
            (json!({}), "BestEffort"),
            (json!({ "requests": { "cpu": "1" } }), "Burstable"),
            (json!({ "limits": { "cpu": "1" } }), "Burstable"),
            (json!({ "limits": all }), "Guaranteed"),
            (json!({ "limits": all, "requests": all }), "Guaranteed"),
            (json!({ "limits": all, "requests": { "cpu": "500m" } }), "Burstable"),
        ];
        for (resources, class) in cases {
            assert_eq!(qos_class(Object::new(&spec(resources.clone()))), class, "{resources}");
        }
    }
}
