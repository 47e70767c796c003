//! The worked example of CONTRIBUTING.md: that it is what it says, and does what it says.

use engine::{Span, Streams, Time};
use rollsim_policy::{Ended, Endpoint, EndpointId, PickContext, Policy, Reply, Settings};

#[path = "../examples/own_policy.rs"]
pub mod own_policy;

#[test]
fn the_text_is_the_file() {
    let page = include_str!("../../../CONTRIBUTING.md");
    let (_, rest) = page.split_once("```rust\n").expect("there is a block of Rust");
    let (shown, _) = rest.split_once("```\n").expect("it ends");
    assert_eq!(shown, include_str!("../examples/own_policy.rs"));
}

#[test]
fn it_avoids_who_failed_last() {
    let mut policy =
        (own_policy::ENTRY.build)(&Settings::defaults(own_policy::ENTRY.parameters), 1);
    let mut random = Streams::new(1).named("example");
    let mut seen = |policy: &mut Box<dyn Policy>| {
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        let mut seen: Vec<usize> = (0..60).filter_map(|_| pick()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    };
    let all = Endpoint::numbered(&[1; 3]);
    assert_eq!(seen(&mut policy), [0; 0]);
    policy.update(&all, Time::ZERO);
    assert_eq!(seen(&mut policy), [0, 1, 2]);
    let (now, latency) = (Time::ZERO, Span::ZERO);
    let endpoint = EndpointId(1);
    policy.ended(&Ended { endpoint, now, latency, reply: Reply::Failed, report: None });
    assert_eq!(seen(&mut policy), [0, 2]);
    policy.update(&all[1..], Time::ZERO);
    assert_eq!(seen(&mut policy), [1], "it is remembered wherever it moves");
    policy.update(&all[1..2], Time::ZERO);
    assert_eq!(seen(&mut policy), [0], "better than nobody");
}
