//! Pods, their containers, probes and status.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use crate::{
    DnsPolicy, IntOrString, Labels, Meta, PodDnsConfig, Protocol, Timestamp,
    runtime_interface::ProbeKind,
};

/// A pod's dense number in one run, given at its creation and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PodId(pub u32);

/// One container of one pod: the pod and the container's place in its spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId {
    /// The pod.
    pub pod: PodId,
    /// The container's index in `spec.containers`.
    pub index: u8,
}

/// A `v1` Pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    /// Metadata.
    pub meta: Meta,
    /// The run's number for this pod; not a field of Kubernetes.
    pub id: PodId,
    /// What it is to be.
    pub spec: Arc<PodSpec>,
    /// `spec.nodeName`: where it was bound.
    pub node_name: Option<Arc<str>>,
    /// What it is.
    pub status: PodStatus,
}

/// `spec.template` of a workload.
#[derive(Clone, PartialEq, Default)]
pub struct PodTemplate {
    /// Labels its pods get.
    pub labels: Labels,
    /// Annotations its pods get.
    pub annotations: Labels,
    /// The spec its pods get.
    pub spec: Arc<PodSpec>,
    /// What its manifest says of the spec, where that is not what the first version of the object said: a
    /// template is another one by what nobody here goes by, too.
    pub unmodelled: Arc<str>,
}

/// A ReplicaSet's name is made of this text.
impl fmt::Debug for PodTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { labels, annotations, spec, unmodelled } = self;
        let mut text = f.debug_struct("PodTemplate");
        text.field("labels", labels).field("annotations", annotations).field("spec", spec);
        if !unmodelled.is_empty() {
            text.field("unmodelled", unmodelled);
        }
        text.finish()
    }
}

/// `spec` of a pod.
#[derive(Clone, PartialEq)]
pub struct PodSpec {
    /// Regular containers in order.
    pub containers: Vec<Container>,
    /// `terminationGracePeriodSeconds`, 30 by default.
    pub termination_grace_period_seconds: u32,
    /// Labels a node must have.
    pub node_selector: Labels,
    /// `hostname`, the pod's own name in DNS.
    pub hostname: Option<Arc<str>>,
    /// `subdomain`, the Service under whose name that is.
    pub subdomain: Option<Arc<str>>,
    /// `dnsPolicy`.
    pub dns_policy: DnsPolicy,
    /// `dnsConfig`.
    pub dns_config: Option<PodDnsConfig>,
    /// `enableServiceLinks`: whether its containers' environments have the Services of its namespace.
    pub enable_service_links: bool,
    /// `readinessGates`: the conditions that have to be True, too, before it is Ready.
    pub readiness_gates: Vec<Arc<str>>,
}

/// A ReplicaSet's name is made of this text. Gates are in it only where there are some, so that who
/// has none keeps the name he had before there were any.
impl fmt::Debug for PodSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A field that is forgotten here does not compile.
        let Self {
            containers,
            termination_grace_period_seconds,
            node_selector,
            hostname,
            subdomain,
            dns_policy,
            dns_config,
            enable_service_links,
            readiness_gates,
        } = self;
        let mut text = f.debug_struct("PodSpec");
        text.field("containers", containers)
            .field("termination_grace_period_seconds", termination_grace_period_seconds)
            .field("node_selector", node_selector)
            .field("hostname", hostname)
            .field("subdomain", subdomain)
            .field("dns_policy", dns_policy)
            .field("dns_config", dns_config)
            .field("enable_service_links", enable_service_links);
        if !readiness_gates.is_empty() {
            text.field("readiness_gates", readiness_gates);
        }
        text.finish()
    }
}

impl Default for PodSpec {
    fn default() -> Self {
        Self {
            containers: Vec::new(),
            termination_grace_period_seconds: 30,
            node_selector: Labels::new(),
            hostname: None,
            subdomain: None,
            dns_policy: DnsPolicy::default(),
            dns_config: None,
            enable_service_links: true,
            readiness_gates: Vec::new(),
        }
    }
}

impl PodSpec {
    /// What the scheduler counts for it: the sum over its containers.
    #[must_use]
    pub fn requests(&self) -> Resources {
        self.containers.iter().fold(Resources::default(), |sum, c| sum.saturating_add(c.requests))
    }

    /// Gives containers other images, as `kubectl set image` does: by their names, or `*` for all; where
    /// several are for one container, the last one counts.
    pub fn set_images(&mut self, images: &[(String, Arc<str>)]) {
        for container in &mut self.containers {
            let named = |(name, _): &&(String, Arc<str>)| name == "*" || **name == *container.name;
            if let Some((_, image)) = images.iter().rev().find(named) {
                container.image = Arc::clone(image);
            }
        }
    }

    /// The port number a Service's target port means in this pod, `None` where the pod lacks it.
    /// A number needs no declared container port (`endpointslice/utils.go:FindPort`).
    #[must_use]
    pub fn find_port(&self, target: &IntOrString, protocol: Protocol) -> Option<u16> {
        match target {
            IntOrString::Int(number) => u16::try_from(*number).ok(),
            IntOrString::String(name) => self
                .containers
                .iter()
                .flat_map(|container| &container.ports)
                .find(|port| port.name.as_deref() == Some(name) && port.protocol == protocol)
                .map(|port| port.container_port),
        }
    }
}

/// Requested compute resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_millis: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
}

impl Resources {
    /// The sum, which stops at the largest number: manifests may ask for anything.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self {
            cpu_millis: self.cpu_millis.saturating_add(other.cpu_millis),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Container {
    /// Its name.
    pub name: Arc<str>,
    /// Its image; how the program in it behaves is the scenario's to say.
    pub image: Arc<str>,
    /// Declared ports.
    pub ports: Vec<ContainerPort>,
    /// `resources.requests`.
    pub requests: Resources,
    /// Whether the pod may receive traffic.
    pub readiness_probe: Option<Probe>,
    /// Whether the container is to be restarted.
    pub liveness_probe: Option<Probe>,
    /// Holds the other two back until it has passed once.
    pub startup_probe: Option<Probe>,
    /// `lifecycle.preStop`.
    pub pre_stop: Option<PreStop>,
}

impl Container {
    /// Its probes, with their kinds.
    pub fn probes(&self) -> impl Iterator<Item = (ProbeKind, &Probe)> {
        let all = [
            (ProbeKind::Startup, &self.startup_probe),
            (ProbeKind::Liveness, &self.liveness_probe),
            (ProbeKind::Readiness, &self.readiness_probe),
        ];
        all.into_iter().filter_map(|(kind, probe)| Some((kind, probe.as_ref()?)))
    }

    /// One of its probes, to change.
    pub fn probe_mut(&mut self, kind: ProbeKind) -> &mut Option<Probe> {
        match kind {
            ProbeKind::Startup => &mut self.startup_probe,
            ProbeKind::Liveness => &mut self.liveness_probe,
            ProbeKind::Readiness => &mut self.readiness_probe,
        }
    }
}

/// A port a container declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// Its name, which a Service may target.
    pub name: Option<String>,
    /// The number the program listens on.
    pub container_port: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// `lifecycle.preStop` of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreStop {
    /// `sleep: { seconds }`.
    Sleep {
        /// How long, in seconds.
        seconds: u32,
    },
    /// `exec`; how long the command takes is read off a `sleep N` in it, else nothing.
    Exec {
        /// How long the command takes, in seconds.
        seconds: u32,
    },
    /// `httpGet`; answered at once.
    HttpGet,
}

impl PreStop {
    /// How long the hook runs, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        match self {
            Self::Sleep { seconds } | Self::Exec { seconds } => *seconds,
            Self::HttpGet => 0,
        }
    }
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeHandler {
    /// `httpGet` to this port.
    HttpGet(IntOrString),
    /// `tcpSocket` to this port.
    TcpSocket(IntOrString),
    /// `grpc` to this port.
    Grpc(u16),
    /// `exec`; taken to ask the program itself.
    Exec,
}

impl ProbeHandler {
    /// Its field in a probe: `httpGet`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::HttpGet(_) => "httpGet",
            Self::TcpSocket(_) => "tcpSocket",
            Self::Grpc(_) => "grpc",
            Self::Exec => "exec",
        }
    }

    /// Lets it ask at another port. A command goes on asking the program.
    pub fn set_port(&mut self, number: u16) {
        match self {
            Self::HttpGet(port) | Self::TcpSocket(port) => {
                *port = IntOrString::Int(i32::from(number));
            }
            Self::Grpc(port) => *port = number,
            Self::Exec => {}
        }
    }
}

/// What a probe asks for beside its port. It is carried for those who show a pod: whether a probe
/// passes is the program's to say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Asked {
    /// `httpGet.scheme`, HTTP by default.
    pub scheme: String,
    /// `httpGet.host` or `tcpSocket.host`; empty for the pod itself.
    pub host: String,
    /// `httpGet.path`, `/` by default.
    pub path: String,
    /// `grpc.service`.
    pub service: String,
    /// `exec.command`.
    pub command: Vec<String>,
}

/// A probe of a container; fields and defaults as in `SetDefaults_Probe`.
#[derive(Clone, PartialEq, Eq)]
pub struct Probe {
    /// What it does.
    pub handler: ProbeHandler,
    /// What it asks for there.
    pub asked: Asked,
    /// `initialDelaySeconds`, 0 by default.
    pub initial_delay_seconds: u32,
    /// `timeoutSeconds`, 1 by default.
    pub timeout_seconds: u32,
    /// `periodSeconds`, 10 by default.
    pub period_seconds: u32,
    /// `successThreshold`, 1 by default.
    pub success_threshold: u32,
    /// `failureThreshold`, 3 by default.
    pub failure_threshold: u32,
    /// `terminationGracePeriodSeconds` of the kill a failure brings; the pod's if absent.
    pub termination_grace_period_seconds: Option<u32>,
}

/// A ReplicaSet's name is made of this text. What decides nothing is not in it, so that it names no
/// ReplicaSet either.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("handler", &self.handler)
            .field("initial_delay_seconds", &self.initial_delay_seconds)
            .field("timeout_seconds", &self.timeout_seconds)
            .field("period_seconds", &self.period_seconds)
            .field("success_threshold", &self.success_threshold)
            .field("failure_threshold", &self.failure_threshold)
            .field("termination_grace_period_seconds", &self.termination_grace_period_seconds)
            .finish()
    }
}

impl Probe {
    /// A probe with Kubernetes' defaults.
    #[must_use]
    pub fn new(handler: ProbeHandler) -> Self {
        Self {
            handler,
            asked: Asked::default(),
            initial_delay_seconds: 0,
            timeout_seconds: 1,
            period_seconds: 10,
            success_threshold: 1,
            failure_threshold: 3,
            termination_grace_period_seconds: None,
        }
    }

    /// The port it asks at, `None` for a command inside the container. A name that no port of the
    /// container has is port 0, on which nobody listens.
    #[must_use]
    pub fn port(&self, container: &Container) -> Option<u16> {
        let resolve = |port: &IntOrString| match port {
            IntOrString::Int(number) => u16::try_from(*number).ok(),
            IntOrString::String(name) => {
                let named = |port: &&ContainerPort| port.name.as_deref() == Some(name);
                container.ports.iter().find(named).map(|port| port.container_port)
            }
        };
        match &self.handler {
            ProbeHandler::HttpGet(port) | ProbeHandler::TcpSocket(port) => {
                Some(resolve(port).unwrap_or(0))
            }
            ProbeHandler::Grpc(port) => Some(*port),
            ProbeHandler::Exec => None,
        }
    }

    /// The period as a duration.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_secs(u64::from(self.period_seconds))
    }
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// Accepted, not all containers started.
    #[default]
    Pending,
    /// The node does not answer.
    Unknown,
    /// Bound and started.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, one of them badly.
    Failed,
}

/// `status` of a pod.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PodStatus {
    /// Its phase.
    pub phase: Phase,
    /// Its address, once its sandbox has a network.
    pub pod_ip: Option<IpAddr>,
    /// The Ready condition; `None` while it is absent.
    pub ready: Option<ReadyCondition>,
    /// Per container, in the order of the spec; empty before the kubelet's first word.
    pub containers: Vec<ContainerStatus>,
    /// Conditions that are not the kubelet's: those of readiness gates.
    pub conditions: Vec<GateCondition>,
}

/// The Ready condition of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReadyCondition {
    /// Whether it is True.
    pub status: bool,
    /// When that last changed; `None` where nobody said.
    pub last_transition_time: Option<Timestamp>,
    /// Why it is not, in a word; empty where it is.
    pub reason: &'static str,
    /// The same in a sentence; empty where the word is enough.
    pub message: Arc<str>,
}

/// A condition of a pod that a readiness gate waits for. Whose it is, only its writer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateCondition {
    /// Its type.
    pub kind: Arc<str>,
    /// Whether it is True.
    pub status: bool,
    /// When that last changed; `None` where nobody said.
    pub last_transition_time: Option<Timestamp>,
}

impl PodStatus {
    /// A condition that a readiness gate waits for, by its type; `None` while it is absent.
    #[must_use]
    pub fn gate(&self, kind: &str) -> Option<&GateCondition> {
        self.conditions.iter().find(|condition| *condition.kind == *kind)
    }
}

/// Status of one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ContainerStatus {
    /// Started, and ready by its readiness probe.
    pub ready: bool,
    /// Running, and past its startup probe.
    pub started: bool,
    /// How often it was restarted.
    pub restart_count: u32,
    /// Where it is in its life.
    pub state: ContainerState,
    /// How its program ended before the last restart, or before the one that is to come.
    pub last_termination: Option<Termination>,
}

/// Where a container is in its life, as its kubelet reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Its program does not run, for this reason, such as `CrashLoopBackOff`.
    Waiting(&'static str),
    /// Its program runs since then.
    Running(Timestamp),
    /// Its program ended.
    Terminated(Termination),
}

impl Default for ContainerState {
    /// It is being created.
    fn default() -> Self {
        Self::Waiting("ContainerCreating")
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    /// With which code.
    pub exit_code: u8,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

impl Termination {
    /// `Completed`, or `Error`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        if self.exit_code == 0 { "Completed" } else { "Error" }
    }
}

impl Pod {
    /// Whether the Ready condition is True.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.ready.as_ref().is_some_and(|condition| condition.status)
    }

    /// Whether all its containers are ready, whatever its gates say (`ContainersReady`).
    #[must_use]
    pub fn has_ready_containers(&self) -> bool {
        let statuses = &self.status.containers;
        !self.is_terminal()
            && statuses.len() == self.spec.containers.len()
            && statuses.iter().all(|container| container.ready)
    }

    /// Whether the phase is final.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.phase, Phase::Succeeded | Phase::Failed)
    }

    /// Whether a controller counts it: neither ended nor being deleted (`IsPodActive`).
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && !self.meta.is_terminating()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_probe_asks_for_is_in_no_name() {
        let plain = Probe::new(ProbeHandler::HttpGet(IntOrString::Int(80)));
        let asked = Asked { path: "/healthz".to_owned(), ..Asked::default() };
        let asking = Probe { asked, ..plain.clone() };
        assert_ne!(plain, asking);
        assert_eq!(format!("{plain:?}"), format!("{asking:?}"));
        assert!(format!("{plain:?}").starts_with("Probe { handler: HttpGet(Int(80)), initial_"));
    }

    #[test]
    fn gates_are_in_the_name_of_a_replica_set_only_where_there_are_some() {
        let plain = PodSpec::default();
        let gated = PodSpec { readiness_gates: vec!["ready".into()], ..PodSpec::default() };
        let text = "PodSpec { containers: [], termination_grace_period_seconds: 30, \
                    node_selector: {}, hostname: None, subdomain: None, dns_policy: ClusterFirst, \
                    dns_config: None, enable_service_links: true";
        assert_eq!(format!("{plain:?}"), format!("{text} }}"));
        assert_eq!(format!("{gated:?}"), format!("{text}, readiness_gates: [\"ready\"] }}"));
    }
}
