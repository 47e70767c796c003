//! Pods of several containers: what is said of failures is about the one that requests are sent to.

use std::sync::Arc;

use api::{PodId, ServiceId};
use record::{Cause, EndpointFact, PortFact, Record};

use crate::{
    explanations::{only, two_pods},
    stream::{IDLE, Stream, WEB},
};

/// What is said of pods that are sent traffic at their first start.
const FIRST: &str = "before they listened. A pod counts as ready as soon as it is started, unless a \
                     readiness probe finds that it is not.";
/// And of those that are sent traffic when they have been started anew.
const AGAIN: &str = "before they listened again after a restart, of which the nodes had not heard.";

fn start(stream: &mut Stream, millis: u64, container: u8, restarts: u32) {
    let pod = PodId(3);
    stream.say(millis, &Record::ContainerStarted { pod, container, restarts });
}

fn open(stream: &mut Stream, millis: u64, container: u8, ports: &[u16]) {
    let (pod, ports) = (PodId(3), Arc::from(ports));
    stream.say(millis, &Record::ListenerOpened { pod, container, ports });
}

fn close(stream: &mut Stream, millis: u64, container: u8) {
    stream.say(millis, &Record::ListenerClosed { pod: PodId(3), container });
}

fn exit(stream: &mut Stream, millis: u64, container: u8) {
    let pod = PodId(3);
    stream.say(millis, &Record::ContainerExited { pod, container, code: 1, in_flight: 0 });
}

/// A third pod, whose two containers are started at 10 s, and which all nodes list from 11 s on.
fn third_pod_is_listed() -> Stream {
    let mut stream = two_pods();
    stream.store_pod(10_000, 3, "web:v2");
    start(&mut stream, 10_000, 0, 0);
    start(&mut stream, 10_000, 1, 0);
    stream.say(10_000, &Record::PodReady { pod: PodId(3) });
    stream.program_all(11_000, &[1, 2, 3]);
    stream
}

/// The same, and both its containers have listened since before that.
fn third_pod_runs() -> Stream {
    let mut stream = two_pods();
    stream.store_pod(10_000, 3, "web:v2");
    for (container, port) in [(0, 8080), (1, 15_090)] {
        start(&mut stream, 10_000, container, 0);
        open(&mut stream, 10_200, container, &[port]);
    }
    stream.say(10_300, &Record::PodReady { pod: PodId(3) });
    stream.program_all(11_000, &[1, 2, 3]);
    stream
}

/// What one request is explained with that the third pod refused, and the gap. It is the last record, because
/// the gap is that of the pod and the same for all its requests.
fn refused(mut stream: Stream, cause: Cause) -> (String, Option<(u64, u64)>) {
    stream.fail(50_000, 0, Some(3), cause);
    let explanation = only(stream);
    let gap = explanation.gap.map(|(least, most)| (least.as_nanos(), most.as_nanos()));
    let gap = gap.map(|(least, most)| (least / 1_000_000, most / 1_000_000));
    let (_, reason) = explanation.text.split_once(": ").expect("a reason follows a colon");
    (reason.to_owned(), gap)
}

fn not_listening(stream: Stream) -> (String, Option<(u64, u64)>) {
    refused(stream, Cause::RefusedNotListening)
}

fn early(span: &str, before: &str) -> String {
    format!("pods of default/web were sent traffic as early as {span} {before}")
}

/// The port that a Service's slices lead to, in the third pod.
fn write_slice(stream: &mut Stream, millis: u64, service: ServiceId, port: u16) {
    let endpoints =
        [EndpointFact { pod: Some(PodId(3)), ready: true, serving: true, terminating: false }];
    let (slice, endpoints) = ("another-1".into(), Arc::new(endpoints));
    let ports = Arc::new([PortFact { name: "".into(), port: Some(port) }]);
    stream.say(millis, &Record::EndpointSliceWritten { service, slice, ports, endpoints });
}

#[test]
fn a_sidecar_that_listens_first_is_no_restart() {
    let mut stream = third_pod_is_listed();
    open(&mut stream, 11_300, 1, &[15_090]);
    open(&mut stream, 13_000, 0, &[8080]);
    assert_eq!(not_listening(stream), (early("2 s", FIRST), Some((2_000, 2_000))));
}

#[test]
fn a_sidecar_that_listens_last_is_no_gap() {
    let mut stream = third_pod_is_listed();
    open(&mut stream, 12_500, 1, &[8080]);
    open(&mut stream, 40_000, 0, &[15_090]);
    assert_eq!(not_listening(stream), (early("1.5 s", FIRST), Some((1_500, 1_500))));
}

#[test]
fn a_program_that_starts_anew_beside_a_sidecar_that_goes_on_has_its_own_gap() {
    let mut stream = third_pod_runs();
    exit(&mut stream, 20_000, 0);
    start(&mut stream, 21_000, 0, 1);
    open(&mut stream, 24_000, 0, &[8080]);
    assert_eq!(not_listening(stream), (early("3 s", AGAIN), Some((3_000, 3_000))));
}

#[test]
fn a_sidecar_that_starts_anew_restarts_nobody_else() {
    let mut stream = third_pod_is_listed();
    open(&mut stream, 11_100, 1, &[15_090]);
    exit(&mut stream, 11_500, 1);
    start(&mut stream, 12_000, 1, 1);
    open(&mut stream, 13_000, 0, &[8080]);
    open(&mut stream, 19_000, 1, &[15_090]);
    assert_eq!(not_listening(stream), (early("2 s", FIRST), Some((2_000, 2_000))));
}

#[test]
fn a_program_that_never_listens_beside_a_sidecar_is_early_until_the_end() {
    let mut stream = third_pod_is_listed();
    open(&mut stream, 11_300, 1, &[15_090]);
    assert_eq!(not_listening(stream), (early("49 s", FIRST), Some((49_000, 49_000))));
}

/// Who names no port answers on all that nobody else in the pod has.
#[test]
fn a_program_without_ports_is_sent_what_nobody_else_listens_on() {
    let mut stream = third_pod_is_listed();
    open(&mut stream, 11_300, 1, &[15_090]);
    open(&mut stream, 13_000, 0, &[]);
    assert_eq!(not_listening(stream), (early("2 s", FIRST), Some((2_000, 2_000))));
    let mut stream = third_pod_is_listed();
    open(&mut stream, 13_000, 1, &[8080]);
    open(&mut stream, 14_000, 0, &[]);
    assert_eq!(not_listening(stream), (early("2 s", FIRST), Some((2_000, 2_000))));
}

/// Two Services lead to two containers of the same pods, and the requests to one of them failed.
#[test]
fn the_port_that_counts_is_that_of_the_service_that_was_called() {
    let mut stream = third_pod_is_listed();
    write_slice(&mut stream, 11_000, IDLE, 9100);
    stream.program(11_000, IDLE, 0, &[3]);
    open(&mut stream, 12_000, 0, &[8080]);
    open(&mut stream, 18_000, 1, &[9100]);
    assert_eq!(not_listening(stream), (early("1 s", FIRST), Some((1_000, 1_000))));
}

/// Of a Service that leads to both it is not told which of them a request was for.
#[test]
fn a_service_that_leads_to_both_containers_has_the_gaps_of_both() {
    let mut stream = third_pod_is_listed();
    write_slice(&mut stream, 11_000, WEB, 9100);
    open(&mut stream, 12_000, 0, &[8080]);
    open(&mut stream, 15_000, 1, &[9100]);
    assert_eq!(not_listening(stream), (early("1 to 4 s", FIRST), Some((1_000, 4_000))));
}

#[test]
fn who_was_started_anew_without_ever_having_listened_listens_for_the_first_time() {
    let mut stream = two_pods();
    stream.create_pod(10_000, 3, "web:v2");
    stream.say(10_000, &Record::PodReady { pod: PodId(3) });
    stream.program_all(11_000, &[1, 2, 3]);
    exit(&mut stream, 12_000, 0);
    start(&mut stream, 13_000, 0, 1);
    stream.open(15_000, 3);
    assert_eq!(not_listening(stream), (early("2 s", FIRST), Some((2_000, 2_000))));
}

#[test]
fn a_pod_has_stopped_listening_when_the_program_that_is_sent_to_has() {
    let mut stream = third_pod_runs();
    stream.say(30_000, &Record::PodDeletionRequested { pod: PodId(3), grace_seconds: 30 });
    for (millis, container) in [(30_000, 1), (33_000, 0)] {
        close(&mut stream, millis, container);
    }
    stream.program(31_000, WEB, 1, &[1, 2]);
    stream.program(35_000, WEB, 0, &[1, 2]);
    let text = "node-0 kept sending traffic to pods for 2 s after they had stopped listening.";
    let expected = (text.to_owned(), Some((2_000, 2_000)));
    assert_eq!(refused(stream, Cause::RefusedListenerClosed), expected);
}

#[test]
fn a_sidecar_that_stops_last_does_not_listen_for_the_program_that_is_sent_to() {
    let mut stream = third_pod_runs();
    stream.say(30_000, &Record::PodDeletionRequested { pod: PodId(3), grace_seconds: 30 });
    for (millis, container) in [(30_000, 0), (33_000, 1)] {
        close(&mut stream, millis, container);
    }
    stream.gone(34_000, 3);
    stream.program(35_000, WEB, 0, &[1, 2]);
    let explanation = refused(stream, Cause::RefusedListenerClosed);
    let text = "node-0 kept sending traffic to pods for 4 s after they had stopped listening.";
    assert_eq!(explanation, (text.to_owned(), Some((5_000, 5_000))));
}

#[test]
fn who_listens_again_ends_the_gap_of_nobody_else() {
    let mut stream = third_pod_runs();
    exit(&mut stream, 20_000, 0);
    exit(&mut stream, 20_000, 1);
    start(&mut stream, 21_000, 0, 1);
    start(&mut stream, 21_000, 1, 1);
    open(&mut stream, 21_300, 1, &[15_090]);
    open(&mut stream, 26_000, 0, &[8080]);
    let text = "node-0 kept sending traffic to pods for 6 s after they had stopped listening.";
    let expected = (text.to_owned(), Some((6_000, 6_000)));
    assert_eq!(refused(stream, Cause::RefusedListenerClosed), expected);
}
