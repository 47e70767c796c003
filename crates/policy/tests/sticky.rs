//! What was chosen by an affinity counts like a pick, for each policy that counts its picks.
//!
//! Which policies count comes out from outside: of two instances that lived alike, one has picks of
//! an endpoint that have not ended. Where that leads to other picks, connections that an affinity
//! keeps at the endpoint have to keep others away from it too.

mod settings;

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, Flow, PickContext, Policy, Reply, layer_by_name,
};
use settings::settings;

/// So many endpoints there are; the policies pick so often in each part of a life.
const ENDPOINTS: usize = 4;
const PICKS: u32 = 300;

/// So many connections an affinity keeps: fewer than the limits that are set here.
const STICKY: u32 = 90;

/// What all do at.
const NOW: Time = Time::from_secs(1);

/// Those that count with some setting. It is for the reader; the test finds them itself.
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
    "ipvs.lblc",
    "ipvs.lblcr",
    "ipvs.lc",
    "ipvs.nq",
    "ipvs.ovf",
    "ipvs.sed",
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

struct Life {
    policy: Box<dyn Policy>,
    random: engine::Stream,
    endpoints: Vec<Endpoint>,
}

impl Life {
    fn begin(configured: &Configured, endpoints: &[Endpoint]) -> Self {
        let mut policy = configured.build(1);
        policy.update(endpoints, Time::ZERO);
        let random = Streams::new(1).named("sticky");
        Self { policy, random, endpoints: endpoints.to_vec() }
    }

    /// A connection of a client; it is established where it is picked.
    fn pick(&mut self, client: u32) -> Option<usize> {
        let mut context = PickContext::new(NOW, &mut self.random);
        let source = SocketAddrV4::new(Ipv4Addr::from(0x0a00_0000 + client), 1000);
        let destination = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 80);
        context.flow = Flow { source, destination };
        context.key = b"everybody's";
        let place = self.policy.pick(&mut context)?;
        self.policy.established(self.endpoints[place].id, NOW);
        Some(place)
    }

    fn stick(&mut self, place: usize) {
        assert!(self.policy.chosen(place, NOW), "there is room");
        self.policy.established(self.endpoints[place].id, NOW);
    }

    fn end(&mut self, place: usize) {
        let (endpoint, latency, reply) = (self.endpoints[place].id, LATENCY, Reply::Ok);
        self.policy.ended(&Ended { endpoint, now: NOW, latency, reply, report: None });
    }

    /// Picks for one client, of which those end at once that are not at `open`. Gives back how many
    /// are there.
    fn live(&mut self, open: Option<usize>) -> usize {
        let mut there = 0;
        for _ in 0..PICKS {
            let Some(place) = self.pick(1) else { continue };
            if Some(place) == open {
                there += 1;
            } else {
                self.end(place);
            }
        }
        there
    }

    /// What is picked where nothing ends.
    fn picks(&mut self) -> Vec<Option<usize>> {
        (0..PICKS).map(|_| self.pick(1)).collect()
    }
}

/// As long as each takes: an average of what is known of an endpoint changes no more.
const LATENCY: Span = Span::from_millis(1);

/// Where the first pick is, in a life without load.
fn first(configured: &Configured, endpoints: &[Endpoint]) -> usize {
    Life::begin(configured, endpoints).pick(1).expect("there are endpoints")
}

/// Whether it matters what has not ended.
fn counts(configured: &Configured, endpoints: &[Endpoint]) -> bool {
    let target = first(configured, endpoints);
    let picks = |ends: bool| {
        let mut life = Life::begin(configured, endpoints);
        life.live(None);
        let there = life.live(Some(target));
        (0..if ends { there } else { 0 }).for_each(|_| life.end(target));
        life.picks()
    };
    picks(true) != picks(false)
}

/// How many picks are at the endpoint of the first, with and without connections that stick to it.
fn at_first(configured: &Configured, endpoints: &[Endpoint], sticky: u32) -> usize {
    let target = first(configured, endpoints);
    let mut life = Life::begin(configured, endpoints);
    life.live(None);
    (0..sticky).for_each(|_| life.stick(target));
    life.picks().into_iter().filter(|place| *place == Some(target)).count()
}

#[test]
fn what_sticks_keeps_others_away_where_picks_are_counted() {
    let endpoints = Endpoint::numbered(&[2; ENDPOINTS]);
    let mut counting = Vec::new();
    for entry in CATALOGUE {
        for configured in settings(entry) {
            if !counts(&configured, &endpoints) {
                continue;
            }
            let [without, with] =
                [0, STICKY].map(|sticky| at_first(&configured, &endpoints, sticky));
            assert!(with < without, "{configured:?}: {with} of {without}");
            counting.push(entry.name);
        }
    }
    counting.dedup();
    assert_eq!(counting, COUNT);
}

#[test]
fn who_picks_the_least_loaded_avoids_where_a_client_sticks() {
    let endpoints = Endpoint::numbered(&[1; ENDPOINTS]);
    let layer = layer_by_name("kube-proxy.client_ip").expect("it is listed");
    for name in ["haproxy.leastconn", "ipvs.lc", "ipvs.wlc", "nginx.least_conn"] {
        let mut configured = Configured::by_name(name).expect(name);
        configured.wrap(layer);
        let mut life = Life::begin(&configured, &endpoints);
        let first = life.pick(1);
        for _ in 1..STICKY {
            assert_eq!(life.pick(1), first, "{name}: it sticks");
        }
        for client in 2..STICKY {
            assert_ne!(life.pick(client), first, "{name}: client {client}");
        }
    }
}
