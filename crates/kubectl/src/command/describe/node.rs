//! `kubectl describe node`, with what its pods request of it.
//!
//! *Left out:* huge pages and extended resources; of a simulated node what it is made of, its lease,
//! when its conditions changed, and the limits of its pods.

use super::{
    Options,
    lines::{annotations, labels, lines},
    pod::rfc1123,
};
use crate::{
    Object,
    object::or,
    printers::roles,
    quantity::{Amounts, cpu_text, memory_text, parse_millis},
    table::elastic,
};

/// What is known of a node, with its pods among these, and its Lease where there is one.
#[must_use]
pub fn describe_node(
    node: Object<'_>,
    pods: &[Object<'_>],
    lease: Option<Object<'_>>,
    options: Options,
) -> String {
    let mut text = head(node);
    if let Some(lease) = lease {
        text.push_str(&self::lease(lease));
    }
    text.push_str(&conditions(node, options.complete));
    let addresses = node.list("status.addresses");
    let addresses = addresses.map(|it| format!("  {}:\t{}\n", it.text("type"), it.text("address")));
    text.push_str(&format!("Addresses:\n{}", addresses.collect::<String>()));
    text.push_str(&resources("Capacity", &node.entries("status.capacity")));
    text.push_str(&resources("Allocatable", &node.entries("status.allocatable")));
    text.push_str(&system_info(node.at("status.nodeInfo"), options.complete));
    text.push_str(&all_pods(node, pods, options));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

fn head(node: Object<'_>) -> String {
    let roles: Vec<&str> = roles(node).into_iter().collect();
    let mut text = format!("Name:\t{}\nRoles:\t{}\n", node.name(), or(&roles.join(","), "<none>"));
    text.push_str(&labels("Labels", &node.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &node.entries("metadata.annotations")));
    if let Some(created) = node.moment("metadata.creationTimestamp") {
        text.push_str(&format!("CreationTimestamp:\t{}\n", rfc1123(created)));
    }
    text.push_str(&lines("Taints", node.list("spec.taints").map(taint)));
    text + &format!("Unschedulable:\t{}\n", node.flag("spec.unschedulable"))
}

fn taint(taint: Object<'_>) -> String {
    let (key, effect) = (taint.text("key"), taint.text("effect"));
    match taint.text("value") {
        "" => format!("{key}:{effect}"),
        value => format!("{key}={value}:{effect}"),
    }
}

fn lease(lease: Object<'_>) -> String {
    let moment = |path: &str| lease.moment(path).map_or_else(|| "<unset>".to_owned(), rfc1123);
    format!(
        "Lease:\n  HolderIdentity:\t{}\n  AcquireTime:\t{}\n  RenewTime:\t{}\n",
        or(lease.text("spec.holderIdentity"), "<unset>"),
        moment("spec.acquireTime"),
        moment("spec.renewTime"),
    )
}

fn conditions(node: Object<'_>, complete: bool) -> String {
    let moment =
        |condition: Object<'_>, path: &str| rfc1123(condition.moment(path).unwrap_or_default());
    let row = |it: Object<'_>| {
        let times = match complete {
            true => {
                let (seen, changed) =
                    (moment(it, "lastHeartbeatTime"), moment(it, "lastTransitionTime"));
                format!("{seen} \t{changed} \t")
            }
            false => String::new(),
        };
        let message = if complete { format!(" \t{}", it.text("message")) } else { String::new() };
        let (kind, status) = (it.text("type"), it.text("status"));
        format!("  {kind} \t{status} \t{times}{}{message}\n", it.text("reason"))
    };
    let rows: String = node.list("status.conditions").map(row).collect();
    let heads = match (rows.is_empty(), complete) {
        (true, _) => return rows,
        (_, true) => {
            "  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  \
             ----\t------\t-----------------\t------------------\t------\t-------\n"
        }
        (_, false) => "  Type\tStatus\tReason\n  ----\t------\t------\n",
    };
    format!("Conditions:\n{heads}{rows}")
}

fn resources(title: &str, all: &[(&str, &str)]) -> String {
    let rows = all.iter().map(|(name, amount)| format!("  {name}:\t{amount}\n"));
    match all.is_empty() {
        true => String::new(),
        false => format!("{title}:\n{}", rows.collect::<String>()),
    }
}

fn system_info(info: Object<'_>, complete: bool) -> String {
    let all = [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ];
    let known = all.into_iter().filter(|(_, field)| complete || info.at(field).is_set());
    let rows = known.map(|(title, field)| format!("  {title}:\t{}\n", info.text(field)));
    format!("System Info:\n{}", rows.collect::<String>())
}

/// The pods of a node that have not ended, what each of them requests, and all together.
fn all_pods(node: Object<'_>, pods: &[Object<'_>], options: Options) -> String {
    let ended = |pod: Object<'_>| matches!(pod.text("status.phase"), "Succeeded" | "Failed");
    let is_here = |pod: &&Object<'_>| pod.text("spec.nodeName") == node.name() && !ended(**pod);
    let pods: Vec<Object<'_>> = pods.iter().filter(is_here).copied().collect();
    let allocatable = match node.at("status.allocatable") {
        own if own.is_set() => own,
        _ => node.at("status.capacity"),
    };
    let share = Share {
        cpu: parse_millis(allocatable.text("cpu")),
        memory: parse_millis(allocatable.text("memory")),
        complete: options.complete,
    };
    let head = format!("Non-terminated Pods:\t({} in total)\n", pods.len());
    head + &share.each(&pods, options) + &share.allocated(&pods)
}

/// What there is to share among pods, in thousandths.
struct Share {
    cpu: i128,
    memory: i128,
    complete: bool,
}

impl Share {
    /// What is requested of CPU and of memory, and the limits where they are known.
    fn of(&self, requests: Amounts, limits: Amounts) -> [String; 2] {
        let part = |amount: i128, all: i128| match all {
            0 => 0,
            all => (amount as f64 / all as f64 * 100.0) as i64,
        };
        let cpu = |it: i128| format!("{} ({}%)", cpu_text(it), part(it, self.cpu));
        let memory = |it: i128| format!("{} ({}%)", memory_text(it), part(it, self.memory));
        match self.complete {
            true => [
                format!("{}\t{}", cpu(requests.cpu), cpu(limits.cpu)),
                format!("{}\t{}", memory(requests.memory), memory(limits.memory)),
            ],
            false => [cpu(requests.cpu), memory(requests.memory)],
        }
    }

    fn each(&self, pods: &[Object<'_>], options: Options) -> String {
        let heads = match self.complete {
            true => {
                "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n  \
                 ---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n"
            }
            false => {
                "  Namespace\tName\t\tCPU Requests\tMemory Requests\tAge\n  \
                 ---------\t----\t\t------------\t---------------\t---\n"
            }
        };
        let row = |pod: &Object<'_>| {
            let of = |kind: &str| Amounts::of_pod(*pod, kind);
            let [cpu, memory] = self.of(of("requests"), of("limits"));
            let (namespace, name, age) = (pod.namespace(), pod.name(), pod.age(options.now));
            format!("  {namespace}\t{name}\t\t{cpu}\t{memory}\t{age}\n")
        };
        heads.to_owned() + &pods.iter().map(row).collect::<String>()
    }

    fn allocated(&self, pods: &[Object<'_>]) -> String {
        let total = |kind: &str| pods.iter().map(|pod| Amounts::of_pod(*pod, kind)).sum();
        let [cpu, memory] = self.of(total("requests"), total("limits"));
        match self.complete {
            true => format!(
                "Allocated resources:\n  (Total limits may be over 100 percent, i.e., \
                 overcommitted.)\n  Resource\tRequests\tLimits\n  --------\t--------\t------\n  \
                 cpu\t{cpu}\n  memory\t{memory}\n  ephemeral-storage\t0 (0%)\t0 (0%)\n"
            ),
            false => format!(
                "Allocated resources:\n  Resource\tRequests\n  --------\t--------\n  cpu\t{cpu}\n  \
                 memory\t{memory}\n"
            ),
        }
    }
}
