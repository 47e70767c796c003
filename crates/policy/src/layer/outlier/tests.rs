use super::*;
use crate::{Configured, EndpointId, Reply, Value, ipvs::rr::IpvsRoundRobin, layer_by_name};

/// As Envoy has it, but for a cap that lets half be ejected.
fn envoy() -> Detection {
    let never = Rule { limit: 0, enforcing_percent: 0 };
    let sampled = |limit, enforcing_percent, request_volume| Sampled {
        limit,
        enforcing_percent,
        minimum_hosts: 5,
        request_volume,
    };
    Detection {
        interval: Span::from_secs(10),
        time: EjectionTime { base: Span::from_secs(30), max: Span::from_secs(300) },
        max_jitter: Span::ZERO,
        cap: Cap::Below { percent: 50, always_one: false },
        consecutive_5xx: Rule { limit: 5, enforcing_percent: 100 },
        consecutive_gateway: never,
        success_rate: sampled(1.9, 100, 100),
        failure_percentage: sampled(85.0, 0, 50),
        failure_percentage_inclusive: true,
        returns_first: true,
    }
}

struct Balancer(Outlier<IpvsRoundRobin>);

impl Balancer {
    fn new(detection: Detection, endpoints: u32) -> Self {
        let mut layer = Outlier::new(IpvsRoundRobin::default(), detection, false, 1);
        layer.update(&Endpoint::numbered(&vec![1; endpoints as usize]), Time::ZERO);
        Self(layer)
    }

    /// Answers from an endpoint at a moment.
    fn hear(&mut self, endpoint: u32, replies: &[(Reply, u32)], secs: u64) {
        let now = Time::from_secs(secs);
        let (endpoint, latency) = (EndpointId(endpoint), Span::ZERO);
        for (reply, count) in replies.iter().copied() {
            for _ in 0..count {
                self.0.ended(&Ended { endpoint, now, latency, reply, report: None });
            }
        }
    }

    /// The places that come up at a moment, in order.
    fn seen(&mut self, secs: u64) -> Vec<usize> {
        let mut random = Streams::new(1).named("unused");
        let now = Time::from_secs(secs);
        let mut pick = || self.0.pick(&mut PickContext::new(now, &mut random));
        let mut seen: Vec<usize> = (0..40).filter_map(|_| pick()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    }
}

#[test]
fn five_errors_in_a_row_eject_and_time_brings_back() {
    let mut balancer = Balancer::new(envoy(), 4);
    balancer.hear(1, &[(Reply::ServerError, 4), (Reply::Ok, 1), (Reply::ServerError, 4)], 1);
    assert_eq!(balancer.seen(1), [0, 1, 2, 3]);
    balancer.hear(1, &[(Reply::Failed, 1)], 2);
    assert_eq!(balancer.seen(2), [0, 2, 3]);
    assert!(!balancer.0.chosen(1, Time::from_secs(2)) && balancer.0.chosen(2, Time::from_secs(2)));
    // Thirty seconds are over at 32, which is noticed when answers are looked through, at 40.
    assert_eq!([39, 40].map(|secs| balancer.seen(secs).len()), [3, 4]);
    // The second time it takes a minute.
    balancer.hear(1, &[(Reply::Failed, 5)], 41);
    assert_eq!([109, 110].map(|secs| balancer.seen(secs).len()), [3, 4]);
    // After two quiet intervals it is as before.
    assert_eq!(balancer.seen(1_000).len(), 4);
    balancer.hear(1, &[(Reply::Failed, 5)], 1_001);
    assert_eq!([1_039, 1_040].map(|secs| balancer.seen(secs).len()), [3, 4]);
}

#[test]
fn a_pick_that_is_withdrawn_is_no_answer() {
    let mut balancer = Balancer::new(envoy(), 4);
    balancer.hear(1, &[(Reply::Failed, 4)], 1);
    balancer.0.withdrawn(EndpointId(1), Time::from_secs(1));
    assert_eq!(balancer.seen(1), [0, 1, 2, 3]);
    balancer.hear(1, &[(Reply::Failed, 1)], 1);
    assert_eq!(balancer.seen(1), [0, 2, 3], "five in a row, with nothing in between");
}

#[test]
fn no_more_are_ejected_than_may_be() {
    let mut balancer = Balancer::new(envoy(), 4);
    (0..4).for_each(|endpoint| balancer.hear(endpoint, &[(Reply::Failed, 5)], 1));
    assert_eq!(balancer.seen(1), [2, 3]);
    let tenth = Cap::Below { percent: 10, always_one: false };
    let mut balancer = Balancer::new(Detection { cap: tenth, ..envoy() }, 9);
    balancer.hear(0, &[(Reply::Failed, 50)], 1);
    assert_eq!(balancer.seen(1).len(), 9, "a tenth of nine is nobody");
}

#[test]
fn who_fails_more_than_the_others_is_ejected_when_the_interval_is_over() {
    let mut balancer = Balancer::new(envoy(), 6);
    let bad = [(Reply::ServerError, 1), (Reply::Ok, 1)];
    (0..50).for_each(|_| balancer.hear(0, &bad, 1));
    (1..5).for_each(|endpoint| balancer.hear(endpoint, &[(Reply::Ok, 100)], 1));
    balancer.hear(5, &[(Reply::ServerError, 4)], 1);
    assert_eq!(
        [9, 10].map(|secs| balancer.seen(secs)),
        [vec![0, 1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5]]
    );
    // With answers of four only, nobody can say what is usual.
    let mut balancer = Balancer::new(envoy(), 6);
    (0..50).for_each(|_| balancer.hear(0, &bad, 1));
    (1..4).for_each(|endpoint| balancer.hear(endpoint, &[(Reply::Ok, 100)], 1));
    assert_eq!(balancer.seen(10).len(), 6);
}

#[test]
fn eighty_five_per_cent_are_too_many_for_envoy_and_not_for_grpc() {
    for (inclusive, left) in [(true, 4), (false, 5)] {
        let failure_percentage = Sampled { enforcing_percent: 100, ..envoy().failure_percentage };
        let detection = Detection {
            failure_percentage,
            failure_percentage_inclusive: inclusive,
            consecutive_5xx: Rule { limit: 0, enforcing_percent: 0 },
            ..envoy()
        };
        let mut balancer = Balancer::new(detection, 5);
        balancer.hear(0, &[(Reply::Failed, 51), (Reply::Ok, 9)], 1);
        (1..5).for_each(|endpoint| balancer.hear(endpoint, &[(Reply::Ok, 60)], 1));
        assert_eq!(balancer.seen(10).len(), left);
    }
}

#[test]
fn who_stays_is_remembered_and_who_leaves_is_not() {
    let all = Endpoint::numbered(&[1; 4]);
    let mut balancer = Balancer::new(envoy(), 4);
    balancer.hear(1, &[(Reply::Failed, 5)], 1);
    balancer.hear(2, &[(Reply::Failed, 4)], 1);
    let mut moved = vec![all[2].weighing(3), all[1], all[0], all[3]];
    balancer.0.update(&moved, Time::from_secs(2));
    assert_eq!(balancer.seen(2), [0, 2, 3]);
    balancer.hear(2, &[(Reply::Failed, 1)], 3);
    assert_eq!(balancer.seen(3), [2, 3]);
    moved.remove(1);
    balancer.0.update(&moved, Time::from_secs(4));
    balancer.0.update(&all, Time::from_secs(5));
    assert_eq!(balancer.seen(5), [0, 1, 3], "1 is new again, 2 is ejected still");
    balancer.0.update(&[], Time::from_secs(6));
    assert_eq!(balancer.seen(6), [0; 0]);
}

#[test]
fn a_priority_inside_counts_who_is_ejected() {
    let mut configured = Configured::by_name("kube-proxy.random").expect("it is listed");
    for layer in ["envoy.priority", "envoy.outlier_detection"] {
        configured.wrap(layer_by_name(layer).expect("it is listed"));
    }
    let set = configured.set_layer(
        "envoy.outlier_detection",
        "max_ejection_percent",
        Value::Integer(100),
    );
    assert!(set.is_ok());
    let mut policy = configured.build(1);
    let mut all = Endpoint::numbered(&[1; 4]);
    all[3].priority = 1;
    policy.update(&all, Time::ZERO);
    let fail = |policy: &mut Box<dyn Policy>, endpoint: u32| {
        let (endpoint, now, latency) = (EndpointId(endpoint), Time::ZERO, Span::ZERO);
        (0..5).for_each(|_| {
            policy.ended(&Ended { endpoint, now, latency, reply: Reply::Failed, report: None });
        });
    };
    let mut random = Streams::new(1).named("priority");
    let mut share = |policy: &mut Box<dyn Policy>| {
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..1_000).filter(|_| pick() == Some(3)).count()
    };
    assert_eq!(share(&mut policy), 0);
    fail(&mut policy, 0);
    let spilled = share(&mut policy);
    // 1.4 times two thirds are 93 per cent.
    assert!(spilled.abs_diff(70) < 5 * 9, "{spilled}");
    fail(&mut policy, 1);
    let spilled = share(&mut policy);
    assert!(spilled.abs_diff(540) < 5 * 16, "1.4 times a third are 46 per cent: {spilled}");
    fail(&mut policy, 2);
    assert_eq!(share(&mut policy), 1_000, "nobody is left of the first");
    fail(&mut policy, 3);
    assert!(share(&mut policy) < 400, "in a panic all are used");
}
