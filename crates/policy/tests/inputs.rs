//! What each policy looks at is what it is said to look at.

use std::{collections::BTreeSet, net::SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, Entry, Flow, HASHING_KEYS, IGNORING_WEIGHTS, Keyless,
    Kind, Parameter, PickContext, Reply, Report, Value,
};

const ENDPOINTS: usize = 10;

/// So many requests are under way at a time.
const UNDER_WAY: u64 = 25;

/// The places that requests go to, one each 10 ms.
fn picks(policy: &Configured, weights: [u32; ENDPOINTS], has_keys: bool) -> Vec<Option<usize>> {
    let mut policy = policy.build(1);
    let endpoints = Endpoint::numbered(&weights);
    policy.update(&endpoints, Time::ZERO);
    let mut picked: Vec<Option<usize>> = Vec::new();
    for number in 0..2_000_u64 {
        let now = Time::from_millis(number * 10);
        if let Some(Some(place)) = number.checked_sub(UNDER_WAY).map(|it| picked[it as usize]) {
            let endpoint = endpoints[place].id;
            let latency = Span::from_millis(10 * UNDER_WAY);
            let report = Report { rate: 1.0, utilization: 0.5, ..Report::default() };
            let (reply, report) = (Reply::Ok, Some(report));
            policy.ended(&Ended { endpoint, now, latency, reply, report });
        }
        let key = format!("key-{number}");
        let mut random = Streams::new(number).named("request");
        let address = [10, 0, (number / 200) as u8, (number % 200) as u8];
        let mut context = PickContext::new(now, &mut random);
        context.flow = Flow { source: SocketAddrV4::new(address.into(), 4_000), ..Flow::UNKNOWN };
        context.key = if has_keys { key.as_bytes() } else { b"" };
        picked.push(policy.pick(&mut context));
        if let Some(place) = picked[number as usize] {
            policy.established(endpoints[place].id, now);
        }
    }
    picked
}

/// A policy as it is, and with each thing that can be set about it as something else.
fn ways_to_set(entry: &'static Entry) -> Vec<Configured> {
    let mut ways = vec![Configured::new(entry)];
    for Parameter { name, kind, .. } in entry.parameters {
        let others = match *kind {
            Kind::Flag { default } => vec![Value::Flag(!default)],
            Kind::Choice { of } => of.iter().map(|word| Value::Choice(word)).collect(),
            Kind::Integer { default, max, .. } => vec![Value::Integer((default + 1).min(max))],
            Kind::Number { .. } | Kind::Duration { .. } => Vec::new(),
        };
        for other in others {
            let mut policy = Configured::new(entry);
            policy.set(name, other).expect("it can be set");
            ways.push(policy);
        }
    }
    ways
}

#[test]
fn weights_count_but_for_those_that_ignore_them() {
    let ignores = |policy: &Configured| {
        let different = [1, 100, 100, 1, 100, 100, 1, 100, 100, 1];
        picks(policy, [100; ENDPOINTS], true) == picks(policy, different, true)
    };
    let ignoring = CATALOGUE.iter().filter(|entry| ways_to_set(entry).iter().all(ignores));
    let ignoring: Vec<&str> = ignoring.map(|entry| entry.name).collect();
    assert_eq!(ignoring, IGNORING_WEIGHTS);
}

#[test]
fn keys_count_where_they_are_hashed_and_nowhere_else() {
    for entry in CATALOGUE {
        let keyless = picks(&Configured::new(entry), [1; ENDPOINTS], false);
        let hashes = HASHING_KEYS.iter().find(|(name, _)| *name == entry.name);
        assert_eq!(
            picks(&Configured::new(entry), [1; ENDPOINTS], true) != keyless,
            hashes.is_some(),
            "{}",
            entry.name
        );
        let Some((name, without)) = hashes else { continue };
        let places: BTreeSet<Option<usize>> = keyless.iter().copied().collect();
        let in_turn = keyless
            .windows(ENDPOINTS)
            .all(|turn| turn.iter().collect::<BTreeSet<_>>().len() == ENDPOINTS);
        let expected = match without {
            Keyless::Same => (1, false),
            Keyless::Turns => (ENDPOINTS, true),
            Keyless::Chance => (ENDPOINTS, false),
        };
        assert_eq!((places.len(), in_turn), expected, "{name}");
    }
}
