//! What is measured of rollouts, and that the numbers of a run fit together.

use std::sync::Arc;

use api::{PodId, runtime_interface::ProbeKind};
use engine::{Span, Time};
use record::{Cause, Record};
use rollsim_metrics::BySecond;

use crate::stream::{Stream, WEB};

fn scale(image: &str, revision: u32, replicas: i32) -> Record {
    Record::ReplicaSetScaled {
        deployment: Arc::from("default/web"),
        replica_set: Arc::from(format!("web-{revision}")),
        image: Arc::from(image),
        revision,
        replicas,
    }
}

fn status(complete: bool) -> Record {
    Record::DeploymentStatusWritten {
        deployment: Arc::from("default/web"),
        replicas: 2,
        updated: 2,
        available: 2,
        complete,
        deadline_exceeded: false,
    }
}

fn rollout(from: &str, to: &str) -> Record {
    let deployment = Arc::from("default/web");
    Record::RolloutStarted { deployment, from: Arc::from(from), to: Arc::from(to) }
}

/// Two pods, replaced one after the other with one more meanwhile; the second one that leaves is
/// listed too long.
pub(crate) fn story(last_status: bool) -> Stream {
    let mut stream = Stream::new();
    stream.say(0, &scale("web:v1", 1, 2));
    stream.run_pod(0, 1, "web:v1");
    stream.run_pod(0, 2, "web:v1");
    stream.program_all(0, &[1, 2]);
    stream.answer(5_000, 0, 1);
    stream.say(10_000, &rollout("web:v1", "web:v2"));
    stream.say(10_000, &scale("web:v2", 2, 1));
    stream.run_pod(12_000, 3, "web:v2");
    stream.program_all(12_500, &[1, 2, 3]);
    stream.say(12_500, &scale("web:v1", 1, 1));
    stream.delete_and_exit(12_600, 1, 0);
    stream.program_all(12_600, &[2, 3]);
    stream.gone(13_000, 1);
    stream.say(13_000, &scale("web:v2", 2, 2));
    stream.run_pod(15_000, 4, "web:v2");
    stream.program_all(15_500, &[2, 3, 4]);
    stream.say(15_500, &scale("web:v1", 1, 0));
    stream.delete_and_exit(15_600, 2, 0);
    stream.say(15_600, &status(last_status));
    stream.answer(15_700, 0, 3);
    stream.fail(16_000, 0, Some(2), Cause::RefusedListenerClosed);
    stream.gone(16_000, 2);
    stream.program_all(17_000, &[3, 4]);
    stream.answer(17_500, 0, 4);
    stream
}

#[test]
fn a_rollout_has_its_steps_and_extremes() {
    let measures = story(true).end(60_000);
    let [rollout] = &measures.rollouts[..] else { panic!("{:?}", measures.rollouts) };
    assert_eq!(
        (&*rollout.deployment, &*rollout.from, &*rollout.to),
        ("default/web", "web:v1", "web:v2")
    );
    let times = (rollout.start, rollout.end, rollout.settled);
    let expected = (10_000, Some(15_600), Some(17_000));
    let millis = Time::from_millis;
    assert_eq!(times, (millis(expected.0), expected.1.map(millis), expected.2.map(millis)));
    assert_eq!(rollout.duration(), Some(Span::from_millis(5_600)));
    assert_eq!((rollout.pods_max, rollout.available_min), (3, 2));
    let sizes = |version: &str| -> Vec<i32> {
        rollout.steps.iter().filter_map(|(_, sizes)| sizes.get(version).copied()).collect()
    };
    assert_eq!(sizes("web:v1"), [2, 1, 1, 0]);
    assert_eq!(sizes("web:v2"), [1, 1, 2, 2]);
    // The requests of its window, which lasts until no proxy lists a pod that it replaced.
    assert_eq!((rollout.requests.ok, rollout.requests.failed), (1, 1));
    assert_eq!(measures.during_rollout.counts, rollout.requests);
    assert!(measures.warnings.iter().all(|warning| !warning.contains("rollout")));
}

#[test]
fn where_sidecars_choose_a_rollout_is_settled_when_none_lists_what_it_replaced() {
    let mut stream = Stream::with_sidecars();
    stream.say(0, &scale("web:v1", 1, 1));
    stream.run_pod(0, 1, "web:v1");
    stream.program_all(0, &[1]);
    for sidecar in 0..3 {
        stream.hear(1_000, sidecar, &[1]);
    }
    stream.say(10_000, &rollout("web:v1", "web:v2"));
    stream.say(10_000, &scale("web:v2", 2, 1));
    stream.run_pod(12_000, 2, "web:v2");
    stream.program_all(12_500, &[1, 2]);
    stream.say(12_500, &scale("web:v1", 1, 0));
    stream.delete_and_exit(12_600, 1, 0);
    stream.say(12_600, &status(true));
    stream.program_all(13_000, &[2]);
    stream.gone(13_000, 1);
    stream.hear(16_000, 0, &[2]);
    stream.hear(16_500, 1, &[2]);
    stream.fail(17_000, 0, Some(1), Cause::TimeoutUnreachable);
    // The last one has heard nothing when its sender goes.
    stream.hear(18_000, 2, &[]);
    stream.answer(18_500, 0, 2);
    let measures = stream.end(60_000);
    let millis = Time::from_millis;
    let rollout = &measures.rollouts[0];
    assert_eq!((rollout.end, rollout.settled), (Some(millis(12_600)), Some(millis(18_000))));
    assert_eq!((rollout.requests.ok, rollout.requests.failed), (0, 1));
    assert_eq!(measures.pods[0].pickable, [(millis(1_000), millis(18_000))]);
    assert_eq!(measures.pods[1].pickable, [(millis(16_000), millis(60_000))]);
}

#[test]
fn a_service_that_is_called_in_two_ways_is_listed_while_either_lists_it() {
    let mut stream = Stream::with_sidecars();
    stream.run_pod(0, 1, "web:v1");
    stream.program_all(0, &[1]);
    let (client, name) = (record::ClientId(1), Arc::from("plain"));
    stream.say(10_000, &Record::ClientAdded { client, name, service: Some(WEB) });
    stream.hear(20_000, 0, &[1]);
    stream.program_all(30_000, &[]);
    stream.hear(35_000, 0, &[]);
    let measures = stream.end(60_000);
    let millis = Time::from_millis;
    assert_eq!(measures.pods[0].pickable, [(millis(10_000), millis(35_000))]);
}

#[test]
fn before_a_sidecar_has_come_up_nobody_lists_and_a_rollout_settles_by_the_rules() {
    let mut stream = Stream::with_sidecars();
    stream.say(0, &scale("web:v1", 1, 1));
    stream.run_pod(0, 1, "web:v1");
    stream.program_all(0, &[1]);
    stream.say(10_000, &rollout("web:v1", "web:v2"));
    stream.say(10_000, &scale("web:v2", 2, 1));
    stream.run_pod(12_000, 2, "web:v2");
    stream.program_all(12_500, &[2]);
    stream.delete_and_exit(12_600, 1, 0);
    stream.say(12_600, &status(true));
    stream.gone(13_000, 1);
    // The first sender sends late, and its sidecar has heard of no pod yet.
    stream.hear(20_000, 0, &[]);
    stream.hear(21_000, 0, &[2]);
    let measures = stream.end(60_000);
    let millis = Time::from_millis;
    assert_eq!(measures.rollouts[0].settled, Some(millis(13_000)));
    assert_eq!(measures.pods[0].pickable, []);
    assert_eq!(measures.pods[1].pickable, [(millis(21_000), millis(60_000))]);
}

#[test]
fn an_unfinished_rollout_says_so() {
    let measures = story(false).end(60_000);
    assert!(!measures.rollouts[0].complete());
    let warning = "the rollout of default/web from web:v1 to web:v2 was not complete when the run \
                   ended: what it does later is not counted";
    assert!(measures.warnings.iter().any(|it| it == warning), "{:?}", measures.warnings);
}

/// What will keep its pods back for good is said.
#[test]
fn a_rollout_that_is_held_says_so() {
    let ended = |held: &[bool]| {
        let mut stream = story(false);
        for (place, paused) in (0..).zip(held) {
            let deployment = Arc::from("default/web");
            stream.say(13_000 + place, &Record::DeploymentPaused { deployment, paused: *paused });
        }
        stream.end(60_000).warnings.concat()
    };
    let said = "ended: it is paused, and goes on once it is resumed; what it does later";
    assert!(ended(&[true]).contains(said), "{}", ended(&[true]));
    assert!(!ended(&[true, false]).contains("paused"), "{}", ended(&[true, false]));
}

#[test]
fn a_rollout_that_is_stuck_says_why() {
    let mut stream = story(false);
    let (pod, probe, port) = (PodId(4), ProbeKind::Liveness, Some(9090));
    stream.say(30_000, &Record::ProbeFailed { pod, container: 0, probe, port });
    let warnings = stream.end(60_000).warnings;
    let stuck =
        "was not complete when the run ended: the liveness probe in 1 pod of web:v2 asks port 9090";
    assert!(warnings.iter().any(|it| it.contains(stuck)), "{warnings:?}");
}

#[test]
fn an_overtaken_rollout_ends_with_the_next_one() {
    let mut stream = story(false);
    stream.say(20_000, &rollout("web:v2", "web:v1"));
    stream.say(20_000, &scale("web:v1", 1, 2));
    stream.say(25_000, &status(true));
    let measures = stream.end(60_000);
    let [first, second] = &measures.rollouts[..] else { panic!("{:?}", measures.rollouts) };
    assert_eq!((first.complete(), first.superseded), (false, Some(Time::from_millis(20_000))));
    assert_eq!((second.complete(), second.superseded), (true, None));
    assert_eq!(first.requests.ok + first.requests.failed, 3);
}

#[test]
fn two_templates_with_one_image_are_told_apart_by_revision() {
    let mut stream = Stream::new();
    stream.say(0, &scale("web:v1", 1, 2));
    stream.say(10_000, &rollout("web:v1", "web:v1"));
    stream.say(10_000, &scale("web:v1", 2, 1));
    let measures = stream.end(60_000);
    let keys: Vec<&String> = measures.rollouts[0].steps[0].1.keys().collect();
    assert_eq!(keys, ["web:v1#1", "web:v1#2"]);
}

#[test]
fn the_numbers_of_a_run_fit_together() {
    let mut stream = story(true);
    let client = record::ClientId(0);
    stream.say(60_000, &Record::RequestsInFlight { client, count: 7 });
    let measures = stream.end(60_000);
    let requests = &measures.requests;
    assert_eq!((requests.ok, requests.failed, requests.in_flight), (3, 1, 7));
    assert_eq!(requests.total(), 11);
    assert_eq!(requests.success_rate(), Some(0.75));
    // One for each that is in flight.
    assert_eq!(requests.attempts, 11);
    assert_eq!(measures.by_cause.values().sum::<u64>(), requests.failed);
    assert_eq!(measures.explanations.iter().map(|it| it.count).sum::<u64>(), requests.failed);
    assert_eq!(measures.clients[0].traffic.counts, *requests);
    assert_eq!(measures.latency.count(), requests.ok);
    assert_eq!(measures.latency.max(), Some(20_000_000));
    assert_eq!(measures.pods.iter().map(|pod| pod.requests).sum::<u64>(), 4);
    assert_eq!(measures.pods.iter().map(|pod| pod.failed).sum::<u64>(), 1);
    let by_second = measures.seconds.iter().map(|second| second.ok + second.failed);
    assert_eq!((by_second.sum::<u32>(), measures.seconds.len()), (4, 60));
    assert_eq!(measures.duration, Span::from_secs(60));
}

#[test]
fn a_pods_seconds_start_where_it_does() {
    let mut by_second = BySecond::default();
    for second in [70, 72, 72, 69] {
        by_second.add(second, 1);
    }
    assert_eq!([0, 68, 69, 70, 71, 72, 73].map(|at| by_second.at(at)), [0, 0, 1, 1, 0, 2, 0]);
}

#[test]
fn few_requests_under_way_are_no_reason_for_doubt() {
    let warned = |count, fails_at| {
        let mut stream = story(true);
        for place in 0..2_000 {
            stream.answer(20_000 + place, 0, 3);
        }
        stream.fail(fails_at, 0, Some(3), Cause::RefusedListenerClosed);
        let client = record::ClientId(0);
        stream.say(60_000, &Record::RequestsInFlight { client, count });
        let warnings = stream.end(60_000).warnings;
        warnings.iter().any(|warning| warning.contains("had no answer"))
    };
    assert!(!warned(2, 40_000));
    assert!(warned(3, 40_000), "a tenth of a percent");
    assert!(warned(1, 59_500), "in a burst of failures");
}

#[test]
fn pods_count_for_the_time_they_are_listed() {
    let measures = story(true).end(60_000);
    let ready: Vec<u64> =
        measures.pods.iter().map(|pod| pod.ready.as_nanos() / 1_000_000).collect();
    assert_eq!(ready, [12_600, 17_000, 47_500, 44_500]);
    assert!(measures.pods.iter().all(|pod| *pod.services == [Arc::from("default/web")]));
    assert_eq!(measures.balance.pods, 4);
}

#[test]
fn a_proxy_may_learn_of_a_pod_after_that_is_gone() {
    let mut stream = story(true);
    stream.program(18_000, WEB, 0, &[1, 3, 4]);
    stream.program(19_000, WEB, 0, &[3, 4]);
    let measures = stream.end(60_000);
    assert_eq!(measures.rollouts[0].settled, Some(Time::from_millis(17_000)));
}

/// From, which is nothing where it is new, and to, start and end in milliseconds, and whether something
/// else came first.
type Change = (Option<i32>, i32, u64, Option<u64>, bool);

fn changes(stream: Stream) -> Vec<Change> {
    let millis = |time: Time| time.as_nanos() / 1_000_000;
    let scalings = stream.end(60_000).scalings;
    scalings
        .iter()
        .map(|it| (it.from, it.to, millis(it.start), it.end.map(millis), it.superseded))
        .collect()
}

#[test]
fn a_change_of_size_outside_a_rollout_is_measured_by_itself() {
    let created = (None, 2, 0, None, true);
    assert_eq!(changes(story(true)), [created], "what a rollout does is none");
    let mut stream = Stream::new();
    stream.say(0, &scale("web:v1", 1, 2));
    stream.say(10_000, &scale("web:v1", 1, 20));
    stream.say(10_100, &status(false));
    stream.say(14_000, &status(true));
    stream.say(15_000, &status(true));
    stream.say(20_000, &scale("web:v1", 1, 5));
    stream.say(20_500, &scale("web:v1", 1, 5));
    stream.say(21_000, &scale("web:v1", 1, 8));
    stream.say(22_000, &rollout("web:v1", "web:v2"));
    stream.say(22_000, &scale("web:v2", 2, 1));
    stream.say(23_000, &scale("web:v1", 1, 0));
    stream.say(24_000, &status(true));
    stream.say(30_000, &scale("web:v2", 2, 3));
    let expected = [
        created,
        (Some(2), 20, 10_000, Some(14_000), false),
        (Some(20), 5, 20_000, None, true),
        (Some(5), 8, 21_000, None, true),
        (Some(1), 3, 30_000, None, false),
    ];
    assert_eq!(changes(stream), expected);
}

#[test]
fn a_deployment_that_is_deleted_and_comes_again_is_new() {
    let mut stream = Stream::new();
    let deleted = Record::DeploymentDeleted { deployment: "default/web".into() };
    stream.say(5_000, &scale("web:v1", 1, 2));
    stream.say(6_000, &status(true));
    stream.say(10_000, &scale("web:v1", 1, 4));
    stream.say(11_000, &deleted);
    stream.say(20_000, &scale("web:v2", 1, 3));
    stream.say(22_000, &status(true));
    let expected = [
        (None, 2, 5_000, Some(6_000), false),
        (Some(2), 4, 10_000, None, true),
        (None, 3, 20_000, Some(22_000), false),
    ];
    assert_eq!(changes(stream), expected);
}

#[test]
fn a_rollout_whose_deployment_is_deleted_says_so() {
    let mut stream = story(false);
    stream.say(30_000, &Record::DeploymentDeleted { deployment: "default/web".into() });
    let measures = stream.end(60_000);
    let warning = "the rollout of default/web from web:v1 to web:v2 was not complete when the Deployment \
                   was deleted";
    assert!(measures.warnings.iter().any(|it| it == warning), "{:?}", measures.warnings);
    assert_eq!(measures.rollouts[0].deleted, Some(Time::from_millis(30_000)));
    assert!(!measures.rollouts[0].complete());
}
