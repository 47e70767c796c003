//! `spec.cluster`.

use super::{
    balancing::policy_in,
    form::{Form, any_of, boolean, choice, constant, field, integer, list, mapping, text},
    value::{distribution, duration, kept, limit, quantity, share},
};
use crate::{profile, spec::Place};

/// `cluster`.
pub(super) fn cluster() -> Form {
    let version = any_of([constant("1.36"), constant(1.36)]);
    let profile_says = "A named calibration that the other fields change.";
    mapping([
        field("profile", choice(&profile::NAMES), profile_says).or(profile::DEFAULT),
        field("kubernetesVersion", version, "The only version there is so far.").or("1.36"),
        field("nodes", nodes(), "The nodes, all alike."),
        field("proxy", proxy(), "The kube-proxy of every node."),
        field("kubelet", kubelet(), "The kubelet of every node."),
        field("controlPlane", control_plane(), "API server, controllers and scheduler."),
        field("network", network(), "How long packets take, one way."),
        field("dns", dns(), "The cluster's DNS."),
        field("loadBalancer", load_balancer(), "The load balancers of Services."),
        field("ingress", ingress(), "The controller of Ingresses, which serves HTTPRoutes too."),
        field("mesh", mesh(), "How sidecars hear of endpoints."),
    ])
    .says("The cluster. What is not stated is as the profile has it.")
}

fn nodes() -> Form {
    let zones = list(text()).at_least(1);
    mapping([
        field("count", integer(1..=5000), "How many nodes there are.").or(3),
        field("zones", zones, "Names of zones; nodes go through the list in turn."),
        field("cpu", quantity(), "Allocatable processor time of each node.").or("4"),
        field("memory", quantity(), "Allocatable memory of each node.").or("16Gi"),
        field("maxPods", integer(1..=1021), "How many pods a node takes.").or(110),
    ])
}

fn proxy() -> Form {
    let modes = choice(&["nftables", "iptables", "ipvs"]);
    let schedulers = policy::CATALOGUE.iter().filter_map(|entry| entry.name.strip_prefix("ipvs."));
    let schedulers = choice(&schedulers.collect::<Vec<_>>());
    let takes_turns = "How ipvs takes the pods, by default `rr`; only with `ipvs`.";
    let least = "Least time from the end of a sync to the start of the next.";
    let phase = "Whether unrelated changes keep every proxy syncing, so that a change meets it at \
                 a random phase.";
    mapping([
        field("mode", modes, "How a pod is picked for a connection."),
        field("scheduler", schedulers, takes_turns),
        field("minSyncPeriod", duration(), least),
        field("syncDuration", distribution(), "From the start of a sync to its rules in force."),
        field("randomPhase", boolean(), phase),
    ])
}

fn kubelet() -> Form {
    let readiness = "By the probes of the manifest; or the program tells the kubelet at once.";
    let reaction = "From a pod's arrival on the kubelet's watch to the start of work on it, also \
                    for a deletion.";
    let start = "From the start of work to the containers' being started.";
    let relist = "How often container states are looked at (PLEG); `0` for at once.";
    let sandbox = "From the last container's exit to the address's answering no more.";
    mapping([
        field("readiness", choice(&["probes", "direct"]), readiness),
        field("reaction", distribution(), reaction),
        field("containerStart", distribution(), start),
        field("relistPeriod", duration(), relist),
        field("statusLag", distribution(), "From a changed status to its reaching the API server."),
        field("sandboxRemoval", distribution(), sandbox),
        field(
            "podRemoval",
            distribution(),
            "From the terminal status to the deletion's reaching the API server.",
        ),
    ])
}

fn control_plane() -> Form {
    let call =
        "From sending a write to its being stored and answered, where the API server is idle.";
    let write = "How long the API server is busy with one write, before it takes the next.";
    let answer = "From a new pod's being stored to its controller's hearing so.";
    let sync = "From a key's being taken from a controller's queue to its first call.";
    let qps = "Calls a second that each controller may send (`--kube-api-qps`).";
    let burst = "How many it may send at once after a pause (`--kube-api-burst`).";
    let cycle = "What the scheduler takes to choose a node for one pod.";
    let many = || integer(1..=1_000_000);
    mapping([
        field("watchLag", distribution(), "From a write to a watcher's hearing of it."),
        field("apiCall", distribution(), call),
        field("writeTime", distribution(), write),
        field("podCreateAnswer", distribution(), answer),
        field("sync", distribution(), sync),
        field("clientQPS", limit(), qps),
        field("clientBurst", many(), burst),
        field("schedulingCycle", distribution(), cycle),
        field("bindingQPS", limit(), "Bindings a second that the scheduler may send."),
        field("bindingBurst", many(), "How many of these at once after a pause."),
    ])
}

fn network() -> Form {
    mapping([
        field("sameNode", duration(), "Between two pods on one node."),
        field("sameZone", duration(), "Between two nodes of one zone."),
        field("crossZone", duration(), "Between two zones, at least `sameZone`."),
        field("outside", duration(), "Between a client outside and a node."),
    ])
}

fn dns() -> Form {
    let node_local = "Whether NodeLocal DNSCache is on each node.";
    let rewrites = "The rules by which names are rewritten: `[short-names]`, the default, or `[]`.";
    mapping([
        field("latency", distribution(), "How long an answer takes."),
        field("loss", share(), "How many questions are lost, with their answers."),
        field("ttl", duration(), "How long an answer may be kept, up to `1h`."),
        field("cache", kept(), "How long CoreDNS keeps its own answers."),
        field("nodeLocal", boolean(), node_local),
        field("rewrites", list(choice(&["short-names"])), rewrites),
    ])
}

fn load_balancer() -> Form {
    let targets = "Nodes, whose proxies choose a pod; or the pods themselves, past the proxies.";
    let delay = "From the controller's asking for a pod to be registered, or deregistered, to its \
                 being so; of pods only.";
    let deregistration = "How long what is in progress with a deregistered pod may go on, up to \
                          `1h`; of pods only.";
    let policy = "Which policy chooses a target for a connection; by chance where nothing is said.";
    mapping([
        field("targets", choice(&["nodes", "pods"]), targets),
        field("registrationDelay", distribution(), delay),
        field("deregistrationDelay", duration(), deregistration),
        field("healthCheck", health_check(), "How targets are asked."),
        field("balancing", policy_in(Place::LoadBalancers), policy),
    ])
}

fn health_check() -> Form {
    let threshold = || integer(1..=100);
    let good = "After how many good answers in a row a target gets connections.";
    let path = "With a path the program is asked if it is ready, without one only for a \
                connection; of pods only.";
    mapping([
        field("interval", duration(), "How often each target is asked, at least 100ms apart."),
        field("healthyThreshold", threshold(), good),
        field("unhealthyThreshold", threshold(), "After how many bad ones it gets none."),
        field("timeout", duration(), "How long a pod's answer is waited for; of pods only."),
        field("path", text(), path),
    ])
}

fn ingress() -> Form {
    let workers = "How many workers each pod has, of which each balances for itself; at most 255 \
                   in all.";
    let policy = "Which policy chooses a pod, where it is not to be that of `spec.balancing`.";
    mapping([
        field("replicas", integer(1..=100), "How many pods the controller has."),
        field("workers", integer(1..=255), workers),
        field(
            "minSyncPeriod",
            duration(),
            "The least time between two looks at changed endpoints.",
        ),
        field("pollPeriod", duration(), "How often the workers fetch what was found."),
        field("balancing", policy_in(Place::Senders), policy),
    ])
}

fn mesh() -> Form {
    let debounce = "So long nothing more may change until the server pushes.";
    let debounce_max = "But it pushes so long after the first change, whatever changes meanwhile.";
    mapping([
        field("debounce", duration(), debounce),
        field("debounceMax", duration(), debounce_max),
        field("push", distribution(), "How long a push takes to a sidecar."),
    ])
}
