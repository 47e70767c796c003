//! The containers of a pod, or of a workload's template.

use super::{Options, pod::rfc1123};
use crate::{Object, object::or};

/// The containers of a spec, with how each is where there is a status.
pub(super) fn containers(
    indent: &str,
    spec: Object<'_>,
    status: Option<Object<'_>>,
    options: Options,
) -> String {
    let name_indent = if indent.is_empty() { "" } else { " " };
    let mut text = format!("{indent}Containers:\n");
    for container in spec.list("containers") {
        let name = container.text("name");
        let mut statuses = status.into_iter().flat_map(|status| status.list("containerStatuses"));
        let status = statuses.find(|status| status.text("name") == name);
        text.push_str(&format!("  {name_indent}{name}:\n"));
        text.push_str(&image(container, status, options));
        text.push_str(&ports(container));
        text.push_str(&status.map(state_of).unwrap_or_default());
        text.push_str(&resources(container.at("resources")));
        text.push_str(&probes(container));
        if options.complete {
            text.push_str("    Environment:\t<none>\n    Mounts:\t<none>\n");
        }
    }
    text
}

/// The image, and what was made of it where that is known.
fn image(container: Object<'_>, status: Option<Object<'_>>, options: Options) -> String {
    let id = |name: &str, field: &str| match status {
        Some(status) if options.complete => format!("    {name}:\t{}\n", status.text(field)),
        _ => String::new(),
    };
    let image = format!("    Image:\t{}\n", container.text("image"));
    id("Container ID", "containerID") + &image + &id("Image ID", "imageID")
}

fn ports(container: Object<'_>) -> String {
    let line = |(title, field): (&str, &str)| {
        let ports: Vec<String> = container.list("ports").map(|it| port(it, field)).collect();
        let plural = if ports.len() > 1 { "s" } else { "" };
        format!("    {title}{plural}:\t{}\n", or(&ports.join(", "), "<none>"))
    };
    [("Port", "containerPort"), ("Host Port", "hostPort")].map(line).concat()
}

fn port(port: Object<'_>, field: &str) -> String {
    let name = match port.text("name") {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    format!("{}/{}{name}", port.number(field), port.text("protocol"))
}

/// How a container is, and how it ended before it was restarted.
fn state_of(status: Object<'_>) -> String {
    let mut text = state("State", status.at("state"));
    let last = status.at("lastState");
    if last.at("terminated").is_set() {
        text.push_str(&state("Last State", last));
    }
    let ready = if status.flag("ready") { "True" } else { "False" };
    let restarts = status.number("restartCount");
    text.push_str(&format!("    Ready:\t{ready}\n    Restart Count:\t{restarts}\n"));
    text
}

/// One state; what nobody said is not there.
fn state(title: &str, state: Object<'_>) -> String {
    let (running, waiting, ended) =
        (state.at("running"), state.at("waiting"), state.at("terminated"));
    let moment = |of: Object<'_>, field: &str| of.moment(field).map(rfc1123).unwrap_or_default();
    let (name, parts) = if running.is_set() {
        ("Running", vec![("Started", moment(running, "startedAt"))])
    } else if ended.is_set() {
        let parts = vec![
            ("Reason", ended.text("reason").to_owned()),
            ("Message", ended.text("message").to_owned()),
            ("Exit Code", ended.number("exitCode").to_string()),
            ("Started", moment(ended, "startedAt")),
            ("Finished", moment(ended, "finishedAt")),
        ];
        ("Terminated", parts)
    } else {
        ("Waiting", vec![("Reason", waiting.text("reason").to_owned())])
    };
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let parts: String = parts.map(|(name, text)| format!("      {name}:\t{text}\n")).collect();
    format!("    {title}:\t{name}\n{parts}")
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

fn probes(container: Object<'_>) -> String {
    let all = [
        ("Liveness", "livenessProbe"),
        ("Readiness", "readinessProbe"),
        ("Startup", "startupProbe"),
    ];
    let said = all.iter().filter(|(_, field)| container.at(field).is_set());
    said.map(|(title, field)| format!("    {title}:\t{}\n", probe(container.at(field)))).collect()
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
    format!("{} {times}", handler(probe))
}

/// What a probe does (`DescribeProbe`).
fn handler(probe: Object<'_>) -> String {
    let (http, tcp) = (probe.at("httpGet"), probe.at("tcpSocket"));
    if http.is_set() {
        let scheme = or(http.text("scheme"), "HTTP").to_lowercase();
        let port = http.int_or_text("port");
        let (host, path) = (http.text("host"), http.text("path"));
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        format!("http-get {scheme}://{host}:{port}{slash}{path}")
    } else if tcp.is_set() {
        format!("tcp-socket {}:{}", tcp.text("host"), tcp.int_or_text("port"))
    } else if probe.at("grpc").is_set() {
        format!("grpc <pod>:{} {}", probe.number("grpc.port"), probe.text("grpc.service"))
    } else {
        let words: Vec<&str> = probe.texts("exec.command").collect();
        format!("exec [{}]", words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_probe_says_what_it_asks_for() {
        let cases = [
            (
                json!({ "httpGet": { "path": "/healthz", "port": "http", "scheme": "HTTPS" } }),
                "http-get https://:http/healthz",
            ),
            (json!({ "httpGet": { "path": "up", "port": 80 } }), "http-get http://:80/up"),
            (json!({ "tcpSocket": { "host": "db", "port": 5432 } }), "tcp-socket db:5432"),
            (json!({ "grpc": { "port": 9090, "service": "up" } }), "grpc <pod>:9090 up"),
            (json!({ "exec": { "command": ["cat", "/tmp/up"] } }), "exec [cat /tmp/up]"),
        ];
        for (probe, expected) in cases {
            assert_eq!(handler(Object::new(&probe)), expected, "{probe}");
        }
    }

    #[test]
    fn a_container_that_was_restarted_says_how_it_ended() {
        let ended = json!({
            "reason": "Error", "exitCode": 1, "finishedAt": "1970-01-01T00:00:07Z",
        });
        let cases = [
            (json!({ "state": { "running": {} } }), "    State:\tRunning\n"),
            (
                json!({ "state": { "waiting": { "reason": "CrashLoopBackOff" } } }),
                "    State:\tWaiting\n      Reason:\tCrashLoopBackOff\n",
            ),
            (
                json!({ "state": { "running": {} }, "lastState": { "terminated": ended } }),
                "    State:\tRunning\n    Last State:\tTerminated\n      Reason:\tError\n      \
                 Exit Code:\t1\n      Finished:\tThu, 01 Jan 1970 00:00:07 +0000\n",
            ),
        ];
        for (status, expected) in cases {
            let rest = "    Ready:\tFalse\n    Restart Count:\t0\n";
            assert_eq!(state_of(Object::new(&status)), format!("{expected}{rest}"), "{status}");
        }
    }
}
