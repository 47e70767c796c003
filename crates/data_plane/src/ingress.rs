//! The pods of an Ingress controller: each a proxy for requests, in front of the pods of Services.
//!
//! Such a proxy watches EndpointSlices itself and sends each request straight to a pod, past the nodes'
//! proxies. What it hears is looked at now and then, and its workers fetch the outcome at intervals, so
//! it has a lag of its own. Each worker balances for itself: it has a policy of its own, and knows
//! nothing of what others send. Its connections to pods are kept, so that a request needs no handshake. When a
//! pod refuses a request, does not answer or breaks off, it tries another, a few times.
//!
//! *Left out:* the number of connections that are kept and their idle time, retries of requests that may
//! not be repeated, the proxy's own work and its limits, and TLS.

use std::{collections::BTreeMap, num::NonZeroU8, sync::Arc};

use api::{Change, Key, NodeId, PodId, ServiceId};
use engine::{Random, Source, Span, Stream, Streams, Time};
use policy::{Ended, Instance, PickContext, Report};
use record::Record;

pub use crate::known_pods::Backend;
use crate::{
    Cx, NodeConfig,
    balancer::{Balancer, Upstream},
    bounded_frequency_runner::BoundedFrequencyRunner,
    event::{Event, class},
    known_pods::{KnownPod, KnownPods},
    zones::Zones,
};

/// How the controller is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many pods it has.
    pub pods: u32,
    /// How many workers each of them has.
    pub workers: u32,
    /// The least time between two looks at changes.
    pub min_sync_period: Span,
    /// How often the workers fetch what was found.
    pub poll_period: Span,
    /// How requests are balanced.
    pub policy: policy::Configured,
}

/// A pod of the controller, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IngressId(NonZeroU8);

impl IngressId {
    /// The one in this place; there are 255 at most.
    #[must_use]
    pub fn at(place: u8) -> Self {
        Self(NonZeroU8::MIN.saturating_add(place))
    }

    /// Its place among all.
    #[must_use]
    pub fn place(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

/// A worker of the controller, by number: those of its first pod, then those of the next. There are 255 at
/// most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkerId(NonZeroU8);

impl WorkerId {
    /// The one in this place of a pod, where each pod has so many.
    #[must_use]
    pub fn new(pod: IngressId, place: u32, workers: u32) -> Self {
        let number = pod.place() as u32 * workers + place;
        Self(NonZeroU8::MIN.saturating_add(number as u8))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get().into()
    }

    /// The place of its pod, and its own there.
    #[must_use]
    pub fn places(self, workers: u32) -> (usize, usize) {
        let (number, workers) = (usize::from(self.0.get()) - 1, workers as usize);
        (number / workers, number % workers)
    }
}

/// It tries so many pods for a request (`proxy_next_upstream_tries` of ingress-nginx).
pub const TRIES: u8 = 3;

/// It waits so long for a pod to accept a connection (`proxy_connect_timeout` of ingress-nginx).
pub const CONNECT_TIMEOUT: Span = Span::from_secs(5);

/// After a failed look, and at the latest after a good one: no look fails here, and without a change
/// there is nothing to see.
const NEVER: Span = Span::from_secs(1 << 30);

/// A pod of the controller.
pub struct IngressPod {
    id: IngressId,
    /// Where it runs.
    pub node: NodeId,
    /// Its zone, by number.
    zone: u32,
    policy: policy::Configured,
    known: KnownPods,
    runner: BoundedFrequencyRunner,
    planned: Option<Time>,
    poll_period: Span,
    /// What the workers are to fetch.
    found: BTreeMap<Backend, Arc<[KnownPod]>>,
    /// Which Services these are, or were last: their pods may be known for longer than their names.
    services: BTreeMap<Key, ServiceId>,
    workers: Vec<Worker>,
    /// The pods that a pick has asked to be probed: room that is used again.
    probed: Vec<PodId>,
}

/// One of the workers that share the requests of a pod.
struct Worker {
    /// Its number among those of all pods.
    number: u32,
    /// Where in the period it fetches.
    poll_phase: Span,
    /// What it has fetched.
    balancers: BTreeMap<Backend, Balancer>,
    /// What was last said that it lists.
    listed: BTreeMap<ServiceId, Arc<[PodId]>>,
    seeds: Stream,
}

impl Worker {
    /// A worker that has fetched nothing; `name` is that of its streams.
    fn new((number, name): (u32, &str), poll_period: Span, streams: &Streams) -> Self {
        let phase = streams.named(name).below_u64(poll_period.as_nanos().max(1));
        let seeds = streams.named(&format!("{name}/seeds"));
        Self {
            number,
            poll_phase: Span::from_nanos(phase),
            balancers: BTreeMap::new(),
            listed: BTreeMap::new(),
            seeds,
        }
    }

    /// Says which pods of each Service it lists from now on, by whichever ports. One whose name is another's
    /// by now has none.
    fn say(
        &mut self,
        found: &BTreeMap<Backend, Arc<[KnownPod]>>,
        services: &BTreeMap<Key, ServiceId>,
        cx: &mut Cx<'_>,
    ) {
        let mut lists: BTreeMap<ServiceId, Vec<PodId>> =
            self.listed.keys().map(|service| (*service, Vec::new())).collect();
        for (backend, pods) in found {
            if let Some(service) = services.get(&backend.service) {
                lists.entry(*service).or_default().extend(pods.iter().map(|it| it.pod));
            }
        }
        for (service, mut pods) in lists {
            pods.sort_unstable();
            pods.dedup();
            if self.listed.get(&service).is_none_or(|listed| **listed != pods[..]) {
                let (worker, pods) = (self.number, Arc::from(pods));
                self.listed.insert(service, Arc::clone(&pods));
                let record = Record::IngressListed { worker, service, pods };
                cx.recorder.record(cx.now, &record);
            }
        }
    }

    /// When it fetches next.
    fn next_poll(&self, now: Time, poll_period: Span) -> Time {
        let period = poll_period.as_nanos();
        if period == 0 {
            return now;
        }
        let passed = (now.as_nanos() + period - self.poll_phase.as_nanos()) % period;
        now + Span::from_nanos(period - passed)
    }
}

impl IngressPod {
    /// A pod of the controller that has heard nothing.
    #[must_use]
    pub(crate) fn new(
        (id, node): (IngressId, NodeId),
        config: &Config,
        known: KnownPods,
        zone: u32,
        streams: &Streams,
    ) -> Self {
        let worker = |place: u32| {
            let name = match place {
                0 => format!("ingress/{}", id.place()),
                place => format!("ingress/{}/worker/{place}", id.place()),
            };
            let number = id.place() as u32 * config.workers + place;
            Worker::new((number, &name), config.poll_period, streams)
        };
        Self {
            id,
            node,
            policy: config.policy.clone(),
            known,
            zone,
            runner: BoundedFrequencyRunner::new(config.min_sync_period, NEVER, NEVER),
            planned: None,
            poll_period: config.poll_period,
            found: BTreeMap::new(),
            services: BTreeMap::new(),
            workers: (0..config.workers).map(worker).collect(),
            probed: Vec::new(),
        }
    }

    /// Takes in a change to an EndpointSlice.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        if !self.known.observe(change) {
            return;
        }
        self.runner.want();
        self.plan(cx);
    }

    fn plan(&mut self, cx: &mut Cx<'_>) {
        let due = self.runner.due().map(|due| due.max(cx.now));
        if let Some(due) = due.filter(|due| self.planned != Some(*due)) {
            self.planned = Some(due);
            cx.agenda.at(due, self.source(), Event::SyncIngress(self.id));
        }
    }

    /// Looks at what it heard, if a look is due.
    pub fn sync(&mut self, cx: &mut Cx<'_>) {
        if self.planned != Some(cx.now) || !self.runner.begin(cx.now) {
            return;
        }
        self.planned = None;
        self.found = self.known.ready();
        self.runner.end(cx.now, true);
        for (place, worker) in (0..).zip(&self.workers) {
            let due = worker.next_poll(cx.now, self.poll_period);
            let id = WorkerId::new(self.id, place, self.workers());
            cx.agenda.at(due, self.source(), Event::PollIngress(id));
        }
        self.plan(cx);
    }

    /// How many workers it has.
    #[must_use]
    pub fn workers(&self) -> u32 {
        self.workers.len() as u32
    }

    /// A worker fetches what was found. Where that is what it has, everybody keeps his turn. Which Service
    /// has a name, `service_named` says.
    pub fn poll(
        &mut self,
        worker: usize,
        service_named: impl Fn(&Key) -> Option<ServiceId>,
        cx: &mut Cx<'_>,
    ) {
        let Self { workers, found, services, policy, zone, .. } = self;
        let Worker { number, balancers, seeds, .. } = &mut workers[worker];
        for (backend, pods) in &*found {
            if let Some(service) = service_named(&backend.service) {
                services.insert(backend.service.clone(), service);
            }
            let balancer = balancers.entry(backend.clone());
            let balancer = balancer.or_insert_with(|| {
                let (seed, number, zone) = (seeds.next_u64(), *number, *zone);
                Balancer::new(policy, Instance { seed, number, zone })
            });
            balancer.update(pods, cx.now);
        }
        workers[worker].say(found, services, cx);
    }

    /// A worker chooses a pod for a request that has failed at some already.
    pub fn pick(
        &mut self,
        worker: usize,
        backend: &Backend,
        failed_at: Option<PodId>,
        context: &mut PickContext<'_>,
    ) -> Option<Upstream> {
        let balancer = self.workers[worker].balancers.get_mut(backend)?;
        let picked = balancer.pick((failed_at, false), context);
        balancer.probes(context, &mut self.probed);
        picked
    }

    /// The pods that the last pick has asked to be probed.
    pub fn probed(&mut self) -> impl Iterator<Item = PodId> {
        self.probed.drain(..)
    }

    /// A worker hears what a pod says of itself.
    pub fn reported(&mut self, worker: usize, pod: PodId, now: Time, report: &Report) {
        for balancer in self.workers[worker].balancers.values_mut() {
            balancer.reported(pod, now, report);
        }
    }

    /// A worker hears how a request ended at a pod, and can ask what that says of itself.
    pub fn ended(
        &mut self,
        worker: usize,
        backend: &Backend,
        ended: &Ended,
        report: impl FnOnce() -> Option<Report>,
    ) {
        let Worker { balancers, .. } = &mut self.workers[worker];
        if let Some(balancer) = balancers.get_mut(backend) {
            balancer.ended(ended, report);
        }
    }

    fn source(&self) -> Source {
        Source { class: class::INGRESS, entity: self.id.place() as u32 }
    }
}

/// The pods of a controller, on the nodes in turn.
#[must_use]
pub(crate) fn pods(
    config: &Config,
    nodes: &[NodeConfig],
    backends: &[Backend],
    zones: &Zones,
    streams: &Streams,
) -> Vec<IngressPod> {
    let pod = |number: u32| {
        let node = number % (nodes.len() as u32).max(1);
        let place = (IngressId::at(number as u8), NodeId(node));
        let zone = nodes.get(node as usize).map_or(0, |node| zones.number(&node.zone));
        let known = KnownPods::new(backends.to_vec(), zones.clone());
        IngressPod::new(place, config, known, zone, streams)
    };
    (0..config.pods).map(pod).collect()
}

#[cfg(test)]
mod tests {
    use api::{Endpoint, EndpointSlice, Key, Meta, Object, PodId, Protocol, SlicePort, Verb};
    use engine::Agenda;
    use record::Recorder;

    use super::*;

    fn backend() -> Backend {
        Backend { service: Key::new("default", "web"), port_name: "http".to_owned() }
    }

    /// A slice that lists these pods, of which those above 9 are not ready.
    fn slice(pods: &[u32]) -> Change {
        let endpoint = |pod: &u32| Endpoint {
            address: [10, 128, 0, *pod as u8].into(),
            ready: *pod < 10,
            serving: true,
            terminating: *pod >= 10,
            node_name: None,
            zone: None,
            target: Some((PodId(*pod), format!("pod-{pod}").into())),
            hostname: None,
            for_zones: Vec::new(),
            for_nodes: Vec::new(),
        };
        let slice = EndpointSlice {
            meta: Meta::new("default", "web-1"),
            service_name: "web".into(),
            service: None,
            ports: vec![SlicePort {
                name: "http".to_owned(),
                protocol: Protocol::Tcp,
                port: Some(8080),
            }],
            endpoints: pods.iter().map(endpoint).map(Arc::new).collect(),
        };
        Change { verb: Verb::Modified, object: Object::EndpointSlice(Arc::new(slice)) }
    }

    /// A pod of the controller with the clock it lives by, and the Service that its backend is.
    struct Bench {
        pod: IngressPod,
        agenda: Agenda<Event>,
        service: Option<ServiceId>,
        said: Said,
    }

    /// What workers said that they list: of which Service, and the pods.
    #[derive(Default)]
    struct Said(Vec<(u32, ServiceId, Vec<u32>)>);

    impl Recorder for Said {
        fn record(&mut self, _: Time, record: &Record) {
            if let Record::IngressListed { worker, service, pods } = record {
                self.0.push((*worker, *service, pods.iter().map(|pod| pod.0).collect()));
            }
        }
    }

    impl Bench {
        fn new() -> Self {
            let config = Config {
                pods: 1,
                workers: 2,
                min_sync_period: Span::from_secs(3),
                poll_period: Span::from_secs(1),
                policy: policy::Configured::by_name("ingress-nginx.round_robin")
                    .expect("it is listed"),
            };
            let place = (IngressId::at(0), NodeId(0));
            let known = KnownPods::new(vec![backend()], Zones::default());
            let mut pod = IngressPod::new(place, &config, known, 0, &Streams::new(1));
            pod.workers[0].poll_phase = Span::from_millis(500);
            pod.workers[1].poll_phase = Span::from_millis(700);
            Self { pod, agenda: Agenda::new(), service: None, said: Said::default() }
        }

        fn with(&mut self, now: Time, act: impl FnOnce(&mut IngressPod, &mut Cx<'_>)) {
            let recorder: &mut dyn Recorder = &mut self.said;
            act(&mut self.pod, &mut engine::Context { now, agenda: &mut self.agenda, recorder });
        }

        fn run_until(&mut self, until: Time) {
            while let Some((now, event)) = self.agenda.pop_until(until) {
                match event {
                    Event::SyncIngress(_) => self.with(now, IngressPod::sync),
                    Event::PollIngress(id) => {
                        let service = self.service;
                        self.with(now, |pod, cx| pod.poll(id.places(2).1, |_| service, cx));
                    }
                    other => panic!("{other:?} is not its"),
                }
            }
        }

        /// The pods that a worker sends to, in their order.
        fn sends_to(&self, worker: usize) -> Vec<u32> {
            let known = self.pod.workers[worker].balancers.get(&backend());
            known.map_or(Vec::new(), |it| it.pods().iter().map(|known| known.pod.0).collect())
        }
    }

    #[test]
    fn what_it_hears_is_in_force_after_a_look_and_a_poll() {
        let mut bench = Bench::new();
        let at = Time::from_millis;
        bench.with(at(1_000), |pod, cx| pod.observe(&slice(&[1, 2, 12]), cx));
        bench.run_until(at(1_499));
        assert_eq!(bench.sends_to(0), [0; 0], "the workers have not fetched it");
        bench.run_until(at(1_500));
        assert_eq!(bench.sends_to(0), [1, 2], "one is not ready");
        assert_eq!(bench.sends_to(1), [0; 0], "the other worker fetches later");
        bench.run_until(at(1_700));
        assert_eq!(bench.sends_to(1), [1, 2]);
        bench.with(at(2_000), |pod, cx| pod.observe(&slice(&[2]), cx));
        bench.run_until(at(4_499));
        assert_eq!(bench.sends_to(0), [1, 2], "the next look is three seconds after the last");
        bench.run_until(at(4_500));
        assert_eq!(bench.sends_to(0), [2]);
    }

    #[test]
    fn it_says_whom_its_workers_list_and_of_which_service() {
        let mut bench = Bench::new();
        let (old, new) = (ServiceId(3), ServiceId(4));
        let mut step = |at: u64, service, listed: &[u32]| {
            bench.service = service;
            bench.with(Time::from_secs(at), |pod, cx| pod.observe(&slice(listed), cx));
            bench.run_until(Time::from_secs(at + 9));
            let mut said = std::mem::take(&mut bench.said.0);
            said.retain(|(worker, ..)| *worker == 0);
            said.into_iter().map(|(_, service, pods)| (service, pods)).collect::<Vec<_>>()
        };
        assert_eq!(step(10, Some(old), &[]), [(old, vec![])], "it knows that there is nobody");
        assert_eq!(step(20, Some(old), &[1, 2, 12]), [(old, vec![1, 2])]);
        assert_eq!(step(30, Some(old), &[1, 2]), [], "the same pods are ready");
        assert_eq!(step(40, None, &[2]), [(old, vec![2])], "it sends there, whatever it is called");
        assert_eq!(step(50, Some(new), &[2]), [(old, vec![]), (new, vec![2])]);
    }

    #[test]
    fn a_pod_that_failed_is_not_tried_again_and_loses_its_connection() {
        let mut bench = Bench::new();
        bench.with(Time::ZERO, |pod, cx| pod.observe(&slice(&[1, 2]), cx));
        bench.run_until(Time::from_secs(1));
        let mut random = Streams::new(1).named("test");
        let mut pick = |bench: &mut Bench, failed_at| {
            let mut context = PickContext::new(Time::from_secs(1), &mut random);
            bench.pod.pick(0, &backend(), failed_at, &mut context)
        };
        let first = pick(&mut bench, None).expect("there are two");
        assert!(!first.kept && first.port == 8080);
        let second = pick(&mut bench, Some(first.pod)).expect("there is another");
        assert_ne!(second.pod, first.pod);
        let again = pick(&mut bench, Some(second.pod)).expect("there is another");
        assert!(again.pod == first.pod && again.kept);
        let ended = Ended {
            endpoint: policy::EndpointId(first.pod.0),
            now: Time::ZERO,
            latency: Span::ZERO,
            reply: policy::Reply::Failed,
            report: None,
        };
        bench.pod.ended(0, &backend(), &ended, || None);
        let anew = pick(&mut bench, Some(second.pod)).expect("there is another");
        assert!(anew.pod == first.pod && !anew.kept);
        bench.with(Time::from_secs(2), |pod, cx| pod.observe(&slice(&[1]), cx));
        bench.run_until(Time::from_secs(9));
        assert_eq!(pick(&mut bench, Some(PodId(1))), None, "there is no other");
    }
}
