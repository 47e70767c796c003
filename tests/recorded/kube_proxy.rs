//! `kubeproxy/nftables`: endpoints and policies set by hand, and where a real proxy's rules led.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use api::{Cidr, Key, Protocol, service::ServiceType};
use data_plane::{
    endpoints::EndpointInfo,
    proxy::{
        affinity::Affinity,
        conntrack::{Entry, ServingEndpoints},
        endpoints_tracker::{Backend, EndpointsMap},
        flow::{Packet, Verdict},
        mode::Mode,
        rules::{Rules, Settings},
        service_map::{Family, ServiceMap, service_to_service_map},
        service_port::{PortFacts, ServiceFacts},
    },
};
use engine::{Span, Time};
use serde_json::Value;

use crate::recording;

/// The χ² that one experiment in a thousand exceeds by chance, by degrees of freedom.
const CHI_SQUARED: [f64; 5] = [0.0, 10.83, 13.82, 16.27, 18.47];

/// Addresses of the recording.
const BRIDGE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 1));
const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CLUSTER_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 50));
const UNALLOCATED: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 51));

/// A pod's address.
const fn pod(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 244, 0, 10 + number))
}

const PORT: u16 = 8081;
const NODE_PORT: u16 = 30_555;

/// Who is asked: the virtual address, or a node port.
const VIRTUAL: (IpAddr, u16) = (CLUSTER_IP, PORT);
const AT_NODE: (IpAddr, u16) = (NODE, NODE_PORT);

/// Whose policy is Local.
#[derive(Clone, Copy, PartialEq)]
enum Local {
    No,
    Internal,
    External,
}

/// An experiment: its name, its pods one letter each (`r` ready here, `o` ready on another node,
/// `s` serving while terminating, `t` terminating only, `n` not ready), the policy, from, to.
type Experiment = (&'static str, &'static str, Local, IpAddr, (IpAddr, u16));

const EXPERIMENTS: &[Experiment] = &[
    ("1_three_ready/from_node", "rrr", Local::No, BRIDGE, VIRTUAL),
    ("1_three_ready/from_pod_p3", "rrr", Local::No, pod(3), VIRTUAL),
    ("1_three_ready/from_external_client_to_clusterIP", "rrr", Local::No, CLIENT, VIRTUAL),
    ("1_three_ready/hairpin_from_p0_itself", "rrr", Local::No, pod(0), VIRTUAL),
    ("1b_five_ready/from_node", "rrrrr", Local::No, BRIDGE, VIRTUAL),
    ("2_mixed: p0 ready, p1 serving+terminating, p2 notready", "rsn", Local::No, BRIDGE, VIRTUAL),
    ("2b_all terminating: p0,p1 serving; p2 not serving", "sst", Local::No, BRIDGE, VIRTUAL),
    ("2c only terminating, not serving", "t", Local::No, BRIDGE, VIRTUAL),
    ("2d only not ready", "n", Local::No, BRIDGE, VIRTUAL),
    ("3_zero/from_node", "", Local::No, BRIDGE, VIRTUAL),
    ("3_zero/from_pod_p3", "", Local::No, pod(3), VIRTUAL),
    ("3_zero/from_external_client", "", Local::No, CLIENT, VIRTUAL),
    ("3_clusterIP_wrong_port/from_pod", "r", Local::No, pod(3), (CLUSTER_IP, 9999)),
    ("3_unallocated_clusterIP/from_pod", "r", Local::No, pod(3), (UNALLOCATED, PORT)),
    ("5_nodeport_cluster/ext", "rr", Local::No, CLIENT, AT_NODE),
    ("5_nodeport_cluster/from_pod", "rr", Local::No, pod(3), AT_NODE),
    ("5_nodeport_cluster/from_node_itself_127", "rr", Local::No, LOCALHOST, (LOCALHOST, NODE_PORT)),
    ("5_nodeport_cluster/from_node_itself_nodeip", "rr", Local::No, NODE, AT_NODE),
    ("5b_nodeport_local/ext (p0 local, p1 remote)", "ro", Local::External, CLIENT, AT_NODE),
    ("5b_nodeport_local/from_pod to nodeport", "ro", Local::External, pod(3), AT_NODE),
    ("5b_nodeport_local/from_node to clusterIP", "ro", Local::External, BRIDGE, VIRTUAL),
    ("5c_nodeport_local_no_local_ep/ext", "no", Local::External, CLIENT, AT_NODE),
    ("5c/clusterIP from pod", "no", Local::External, pod(3), VIRTUAL),
    ("5d local ep terminating+serving, remote ready /ext", "so", Local::External, CLIENT, AT_NODE),
    ("5d clusterIP from pod", "so", Local::External, pod(3), VIRTUAL),
    ("5e nodeport zero endpoints ext", "", Local::External, CLIENT, AT_NODE),
    ("6_itp_local/from_pod", "ro", Local::Internal, pod(3), VIRTUAL),
    ("6b_itp_local no local ep/from_pod", "no", Local::Internal, pod(3), VIRTUAL),
];

#[test]
fn packets_go_where_a_real_proxy_sent_them() {
    let Some(results) = recording::json("kubeproxy/nftables/results.json") else { return };
    for (name, pods, local, source, destination) in EXPERIMENTS {
        let recorded = &results[*name];
        assert!(recorded.is_object(), "{name} was not recorded");
        let rules = rules(pods, *local);
        let packet =
            Packet { source: *source, destination: (*destination).into(), protocol: Protocol::Tcp };
        match rules.verdict(&packet) {
            verdict @ Verdict::Forward { endpoints, .. } => {
                assert_picks(name, recorded, endpoints);
                assert_peers(name, recorded, &packet, &verdict);
            }
            Verdict::Drop => assert_errors(name, recorded, "TimeoutError", true),
            // Answers to many packets are held back by the kernel, so that some senders time out.
            Verdict::Reject => assert_errors(name, recorded, "ConnectionRefusedError", false),
            // What no rule is for comes to the node itself, where nobody listens.
            other => {
                assert_eq!((other, packet.destination.ip()), (Verdict::NotHandled, LOCALHOST));
                assert_errors(name, recorded, "ConnectionRefusedError", true);
            }
        }
    }
}

fn rules(pods: &str, local: Local) -> Rules {
    let cidr = |text: &str| text.parse::<Cidr>().expect("a range");
    let settings = Settings {
        mode: Mode::Nftables,
        node: "here".into(),
        node_ips: vec![NODE, BRIDGE],
        pod_cidr: Some(cidr("10.244.0.0/24")),
        service_cidrs: vec![cidr("10.96.0.0/16")],
        node_port_addresses: vec![cidr("192.0.2.10/32")],
        ..Settings::default()
    };
    let services = services(local);
    let backends: Vec<_> = pods.chars().zip(0..).map(|(kind, n)| backend(kind, n)).collect();
    let endpoints: EndpointsMap =
        services.keys().map(|name| (name.clone(), backends.clone())).collect();
    Rules::new(settings, &services, &endpoints)
}

/// The Service of the experiments.
fn services(local: Local) -> ServiceMap {
    let service = ServiceFacts {
        kind: ServiceType::NodePort,
        cluster_ips: vec![CLUSTER_IP],
        internal_policy_local: local == Local::Internal,
        external_policy_local: local == Local::External,
        ports: vec![PortFacts { port: PORT, node_port: Some(NODE_PORT), ..PortFacts::default() }],
        ..ServiceFacts::default()
    };
    service_to_service_map(&Key::new("kp", "svc"), &service, Family::Ipv4)
}

fn backend(kind: char, number: u8) -> Backend {
    let address = SocketAddr::new(pod(number), 3000);
    let info = EndpointInfo {
        is_local: kind != 'o',
        ready: "ro".contains(kind),
        serving: "ros".contains(kind),
        terminating: "st".contains(kind),
        ..EndpointInfo::default()
    };
    Backend { address, info }
}

/// The same pods, and none too often or too seldom for chance.
fn assert_picks(name: &str, recorded: &Value, endpoints: &[SocketAddr]) {
    let picks = recorded["picks"].as_object().expect("picks");
    let picks: BTreeMap<String, f64> =
        picks.iter().map(|(pod, n)| (pod.clone(), n.as_f64().expect("a count"))).collect();
    let number = |endpoint: &SocketAddr| (0..8).find(|n| pod(*n) == endpoint.ip());
    let expected: BTreeSet<String> =
        endpoints.iter().filter_map(number).map(|number| format!("p{number}")).collect();
    assert_eq!(picks.keys().cloned().collect::<BTreeSet<_>>(), expected, "{name}");
    let even = picks.values().sum::<f64>() / picks.len() as f64;
    let distance: f64 = picks.values().map(|count| (count - even) * (count - even) / even).sum();
    let most = CHI_SQUARED[picks.len() - 1];
    assert!(picks.len() == 1 || distance <= most, "{name}: chi squared {distance} of {most}");
}

/// Whom the pods saw as the source: the node where a packet was masqueraded.
fn assert_peers(name: &str, recorded: &Value, packet: &Packet, verdict: &Verdict<'_>) {
    let Verdict::Forward { endpoints, .. } = verdict else { return };
    let peer = |endpoint: &SocketAddr| {
        let masqueraded = verdict.masquerades(packet, *endpoint);
        if masqueraded { BRIDGE.to_string() } else { packet.source.to_string() }
    };
    let expected: BTreeSet<String> = endpoints.iter().map(peer).collect();
    let seen = recorded["peer_seen_by_pod"].as_object().expect("peers");
    assert_eq!(seen.keys().cloned().collect::<BTreeSet<_>>(), expected, "{name}");
}

fn assert_errors(name: &str, recorded: &Value, error: &str, only: bool) {
    assert!(recorded["picks"].as_object().is_some_and(serde_json::Map::is_empty), "{name}");
    let errors = recorded["errors"].as_object().expect("errors");
    let kinds = || errors.keys().filter(|kind| kind.contains("Error"));
    assert!(kinds().any(|kind| kind.starts_with(error)), "{name}: no {error}");
    assert!(!only || kinds().all(|kind| kind.starts_with(error)), "{name}: not only {error}");
}

#[test]
fn a_source_stays_where_it_was_as_long_as_it_did_in_a_real_kernel() {
    let Some(results) = recording::json("kubeproxy/nftables/results.json") else { return };
    // Each connection's pod, seconds apart; chance may repeat a pod, so only moves tell.
    for (name, millis) in [
        ("4_affinity/every_4s_timeout6 (refreshes: should stick)", 4000),
        ("4_affinity/every_7.5s_timeout6 (expires)", 7500),
    ] {
        let picks = results[name].as_array().expect("picks");
        let moved = picks.windows(2).any(|two| two[0] != two[1]);
        let mut affinity = Affinity::new(Span::from_secs(6), Mode::Nftables.affinity_capacity());
        affinity.remember(0, CLIENT, Time::ZERO);
        let kept = affinity.find(&[0, 1, 2], CLIENT, Time::from_millis(millis));
        assert_eq!(kept.is_none(), moved, "{name}");
    }
    let lost = &results["4_affinity/sticky endpoint becomes terminating"];
    let now = lost["now"].as_object().expect("picks");
    assert!(!now.contains_key(lost["was"].as_str().expect("a pod")), "it is not used again");
    let mut affinity = Affinity::new(Span::from_secs(6), None);
    affinity.remember(2, CLIENT, Time::ZERO);
    affinity.update(&[0, 1]);
    assert_eq!(affinity.find(&[0, 1], CLIENT, Time::ZERO), None);
}

#[test]
fn an_established_connection_keeps_its_endpoint() {
    let Some(results) = recording::json("kubeproxy/nftables/results.json") else { return };
    let name = "7_established_conn_after_endpoint_removed (8s, removed at 1.5s)";
    let answers = results[name].as_str().expect("who answered, as a text");
    let moved = answers.split(',').any(|answer| !answer.contains("'p0'"));
    let entry = Entry {
        protocol: Protocol::Tcp,
        original_address: Some(CLUSTER_IP),
        original_port: PORT,
        reply_source: (pod(0), 3000).into(),
    };
    let services = services(Local::No);
    let left = vec![backend('r', 1)];
    let endpoints = services.keys().map(|name| (name.clone(), left.clone())).collect();
    assert_eq!(ServingEndpoints::new(&services, &endpoints).is_stale(&entry), moved);
    let new = results["7_new_conns_then"]["picks"].as_object().expect("picks");
    assert!(!new.contains_key("p0"), "new connections go elsewhere");
}
