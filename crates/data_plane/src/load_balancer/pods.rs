//! The load balancer of a cloud in front of pods: it knows their addresses and sends connections
//! straight to them, past the nodes' proxies: by a policy where one is set, otherwise by chance.
//!
//! A controller on the control plane registers and deregisters targets, and what it asks for takes
//! the balancer its time. A target that is taken in is asked at intervals whether it is well, and
//! gets connections from its first good verdict on. If none is healthy, those found unhealthy are
//! tried, and those without a verdict are not. A target that is deregistered gets nothing new, and
//! what it is at work on has some time left.
//!
//! *Left out:* the zones of a balancer, what it tries again by itself, the work of checks for the
//! programs, and UDP, which still comes in at nodes.

use std::net::SocketAddrV4;

use api::{BalancerRequest, PodId, PodTarget, ServiceId, TargetId};
use engine::{Distribution, Random, Source, Span, Stream, Streams, Time};
use policy::{Configured, Ended, Endpoint, EndpointId, Instance, PickContext};
use record::Record;

use super::HealthCheck;
use crate::{
    Cx,
    chooser::Chooser,
    connection::{Connection, connect},
    event::{Event, class},
    runtime::Runtime,
};

/// How a balancer treats its targets.
#[derive(Clone, Debug)]
pub struct Config {
    /// From the controller's asking for a target to be registered or deregistered to its being so.
    pub registration_delay: Distribution,
    /// How long what is in progress with a deregistered target may go on.
    pub deregistration_delay: Span,
    /// How targets are asked.
    pub check: HealthCheck,
    /// How long a check waits for an answer.
    pub timeout: Span,
    /// Whether a check asks the program if it is ready, and not only for a connection.
    pub asks_program: bool,
    /// How a pod is chosen; by chance where nothing is said.
    pub policy: Option<Configured>,
}

/// Where a target is in its life with a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Asked for, and not taken in yet.
    Registering,
    /// Taken in.
    Registered,
    /// Let go.
    Deregistered,
}

/// What a balancer takes a target for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// Not enough answers yet.
    Initial,
    Healthy,
    Unhealthy,
}

/// A target as its balancer sees it.
#[derive(Clone, Copy, Debug)]
struct Target {
    what: PodTarget,
    stage: Stage,
    health: Health,
    /// The last answer, and how many in a row were the same.
    last: bool,
    run: u32,
}

impl Target {
    fn new(what: PodTarget) -> Self {
        Self { what, stage: Stage::Registering, health: Health::Initial, last: false, run: 0 }
    }

    /// Takes in an answer. Gives back whether it changed the target's health.
    fn answered(&mut self, well: bool, check: HealthCheck) -> bool {
        self.run = if self.last == well { self.run + 1 } else { 1 };
        self.last = well;
        let (threshold, verdict) = if well {
            (check.healthy_threshold, Health::Healthy)
        } else {
            (check.unhealthy_threshold, Health::Unhealthy)
        };
        let changes = self.run >= threshold && self.health != verdict;
        if changes {
            self.health = verdict;
        }
        changes
    }

    fn is(&self, health: Health) -> bool {
        self.stage == Stage::Registered && self.health == health
    }
}

/// A port of a balancer, and where its connections go.
struct Listener {
    port: u16,
    targets: Vec<TargetId>,
    /// The pods and their ports that new connections go to.
    in_force: Vec<(PodId, u16)>,
    /// Which of them, where a policy says so.
    chooser: Option<Chooser>,
}

/// The load balancers of all Services.
pub struct PodTargets {
    config: Config,
    streams: Streams,
    targets: Vec<Target>,
    /// Each Service's listeners, by its number.
    services: Vec<Vec<Listener>>,
    delays: Stream,
}

impl PodTargets {
    /// None yet.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        let delays = streams.named("load-balancer/targets");
        let streams = *streams;
        Self { config, streams, targets: Vec::new(), services: Vec::new(), delays }
    }

    /// Begins to do what the controller asks.
    pub fn requested(&mut self, request: BalancerRequest, cx: &mut Cx<'_>) {
        let done = cx.now + self.config.registration_delay.sample(&mut self.delays);
        match request {
            BalancerRequest::Register { id, target } => {
                debug_assert_eq!(id.0 as usize, self.targets.len(), "targets are numbered densely");
                self.targets.push(Target::new(target));
                self.listener(target).targets.push(id);
                plan(done, id, Event::RegisterTarget(id), cx);
            }
            BalancerRequest::Deregister { id } => {
                plan(done, id, Event::DeregisterTarget(id), cx);
            }
        }
    }

    /// A target is taken in, and asked from now on. One that was let go before stays so.
    pub fn register(&mut self, id: TargetId, cx: &mut Cx<'_>) {
        let target = &mut self.targets[id.0 as usize];
        if target.stage != Stage::Registering {
            return;
        }
        target.stage = Stage::Registered;
        let PodTarget { service, pod, .. } = target.what;
        cx.recorder.record(cx.now, &Record::TargetRegistered { service, pod });
        // Where in its interval a target is asked is chance.
        let phase = self.delays.below_u64(self.config.check.interval.as_nanos().max(1));
        plan(cx.now + Span::from_nanos(phase), id, Event::CheckPodTarget(id), cx);
    }

    /// Asks a target how it is, and plans to ask again.
    pub fn check(&mut self, id: TargetId, runtime: &Runtime, cx: &mut Cx<'_>) {
        let target = self.targets[id.0 as usize];
        if target.stage != Stage::Registered {
            return;
        }
        match connect(runtime, target.what.pod, target.what.target_port) {
            Connection::Accepted(server) => {
                let well = !self.config.asks_program || runtime.server(server).is_ready();
                self.answer(id, well, cx);
            }
            Connection::Refused(_) => self.answer(id, false, cx),
            Connection::Unanswered => {
                plan(cx.now + self.config.timeout, id, Event::MissPodTarget(id), cx);
            }
        }
        let next = cx.now + self.config.check.interval;
        plan(next, id, Event::CheckPodTarget(id), cx);
    }

    /// A target did not answer in time.
    pub fn miss(&mut self, id: TargetId, cx: &mut Cx<'_>) {
        if self.targets[id.0 as usize].stage == Stage::Registered {
            self.answer(id, false, cx);
        }
    }

    fn answer(&mut self, id: TargetId, well: bool, cx: &mut Cx<'_>) {
        let target = &mut self.targets[id.0 as usize];
        if !target.answered(well, self.config.check) {
            return;
        }
        let (what, healthy) = (target.what, target.health == Health::Healthy);
        let PodTarget { service, pod, .. } = what;
        cx.recorder.record(cx.now, &Record::PodTargetHealthChanged { service, pod, healthy });
        let word = if healthy { Event::TargetHealthy(id) } else { Event::TargetUnhealthy(id) };
        cx.agenda.at(cx.now, Source { class: class::RUNTIME, entity: pod.0 }, word);
        self.put_in_force(what, cx);
    }

    /// A target is let go: it gets nothing new.
    pub fn deregister(&mut self, id: TargetId, cx: &mut Cx<'_>) {
        let target = &mut self.targets[id.0 as usize];
        let (what, was_in) = (target.what, target.stage == Stage::Registered);
        target.stage = Stage::Deregistered;
        self.listener(what).targets.retain(|it| *it != id);
        if was_in {
            let PodTarget { service, pod, .. } = what;
            cx.recorder.record(cx.now, &Record::TargetDeregistered { service, pod });
            self.put_in_force(what, cx);
            let end = cx.now + self.config.deregistration_delay;
            plan(end, id, Event::CutPodTarget(id), cx);
        }
    }

    /// The pod of a target whose time is over, unless it is a target of the same listener again.
    #[must_use]
    pub fn cut(&self, id: TargetId) -> Option<PodTarget> {
        let what = self.targets[id.0 as usize].what;
        let listeners = self.services.get(what.service.0 as usize)?;
        let listener = listeners.iter().find(|listener| listener.port == what.port)?;
        let again = |it: &TargetId| self.targets[it.0 as usize].what == what;
        (!listener.targets.iter().any(again)).then_some(what)
    }

    /// Whether a policy chooses, which wants to know of connections.
    #[must_use]
    #[inline]
    pub fn have_policy(&self) -> bool {
        self.config.policy.is_some()
    }

    /// The pod that a new connection to a port of a Service's balancer goes to, and its port.
    #[must_use]
    #[inline]
    pub fn pick(
        &mut self,
        service: ServiceId,
        port: u16,
        context: &mut PickContext<'_>,
    ) -> Option<(PodId, u16)> {
        let Listener { in_force, chooser, .. } = self.listener_at(service, port)?;
        let place = match (chooser, in_force.len()) {
            (_, 0) => return None,
            (Some(chooser), _) => chooser.pick(context)?,
            (None, count) => context.random.below(count as u32) as usize,
        };
        Some(in_force[place])
    }

    /// Hears that a connection to a port is established.
    pub fn established(&mut self, (service, port): (ServiceId, u16), pod: PodId, now: Time) {
        if let Some(chooser) = self.listener_at(service, port).and_then(|it| it.chooser.as_mut()) {
            chooser.established(EndpointId(pod.0), now);
        }
    }

    /// Hears how a connection to a port ended.
    pub fn ended(&mut self, (service, port): (ServiceId, u16), ended: &Ended) {
        if let Some(chooser) = self.listener_at(service, port).and_then(|it| it.chooser.as_mut()) {
            chooser.ended(ended);
        }
    }

    #[inline]
    fn listener_at(&mut self, service: ServiceId, port: u16) -> Option<&mut Listener> {
        let listeners = self.services.get_mut(service.0 as usize)?;
        listeners.iter_mut().find(|listener| listener.port == port)
    }

    fn listener(&mut self, target: PodTarget) -> &mut Listener {
        let place = target.service.0 as usize;
        if self.services.len() <= place {
            self.services.resize_with(place + 1, Vec::new);
        }
        let listeners = &mut self.services[place];
        let known = listeners.iter().position(|listener| listener.port == target.port);
        let known = known.unwrap_or_else(|| {
            let port = target.port;
            let chooser = self.config.policy.as_ref().map(|policy| {
                let name = format!("load-balancer/{place}/{port}/policy");
                Chooser::new(policy, Instance::only(self.streams.named(&name).next_u64()))
            });
            let (targets, in_force) = (Vec::new(), Vec::new());
            listeners.push(Listener { port, targets, in_force, chooser });
            listeners.len() - 1
        });
        &mut listeners[known]
    }

    /// Works out anew where the connections of a target's listener go.
    fn put_in_force(&mut self, changed: PodTarget, cx: &mut Cx<'_>) {
        let before = self.pods_of(changed.service);
        let targets = &self.targets;
        let of = |listener: &Listener, health| -> Vec<PodTarget> {
            let ids = listener.targets.iter().map(|id| &targets[id.0 as usize]);
            ids.filter(|target| target.is(health)).map(|target| target.what).collect()
        };
        let listeners = &mut self.services[changed.service.0 as usize];
        for listener in listeners.iter_mut().filter(|listener| listener.port == changed.port) {
            let healthy = of(listener, Health::Healthy);
            let wanted = if healthy.is_empty() { of(listener, Health::Unhealthy) } else { healthy };
            let pods = wanted.iter().map(|it| (it.pod, it.target_port)).collect();
            let before = std::mem::replace(&mut listener.in_force, pods);
            if let Some(chooser) = &mut listener.chooser
                && before != listener.in_force
            {
                chooser.update(wanted.iter().map(as_endpoint), cx.now);
            }
        }
        let pods = self.pods_of(changed.service);
        if pods != before {
            let (service, pods) = (changed.service, pods.into());
            cx.recorder.record(cx.now, &Record::TargetsInForce { service, pods });
        }
    }

    /// The pods that any connection to a Service's balancer may go to.
    fn pods_of(&self, service: ServiceId) -> Vec<PodId> {
        let listeners = self.services[service.0 as usize].iter();
        let mut pods: Vec<PodId> =
            listeners.flat_map(|it| it.in_force.iter().map(|(pod, _)| *pod)).collect();
        pods.sort_unstable();
        pods.dedup();
        pods
    }
}

/// A target as a policy sees it.
fn as_endpoint(target: &PodTarget) -> Endpoint {
    let address = SocketAddrV4::new(target.address, target.target_port);
    Endpoint::new(EndpointId(target.pod.0), address)
}

fn plan(at: Time, id: TargetId, event: Event, cx: &mut Cx<'_>) {
    cx.agenda.at(at, Source { class: class::LOAD_BALANCER, entity: id.0 }, event);
}

#[cfg(test)]
mod tests;
