//! The simulated cluster: its nodes, and how long its parts take.

use std::sync::Arc;

use engine::{Distribution, Span};
use policy::Configured;

/// The cluster: its nodes, and how long its parts take.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Name of the profile the values below started from.
    pub profile: String,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// How long the control plane's parts take.
    pub control_plane: ControlPlaneTimings,
    /// How the kubelets do their work.
    pub kubelet: Kubelet,
    /// The nodes' proxies.
    pub proxy: Proxy,
    /// How long packets take.
    pub network: Network,
    /// Its DNS.
    pub dns: Dns,
    /// The load balancers of Services of that type.
    pub load_balancer: LoadBalancer,
    /// The Ingress controller.
    pub ingress: IngressController,
    /// How sidecars hear of endpoints, where clients balance requests themselves.
    pub mesh: Mesh,
}

/// The Ingress controller: pods of it, each a proxy for requests.
#[derive(Clone, Debug, PartialEq)]
pub struct IngressController {
    /// How many.
    pub replicas: u32,
    /// How many workers each has, of which each balances for itself.
    pub workers: u32,
    /// The least time between two looks at changed endpoints.
    pub min_sync_period: Span,
    /// How often its workers fetch what was found then; zero for at once.
    pub poll_period: Span,
    /// How it balances requests.
    pub policy: Configured,
}

/// How sidecars, or libraries in clients, hear of endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// So long nothing more may change until their server pushes.
    pub debounce: Span,
    /// But it pushes so long after the first change, whatever changes meanwhile.
    pub debounce_max: Span,
    /// How long a push takes to each.
    pub push: Distribution,
}

/// The load balancers of a cloud: what they send to, and how they ask whether it is well. Nodes are
/// asked only for Services with `externalTrafficPolicy: Local`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// What they send connections to.
    pub targets: Targets,
    /// From asking for a pod to be registered or deregistered to its being so.
    pub registration_delay: Distribution,
    /// How long what is in progress with a deregistered pod may go on.
    pub deregistration_delay: Span,
    /// How often a target is asked.
    pub interval: Span,
    /// After how many good answers in a row it gets connections.
    pub healthy_threshold: u32,
    /// After how many bad ones it gets none.
    pub unhealthy_threshold: u32,
    /// How long an answer of a pod is waited for.
    pub timeout: Span,
    /// What a pod is asked for, so that its program says whether it is ready; empty for a
    /// connection alone.
    pub path: String,
    /// Which policy chooses a target for a connection; by chance where nothing is said.
    pub policy: Option<Configured>,
}

/// What load balancers send connections to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Nodes, whose proxies choose a pod.
    Nodes,
    /// The pods themselves.
    Pods,
}

/// The cluster's DNS, and what is between it and its clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    /// How long an answer takes.
    pub latency: Distribution,
    /// The share of questions without an answer, each asked again after 5 s.
    pub loss: f64,
    /// Whether it rewrites `SERVICE.NAMESPACE.cluster.local` to the name that it knows.
    pub rewrites: bool,
    /// How long an answer may be kept (`ttl` of CoreDNS' plugin `kubernetes`).
    pub ttl: Span,
    /// How long CoreDNS keeps its own answers (`cache`); zero for not at all.
    pub cache: Span,
    /// Whether there is a cache on each node: NodeLocal DNSCache.
    pub node_local: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name: `node-1`, `node-2`, …
    pub name: Arc<str>,
    /// Its zone, empty where it is in none.
    pub zone: Arc<str>,
    /// Allocatable CPU in thousandths of a core.
    pub cpu_millis: u64,
    /// Allocatable memory in bytes.
    pub memory_bytes: u64,
    /// How many pods it takes.
    pub max_pods: u32,
}

/// How long the control plane's parts take, and how often they may write.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlPlaneTimings {
    /// From a write to a watcher's hearing of it.
    pub watch_lag: Distribution,
    /// From sending a write to its being stored and answered, where the API server is idle.
    pub api_call: Distribution,
    /// How long the API server is busy with one write, before it takes the next.
    pub write_time: Distribution,
    /// From a new pod's being stored to its controller's hearing so.
    pub pod_create_answer: Distribution,
    /// From an object's reaching a controller's queue to its first call.
    pub sync: Distribution,
    /// Writes a second that a controller of the controller manager may send; `None` for no limit.
    pub client_qps: Option<f64>,
    /// How many of these it may send at once after a pause.
    pub client_burst: u32,
    /// What the scheduler takes to choose a node for one pod.
    pub scheduling_cycle: Distribution,
    /// Bindings a second the scheduler may send; `None` for no limit.
    pub binding_qps: Option<f64>,
    /// How many of these it may send at once after a pause.
    pub binding_burst: u32,
}

/// How the kubelets do their work.
#[derive(Clone, Debug, PartialEq)]
pub struct Kubelet {
    /// How a program's readiness becomes known.
    pub readiness: Readiness,
    /// From a pod's arrival on the kubelet's watch to the start of work on it.
    pub reaction: Distribution,
    /// From the start of work to the container's being created and started (sandbox, network, runtime).
    pub container_start: Distribution,
    /// How often container states are looked at (PLEG relist); zero for at once.
    pub relist_period: Span,
    /// From a changed status to its being stored.
    pub status_lag: Distribution,
    /// From the last container's exit to the address's answering no more.
    pub sandbox_removal: Distribution,
    /// From the terminal status to the object's deletion.
    pub pod_removal: Distribution,
}

/// How a program's readiness becomes known to the kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// By the probes of the manifest, as in a real cluster.
    Probes,
    /// The program tells the kubelet at once; probes are not run.
    Direct,
}

/// The nodes' proxies.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    /// The mode: it decides how many sources an affinity list holds.
    pub mode: ProxyMode,
    /// The least time between the end of one sync and the start of the next.
    pub min_sync_period: Span,
    /// How long a sync takes until its rules are in force.
    pub sync_duration: Distribution,
    /// Whether unrelated changes keep every proxy's timer at a random phase.
    pub random_phase: bool,
    /// How connections are balanced; `None` for as the mode does it.
    pub policy: Option<Configured>,
}

/// kube-proxy's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyMode {
    /// iptables.
    Iptables,
    /// nftables.
    Nftables,
    /// ipvs, with the scheduler `rr`.
    Ipvs,
}

/// How long packets take one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Between two pods on one node.
    pub same_node: Span,
    /// Between two nodes of one zone.
    pub same_zone: Span,
    /// Between two zones.
    pub cross_zone: Span,
    /// Between a client outside and a node.
    pub outside: Span,
}
