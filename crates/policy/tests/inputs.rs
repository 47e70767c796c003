//! What each policy looks at is what it is said to look at.

use std::{collections::BTreeSet, net::SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, Entry, Flow, HASHING_KEYS, IGNORING_WEIGHTS, Keyless,
    PickContext, Reply, Report,
};

const ENDPOINTS: usize = 10;

/// So many requests are under way at a time.
const UNDER_WAY: u64 = 25;

/// The places that requests go to, one each 10 ms.
fn picks(entry: &'static Entry, weights: [u32; ENDPOINTS], has_keys: bool) -> Vec<Option<usize>> {
    let mut policy = Configured::new(entry).build(1);
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

#[test]
fn weights_count_but_for_those_that_ignore_them() {
    let mut ignoring = Vec::new();
    for entry in CATALOGUE {
        let equal = picks(entry, [100; ENDPOINTS], true);
        let different = picks(entry, [1, 100, 100, 1, 100, 100, 1, 100, 100, 1], true);
        ignoring.extend((equal == different).then_some(entry.name));
    }
    assert_eq!(ignoring, IGNORING_WEIGHTS);
}

#[test]
fn keys_count_where_they_are_hashed_and_nowhere_else() {
    for entry in CATALOGUE {
        let keyless = picks(entry, [1; ENDPOINTS], false);
        let hashes = HASHING_KEYS.iter().find(|(name, _)| *name == entry.name);
        assert_eq!(
            picks(entry, [1; ENDPOINTS], true) != keyless,
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
