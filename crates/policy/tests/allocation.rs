//! A pick allocates nothing, whichever the policy and whatever is around it, once it knows its
//! endpoints and its requests have come by before.
//!
//! What is worked out every second or so, and happens to be due with a pick, is no pick's: picks are
//! counted at one moment.

use std::net::{Ipv4Addr, SocketAddrV4};

use allocation_counter::measure;
use engine::{Random as _, Span, Stream, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, EndpointId, Flow, Kind, LAYERS, Oracle, PickContext,
    Policy, Reply, Report, Value,
};

/// As long as there are so many clients, an affinity knows all of them.
const CLIENTS: u32 = 40;

/// All endpoints have as much to do as they have numbers.
struct ByNumber;

impl Oracle for ByNumber {
    fn queue_length(&self, endpoint: EndpointId) -> u32 {
        endpoint.0
    }

    fn work_left(&self, endpoint: EndpointId) -> Span {
        Span::from_millis(endpoint.0.into())
    }
}

struct Life {
    policy: Box<dyn Policy>,
    endpoints: Vec<Endpoint>,
    keys: Vec<String>,
    random: Stream,
    requests: u64,
    now: Time,
    probes: Vec<usize>,
}

impl Life {
    fn begin(configured: &Configured) -> Self {
        let mut endpoints = Endpoint::numbered(&[3, 1, 0, 2, 1, 1, 5]);
        for (zone, endpoint) in (0..).zip(&mut endpoints) {
            (endpoint.zone, endpoint.priority) = (zone % 2, zone / 4);
        }
        let mut policy = configured.build(1);
        policy.update(&endpoints, Time::ZERO);
        let keys = (0..CLIENTS).map(|client| format!("/users/{client}?page=2")).collect();
        let random = Streams::new(1).named("allocation");
        Self { policy, endpoints, keys, random, requests: 0, now: Time::ZERO, probes: Vec::new() }
    }

    /// Requests so long after one another, each of which ends at once. Gives back how often picks allocated.
    fn live(&mut self, apart: Span) -> u64 {
        let mut allocations = 0;
        for _ in 0..1000 {
            self.requests += 1;
            self.now += apart;
            let now = self.now;
            let (place, count) = self.pick(now);
            allocations += count;
            let Some(place) = place else { continue };
            let (endpoint, latency) = (self.endpoints[place].id, Span::from_millis(40));
            let report =
                Report { in_flight: 2, utilization: 0.5, rate: 20.0, latency, errors: 0.0 };
            self.policy.established(endpoint, now);
            let reply = if self.random.below(20) == 0 { Reply::Failed } else { Reply::Ok };
            self.policy.ended(&Ended { endpoint, now, latency, reply, report: Some(report) });
            for place in self.probes.drain(..) {
                self.policy.reported(self.endpoints[place].id, now, &report);
            }
        }
        allocations
    }

    /// Every tenth request is a retry, every tenth has no key.
    fn pick(&mut self, now: Time) -> (Option<usize>, u64) {
        let Self { policy, endpoints, keys, random, requests, probes, .. } = self;
        let client = random.below(CLIENTS);
        let tried = [endpoints[random.below(7) as usize].id];
        let mut context = PickContext::new(now, random);
        (context.key, context.key_number) = (keys[client as usize].as_bytes(), Some(client));
        let source = SocketAddrV4::new(Ipv4Addr::from(0x0a01_0000 + client * 7919), 4000);
        let destination = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 80);
        context.flow = Flow { source, destination };
        context.oracle = Some(&ByNumber);
        match *requests % 10 {
            0 => context.tried = &tried,
            1 => (context.key, context.key_number) = (&[], None),
            _ => {}
        }
        let mut place = None;
        let allocations = measure(|| place = policy.pick(&mut context)).count_total;
        policy.probes(&mut context, probes);
        (place, allocations)
    }
}

/// A policy as it is and with each other value of each parameter of few values, or of 0.
fn settings(of: &Configured) -> Vec<Configured> {
    let mut all = vec![of.clone()];
    for parameter in of.entry.parameters {
        let values: Vec<Value<'static>> = match parameter.kind {
            Kind::Choice { of } => of.iter().skip(1).map(|word| Value::Choice(word)).collect(),
            Kind::Flag { default } => vec![Value::Flag(!default)],
            Kind::Integer { default: 0, max, .. } => vec![Value::Integer(100.min(max))],
            _ => Vec::new(),
        };
        let before = all.clone();
        for value in values {
            all.extend(before.iter().cloned().map(|mut configured| {
                configured.set(parameter.name, value).expect("it is one of its values");
                configured
            }));
        }
    }
    all
}

fn picks_that_allocate(configured: &Configured) -> u64 {
    let mut life = Life::begin(configured);
    life.live(Span::from_millis(50));
    life.live(Span::ZERO)
}

#[test]
fn no_pick_of_any_policy_allocates() {
    assert!(measure(|| drop(vec![1])).count_total > 0, "allocations are counted");
    let mut wrong = Vec::new();
    for entry in CATALOGUE {
        for configured in settings(&Configured::new(entry)) {
            let count = picks_that_allocate(&configured);
            if count > 0 {
                wrong.push(format!("{}: {count} of {configured:?}", entry.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An affinity remembers each connection in a tree, of which nodes come and go.
const REMEMBERS: &str = "kube-proxy.client_ip";

#[test]
fn nor_does_any_within_layers() {
    for inside in ["kube-proxy.random", "envoy.least_request", "envoy.maglev"] {
        let mut all = Configured::by_name(inside).expect(inside);
        for layer in LAYERS.iter().filter(|layer| layer.name != REMEMBERS) {
            let mut configured = Configured::by_name(inside).expect(inside);
            configured.wrap(layer);
            assert_eq!(picks_that_allocate(&configured), 0, "{} around {inside}", layer.name);
            all.wrap(layer);
        }
        assert_eq!(picks_that_allocate(&all), 0, "all around {inside}");
    }
}
