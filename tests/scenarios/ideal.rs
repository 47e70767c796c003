//! Zero delay, zero loss: the ideal cluster, as it is in the folder and with other Deployments.

use std::sync::Arc;

use api::{Deployment, IntOrPercent, Strategy as Replacing};
use engine::Span;
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use record::{Cause, Family};
use scenario::{OnSigterm, Scenario};

use crate::{
    rehearsal::rehearse,
    seeds::{each_seed, scenario},
    traffic::{lost, measure},
};

#[test]
fn nothing_is_lost_where_nothing_takes_time() {
    each_seed(&scenario("ideal"), 100, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}: {:?}", lost(records));
        assert!(measure(records).rollouts[0].complete(), "seed {seed}");
    });
}

/// What a Deployment and its program may be like.
#[derive(Clone, Debug)]
struct Shape {
    replicas: i32,
    replacing: Replacing,
    min_ready_seconds: u32,
    grace_seconds: u32,
    nodes: usize,
    lame_duck_millis: u64,
    stop_millis: u64,
}

impl Shape {
    fn apply(&self, scenario: &mut Scenario) {
        let spec = &mut scenario.deployments[0].spec;
        spec.replicas = self.replicas;
        spec.strategy = self.replacing;
        spec.min_ready_seconds = self.min_ready_seconds;
        let pod = Arc::make_mut(&mut spec.template.spec);
        pod.termination_grace_period_seconds = self.grace_seconds;
        // The nodes of the scenario have four cores each, and here all pods may be on one of them.
        for container in &mut pod.containers {
            container.requests.cpu_millis = 10;
        }
        scenario.cluster.nodes.truncate(self.nodes);
        for image in scenario.images.values_mut() {
            let lame_duck = Span::from_millis(self.lame_duck_millis);
            image.on_sigterm = OnSigterm::Drain { lame_duck };
            image.stop = engine::Distribution::Constant(Span::from_millis(self.stop_millis)).into();
        }
    }
}

fn int_or_percent() -> impl Strategy<Value = IntOrPercent> {
    prop_oneof![
        (0..4_i32).prop_map(IntOrPercent::Int),
        (0..=100_i32).prop_map(IntOrPercent::Percent)
    ]
}

fn replacing() -> impl Strategy<Value = Replacing> {
    let rolling = (int_or_percent(), int_or_percent()).prop_map(|(max_surge, max_unavailable)| {
        Replacing::RollingUpdate { max_surge, max_unavailable }
    });
    prop_oneof![1 => Just(Replacing::Recreate), 9 => rolling]
}

fn shape() -> impl Strategy<Value = Shape> {
    let times = (0..4_u32, 2..40_u32, 0..1_500_u64, 0..1_500_u64);
    (1..9_i32, replacing(), 1..4_usize, times).prop_map(|(replicas, replacing, nodes, times)| {
        let (min_ready_seconds, grace_seconds, lame_duck_millis, stop_millis) = times;
        Shape {
            replicas,
            replacing,
            min_ready_seconds,
            grace_seconds,
            nodes,
            // It has its work done within its grace period: lame duck, the requests it has, stop.
            lame_duck_millis: lame_duck_millis.min(u64::from(grace_seconds) * 250),
            stop_millis: stop_millis.min(u64::from(grace_seconds) * 250),
        }
    })
}

/// Whether there is always somebody to answer.
fn somebody_stays(deployment: &Deployment) -> bool {
    match deployment.spec.strategy {
        Replacing::Recreate => false,
        Replacing::RollingUpdate { .. } => {
            control_plane::deployment::util::min_available(deployment) > 0
        }
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 150,
        // The same cases each time, so that a change of the model is judged by its own fault only.
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    })]

    /// Whatever the replicas, fences, nodes and grace: a program that finishes what it has loses
    /// nothing while one pod stays. Where none does there is nobody to connect to; but what was
    /// accepted is answered, and nobody waits in vain.
    #[test]
    fn a_draining_program_loses_nothing_where_nothing_takes_time(
        shape in shape(),
        seed in any::<u64>(),
    ) {
        let mut scenario = scenario("ideal");
        shape.apply(&mut scenario);
        let records = rehearse(&scenario, seed);
        let lost = lost(&records);
        if somebody_stays(&scenario.deployments[0]) {
            prop_assert!(lost.is_empty(), "{lost:?}");
        } else {
let refused = |cause: &Cause| cause.family() == Family::Refused;
            prop_assert!(lost.keys().all(refused), "{lost:?}");
        }
        prop_assert!(measure(&records).rollouts[0].complete());
    }
}
