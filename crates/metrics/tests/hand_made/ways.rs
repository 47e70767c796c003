//! What is said about failures where others than the nodes' rules chose the pods: sidecars, the Ingress
//! controller, load balancers.

use record::{Cause, Record};

use crate::{
    explanations::{millis, only, two_pods},
    stream::{Stream, WEB},
};

#[test]
fn what_a_sidecar_chose_no_node_did() {
    let mut stream = two_pods();
    stream.say(0, &Record::SidecarUsed { client: record::ClientId(0) });
    stream.delete_and_exit(30_000, 1, 0);
    stream.fail(30_050, 0, Some(1), Cause::RefusedListenerClosed);
    stream.gone(30_100, 1);
    stream.fail(30_200, 0, Some(1), Cause::TimeoutUnreachable);
    stream.program_all(30_500, &[2]);
    let texts: Vec<String> =
        stream.end(60_000).explanations.into_iter().map(|it| it.text).collect();
    let expected = [
        "1 request was refused at 30.1 s: the balancers beside the senders of shop sent traffic to pods \
         that had stopped listening.",
        "1 request was left without an answer at 30.2 s: the balancers beside the senders of shop sent \
         traffic to addresses that no longer answered.",
    ];
    assert_eq!(texts, expected);
}

/// Two pods, which a second client comes to through an Ingress.
fn two_ways() -> Stream {
    let mut stream = two_pods();
    let client = record::ClientId(1);
    stream.say(0, &Record::ClientAdded { client, name: "front".into(), service: None });
    stream.say(0, &Record::IngressUsed { client });
    stream.say(0, &Record::ServiceCalled { client, service: WEB });
    stream.fetch(0, 0, &[1, 2]);
    stream
}

#[test]
fn each_way_has_a_reason_of_its_own() {
    let mut stream = two_ways();
    stream.delete_and_exit(30_000, 1, 0);
    stream.gone(30_100, 1);
    stream.fail(30_200, 0, Some(1), Cause::TimeoutUnreachable);
    stream.program_all(31_100, &[2]);
    stream.sender = record::ClientId(1);
    stream.fail(32_000, 2, Some(1), Cause::TimeoutUnreachable);
    stream.fail(33_000, 2, Some(1), Cause::TimeoutUnreachable);
    stream.fetch(34_100, 0, &[2]);
    let explanation = only(stream);
    let text = "3 requests were left without an answer between 30.2 s and 33.0 s: 1 since node-0 kept \
                sending traffic to pods for 1 s after their addresses had stopped answering; 2 since \
                the Ingress controller still listed pods for 4 s after their addresses had stopped \
                answering.";
    assert_eq!(explanation.text, text);
    assert_eq!(explanation.gap, millis((1_000, 4_000)));
}

#[test]
fn what_the_ingress_controller_knew_of_nobody_and_what_it_held_back_are_told_apart() {
    let refuse = |stream: &mut Stream| {
        stream.sender = record::ClientId(1);
        stream.fail(30_500, 2, None, Cause::RefusedNoEndpoints);
        stream.fail(31_000, 2, None, Cause::RefusedNoEndpoints);
    };
    let mut stream = two_ways();
    stream.fetch(30_000, 0, &[]);
    refuse(&mut stream);
    stream.fetch(32_000, 0, &[2]);
    let explanation = only(stream);
    let nobody =
        "the Ingress controller knew no ready pod of default/web for 2 s (from 30.0 s to 32.0 s)";
    assert!(explanation.text.contains(nobody), "{}", explanation.text);
    assert_eq!(explanation.gap, millis((2_000, 2_000)));
    let mut stream = two_ways();
    refuse(&mut stream);
    let held_back = "but the Ingress controller would send to none of them, because a limit";
    assert!(only(stream).text.contains(held_back));
}

#[test]
fn an_ingress_that_names_no_port_of_its_service_is_said_to() {
    let said = |later: &[u32]| {
        let mut stream = two_pods();
        let client = record::ClientId(1);
        stream.say(0, &Record::ClientAdded { client, name: "front".into(), service: None });
        stream.say(0, &Record::IngressUsed { client });
        stream.say(0, &Record::ServiceCalled { client, service: WEB });
        stream.fetch(0, 0, &[]);
        stream.sender = client;
        stream.fail(30_500, 2, None, Cause::RefusedNoEndpoints);
        stream.fetch(32_000, 0, later);
        only(stream).text
    };
    let wrong_port = "(from 0.0 s to 60.0 s): its pods were ready, so an Ingress or a route names a port \
                      that the Service does not have";
    assert!(said(&[]).contains(wrong_port), "{}", said(&[]));
    assert!(!said(&[2]).contains("names a port"), "it was only late: {}", said(&[2]));
}

/// Two pods that a load balancer sends to, for the client.
fn two_targets() -> Stream {
    let mut stream = two_pods();
    let client = record::ClientId(0);
    stream.say(0, &Record::LoadBalancerUsed { client });
    stream.say(0, &Record::ServiceCalled { client, service: WEB });
    stream.balance(0, &[1, 2]);
    stream
}

#[test]
fn a_load_balancer_keeps_sending_to_what_is_still_registered() {
    let mut stream = two_targets();
    stream.delete_and_exit(30_000, 1, 0);
    stream.gone(30_100, 1);
    stream.program_all(30_500, &[2]);
    stream.fail(31_000, 0, Some(1), Cause::TimeoutUnreachable);
    stream.balance(39_100, &[2]);
    let explanation = only(stream);
    let text = "1 request was left without an answer at 31.0 s: the load balancer kept sending \
                traffic to pods for 9 s after their addresses had stopped answering, because they were \
                still registered as its targets.";
    assert_eq!(explanation.text, text);
    assert_eq!(explanation.gap, millis((9_000, 9_000)));
}

#[test]
fn a_load_balancer_without_targets_finds_new_pods_late() {
    let mut stream = two_targets();
    stream.run_pod(20_000, 3, "web:v2");
    stream.program_all(20_500, &[3]);
    stream.balance(30_000, &[]);
    stream.fail(31_000, 0, None, Cause::RefusedNoEndpoints);
    stream.balance(45_000, &[3]);
    let explanation = only(stream);
    let text = "1 request was refused at 31.0 s: the load balancer had no target of default/web to \
                send to for 15 s (from 30.0 s to 45.0 s); new pods were ready 25 s before it had \
                registered them and found them healthy.";
    assert_eq!(explanation.text, text);
    assert_eq!(explanation.gap, millis((15_000, 15_000)));
}

#[test]
fn what_a_load_balancer_breaks_off_is_its_work() {
    let mut stream = two_targets();
    stream.fail(31_000, 0, Some(1), Cause::ResetDeregistered);
    let text = "1 request was cut off at 31.0 s: the load balancer broke off what its deregistered \
                targets of default/web were still at work on (deregistrationDelay).";
    assert_eq!(only(stream).text, text);
}

#[test]
fn where_pods_were_ready_all_along_the_policy_held_back() {
    let mut stream = two_pods();
    let client = record::ClientId(0);
    stream.say(0, &Record::SidecarUsed { client });
    stream.say(0, &Record::ServiceCalled { client, service: WEB });
    stream.fail(30_000, 0, None, Cause::RefusedNoEndpoints);
    stream.fail(31_000, 0, None, Cause::RefusedNoEndpoints);
    let text = "2 requests were refused between 30.0 s and 31.0 s: pods of default/web were ready, but the \
                balancers beside the senders of shop would send to none of them, because a limit of the \
                policy or of a layer around it was reached, because all had been ejected (`balancing`), \
                or because not all that choose there had heard of them yet.";
    assert_eq!(only(stream).text, text);
    let mut stream = two_targets();
    stream.fail(31_000, 0, None, Cause::RefusedNoEndpoints);
    assert!(only(stream).text.contains("but the load balancer would send to none of them"));
}
