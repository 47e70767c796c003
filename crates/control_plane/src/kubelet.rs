//! A kubelet: runs the pods bound to its node, and says how they are (`pkg/kubelet`).
//!
//! It starts containers, asks their probes, reports their status, and on deletion runs preStop
//! hooks, sends SIGTERM, waits for the rest of the grace period and sends SIGKILL. Nothing in here
//! waits for the endpoints to be updated: both follow from one deletion, and race.
//!
//! *Left out:* image pulls, init containers, resource pressure, static pods, its own restarts.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use api::{
    Change, ContainerId, NodeId, Object, Phase, Pod, PodId, PodStatus, ResolvConf, RuntimeReply,
    RuntimeRequest, Verb, runtime_interface::ProbeKind,
};
use engine::{Distribution, Random, Source, Span, Stream, Streams, Time};
use record::Record;

use crate::{
    Cx,
    api_server::ApiServer,
    event::{self, class},
};

mod addresses;
mod container;
pub mod env_vars;
mod probing;
pub mod readiness;
pub mod resolv_conf;
mod status;
mod termination;

use addresses::Addresses;
use container::{Container, State};
use env_vars::Environments;
use resolv_conf::{ClusterDns, PodDns, for_pod};

/// What can wake a kubelet.
#[derive(Clone, Debug)]
pub enum Event {
    /// It begins to work on a pod it heard of.
    Admit(PodId),
    /// A container is created and started.
    Start(ContainerId),
    /// It looks at its containers' states (PLEG relist).
    Relist,
    /// A status it changed reaches the API server.
    Report(PodId),
    /// A probe's turn.
    Probe {
        /// Of which container.
        container: ContainerId,
        /// Which probe.
        kind: ProbeKind,
        /// The worker's generation when this was planned.
        generation: u32,
    },
    /// It looks at a pod again, whose readiness gates moved.
    Reconcile(PodId),
    /// It begins to end a pod.
    Terminate(PodId),
    /// A preStop hook is over, or a container is to be restarted: SIGTERM.
    Sigterm {
        /// Which container.
        container: ContainerId,
        /// How often it had been restarted when this was planned.
        restarts: u32,
    },
    /// A grace period is over: SIGKILL.
    Sigkill {
        /// Which container.
        container: ContainerId,
        /// How often it had been restarted when this was planned.
        restarts: u32,
    },
    /// A pod's network is taken away.
    RemoveSandbox(PodId),
    /// A pod that ended is deleted from the API server.
    Remove(PodId),
}

/// How a kubelet does its work.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether programs say themselves when they are ready; probes are not run then.
    pub direct_readiness: bool,
    /// From hearing of a pod to the start of work on it.
    pub reaction: Distribution,
    /// From the start of work to the container's being started.
    pub container_start: Distribution,
    /// How often it looks at its containers' states; zero for at once.
    pub relist_period: Span,
    /// From a changed status to its reaching the API server.
    pub status_lag: Distribution,
    /// From the last container's exit to the address's answering no more.
    pub sandbox_removal: Distribution,
    /// From the terminal status to the deletion's reaching the API server.
    pub pod_removal: Distribution,
    /// What it was told of the cluster's DNS (`clusterDNS`, `clusterDomain`).
    pub cluster_dns: ClusterDns,
}

/// After so long, or up to half as long again, a kubelet tries anew what it could not do for a pod
/// (`backOffPeriod`).
const BACK_OFF: Span = Span::from_secs(10);

/// How long a container gets at the least between SIGTERM and SIGKILL, in seconds.
const MINIMUM_GRACE_SECONDS: u64 = 2;

/// The kubelet of one node.
#[derive(Debug)]
pub struct Kubelet {
    node: NodeId,
    config: Config,
    pods: BTreeMap<PodId, Worker>,
    addresses: Addresses,
    relist_phase: Span,
    relist_pending: bool,
    /// When the last status on its way reaches the API server: statuses go one after the other.
    reported_until: Time,
    delays: Stream,
}

/// What it keeps of one pod (`pod_workers.go`).
#[derive(Debug)]
struct Worker {
    /// The pod as last heard of.
    pod: Arc<Pod>,
    address: Option<IpAddr>,
    containers: Vec<Container>,
    /// It has a network.
    has_sandbox: bool,
    terminating: bool,
    /// Its API object is gone.
    gone: bool,
    /// The terminal status is on its way, or stored.
    ended: bool,
    report_pending: bool,
}

impl Kubelet {
    /// The kubelet of `node`. Where in its period it looks at its containers is chance.
    #[must_use]
    pub fn new(node: NodeId, config: Config, streams: &Streams) -> Self {
        let mut delays = streams.named(&format!("kubelet/{}", node.0));
        let period = config.relist_period.as_nanos();
        let phase = if period == 0 { 0 } else { delays.next_u64() % period };
        Self {
            node,
            config,
            pods: BTreeMap::new(),
            addresses: Addresses::of(node),
            relist_phase: Span::from_nanos(phase),
            relist_pending: false,
            reported_until: Time::ZERO,
            delays,
        }
    }

    /// Takes in a change to one of its pods.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        let Object::Pod(pod) = &change.object else { return };
        match (change.verb, self.pods.get_mut(&pod.id)) {
            (Verb::Deleted, Some(_)) => self.forget(pod.id, cx),
            (Verb::Deleted, None) => {}
            (Verb::Added | Verb::Modified, None) => {
                if !pod.is_terminal() {
                    self.pods.insert(pod.id, Worker::new(pod.clone()));
                    self.react(Event::Admit(pod.id), cx);
                }
            }
            (Verb::Added | Verb::Modified, Some(worker)) => {
                worker.pod = pod.clone();
                if pod.meta.is_terminating() && !worker.terminating {
                    worker.terminating = true;
                    self.react(Event::Terminate(pod.id), cx);
                } else if worker.gates_moved() {
                    self.react(Event::Reconcile(pod.id), cx);
                }
            }
        }
    }

    /// Handles one of its events.
    pub fn handle(
        &mut self,
        event: Event,
        (api, environments): (&mut ApiServer, &mut Environments),
        cx: &mut Cx<'_>,
    ) {
        match event {
            Event::Admit(pod) => self.admit(pod, cx),
            Event::Start(container) => self.start(container, (api, environments), cx),
            Event::Relist => self.relist(cx),
            Event::Report(pod) => self.report(pod, api, cx),
            Event::Probe { container, kind, generation } => {
                self.probe(container, kind, generation, cx);
            }
            Event::Reconcile(pod) => self.changed_now(pod, cx),
            Event::Terminate(pod) => self.terminate(pod, cx),
            Event::Sigterm { container, restarts } => self.sigterm(container, restarts, cx),
            Event::Sigkill { container, restarts } => self.sigkill(container, restarts, cx),
            Event::RemoveSandbox(pod) => self.remove_sandbox(pod, cx),
            Event::Remove(pod) => {
                if let Some(worker) = self.pods.get(&pod) {
                    let (key, uid) = (worker.pod.meta.key(), worker.pod.meta.uid.clone());
                    // Gone already is what it wanted.
                    let _ = api.delete(api::Kind::Pod, &key, &uid, Some(0), cx);
                }
            }
        }
    }

    /// Hears from its container runtime.
    pub fn runtime_replied(&mut self, reply: RuntimeReply, cx: &mut Cx<'_>) {
        let container = reply.container();
        match reply {
            RuntimeReply::Listens { .. } => {
                self.told(container, |state| state.declared_started = true, cx);
            }
            RuntimeReply::BecameReady { .. } => {
                self.told(container, |state| state.declared_ready = true, cx);
            }
            RuntimeReply::Probed { kind, success, .. } => {
                self.probed(container, kind, success, cx);
            }
            RuntimeReply::Exited { code, .. } => self.exited(container, code, cx),
        }
    }

    /// A program speaks for itself; only a stand-in kubelet listens.
    fn told(&mut self, id: ContainerId, note: impl FnOnce(&mut Container), cx: &mut Cx<'_>) {
        if self.config.direct_readiness
            && let Some(container) = self.container(id)
        {
            note(container);
            self.changed(id.pod, cx);
        }
    }

    /// Begins to work on a pod: says so, gives it an address, and starts its containers.
    fn admit(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        if worker.terminating {
            return;
        }
        // Without an address it has no sandbox, and begins later. The scheduler mostly sees to it that
        // there is one: a node takes no more pods than it has addresses.
        let Some(address) = self.addresses.take() else {
            let back_off = BACK_OFF.mul_f64(1.0 + 0.5 * self.delays.unit());
            return self.plan(cx.now + back_off, Event::Admit(pod), cx);
        };
        worker.address = Some(address);
        let containers = worker.containers.len();
        let begin = cx.now + self.config.container_start.sample(&mut self.delays);
        for index in 0..containers {
            let container = ContainerId { pod, index: index as u8 };
            if !self.config.direct_readiness {
                self.start_probes(container, cx);
            }
            self.plan(begin, Event::Start(container), cx);
        }
        self.send_report(pod, cx);
    }

    fn start(
        &mut self,
        id: ContainerId,
        (api, environments): (&ApiServer, &mut Environments),
        cx: &mut Cx<'_>,
    ) {
        let (node, now) = (self.node, cx.now);
        let Some(worker) = self.pods.get_mut(&id.pod) else { return };
        if worker.terminating {
            return;
        }
        let links = worker.pod.spec.enable_service_links;
        let environment = environments.of(api, &worker.pod.meta.namespace, links);
        if !worker.has_sandbox {
            worker.has_sandbox = true;
            let mut pod = Pod::clone(&worker.pod);
            pod.status.pod_ip = worker.address;
            let resolv_conf = Arc::new(self.resolv_conf(&pod));
            let pod = Arc::new(pod);
            self.runtime(RuntimeRequest::CreateSandbox { pod, node, resolv_conf }, cx);
        }
        let worker = self.pods.get_mut(&id.pod).expect("it was there a line above");
        let container = &mut worker.containers[usize::from(id.index)];
        container.started_at(now);
        let restarts = container.restarts;
        let record = Record::ContainerStarted { pod: id.pod, container: id.index, restarts };
        cx.recorder.record(now, &record);
        self.runtime(RuntimeRequest::Start { container: id, environment }, cx);
        self.changed(id.pod, cx);
    }

    /// What a pod's containers find in resolv.conf, on a node that has no search domains of its own.
    fn resolv_conf(&self, pod: &Pod) -> ResolvConf {
        let pod = PodDns {
            namespace: &pod.meta.namespace,
            policy: pod.spec.dns_policy,
            host_network: false,
            config: pod.spec.dns_config.as_ref(),
        };
        for_pod(&pod, &self.config.cluster_dns, &ResolvConf::default()).0
    }

    fn report(&mut self, pod: PodId, api: &mut ApiServer, cx: &mut Cx<'_>) {
        let direct = self.config.direct_readiness;
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        worker.report_pending = false;
        let key = worker.pod.meta.key();
        let Some(stored) = api.pod(&key) else { return };
        let status: PodStatus = {
            let clock = |moment| api.timestamp(moment);
            worker.status(direct, (cx.now, &clock), &stored.status)
        };
        let terminal = matches!(status.phase, Phase::Succeeded | Phase::Failed);
        let uid = worker.pod.meta.uid.clone();
        // A pod that is gone needs no status.
        let _ = api.patch_pod_status(&key, &uid, status, cx);
        if terminal {
            let removal = cx.now + self.config.pod_removal.sample(&mut self.delays);
            self.plan(removal, Event::Remove(pod), cx);
        }
    }

    /// A container's state changed: it is noticed at the next look at the containers.
    fn changed(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        if let Some(worker) = self.pods.get_mut(&pod) {
            worker.containers.iter_mut().for_each(|container| container.unnoticed = true);
        }
        let period = self.config.relist_period.as_nanos();
        if period == 0 || self.config.direct_readiness {
            self.changed_now(pod, cx);
        } else if !self.relist_pending {
            self.relist_pending = true;
            let phase = self.relist_phase.as_nanos();
            let passed = (cx.now.as_nanos() + period - phase) % period;
            let at = cx.now + Span::from_nanos(period - passed);
            self.plan(at, Event::Relist, cx);
        }
    }

    fn relist(&mut self, cx: &mut Cx<'_>) {
        self.relist_pending = false;
        let changed: Vec<PodId> = self
            .pods
            .iter()
            .filter(|(_, worker)| worker.containers.iter().any(|container| container.unnoticed))
            .map(|(pod, _)| *pod)
            .collect();
        for pod in changed {
            self.changed_now(pod, cx);
        }
    }

    /// A pod is synced: its status is computed and sent, and readiness asked for once more.
    fn changed_now(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        self.send_report(pod, cx);
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        let (mut turns, mut restarts) = (Vec::new(), Vec::new());
        for (index, container) in worker.containers.iter_mut().enumerate() {
            container.unnoticed = false;
            container.known = container.state == State::Running;
            let id = ContainerId { pod, index: index as u8 };
            if let Some(generation) = container.poke_readiness() {
                turns.push(Event::Probe { container: id, kind: ProbeKind::Readiness, generation });
            }
            restarts.extend(container.restart_at.take().map(|at| (at, id)));
        }
        for turn in turns {
            self.plan(cx.now, turn, cx);
        }
        for (at, container) in restarts {
            let begin = at.max(cx.now) + self.config.container_start.sample(&mut self.delays);
            self.plan(begin, Event::Start(container), cx);
        }
    }

    fn send_report(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        if worker.report_pending {
            return;
        }
        worker.report_pending = true;
        let begin = self.reported_until.max(cx.now);
        self.reported_until = begin + self.config.status_lag.sample(&mut self.delays);
        self.plan(self.reported_until, Event::Report(pod), cx);
    }

    fn react(&mut self, event: Event, cx: &mut Cx<'_>) {
        let at = cx.now + self.config.reaction.sample(&mut self.delays);
        self.plan(at, event, cx);
    }

    fn plan(&self, at: Time, event: Event, cx: &mut Cx<'_>) {
        let source = Source { class: class::KUBELET, entity: self.node.0 };
        cx.agenda.at(at, source, event::Event::Kubelet { node: self.node, event });
    }

    fn runtime(&self, request: RuntimeRequest, cx: &mut Cx<'_>) {
        let source = Source { class: class::RUNTIME, entity: self.node.0 };
        cx.agenda.at(cx.now, source, event::Event::Runtime(request));
    }

    fn container(&mut self, id: ContainerId) -> Option<&mut Container> {
        self.pods.get_mut(&id.pod)?.containers.get_mut(usize::from(id.index))
    }
}
