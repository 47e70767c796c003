//! Pods. The column STATUS is what of a pod's state a person most needs to know.

use super::{Options, Printer, always, wide};
use crate::object::{Object, or};

pub(super) const POD: Printer = Printer {
    kind: "Pod",
    columns: &[
        always("NAME"),
        always("READY"),
        always("STATUS"),
        always("RESTARTS"),
        always("AGE"),
        wide("IP"),
        wide("NODE"),
        wide("NOMINATED NODE"),
        wide("READINESS GATES"),
    ],
    cells,
};

fn cells(pod: Object<'_>, options: &Options) -> Vec<String> {
    let summary = Summary::of(pod);
    let restarts = match summary.last_restart {
        Some(at) if summary.restarts != 0 => {
            let ago = crate::human_duration(options.now.as_second() - at);
            format!("{} ({ago} ago)", summary.restarts)
        }
        _ => summary.restarts.to_string(),
    };
    let ip = pod.list("status.podIPs").next().map_or("", |ip| ip.text("ip"));
    vec![
        pod.name().to_owned(),
        format!("{}/{}", summary.ready, summary.containers),
        summary.status,
        restarts,
        pod.age(options.now),
        or(ip, "<none>").to_owned(),
        or(pod.text("spec.nodeName"), "<none>").to_owned(),
        or(pod.text("status.nominatedNodeName"), "<none>").to_owned(),
        readiness_gates(pod),
    ]
}

fn readiness_gates(pod: Object<'_>) -> String {
    let gates: Vec<&str> =
        pod.list("spec.readinessGates").map(|gate| gate.text("conditionType")).collect();
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let passed = gates.iter().filter(|gate| condition(pod, gate) == "True").count();
    format!("{passed}/{}", gates.len())
}

fn condition<'a>(pod: Object<'a>, kind: &str) -> &'a str {
    let mut conditions = pod.list("status.conditions");
    conditions.find(|it| it.text("type") == kind).map_or("", |it| it.text("status"))
}

/// What the columns READY, STATUS and RESTARTS say.
struct Summary {
    ready: usize,
    containers: usize,
    status: String,
    restarts: i64,
    /// When a container that was restarted ended last.
    last_restart: Option<i64>,
}

impl Summary {
    fn of(pod: Object<'_>) -> Self {
        let sidecars = pod.list("spec.initContainers").filter(|it| is_sidecar(*it)).count();
        let reason = or(pod.text("status.reason"), pod.text("status.phase"));
        let mut summary = Self {
            ready: 0,
            containers: pod.list("spec.containers").count() + sidecars,
            status: reason.to_owned(),
            restarts: 0,
            last_restart: None,
        };
        let gated = |it: Object<'_>| {
            it.text("type") == "PodScheduled" && it.text("reason") == "SchedulingGated"
        };
        if pod.list("status.conditions").any(gated) {
            "SchedulingGated".clone_into(&mut summary.status);
        }
        let initializing = summary.add_init_containers(pod);
        if !initializing || condition(pod, "Initialized") == "True" {
            summary.add_containers(pod);
        }
        let deleted = pod.at("metadata.deletionTimestamp").is_set();
        if deleted && pod.text("status.reason") == "NodeLost" {
            "Unknown".clone_into(&mut summary.status);
        } else if deleted && !matches!(pod.text("status.phase"), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut summary.status);
        }
        summary
    }

    /// Looks at init containers up to the first that is not done; whether there is one.
    fn add_init_containers(&mut self, pod: Object<'_>) -> bool {
        let specs = || pod.list("spec.initContainers");
        for (place, status) in pod.list("status.initContainerStatuses").enumerate() {
            self.add_restarts(status);
            let name = status.text("name");
            let sidecar = specs().any(|spec| spec.text("name") == name && is_sidecar(spec));
            let ended = status.at("state.terminated");
            if ended.is_set() && ended.number("exitCode") == 0 {
                continue;
            }
            if sidecar && status.flag("started") {
                self.ready += usize::from(status.flag("ready"));
                continue;
            }
            let waiting = status.text("state.waiting.reason");
            self.status = if ended.is_set() {
                format!("Init:{}", or(ended.text("reason"), &end(ended)))
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                format!("Init:{waiting}")
            } else {
                format!("Init:{place}/{}", specs().count())
            };
            return true;
        }
        false
    }

    /// Looks at the containers; what the first of them says counts most. Restarts are theirs and the
    /// sidecars' from then on.
    fn add_containers(&mut self, pod: Object<'_>) {
        (self.restarts, self.last_restart) = (0, None);
        let is_sidecar_status = |status: &Object<'_>| {
            let name = status.text("name");
            pod.list("spec.initContainers").any(|it| it.text("name") == name && is_sidecar(it))
        };
        let sidecars = pod.list("status.initContainerStatuses").filter(is_sidecar_status);
        sidecars.for_each(|status| self.add_restarts(status));
        let mut running = false;
        for status in pod.list("status.containerStatuses").rev() {
            self.add_restarts(status);
            let (waiting, ended) =
                (status.text("state.waiting.reason"), status.at("state.terminated"));
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.status);
            } else if ended.is_set() {
                self.status = or(ended.text("reason"), &end(ended)).to_owned();
            } else if status.flag("ready") && status.at("state.running").is_set() {
                running = true;
                self.ready += 1;
            }
        }
        if self.status == "Completed" && running {
            let ready = condition(pod, "Ready") == "True";
            if ready { "Running" } else { "NotReady" }.clone_into(&mut self.status);
        }
    }

    fn add_restarts(&mut self, status: Object<'_>) {
        self.restarts += status.number("restartCount");
        self.last_restart = self.last_restart.max(status.moment("lastState.terminated.finishedAt"));
    }
}

fn is_sidecar(container: Object<'_>) -> bool {
    container.text("restartPolicy") == "Always"
}

/// How a container ended that did not say why.
fn end(terminated: Object<'_>) -> String {
    match terminated.number("signal") {
        0 => format!("ExitCode:{}", terminated.number("exitCode")),
        signal => format!("Signal:{signal}"),
    }
}
