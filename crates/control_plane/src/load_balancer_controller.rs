//! The controller of a cloud's load balancers whose targets are pods: keeps the targets of each
//! Service's balancer as its EndpointSlices have them, and tells pods when their target is healthy
//! (`aws-load-balancer-controller/pkg/targetgroupbinding`, target type `ip`).
//!
//! It is no part of the controller manager: it has watches, and so a lag, of its own. It is woken
//! by EndpointSlices and Services, not by pods; what it waits for besides, that containers get
//! ready behind a readiness gate and that a target becomes healthy, it looks for now and then.
//!
//! *Left out:* its limits of calls to the cloud and to the API server, calls that fail, endpoints
//! on nodes that do not answer, and the gates of a pod being told apart by the balancer they name:
//! all that begin with `target-health.` are about all targets of the pod.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use api::{
    BalancerRequest, Change, Key, Object, Pod, PodId, PodTarget, Protocol, Service, TargetId, Uid,
    pod::GateCondition, service::ServiceType,
};
use engine::{Distribution, Source, Span, Stream, Streams, Time};

use crate::{
    Cx,
    api_server::ApiServer,
    event::{self, class},
    informer::Informers,
};

/// What the types of the conditions that it writes begin with; behind it is the name of a balancer.
pub const TARGET_HEALTH: &str = "target-health.";

/// How soon it looks again at what it waits for (`defaultRequeueDuration`).
const LOOKS_AGAIN_AFTER: Span = Span::from_secs(15);

/// What can wake the controller.
#[derive(Clone, Debug)]
pub enum Event {
    /// It looks at a Service.
    Sync {
        /// Which.
        service: Box<Key>,
    },
    /// A condition of a pod reaches the API server.
    Patch {
        /// What is written.
        patch: Box<Patch>,
    },
}

/// What it says of the targets of a pod.
#[derive(Clone, Debug)]
pub struct Patch {
    pod: Key,
    uid: Uid,
    healthy: bool,
}

/// How long its parts take.
#[derive(Clone, Debug)]
pub struct Config {
    /// From a change to its look at it.
    pub sync: Distribution,
    /// From sending a condition to its reaching the API server.
    pub api_call: Distribution,
}

/// The controller.
#[derive(Debug)]
pub struct LoadBalancerController {
    config: Config,
    informers: Informers,
    /// When it looks at each Service next.
    planned: BTreeMap<Key, Time>,
    /// What it had registered and has not deregistered.
    registered: BTreeMap<Key, BTreeMap<PodTarget, TargetId>>,
    /// Whether each target there ever was is healthy, as its balancer said last.
    healthy: Vec<bool>,
    delays: Stream,
}

/// What the slices of a Service ask for.
#[derive(Default)]
struct Wanted {
    targets: BTreeSet<PodTarget>,
    /// Whether there may be more in a while, without a change of a slice.
    more: bool,
}

impl LoadBalancerController {
    /// A controller that has heard nothing.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        Self {
            config,
            informers: Informers::default(),
            planned: BTreeMap::new(),
            registered: BTreeMap::new(),
            healthy: Vec::new(),
            delays: streams.named("load-balancer-controller/delays"),
        }
    }

    /// Takes in a change to a Service, a slice or a pod.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        self.informers.observe(change);
        let service = match &change.object {
            Object::Service(service) => service.meta.key(),
            Object::EndpointSlice(slice) => {
                Key::new(slice.meta.namespace.clone(), slice.service_name.clone())
            }
            _ => return,
        };
        let known = self.registered.contains_key(&service);
        if known || self.informers.service(&service).is_some_and(|it| has_balancer(it)) {
            let after = self.config.sync.sample(&mut self.delays);
            self.plan(service, after, cx);
        }
    }

    /// Hears from a balancer how one of its targets is.
    pub fn told(&mut self, id: TargetId, healthy: bool) {
        self.healthy[id.0 as usize] = healthy;
    }

    /// Handles one of its events.
    pub fn handle(&mut self, event: Event, api: &mut ApiServer, cx: &mut Cx<'_>) {
        match event {
            Event::Sync { service } => self.sync(*service, cx),
            Event::Patch { patch } => write(&patch, api, cx),
        }
    }

    /// Brings the targets of a Service's balancer, and the conditions of its pods, up to date.
    fn sync(&mut self, service: Key, cx: &mut Cx<'_>) {
        if self.planned.get(&service) != Some(&cx.now) {
            return;
        }
        self.planned.remove(&service);
        let wanted = self.wanted(&service);
        self.deregister(&service, &wanted.targets, cx);
        self.register(&service, &wanted.targets, cx);
        let pods: BTreeSet<PodId> = wanted.targets.iter().map(|target| target.pod).collect();
        let waits = self.tell_pods(&service, &pods, cx);
        if waits || wanted.more {
            self.plan(service, LOOKS_AGAIN_AFTER, cx);
        }
    }

    /// The targets that a Service is to have: its ready endpoints, and those that only wait for
    /// their pods' readiness gates, of which it is one.
    fn wanted(&self, key: &Key) -> Wanted {
        let mut wanted = Wanted::default();
        let service = self.informers.service(key).filter(|service| has_balancer(service));
        let Some(service) = service else { return wanted };
        let of_tcp = |it: &&api::ServicePort| it.protocol == Protocol::Tcp;
        for port in service.spec.ports.iter().filter(of_tcp) {
            for slice in self.informers.slices_of(key) {
                let mut ports = slice.ports.iter();
                let found = ports.find(|it| it.name == port.name && it.protocol == port.protocol);
                let Some(target_port) = found.and_then(|it| it.port) else { continue };
                for endpoint in &slice.endpoints {
                    // Nothing that is simulated listens at an address of IPv6.
                    let (Some((pod, name)), IpAddr::V4(address)) =
                        (&endpoint.target, endpoint.address)
                    else {
                        continue;
                    };
                    let heard = self.pod(*pod, &Key::new(key.namespace.clone(), name.clone()));
                    let Some(heard) = heard else {
                        wanted.more = true;
                        continue;
                    };
                    let waits = !endpoint.terminating && heard.has_ready_containers();
                    if endpoint.ready || waits {
                        let (service, port, pod) = (service.id, port.port, *pod);
                        let target = PodTarget { service, port, pod, target_port, address };
                        wanted.targets.insert(target);
                    } else if !heard.has_ready_containers() && gates(heard).next().is_some() {
                        wanted.more = true;
                    }
                }
            }
        }
        wanted
    }

    fn deregister(&mut self, service: &Key, wanted: &BTreeSet<PodTarget>, cx: &mut Cx<'_>) {
        let registered = self.registered.entry(service.clone()).or_default();
        registered.retain(|target, id| {
            let stays = wanted.contains(target);
            if !stays {
                ask(BalancerRequest::Deregister { id: *id }, cx);
            }
            stays
        });
    }

    fn register(&mut self, service: &Key, wanted: &BTreeSet<PodTarget>, cx: &mut Cx<'_>) {
        let registered = self.registered.entry(service.clone()).or_default();
        for target in wanted {
            registered.entry(*target).or_insert_with(|| {
                let id = TargetId(self.healthy.len() as u32);
                self.healthy.push(false);
                ask(BalancerRequest::Register { id, target: *target }, cx);
                id
            });
        }
    }

    /// Writes to pods with gates how their targets are. Gives back whether it waits for any of
    /// them.
    fn tell_pods(&mut self, service: &Key, pods: &BTreeSet<PodId>, cx: &mut Cx<'_>) -> bool {
        let mut waits = false;
        let mut stored = cx.now;
        for slice in self.informers.slices_of(service) {
            for (id, name) in slice.endpoints.iter().filter_map(|it| it.target.as_ref()) {
                let key = Key::new(service.namespace.clone(), name.clone());
                let pod = pods.contains(id).then(|| self.pod(*id, &key)).flatten();
                let Some(pod) = pod.filter(|pod| gates(pod).next().is_some()) else { continue };
                let healthy = self.all_healthy(*id);
                waits |= !healthy;
                let told =
                    |gate: &Arc<str>| pod.status.gate(gate).is_some_and(|it| it.status == healthy);
                if !gates(pod).all(told) {
                    let patch = Box::new(Patch { pod: key, uid: pod.meta.uid.clone(), healthy });
                    stored += self.config.api_call.sample(&mut self.delays);
                    plan(stored, Event::Patch { patch }, cx);
                }
            }
        }
        waits
    }

    /// Whether all targets that a pod is are healthy.
    fn all_healthy(&self, pod: PodId) -> bool {
        let mut targets = self.registered.values().flatten().filter(|(it, _)| it.pod == pod);
        targets.all(|(_, id)| self.healthy[id.0 as usize])
    }

    fn pod(&self, id: PodId, key: &Key) -> Option<&Arc<Pod>> {
        self.informers.pod(key).filter(|pod| pod.id == id)
    }

    /// Looks at a Service after so long, if it does not sooner anyway.
    fn plan(&mut self, service: Key, after: Span, cx: &mut Cx<'_>) {
        let at = cx.now + after;
        if self.planned.get(&service).is_none_or(|planned| at < *planned) {
            self.planned.insert(service.clone(), at);
            plan(at, Event::Sync { service: Box::new(service) }, cx);
        }
    }
}

/// Writes a condition: whatever else was written meanwhile stays.
fn write(patch: &Patch, api: &mut ApiServer, cx: &mut Cx<'_>) {
    let Some(stored) = api.pod(&patch.pod) else { return };
    let now = api.timestamp(cx.now);
    let mut status = stored.status.clone();
    for gate in gates(stored) {
        if status.gate(gate).is_some_and(|condition| condition.status == patch.healthy) {
            continue;
        }
        status.conditions.retain(|condition| condition.kind != *gate);
        let last_transition_time = Some(now);
        let condition =
            GateCondition { kind: gate.clone(), status: patch.healthy, last_transition_time };
        status.conditions.push(condition);
    }
    // A pod that is gone needs no condition.
    let _ = api.patch_pod_status(&patch.pod, &patch.uid, status, cx);
}

/// The gates of a pod that are the controller's to open.
fn gates(pod: &Pod) -> impl Iterator<Item = &Arc<str>> {
    pod.spec.readiness_gates.iter().filter(|gate| gate.starts_with(TARGET_HEALTH))
}

fn has_balancer(service: &Service) -> bool {
    service.spec.kind == ServiceType::LoadBalancer
}

fn ask(request: BalancerRequest, cx: &mut Cx<'_>) {
    let source = Source { class: class::RUNTIME, entity: 0 };
    cx.agenda.at(cx.now, source, event::Event::Balancer(request));
}

fn plan(at: Time, event: Event, cx: &mut Cx<'_>) {
    let source = Source { class: class::LOAD_BALANCER_CONTROLLER, entity: 0 };
    cx.agenda.at(at, source, event::Event::LoadBalancerController(event));
}

#[cfg(test)]
mod tests;
