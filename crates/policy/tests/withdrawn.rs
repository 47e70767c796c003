//! A pick that is withdrawn leaves nothing behind, whichever the policy and whatever is around it.
//!
//! Instances live alike for a while. Then one has more picks of an endpoint, as an affinity makes
//! them, so that they take no turn; and what all pick afterwards is compared. Picks that stay open
//! keep others away, where a policy counts them; answers teach it something, where it learns; picks
//! that are withdrawn do neither.

mod settings;

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Random as _, Span, Stream, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, Flow, LAYERS, PickContext, Policy, Reply, Report,
    Value, layer_by_name,
};
use settings::settings;

/// So many endpoints there are.
const ENDPOINTS: usize = 8;

/// So often a policy picks in each part of a life.
const PICKS: u64 = 300;

/// So many more picks there are: fewer than the limits that are set here.
const MORE: u32 = 90;

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    /// There are none.
    None,
    /// They do not end.
    Open,
    /// They are answered at once.
    Answered,
    /// They are withdrawn.
    Withdrawn,
    /// They are picks like others, which take turns; and are withdrawn.
    Picked,
}

/// Those that count a pick from its beginning with some setting. These two lists and the next are
/// for the reader; the test finds them itself.
static COUNT: &[&str] = &[
    "bounded_load.ring",
    "c3.cubic",
    "envoy.least_request",
    "envoy.maglev",
    "envoy.ring_hash",
    "finagle.aperture",
    "finagle.p2c",
    "finagle.p2c_peak_ewma",
    "grpc.least_request",
    "haproxy.first",
    "haproxy.leastconn",
    "haproxy.random",
    "haproxy.source",
    "haproxy.uri",
    "ipvs.lc",
    "ipvs.twos",
    "ipvs.wlc",
    "linkerd.ewma",
    "nginx.least_conn",
    "nginx.least_time",
    "nginx.random",
    "tower.p2c",
    "traefik.leasttime",
    "traefik.p2c",
];

/// Those that an answer of no time would teach something.
static LEARN: &[&str] = &["c3.cubic", "ipvs.lc", "ipvs.twos", "ipvs.wlc", "traefik.leasttime"];

/// Those that have turns, or something like it: a pick that is withdrawn has taken one.
static TURNS: &[&str] = &[
    "envoy.client_side_weighted_round_robin",
    "envoy.round_robin",
    "grpc.round_robin",
    "grpc.weighted_round_robin",
    "haproxy.roundrobin",
    "haproxy.static-rr",
    "ingress-nginx.round_robin",
    "ipvs.rr",
    "ipvs.wrr",
    "nginx.least_conn",
    "nginx.least_time",
    "nginx.round_robin",
    "traefik.wrr",
];

struct Life {
    policy: Box<dyn Policy>,
    random: Stream,
    endpoints: Vec<Endpoint>,
    now: Time,
}

impl Life {
    /// For a minute, requests come and are answered.
    fn new(configured: &Configured) -> Self {
        let mut endpoints = Endpoint::numbered(&[2; ENDPOINTS]);
        for (number, endpoint) in (0..).zip(&mut endpoints) {
            (endpoint.zone, endpoint.priority) = (number % 2, number / 4);
        }
        let mut policy = configured.build(1);
        policy.update(&endpoints, Time::ZERO);
        let random = Streams::new(1).named("withdrawn");
        let mut life = Self { policy, random, endpoints, now: Time::ZERO };
        for _ in 0..PICKS {
            life.now += Span::from_millis(200);
            let mut random = Streams::new(life.random.next_u64()).named("request");
            if let Some(place) = life.pick(&mut random) {
                life.policy.established(life.endpoints[place].id, life.now);
                life.end(place, Span::from_millis(10 + place as u64));
            }
        }
        life
    }

    fn pick(&mut self, random: &mut Stream) -> Option<usize> {
        let client = random.below(5_000);
        let mut context = PickContext::new(self.now, random);
        let source = SocketAddrV4::new(Ipv4Addr::from(0x0a00_0000 + client), 1000);
        let destination = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 80);
        context.flow = Flow { source, destination };
        context.key = b"everybody's";
        self.policy.pick(&mut context)
    }

    fn end(&mut self, place: usize, latency: Span) {
        let (endpoint, now, reply) = (self.endpoints[place].id, self.now, Reply::Ok);
        let report = Some(Report { utilization: 0.5, rate: 10.0, ..Report::default() });
        self.policy.ended(&Ended { endpoint, now, latency, reply, report });
    }

    fn withdraw(&mut self, place: usize) {
        self.policy.withdrawn(self.endpoints[place].id, self.now);
    }

    /// More picks of the endpoint in a place, or wherever.
    fn more(&mut self, more: More, place: usize) {
        let mut random = Streams::new(2).named("more");
        let count = if more == More::None { 0 } else { MORE };
        for _ in 0..count {
            if more == More::Picked {
                if let Some(place) = self.pick(&mut random) {
                    self.withdraw(place);
                }
            } else if self.policy.chosen(place, self.now) {
                match more {
                    More::Answered => self.end(place, Span::ZERO),
                    More::Withdrawn => self.withdraw(place),
                    _ => {}
                }
            }
        }
    }

    /// What is picked two seconds later, where nothing ends.
    fn picks(mut self) -> Vec<Option<usize>> {
        self.now += Span::from_secs(2);
        let mut random = self.random.clone();
        (0..PICKS).map(|_| self.pick(&mut random)).collect()
    }
}

/// What is picked where there were more picks, of the endpoint in each place.
fn picks(configured: &Configured, more: More) -> [Vec<Option<usize>>; ENDPOINTS] {
    std::array::from_fn(|place| {
        let mut life = Life::new(configured);
        life.more(more, place);
        life.picks()
    })
}

#[test]
fn what_is_withdrawn_leaves_nothing_behind_but_a_turn() {
    let (mut count, mut learn, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    for entry in CATALOGUE {
        for configured in settings(entry) {
            let none = picks(&configured, More::None);
            assert!(picks(&configured, More::Withdrawn) == none, "{configured:?}");
            for (more, names) in
                [(More::Open, &mut count), (More::Answered, &mut learn), (More::Picked, &mut turns)]
            {
                if picks(&configured, more) != none {
                    names.push(entry.name);
                }
            }
        }
    }
    for names in [&mut count, &mut learn, &mut turns] {
        names.dedup();
    }
    assert_eq!((&count[..], &learn[..], &turns[..]), (COUNT, LEARN, TURNS));
}

#[test]
fn nor_does_it_within_layers() {
    let inside = "finagle.p2c";
    let mut all = Configured::by_name(inside).expect(inside);
    for layer in LAYERS {
        let mut configured = Configured::by_name(inside).expect(inside);
        configured.wrap(layer);
        all.wrap(layer);
        for configured in [&configured, &all] {
            let none = picks(configured, More::None);
            assert!(picks(configured, More::Withdrawn) == none, "{configured:?}");
            assert!(picks(configured, More::Open) != none, "{configured:?}");
        }
    }
}

#[test]
fn it_makes_room() {
    let mut configured = Configured::by_name("kube-proxy.random").expect("it is listed");
    let layer = layer_by_name("envoy.circuit_breakers").expect("it is listed");
    configured.wrap(layer);
    let limit = configured.set_layer(layer.name, "max_requests", Value::Integer(1));
    limit.expect("it can be set");
    let picked = |more| {
        let mut life = Life::new(&configured);
        life.more(more, 0);
        life.picks()[0].is_some()
    };
    let got = [More::None, More::Open, More::Withdrawn, More::Picked].map(picked);
    assert_eq!(got, [true, false, true, true]);
}
