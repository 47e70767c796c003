//! What each policy keeps when its endpoints change.
//!
//! An instance lives for a while, its list changes, and what it picks then is compared with what a
//! new instance picks that knows the new list only, and with what it picks after lives in which one
//! endpoint did badly. So it comes out, from outside, whether it goes on with its turns or with
//! what it knows of load. A policy that is new in the catalogue needs its row here.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, EndpointId, Flow, Oracle, PickContext, Policy, Reply,
    Report,
};

/// What is kept over a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Nothing: as if it had never known another list.
    Nothing,
    /// Whose turn it is, or an order of its own.
    Turn,
    /// What it knows of how much the endpoints have to do or how they answer.
    Load,
}
use Kept::{Load, Nothing, Turn};

/// A policy with what it keeps when an endpoint joins, when one leaves, when one weighs more, and
/// when the list has another order.
type Row = (&'static str, [Kept; 4]);

static ROWS: &[Row] = &[
    ("aws.nlb", [Nothing; 4]),
    ("azure.flow_hash", [Nothing; 4]),
    ("bounded_load.ring", [Load; 4]),
    ("c3.cubic", [Load; 4]),
    ("cilium.maglev", [Nothing; 4]),
    ("cilium.random", [Nothing; 4]),
    ("envoy.client_side_weighted_round_robin", [Load; 4]),
    ("envoy.least_request", [Load; 4]),
    ("envoy.maglev", [Nothing; 4]),
    ("envoy.random", [Nothing; 4]),
    ("envoy.ring_hash", [Nothing; 4]),
    // With unlike weights it is another scheduler, which begins anew.
    ("envoy.round_robin", [Turn, Turn, Nothing, Turn]),
    ("finagle.aperture", [Load; 4]),
    ("finagle.p2c", [Load; 4]),
    ("finagle.p2c_peak_ewma", [Load; 4]),
    ("gcp.maglev", [Nothing; 4]),
    ("grpc.least_request", [Load; 4]),
    // The connection stays where it is, unless it breaks.
    ("grpc.pick_first", [Nothing, Nothing, Nothing, Load]),
    ("grpc.ring_hash", [Nothing; 4]),
    ("grpc.round_robin", [Nothing; 4]),
    ("grpc.weighted_round_robin", [Load; 4]),
    ("haproxy.first", [Nothing; 4]),
    ("haproxy.leastconn", [Load; 4]),
    ("haproxy.random", [Load; 4]),
    ("haproxy.roundrobin", [Turn; 4]),
    // The servers have an order of their own: that in which they came.
    ("haproxy.source", [Nothing, Nothing, Nothing, Turn]),
    ("haproxy.static-rr", [Turn; 4]),
    ("haproxy.uri", [Nothing, Nothing, Nothing, Turn]),
    ("ingress-nginx.chash", [Nothing; 4]),
    ("ingress-nginx.ewma", [Load; 4]),
    ("ingress-nginx.round_robin", [Nothing; 4]),
    // So they have in the kernel. Only what counts remembers more, and what has a cursor.
    ("ipvs.dh", [Nothing, Nothing, Nothing, Turn]),
    ("ipvs.fo", [Nothing, Nothing, Nothing, Turn]),
    ("ipvs.lblc", [Load; 4]),
    ("ipvs.lblcr", [Load; 4]),
    ("ipvs.lc", [Load; 4]),
    ("ipvs.mh", [Nothing; 4]),
    ("ipvs.nq", [Load; 4]),
    ("ipvs.ovf", [Load; 4]),
    ("ipvs.rr", [Turn; 4]),
    ("ipvs.sed", [Load; 4]),
    ("ipvs.sh", [Nothing, Nothing, Nothing, Turn]),
    ("ipvs.twos", [Load; 4]),
    ("ipvs.wlc", [Load; 4]),
    ("ipvs.wrr", [Nothing, Nothing, Nothing, Turn]),
    ("katran.maglev", [Nothing; 4]),
    ("ketama.continuum", [Nothing; 4]),
    ("kube-proxy.iptables", [Nothing; 4]),
    ("kube-proxy.nftables", [Nothing; 4]),
    ("kube-proxy.random", [Nothing; 4]),
    ("linkerd.ewma", [Load; 4]),
    ("metallb.bgp", [Nothing; 4]),
    ("metallb.l2", [Nothing; 4]),
    // A reload forgets everything, in NGINX and in Traefik.
    ("nginx.hash", [Nothing; 4]),
    ("nginx.hash_consistent", [Nothing; 4]),
    ("nginx.ip_hash", [Nothing; 4]),
    ("nginx.least_conn", [Nothing; 4]),
    ("nginx.least_time", [Nothing; 4]),
    ("nginx.random", [Nothing; 4]),
    ("nginx.round_robin", [Nothing; 4]),
    ("oracle.jiq", [Nothing; 4]),
    ("oracle.jsq", [Nothing; 4]),
    ("oracle.least_work", [Nothing; 4]),
    ("prequal.hcl", [Load; 4]),
    ("tower.p2c", [Load; 4]),
    ("traefik.hrw", [Nothing; 4]),
    ("traefik.leasttime", [Nothing; 4]),
    ("traefik.p2c", [Nothing; 4]),
    ("traefik.wrr", [Nothing; 4]),
];

/// How the endpoint that was picked first does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// As the others: all answer in the same time.
    Quiet,
    /// It does not answer.
    Busy,
    /// It answers late, and says that it has much to do.
    Slow,
    /// It fails.
    Failing,
}

/// A change of a list; `bad` did badly and stays.
#[derive(Clone, Copy, Debug)]
enum Change {
    Join,
    Leave,
    Weight,
    Reorder,
}

impl Change {
    const ALL: [Self; 4] = [Self::Join, Self::Leave, Self::Weight, Self::Reorder];

    fn of(self, all: &[Endpoint], bad: EndpointId) -> Vec<Endpoint> {
        let mut list = before(all).to_vec();
        let other = list.iter().position(|endpoint| endpoint.id != bad).expect("there are others");
        match self {
            Self::Join => list.push(all[5]),
            Self::Leave => drop(list.remove(other)),
            Self::Weight => list[other].weight = 3,
            Self::Reorder => list.reverse(),
        }
        list
    }
}

/// The first list.
fn before(all: &[Endpoint]) -> &[Endpoint] {
    &all[..5]
}

/// Nobody has anything to do.
struct Idle;

impl Oracle for Idle {
    fn queue_length(&self, _: EndpointId) -> u32 {
        0
    }

    fn work_left(&self, _: EndpointId) -> Span {
        Span::ZERO
    }
}

/// Picks for so many requests, each with a key and a source of its own.
fn picks(policy: &mut dyn Policy, list: &[Endpoint], count: u8, now: Time) -> Vec<EndpointId> {
    let mut random = Streams::new(now.as_nanos()).named("picks");
    let mut ids = Vec::new();
    for request in 0..count {
        let key = format!("/{request}");
        let mut context = PickContext::new(now, &mut random);
        let source = SocketAddrV4::new(Ipv4Addr::new(10, 0, 1, request), 4_000);
        let destination = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 80);
        (context.flow, context.key) = (Flow { source, destination }, key.as_bytes());
        context.oracle = Some(&Idle);
        if let Some(place) = policy.pick(&mut context) {
            policy.established(list[place].id, now);
            ids.push(list[place].id);
        }
    }
    ids
}

/// What endpoints say of themselves.
fn report(bad: bool) -> Report {
    let (in_flight, utilization) = if bad { (50, 0.9) } else { (1, 0.3) };
    let latency = Span::from_millis(if bad { 2_000 } else { 10 });
    Report { in_flight, latency, utilization, rate: 100.0, errors: 0.0 }
}

/// Lives for half a minute and so many requests. Gives back who did badly, if that is the life.
fn live(policy: &mut dyn Policy, all: &[Endpoint], life: Life, requests: u8) -> EndpointId {
    let list = before(all);
    policy.update(list, Time::ZERO);
    let picked = picks(policy, list, requests, Time::ZERO);
    let bad = *picked.first().expect("somebody is picked");
    for (number, endpoint) in picked.into_iter().enumerate() {
        let is_bad = endpoint == bad && life != Life::Quiet;
        if is_bad && life == Life::Busy {
            continue;
        }
        let slow = is_bad && life == Life::Slow;
        let latency = Span::from_millis(if slow { 2_000 } else { 10 });
        let reply = if is_bad && life == Life::Failing { Reply::Failed } else { Reply::Ok };
        // Some end early and some late: what is said early is not always believed.
        let now = Time::from_secs(if number % 2 == 0 { 3 } else { 25 });
        let report = Some(report(slow));
        policy.ended(&Ended { endpoint, now, latency, reply, report });
    }
    for now in (26_500..27_500).step_by(100).map(Time::from_millis) {
        let mut random = Streams::new(now.as_nanos() + u64::from(requests)).named("probes");
        let mut places = Vec::new();
        policy.probes(&mut PickContext::new(now, &mut random), &mut places);
        for place in places {
            let slow = list[place].id == bad && life == Life::Slow;
            policy.reported(list[place].id, now, &report(slow));
        }
    }
    bad
}

/// What is picked after a life and a change; by one who is new, where there is no life.
fn afterwards(
    configured: &Configured,
    life: Option<Life>,
    change: Change,
    requests: u8,
) -> Vec<EndpointId> {
    let all = Endpoint::numbered(&[1; 6]);
    let mut policy = configured.build(7);
    let bad = live(policy.as_mut(), &all, life.unwrap_or(Life::Quiet), requests);
    // Its owner makes a new one where it says that it does not remember.
    if life.is_none() || !policy.remembers() {
        policy = configured.build(7);
    }
    let list = change.of(&all, bad);
    policy.update(&list, Time::from_millis(27_500));
    picks(policy.as_mut(), &list, 60, Time::from_millis(27_600))
}

fn kept(configured: &Configured, change: Change) -> Kept {
    // After some numbers of requests it is the turn of the one that would be first anyway, and some
    // probes are of others.
    let any = |differ: &dyn Fn(u8) -> bool| (22..26).any(differ);
    let after = |life, requests| afterwards(configured, life, change, requests);
    let quiet = |requests| after(Some(Life::Quiet), requests);
    let heeds = |life| any(&|requests| after(Some(life), requests) != quiet(requests));
    if [Life::Busy, Life::Slow, Life::Failing].into_iter().any(heeds) {
        return Load;
    }
    if any(&|requests| after(None, requests) != quiet(requests)) { Turn } else { Nothing }
}

#[test]
fn each_policy_keeps_what_its_row_says() {
    let mut wrong = Vec::new();
    for entry in CATALOGUE {
        let configured = Configured::new(entry);
        let got = Change::ALL.map(|change| kept(&configured, change));
        match ROWS.iter().find(|(name, _)| *name == entry.name) {
            Some((_, expected)) if *expected == got => {}
            Some((name, expected)) => wrong.push(format!("{name}: {got:?}, not {expected:?}")),
            None => wrong.push(format!("{} has no row; it keeps {got:?}", entry.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
