//! How many keys move when an endpoint comes or goes, for each policy that hashes.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{Configured, Ended, Endpoint, Flow, PickContext, Policy, Reply, Value};

/// So many endpoints there are before, and so many keys.
const ENDPOINTS: usize = 10;
const KEYS: u32 = 20_000;

/// What a policy does to the keys of endpoints that stay.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moves {
    /// Besides those that have to, this part of all keys moves at most.
    UpTo(f64),
    /// Most move, as many as with a remainder.
    Most,
}

/// They stay, all of them.
const NONE: Moves = Moves::UpTo(0.0);

/// A policy, what is set about it, and what is expected.
type Row = (&'static str, &'static [(&'static str, Value<'static>)], Moves);

const CONSISTENT: (&str, Value<'_>) = ("hash-type", Value::Choice("consistent"));

const ROWS: &[Row] = &[
    ("aws.nlb", &[("protocol", Value::Choice("UDP"))], Moves::Most),
    ("azure.flow_hash", &[], Moves::Most),
    ("bounded_load.ring", &[], NONE),
    ("cilium.maglev", &[], Moves::UpTo(0.01)),
    ("envoy.maglev", &[], Moves::UpTo(0.01)),
    // Its ring has as many points in all as before, so others lose or gain some too.
    ("envoy.ring_hash", &[], Moves::UpTo(0.08)),
    ("gcp.maglev", &[], Moves::UpTo(0.01)),
    ("grpc.ring_hash", &[], Moves::UpTo(0.08)),
    ("haproxy.source", &[], Moves::Most),
    ("haproxy.source", &[CONSISTENT], NONE),
    ("haproxy.uri", &[], Moves::Most),
    ("haproxy.uri", &[CONSISTENT], NONE),
    ("ingress-nginx.chash", &[], NONE),
    ("ipvs.dh", &[], Moves::Most),
    ("ipvs.mh", &[], Moves::UpTo(0.02)),
    ("ipvs.sh", &[], Moves::Most),
    ("katran.maglev", &[], Moves::UpTo(0.01)),
    ("ketama.continuum", &[], NONE),
    ("metallb.bgp", &[], Moves::Most),
    ("nginx.hash", &[], Moves::Most),
    ("nginx.hash_consistent", &[], NONE),
    ("nginx.ip_hash", &[], Moves::Most),
    ("traefik.hrw", &[], NONE),
];

/// Where each key goes. Nothing stays under way.
fn picks(policy: &mut dyn Policy, of: &[Endpoint]) -> Vec<u32> {
    picks_if_any(policy, of).into_iter().map(|it| it.expect("there are endpoints")).collect()
}

/// The same; `None` where a key is refused.
fn picks_if_any(policy: &mut dyn Policy, of: &[Endpoint]) -> Vec<Option<u32>> {
    policy.update(of, Time::ZERO);
    let mut random = Streams::new(1).named("unused");
    let pick = |number: u32| {
        let mut context = PickContext::new(Time::ZERO, &mut random);
        let key = format!("/user/{number}");
        context.key = key.as_bytes();
        // An address far from the last one, and another network.
        let address = Ipv4Addr::from(number.wrapping_mul(0x9e37_79b1));
        context.flow = Flow {
            source: SocketAddrV4::new(address, 1024 + (number % 60_000) as u16),
            destination: SocketAddrV4::new(address, 80),
        };
        let endpoint = of[policy.pick(&mut context)?].id;
        let (now, latency) = (Time::ZERO, Span::ZERO);
        policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
        Some(endpoint.0)
    };
    (0..KEYS).map(pick).collect()
}

/// The parts of all keys that an endpoint gains or loses itself, and that move between all others.
fn moved(without: &[u32], with: &[u32], id: u32) -> (f64, f64) {
    let part = |count: usize| count as f64 / f64::from(KEYS);
    let own = with.iter().filter(|it| **it == id).count();
    let others = without.iter().zip(with).filter(|(a, b)| a != b && **b != id).count();
    (part(own), part(others))
}

fn policy(name: &str, settings: &[(&str, Value<'_>)]) -> Box<dyn Policy> {
    let mut configured = Configured::by_name(name).expect("it is in the catalogue");
    for (name, value) in settings {
        configured.set(name, *value).expect("it can be set");
    }
    configured.build(1)
}

/// Endpoints 0 to 9, and where another one comes, it is not the last.
fn lists() -> [Vec<Endpoint>; 3] {
    let mut more = Endpoint::numbered(&[1; ENDPOINTS + 1]);
    more.swap(3, ENDPOINTS);
    let all: Vec<Endpoint> = more.iter().copied().filter(|it| it.id.0 != 10).collect();
    let fewer: Vec<Endpoint> = all.iter().copied().filter(|it| it.id.0 != 5).collect();
    [fewer, all, more]
}

#[test]
fn keys_move_as_is_known_of_each_policy() {
    let [fewer, all, more] = lists();
    for (name, settings, moves) in ROWS {
        let mut joining = policy(name, settings);
        let before = picks(&mut *joining, &all);
        let join = moved(&before, &picks(&mut *joining, &more), 10);
        let mut leaving = policy(name, settings);
        let before = picks(&mut *leaving, &all);
        let leave = moved(&picks(&mut *leaving, &fewer), &before, 5);
        println!("{name:24} join {join:.4?} leave {leave:.4?}");
        for ((own, others), count) in [(join, ENDPOINTS + 1), (leave, ENDPOINTS)] {
            let even = 1.0 / count as f64;
            assert!((0.7..1.4).contains(&(own / even)), "{name}: {own} is far from {even}");
            match moves {
                Moves::UpTo(most) => assert!(others <= *most, "{name}: {others} of {count}"),
                // Where a remainder of one number leads and where that of the next does agree for
                // one in so many.
                Moves::Most => {
                    let away = (own + others - (1.0 - even)).abs();
                    assert!(away < 0.03, "{name}: {own} and {others} of {count}");
                }
            }
        }
    }
}

#[test]
fn where_few_keys_move_the_order_of_a_list_moves_none() {
    let [_, all, _] = lists();
    let turned: Vec<Endpoint> = all.iter().rev().copied().collect();
    for (name, settings, _) in ROWS.iter().filter(|(.., moves)| *moves != Moves::Most) {
        let mut policy = policy(name, settings);
        assert!(picks(&mut *policy, &all) == picks(&mut *policy, &turned), "{name}");
    }
}

#[test]
fn who_weighs_nothing_gets_nothing_and_an_only_one_gets_all() {
    for (name, settings, _) in ROWS {
        let mut policy = policy(name, settings);
        assert!(picks_if_any(&mut *policy, &[]).iter().all(Option::is_none), "{name}");
        let none = Endpoint::numbered(&[0, 0, 0]);
        assert!(picks_if_any(&mut *policy, &none).iter().all(Option::is_none), "{name}");
        let one = Endpoint::numbered(&[1]);
        assert!(picks(&mut *policy, &one).iter().all(|it| *it == 0), "{name}");
        // IPVS refuses the keys of one that takes nothing new.
        let most = picks_if_any(&mut *policy, &Endpoint::numbered(&[2, 0, 1]));
        let got = |id| most.iter().filter(|it| **it == Some(id)).count();
        assert!(got(1) == 0 && got(0) > 0 && got(2) > 0, "{name}");
    }
}
