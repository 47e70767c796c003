//! Where most endpoints are ejected, Envoy uses all of them, and gRPC whoever is left.

use engine::{Span, Streams, Time};
use rollsim_policy::{
    Configured, Ended, Endpoint, PickContext, Policy, Reply, Value, layer_by_name,
};

/// A policy that picks in turn, with such a layer that ejects on errors, as many as there are.
fn ejecting(layer: &str, settings: &[(&str, u64)]) -> Configured {
    let mut policy = Configured::by_name("envoy.round_robin").expect("it is listed");
    policy.wrap(layer_by_name(layer).expect("it is listed"));
    for (name, value) in settings {
        policy.set_layer(layer, name, Value::Integer(*value)).expect("it can be set");
    }
    policy
}

/// The places that come up, after some of four endpoints have failed for as long as it takes.
fn picked_after(policy: &Configured, failing: &[usize]) -> Vec<usize> {
    let endpoints = Endpoint::numbered(&[1; 4]);
    let mut policy = policy.build(1);
    policy.update(&endpoints, Time::ZERO);
    let mut random = Streams::new(1).named("picks");
    let mut pick = |policy: &mut Box<dyn Policy>, now: Time| {
        policy.pick(&mut PickContext::new(now, &mut random))
    };
    for tenth in 0..150 {
        let now = Time::from_millis(100 * tenth);
        if let Some(place) = pick(&mut policy, now) {
            let reply = if failing.contains(&place) { Reply::ServerError } else { Reply::Ok };
            let (endpoint, latency) = (endpoints[place].id, Span::from_millis(1));
            policy.ended(&Ended { endpoint, now, latency, reply, report: None });
        }
    }
    let now = Time::from_millis(15_000);
    let mut picked: Vec<usize> = (0..40).filter_map(|_| pick(&mut policy, now)).collect();
    picked.sort_unstable();
    picked.dedup();
    picked
}

#[test]
fn envoy_uses_all_where_fewer_than_half_are_left() {
    let long = [("max_ejection_percent", 100)];
    let policy = ejecting("envoy.outlier_detection", &long);
    assert_eq!(picked_after(&policy, &[0]), [1, 2, 3]);
    assert_eq!(picked_after(&policy, &[0, 1]), [2, 3], "half are left");
    assert_eq!(picked_after(&policy, &[0, 1, 2]), [0, 1, 2, 3]);
    assert_eq!(picked_after(&policy, &[0, 1, 2, 3]), [0, 1, 2, 3]);
}

#[test]
fn a_threshold_of_its_own_counts() {
    let mut policy = ejecting("envoy.outlier_detection", &[("max_ejection_percent", 100)]);
    policy.wrap(layer_by_name("envoy.priority").expect("it is listed"));
    policy
        .set_layer("envoy.priority", "healthy_panic_threshold", Value::Integer(0))
        .expect("it can be set");
    assert_eq!(picked_after(&policy, &[0, 1, 2]), [3]);
    assert_eq!(picked_after(&policy, &[0, 1, 2, 3]), [0; 0]);
}

#[test]
fn grpc_does_not_panic() {
    let eager = [
        ("max_ejection_percent", 100),
        ("failure_percentage_enforcement", 100),
        ("failure_percentage_minimum_hosts", 0),
        ("failure_percentage_request_volume", 1),
    ];
    let policy = ejecting("grpc.outlier_detection", &eager);
    assert_eq!(picked_after(&policy, &[0, 1, 2]), [3]);
    assert_eq!(picked_after(&policy, &[0, 1, 2, 3]), [0; 0]);
}
