//! A key's number saves work and changes nothing: with it and without, the same endpoints are picked.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, EndpointId, PickContext, Policy, Reply,
};

/// More than are remembered, so that some drive others out.
const KEYS: u32 = 6_000;

/// Lists that come one after the other: endpoints come and go, and weigh more or less.
const LISTS: [&[u32]; 5] = [&[1, 1, 1], &[1, 2, 0, 1, 3], &[], &[2], &[1; 9]];

/// What a policy picks for a request of a key, which it may be told the number of.
fn pick(
    policy: &mut dyn Policy,
    (turn, number): (u32, u32),
    told: bool,
    tried: &[EndpointId],
) -> Option<usize> {
    let key = format!("/users/{number}/profile?page={number}");
    let now = Time::from_secs(1) + Span::from_millis(turn.into());
    let mut random = Streams::new(1).requests("keys").request(turn.into());
    let mut context = PickContext::new(now, &mut random);
    (context.key, context.tried) = (key.as_bytes(), tried);
    context.key_number = told.then_some(number);
    context.flow.source = SocketAddrV4::new(Ipv4Addr::from(0x0a00_0000 + number), 1024);
    policy.pick(&mut context)
}

#[test]
fn a_key_with_a_number_goes_where_it_goes_without() {
    for entry in CATALOGUE.iter().filter(|entry| !entry.name.starts_with("oracle.")) {
        let build = || Configured::new(entry).build(1);
        let (mut with, mut without) = (build(), build());
        for (turn, listed) in (0..).zip(LISTS) {
            let endpoints = Endpoint::numbered(listed);
            let now = Time::from_secs(1) + Span::from_millis(turn * u64::from(2 * KEYS));
            with.update(&endpoints, now);
            without.update(&endpoints, now);
            // Each key comes twice, once as a second try where there is another endpoint.
            for request in 0..2 * KEYS {
                let number = request % KEYS;
                let turn = turn as u32 * 2 * KEYS + request;
                let tried =
                    endpoints.first().filter(|_| request >= KEYS && number.is_multiple_of(7));
                let tried: Vec<EndpointId> = tried.map(|it| it.id).into_iter().collect();
                let picked = pick(&mut *with, (turn, number), true, &tried);
                let expected = pick(&mut *without, (turn, number), false, &tried);
                assert_eq!(picked, expected, "{}: key {number} of {listed:?}", entry.name);
                let Some(place) = picked else { continue };
                let ended = Ended {
                    endpoint: endpoints[place].id,
                    now: Time::from_secs(1) + Span::from_millis(turn.into()),
                    latency: Span::from_millis(1),
                    reply: Reply::Ok,
                    report: None,
                };
                with.ended(&ended);
                without.ended(&ended);
            }
        }
    }
}
