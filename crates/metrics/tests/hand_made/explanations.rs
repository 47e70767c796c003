//! What is said about failures, cause by cause, of streams made by hand.

use std::sync::Arc;

use api::{PodId, runtime_interface::ProbeKind};
use engine::{Span, Time};
use record::{Cause, EndpointFact, Outcome, Record};
use rollsim_metrics::Explanation;

use crate::stream::{IDLE, Stream, WEB};

/// Ends the stream after a minute and gives the only explanation.
pub(crate) fn only(stream: Stream) -> Explanation {
    let mut explanations = stream.end(60_000).explanations;
    assert_eq!(explanations.len(), 1, "{explanations:?}");
    explanations.remove(0)
}

pub(crate) fn millis(range: (u64, u64)) -> Option<(Span, Span)> {
    Some((Span::from_millis(range.0), Span::from_millis(range.1)))
}

/// Two pods that all nodes list.
pub(crate) fn two_pods() -> Stream {
    let mut stream = Stream::new();
    stream.run_pod(0, 1, "web:v1");
    stream.run_pod(0, 2, "web:v1");
    stream.program_all(0, &[1, 2]);
    stream
}

#[test]
fn pods_are_listed_after_they_stopped_listening() {
    let mut stream = two_pods();
    stream.delete_and_exit(30_000, 1, 0);
    stream.program(30_200, WEB, 0, &[2]);
    stream.fail(30_100, 2, Some(1), Cause::RefusedListenerClosed);
    stream.program(30_800, WEB, 1, &[2]);
    stream.fail(31_300, 2, Some(1), Cause::RefusedListenerClosed);
    stream.program(31_400, WEB, 2, &[2]);
    stream.gone(31_500, 1);
    let explanation = only(stream);
    // Only the node that sent the failed ones is blamed, and only for its own lag.
    let text = "2 requests were refused between 30.1 s and 31.3 s: node-2 kept sending traffic to \
                pods for 1.4 s after they had stopped listening.";
    assert_eq!(explanation.text, text);
    assert_eq!(explanation.gap, millis((1_400, 1_400)));
    assert_eq!(explanation.deployment.as_deref(), Some("default/web"));
    assert_eq!(explanation.window, (Time::from_millis(30_100), Time::from_millis(31_300)));
}

#[test]
fn pods_refuse_until_their_addresses_are_gone() {
    let mut stream = two_pods();
    stream.delete_and_exit(30_000, 1, 0);
    for arrived in [30_010, 30_020] {
        stream.fail(arrived, 2, Some(1), Cause::RefusedListenerClosed);
    }
    stream.gone(30_250, 1);
    stream.program_all(31_000, &[2]);
    stream.delete_and_exit(40_000, 2, 0);
    for arrived in [40_010, 40_020] {
        stream.fail(arrived, 2, Some(2), Cause::RefusedListenerClosed);
    }
    stream.gone(40_350, 2);
    stream.program_all(41_500, &[]);
    let explanation = only(stream);
    let text = "4 requests were refused in 2 bursts between 30.0 s and 40.0 s: node-2 kept sending \
                traffic to pods for 0.25 to 0.35 s after they had stopped listening.";
    assert_eq!(explanation.text, text);
    // What a hook has to outlast is all the time until the rules dropped the pods.
    assert_eq!(explanation.gap, millis((1_000, 1_500)));
}

#[test]
fn lags_of_other_services_are_no_reason() {
    let mut stream = two_pods();
    stream.program(0, IDLE, 2, &[1]);
    stream.delete_and_exit(30_000, 1, 0);
    stream.fail(30_100, 2, Some(1), Cause::RefusedListenerClosed);
    stream.program(30_800, WEB, 2, &[2]);
    stream.program(39_000, IDLE, 2, &[]);
    assert_eq!(only(stream).gap, millis((800, 800)));
}

#[test]
fn a_program_that_crashed_and_came_back_had_a_gap_too() {
    let mut stream = two_pods();
    let pod = PodId(1);
    stream.say(10_000, &Record::ContainerExited { pod, container: 0, code: 1, in_flight: 0 });
    stream.fail(10_500, 0, Some(1), Cause::RefusedListenerClosed);
    stream.say(11_000, &Record::ContainerStarted { pod, container: 0, restarts: 1 });
    stream.open(12_000, 1);
    assert_eq!(only(stream).gap, millis((2_000, 2_000)));
}

#[test]
fn what_a_fault_crashed_is_said_to_be_a_faults_work() {
    let crashed = |by_fault: bool| {
        let mut stream = two_pods();
        let pod = PodId(1);
        if by_fault {
            stream.say(10_000, &Record::FaultBegan { text: "{ crash: { pods: app=web } }".into() });
        }
        stream.say(10_000, &Record::ContainerExited { pod, container: 0, code: 137, in_flight: 1 });
        stream.fail(9_990, 0, Some(1), Cause::ResetKilledInFlight);
        only(stream).text
    };
    let common = "1 request was cut off at 10.0 s: a ";
    assert_eq!(
        crashed(true),
        format!("{common}fault of the scenario crashed a program with requests in hand once.")
    );
    assert_eq!(
        crashed(false),
        format!("{common}program with requests in hand ended once without being told to.")
    );
}

#[test]
fn a_service_without_pods_is_told_from_one_that_lost_them() {
    let mut stream = Stream::new();
    stream.program(0, WEB, 0, &[]);
    stream.fail(1_000, 0, None, Cause::RefusedNoEndpoints);
    let explanation = only(stream);
    let text = "1 request was refused at 1.0 s: no pod ever had the labels that the \
                selector of default/web asks for.";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, None));

    let mut stream = two_pods();
    stream.program_all(20_000, &[]);
    stream.fail(21_000, 0, None, Cause::RefusedNoEndpoints);
    stream.program_all(23_500, &[2]);
    let explanation = only(stream);
    let text = "1 request was refused at 21.0 s: nodes knew no ready pod of default/web for 3.5 s \
                (from 20.0 s to 23.5 s).";
    assert_eq!(explanation.text, text);
    assert_eq!((explanation.gap, explanation.deployment), (millis((3_500, 3_500)), None));
}

/// What a request that found no ready pod is explained with, less what all have in common.
fn why_nobody_was_ready(told: impl FnOnce(&mut Stream)) -> String {
    let mut stream = Stream::new();
    told(&mut stream);
    stream.program_all(0, &[]);
    stream.fail(1_000, 0, None, Cause::RefusedNoEndpoints);
    let text = only(stream).text;
    let common = "1 request was refused at 1.0 s: nodes knew no ready pod of default/web for 60 s \
                  (from 0.0 s to 60.0 s): ";
    text.strip_prefix(common).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn pods_that_no_node_takes_are_named_with_the_schedulers_reason() {
    let text = why_nobody_was_ready(|stream| {
        for pod in [1, 2] {
            stream.store_pod(0, pod, "web:v1");
            let reason = "0/3 nodes are available: 3 Insufficient cpu.".into();
            stream.say(5, &Record::PodUnschedulable { pod: PodId(pod), reason });
        }
    });
    assert_eq!(
        text,
        "the scheduler found no node for 2 pods of web:v1 (0/3 nodes are available: 3 Insufficient \
         cpu)."
    );
}

#[test]
fn a_probe_that_asks_where_nothing_listens_is_told_from_one_that_fails() {
    let failed = |port| {
        why_nobody_was_ready(|stream| {
            stream.create_pod(0, 1, "web:v1");
            let (pod, probe) = (PodId(1), ProbeKind::Readiness);
            stream.say(1, &Record::ProbeFailed { pod, container: 0, probe, port: Some(port) });
            stream.open(2, 1);
        })
    };
    assert_eq!(
        failed(8081),
        "the readiness probe in 1 pod of web:v1 asks port 8081, where nothing listens (the program \
         listens on 8080)."
    );
    assert_eq!(failed(8080), "the readiness probe in 1 pod of web:v1 never passed.");
    let never = why_nobody_was_ready(|stream| stream.create_pod(0, 1, "web:v1"));
    assert_eq!(never, "the programs in 1 pod of web:v1 never came to listen.");
}

#[test]
fn ready_pods_that_no_port_leads_to_are_told_from_those_that_are_not_ready() {
    let text = why_nobody_was_ready(|stream| {
        stream.run_pod(0, 1, "web:v1");
        let endpoints =
            [EndpointFact { pod: Some(PodId(1)), ready: true, serving: true, terminating: false }];
        let (slice, ports, endpoints) = ("web-1".into(), Arc::default(), Arc::new(endpoints));
        stream.say(1, &Record::EndpointSliceWritten { service: WEB, slice, ports, endpoints });
    });
    assert_eq!(
        text,
        "its pods were ready, but no container declares a port with the name `http` of its \
         targetPort."
    );
}

#[test]
fn several_outages_are_summed() {
    let mut stream = two_pods();
    stream.program_all(20_000, &[]);
    stream.fail(21_000, 0, None, Cause::RefusedNoEndpoints);
    stream.program_all(22_000, &[2]);
    stream.program_all(50_000, &[]);
    let text = "1 request was refused at 21.0 s: nodes knew no ready pod of default/web in 2 \
                stretches of 12 s together, the longest of 10 s (from 50.0 s to 60.0 s).";
    assert_eq!(only(stream).text, text);
}

#[test]
fn pods_are_listed_before_they_listen() {
    let mut stream = two_pods();
    for (pod, millis) in [(3, 10_000), (4, 11_000)] {
        stream.create_pod(millis, pod, "web:v2");
        stream.say(millis, &Record::PodReady { pod: PodId(pod) });
    }
    stream.program_all(12_000, &[1, 2, 3, 4]);
    stream.fail(12_500, 0, Some(3), Cause::RefusedNotListening);
    stream.open(14_000, 3);
    stream.fail(14_500, 1, Some(4), Cause::RefusedNotListening);
    stream.open(15_500, 4);
    let explanation = only(stream);
    let text = "2 requests were refused between 12.5 s and 14.5 s: pods of default/web were sent \
                traffic as early as 2 to 3.5 s before they listened. A pod counts as ready as soon \
                as it is started, unless a readiness probe finds that it is not.";
    assert_eq!(explanation.text, text);
    assert_eq!(explanation.gap, millis((2_000, 3_500)));
}

#[test]
fn a_pod_that_never_listens_is_early_until_the_end() {
    let mut stream = two_pods();
    stream.create_pod(40_000, 3, "web:v2");
    stream.program_all(40_000, &[1, 2, 3]);
    stream.fail(41_000, 0, Some(3), Cause::RefusedNotListening);
    assert_eq!(only(stream).gap, millis((20_000, 20_000)));
}

#[test]
fn programs_end_with_requests_in_hand() {
    let mut stream = two_pods();
    stream.delete_and_exit(30_000, 1, 1);
    stream.fail(30_000, 0, Some(1), Cause::ResetKilledInFlight);
    let explanation = only(stream);
    let text = "1 request was cut off at 30.0 s: the program that worked on it ended at once when \
                it was told to stop (SIGTERM).";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, millis((0, 0))));

    // A program may let go of its requests at SIGTERM and take its time to end.
    let (mut stream, pod) = (two_pods(), PodId(1));
    stream.say(30_000, &Record::ContainerTerminated { pod, container: 0 });
    for arrived in [29_990, 29_995] {
        stream.finish(
            (arrived, 30),
            0,
            Some(1),
            Outcome::Failed(Cause::ResetKilledInFlight),
            Span::ZERO,
        );
    }
    stream.say(32_000, &Record::ContainerExited { pod, container: 0, code: 0, in_flight: 0 });
    let explanation = only(stream);
    let text = "2 requests were cut off at 30.0 s: the programs that worked on them ended at once \
                when they were told to stop (SIGTERM).";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, millis((0, 0))));

    let (mut stream, pod) = (two_pods(), PodId(2));
    stream.say(20_000, &Record::PodDeletionRequested { pod, grace_seconds: 30 });
    stream.say(20_000, &Record::ContainerTerminated { pod, container: 0 });
    stream.say(50_000, &Record::ContainerKilled { pod, container: 0 });
    let killed = Record::ContainerExited { pod, container: 0, code: 137, in_flight: 2 };
    stream.say(50_000, &killed);
    stream.fail(49_000, 0, Some(2), Cause::ResetKilledInFlight);
    let text = "1 request was cut off at 49.0 s: the program in 1 pod was still at work when it \
                was killed (SIGKILL), 30 s after it was told to stop (SIGTERM).";
    assert_eq!(only(stream).text, text);

    let (mut stream, pod) = (two_pods(), PodId(2));
    stream.say(20_000, &Record::ContainerExited { pod, container: 0, code: 1, in_flight: 3 });
    stream.fail(20_000, 0, Some(2), Cause::ResetKilledInFlight);
    let explanation = only(stream);
    let text = "1 request was cut off at 20.0 s: a program with requests in hand ended once \
                without being told to.";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, None));
}

/// An address that somebody wrote into an EndpointSlice is no pod's.
#[test]
fn addresses_that_no_pod_has_do_not_answer() {
    let mut stream = two_pods();
    stream.fail(11_000, 0, None, Cause::TimeoutUnreachable);
    let explanation = only(stream);
    let text = "1 request was left without an answer at 11.0 s: node-0 sent traffic to addresses \
                that no pod has ever had, or had no rules for them yet.";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, None));
    assert_eq!(explanation.deployment, None);
}

#[test]
fn addresses_are_listed_after_they_stopped_answering() {
    let mut stream = two_pods();
    stream.say(10_000, &Record::SandboxRemoved { pod: PodId(1) });
    stream.finish(
        (11_000, 1_000),
        0,
        Some(1),
        Outcome::Failed(Cause::TimeoutUnreachable),
        Span::ZERO,
    );
    stream.program_all(50_000, &[2]);
    let explanation = only(stream);
    let text = "1 request was left without an answer at 11.0 s: node-0 kept sending traffic to \
                pods for 40 s after their addresses had stopped answering.";
    assert_eq!((explanation.text.as_str(), explanation.gap), (text, millis((40_000, 40_000))));
}

#[test]
fn slow_answers_waited_or_were_worked_on() {
    let slow = Outcome::Failed(Cause::TimeoutSlow);
    let mut stream = two_pods();
    stream.finish((1_000, 900), 0, Some(1), slow, Span::from_millis(600));
    stream.finish((2_000, 900), 0, Some(1), slow, Span::from_millis(800));
    let text = "2 requests were answered too late between 1.0 s and 2.0 s: before a pod of default/web \
                was free to work, they had waited in its queue for 0.7 s on average and 0.8 s at \
                most.";
    assert_eq!(only(stream).text, text);

    let mut stream = two_pods();
    stream.finish((1_000, 900), 0, Some(1), slow, Span::ZERO);
    let text = "1 request was answered too late at 1.0 s: the pods of default/web worked on it for \
                longer than the client waits.";
    assert_eq!(only(stream).text, text);

    let mut stream = two_pods();
    stream.finish((1_000, 900), 0, None, slow, Span::ZERO);
    let text = "1 request was answered too late at 1.0 s: it waited at its sender for a connection to be \
                free, or for room at the balancer there.";
    assert_eq!(only(stream).text, text);

    let mut stream = two_pods();
    stream.finish((1_000, 900), 0, None, slow, Span::ZERO);
    stream.finish((1_500, 900), 0, None, slow, Span::ZERO);
    stream.finish((2_000, 900), 0, Some(1), slow, Span::from_millis(600));
    let text = "3 requests were answered too late between 1.0 s and 2.0 s: 2 waited at their sender for a \
                connection to be free, or for room at the balancer there; of the others, before a pod of \
                default/web was free to work, it had waited in its queue for 0.6 s.";
    assert_eq!(only(stream).text, text);
}

#[test]
fn the_other_causes_have_their_words() {
    let cases = [
        (
            Cause::RefusedWrongPort,
            Some(1),
            "1 request was refused at 5.0 s: the pods of default/web listen, but not on the port \
             that default/web sends to (its targetPort).",
        ),
        (
            Cause::DnsNxdomain,
            None,
            "1 request was not sent at 5.0 s: the cluster's DNS did not know the name that shop \
             calls: there was no such Service, or no pod of it to name.",
        ),
        (
            Cause::DnsTimeout,
            None,
            "1 request was not sent at 5.0 s: the answer to the name that shop asks for did not come \
             while it waited. A question that is lost is asked again only after 5s.",
        ),
        (
            Cause::DiscoveryEnvMissing,
            None,
            "1 request was not sent at 5.0 s: shop has the address from a variable of the \
             environment, which the containers of its pods lack: the Service did not exist when they \
             were started.",
        ),
        (
            Cause::DiscoveryStaleAddress,
            None,
            "1 request was left without an answer at 5.0 s: shop kept an address that is no \
             Service's any more: an answer of DNS, or a variable of the environment that its \
             containers were started with.",
        ),
        (
            Cause::RejectedOverload,
            Some(2),
            "1 request was turned away at 5.0 s: the queues of the pods of default/web were full.",
        ),
        (
            Cause::Http5xx,
            None,
            "1 request was answered with 500 at 5.0 s: shop goes by an HTTPRoute with a backend that \
             leads nowhere, whose share of the requests the controller answered itself.",
        ),
    ];
    for (cause, pod, text) in cases {
        let mut stream = two_pods();
        stream.fail(5_000, 0, pod, cause);
        assert_eq!(only(stream).text, text);
    }
}

/// A targetPort on which nobody listens is told from a port that the Service does not have.
#[test]
fn a_wrong_port_is_named() {
    let fail = |pods: &[Option<u32>]| {
        let mut stream = two_pods();
        let target_ports: Arc<[Arc<str>]> = Arc::new(["8443".into(), "8080".into()]);
        stream.say(1_000, &Record::ServiceChanged { service: WEB, selector: None, target_ports });
        pods.iter().for_each(|pod| stream.fail(5_000, 0, *pod, Cause::RefusedWrongPort));
        only(stream).text
    };
    let target =
        "the pods of default/web listen on 8080, but default/web sends to 8443 (its targetPort)";
    let no_such = "shop sends to a port that default/web does not have";
    assert_eq!(fail(&[Some(1)]), format!("1 request was refused at 5.0 s: {target}."));
    assert_eq!(fail(&[None]), format!("1 request was refused at 5.0 s: {no_such}."));
    assert_eq!(
        fail(&[None, Some(1), Some(2)]),
        format!("3 requests were refused at 5.0 s: 1 since {no_such}; 2 since {target}.")
    );
}

#[test]
fn every_cause_has_a_sentence_even_where_nothing_was_recorded_of_it() {
    for cause in Cause::ALL {
        let mut stream = Stream::new();
        stream.fail(5_000, 1, None, cause);
        let explanation = only(stream);
        let text = &explanation.text;
        assert!(text.starts_with("1 request was ") && text.ends_with('.'), "{text}");
        assert!(!text.contains("  ") && !text.contains(".."), "{text}");
        assert_eq!(
            (explanation.cause, explanation.gap, explanation.deployment),
            (cause, None, None)
        );
    }
}

#[test]
fn the_largest_cause_comes_first() {
    let mut stream = two_pods();
    stream.fail(1_000, 0, Some(1), Cause::RefusedListenerClosed);
    for _ in 0..3 {
        stream.fail(2_000, 0, Some(1), Cause::RejectedOverload);
    }
    stream.fail(3_000, 0, Some(1), Cause::ResetKilledInFlight);
    let causes: Vec<(Cause, u64)> =
        stream.end(60_000).explanations.iter().map(|it| (it.cause, it.count)).collect();
    let expected = [
        (Cause::RejectedOverload, 3),
        (Cause::RefusedListenerClosed, 1),
        (Cause::ResetKilledInFlight, 1),
    ];
    assert_eq!(causes, expected);
}
