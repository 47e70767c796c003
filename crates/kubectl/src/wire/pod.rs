//! Pods and pod templates.

use api::{
    IntOrString, Kind, Pod, Timestamp,
    pod::{
        Asked, Container, ContainerPort, ContainerState, ContainerStatus, Phase, PodSpec,
        PodTemplate, PreStop, Probe, ProbeHandler, Resources, Termination,
    },
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, labels, meta, time},
    node::{cpu, memory},
};

pub(super) fn pod(pod: &Pod) -> Value {
    let mut spec = spec(&pod.spec);
    if let Some(node) = &pod.node_name {
        spec["nodeName"] = node.as_ref().into();
    }
    json!({
        "apiVersion": api_version(Kind::Pod),
        "kind": "Pod",
        "metadata": meta(Kind::Pod, &pod.meta),
        "spec": spec,
        "status": status(pod),
    })
}

pub(super) fn template(template: &PodTemplate) -> Value {
    json!({
        "metadata": fields([
            ("annotations", labels(&template.annotations)),
            ("labels", labels(&template.labels)),
        ]),
        "spec": spec(&template.spec),
    })
}

fn spec(spec: &PodSpec) -> Value {
    fields([
        ("containers", spec.containers.iter().map(container).collect()),
        ("dnsPolicy", "ClusterFirst".into()),
        ("hostname", spec.hostname.as_deref().into()),
        ("nodeSelector", labels(&spec.node_selector)),
        ("readinessGates", spec.readiness_gates.iter().map(|gate| gate_of(gate)).collect()),
        ("restartPolicy", "Always".into()),
        ("schedulerName", "default-scheduler".into()),
        ("subdomain", spec.subdomain.as_deref().into()),
        ("terminationGracePeriodSeconds", spec.termination_grace_period_seconds.into()),
    ])
}

fn gate_of(kind: &str) -> Value {
    json!({ "conditionType": kind })
}

fn container(container: &Container) -> Value {
    let stop = container.pre_stop.as_ref().map(|hook| json!({ "preStop": pre_stop(hook) }));
    fields([
        ("name", container.name.as_ref().into()),
        ("image", container.image.as_ref().into()),
        ("ports", container.ports.iter().map(port).collect()),
        ("resources", requests(container.requests)),
        ("readinessProbe", container.readiness_probe.as_ref().map(probe).into()),
        ("livenessProbe", container.liveness_probe.as_ref().map(probe).into()),
        ("startupProbe", container.startup_probe.as_ref().map(probe).into()),
        ("lifecycle", stop.into()),
    ])
}

fn requests(requests: Resources) -> Value {
    let said = |text: String, amount: u64| (amount > 0).then_some(text).into();
    let requests = fields([
        ("cpu", said(cpu(requests.cpu_millis), requests.cpu_millis)),
        ("memory", said(memory(requests.memory_bytes), requests.memory_bytes)),
    ]);
    fields([("requests", requests)])
}

fn port(port: &ContainerPort) -> Value {
    fields([
        ("containerPort", port.container_port.into()),
        ("name", port.name.as_deref().into()),
        ("protocol", port.protocol.name().into()),
    ])
}

pub(super) fn int_or_string(value: &IntOrString) -> Value {
    match value {
        IntOrString::Int(number) => (*number).into(),
        IntOrString::String(text) => text.as_str().into(),
    }
}

/// What a hook's command was is not known any more, only how long it takes.
fn pre_stop(hook: &PreStop) -> Value {
    match hook {
        PreStop::Sleep { seconds } => json!({ "sleep": { "seconds": seconds } }),
        PreStop::Exec { seconds } => {
            json!({ "exec": { "command": ["sleep", seconds.to_string()] } })
        }
        PreStop::HttpGet => json!({ "httpGet": {} }),
    }
}

fn probe(probe: &Probe) -> Value {
    let Asked { scheme, host, path, service, command } = &probe.asked;
    let (name, handler) = match &probe.handler {
        ProbeHandler::HttpGet(port) => (
            "httpGet",
            fields([
                ("host", host.as_str().into()),
                ("path", path.as_str().into()),
                ("port", int_or_string(port)),
                ("scheme", scheme.as_str().into()),
            ]),
        ),
        ProbeHandler::TcpSocket(port) => {
            ("tcpSocket", fields([("host", host.as_str().into()), ("port", int_or_string(port))]))
        }
        ProbeHandler::Grpc(port) => ("grpc", json!({ "port": port, "service": service })),
        ProbeHandler::Exec => ("exec", fields([("command", command.clone().into())])),
    };
    let delay = probe.initial_delay_seconds;
    let mut written = fields([
        ("failureThreshold", probe.failure_threshold.into()),
        ("initialDelaySeconds", (delay > 0).then_some(delay).into()),
        ("periodSeconds", probe.period_seconds.into()),
        ("successThreshold", probe.success_threshold.into()),
        ("terminationGracePeriodSeconds", probe.termination_grace_period_seconds.into()),
        ("timeoutSeconds", probe.timeout_seconds.into()),
    ]);
    written[name] = handler;
    written
}

fn status(pod: &Pod) -> Value {
    let ready = pod.status.ready.iter().map(|it| {
        let words = (it.reason, &*it.message);
        condition("Ready", it.status, it.last_transition_time, words)
    });
    let gates = pod.status.conditions.iter();
    let gates = gates.map(|it| condition(&it.kind, it.status, it.last_transition_time, ("", "")));
    let scheduled =
        pod.node_name.as_ref().map(|_| json!({ "type": "PodScheduled", "status": "True" }));
    let ips: Vec<Value> =
        pod.status.pod_ip.iter().map(|ip| json!({ "ip": ip.to_string() })).collect();
    fields([
        ("phase", phase(pod.status.phase).into()),
        ("conditions", scheduled.into_iter().chain(ready).chain(gates).collect()),
        ("podIP", pod.status.pod_ip.map(|ip| ip.to_string()).into()),
        ("podIPs", ips.into()),
        ("containerStatuses", container_statuses(pod)),
    ])
}

/// A condition, with its reason and its message where it has them.
fn condition(
    kind: &str,
    status: bool,
    since: Option<Timestamp>,
    (reason, message): (&str, &str),
) -> Value {
    fields([
        ("type", kind.into()),
        ("status", if status { "True" } else { "False" }.into()),
        ("lastTransitionTime", since.map_or(Value::Null, time)),
        ("reason", reason.into()),
        ("message", message.into()),
    ])
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Unknown => "Unknown",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
    }
}

/// A pod that has a node and does not run yet is being created there.
fn container_statuses(pod: &Pod) -> Value {
    if pod.node_name.is_none() {
        return Value::Null;
    }
    let statuses = pod.spec.containers.iter().enumerate().map(|(place, container)| {
        let status = pod.status.containers.get(place).copied().unwrap_or_default();
        let ContainerStatus { ready, started, restart_count, .. } = status;
        fields([
            ("name", (*container.name).into()),
            ("image", (*container.image).into()),
            ("ready", ready.into()),
            ("started", started.into()),
            ("restartCount", restart_count.into()),
            ("state", container_state(&status.state)),
            ("lastState", status.last_termination.map_or(json!({}), |last| terminated(&last))),
        ])
    });
    statuses.collect()
}

fn container_state(state: &ContainerState) -> Value {
    match state {
        ContainerState::Waiting(reason) => json!({ "waiting": { "reason": reason } }),
        ContainerState::Running(since) => json!({ "running": { "startedAt": time(*since) } }),
        ContainerState::Terminated(last) => terminated(last),
    }
}

fn terminated(last: &Termination) -> Value {
    json!({ "terminated": {
        "exitCode": last.exit_code,
        "finishedAt": time(last.finished_at),
        "reason": last.reason(),
        "startedAt": time(last.started_at),
    } })
}
