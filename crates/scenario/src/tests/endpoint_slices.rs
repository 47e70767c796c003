//! EndpointSlices that are written by hand: what is refused, what is read, and who uses them.

use super::{
    findings, load_text,
    scenarios::{QUIET, with_scenario},
};
use crate::Scenario;

/// A Service without a selector, and the slice for it.
const SLICE: &str = "---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { ports: [ { port: 5432 } ] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
endpoints: [ { addresses: [ 192.0.2.10 ] } ]
ports: [ { port: 5433 } ]
";

/// What every slice with endpoints that somebody uses is told.
const NOBODY: &str = "the endpoints of EndpointSlice `default/db-1` are not simulated: nobody answers at their addresses";

/// Replaces a part of it; what is said then, without codes and lines.
fn said(from: &str, to: &str) -> Vec<String> {
    assert!(SLICE.contains(from), "{from}");
    let found = findings(&load_text(&(with_scenario(QUIET) + &SLICE.replacen(from, to, 1))));
    let message = |line: &String| line.split_once(": ").map(|(_, message)| message.to_owned());
    found.iter().filter_map(message).collect()
}

fn read(from: &str, to: &str) -> Scenario {
    let loaded = load_text(&(with_scenario(QUIET) + &SLICE.replacen(from, to, 1)));
    loaded.scenario.unwrap_or_else(|| panic!("{to}: {:?}", loaded.diagnostics))
}

fn check(cases: &[(&str, &str, &str)]) {
    for (from, to, wanted) in cases {
        assert_eq!(said(from, to), [*wanted], "{to}");
    }
}

/// Messages of 1.36 where a real API server was asked (`conformance/recorded/validation.json`), and
/// of its source where it was not.
#[test]
fn they_are_validated_as_the_api_server_does() {
    let address = "192.0.2.10";
    check(&[
        ("addressType: IPv4\n", "", "addressType: Required value"),
        (
            "addressType: IPv4",
            "addressType: IPvX",
            "addressType: Unsupported value: \"IPvX\": supported values: \"FQDN\", \"IPv4\", \"IPv6\"",
        ),
        (
            address,
            "1.2.3",
            "endpoints[0].addresses[0]: Invalid value: \"1.2.3\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            address,
            "127.0.0.1",
            "endpoints[0].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            address,
            "169.254.1.1",
            "endpoints[0].addresses[0]: Invalid value: \"169.254.1.1\": may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (
            address,
            "\"2001:db8::1\"",
            "endpoints[0].addresses[0]: Invalid value: \"2001:db8::1\": must be an IPv4 address",
        ),
        (
            "[ 192.0.2.10 ]",
            "[]",
            "endpoints[0].addresses: Required value: must contain at least 1 address",
        ),
        (
            "{ name: db-1,",
            "{ name: db_1,",
            "metadata.name: Invalid value: \"db_1\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
        ("endpoints: [", "endpoint: [", "unknown field `endpoint`"),
    ]);
}

#[test]
fn ports_and_hints_are_validated_as_the_api_server_does() {
    let port = "{ port: 5433 }";
    let hints = |hints: &str| format!("[ 192.0.2.10 ], hints: {{ {hints} }}");
    let nine: Vec<String> = (1..=9).map(|zone| format!("{{ name: z{zone} }}")).collect();
    let nine = hints(&format!("forZones: [ {} ]", nine.join(", ")));
    let twice = hints("forNodes: [ { name: node-1 }, { name: node-1 } ]");
    check(&[
        (
            port,
            "{ port: 1, protocol: HTTP }",
            "ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ),
        (port, "{ port: 1 }, { port: 2 }", "ports[1].name: Duplicate value: \"\""),
        (
            port,
            "{ port: 0 }",
            "ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            "[ 192.0.2.10 ]",
            &nine,
            "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items",
        ),
        (
            "[ 192.0.2.10 ]",
            &twice,
            "endpoints[0].hints.forNodes[1].name: Duplicate value: \"node-1\"",
        ),
    ]);
    let one = "{ addresses: [ 192.0.2.10 ] }";
    let many = |count: usize| vec![one; count].join(", ");
    assert_eq!(said(one, &many(1000)), [NOBODY]);
    let too_many = ["endpoints: Too many: 1001: must have at most 1000 items"];
    assert_eq!(said(one, &many(1001)), too_many);
}

/// Who says nothing of a condition is taken to be well, and a port is a nameless one of TCP.
#[test]
fn what_is_not_written_has_its_default() {
    let endpoint = |to: &str| {
        let scenario = read("[ 192.0.2.10 ]", &format!("[ 192.0.2.10 ]{to}"));
        scenario.endpoint_slices[0].endpoints[0].clone()
    };
    let cases = [
        ("", (true, true, false)),
        (", conditions: {}", (true, true, false)),
        (", conditions: { ready: false }", (false, true, false)),
        (", conditions: { serving: false }", (true, false, false)),
        (", conditions: { ready: false, terminating: true }", (false, true, true)),
    ];
    for (written, expected) in cases {
        let read = endpoint(written);
        assert_eq!((read.ready, read.serving, read.terminating), expected, "{written}");
    }
    let read = endpoint(", nodeName: node-2, zone: b, hostname: a");
    assert_eq!(read.node_name.as_deref(), Some("node-2"));
    assert_eq!((read.zone.as_deref(), read.hostname.as_deref()), (Some("b"), Some("a")));
    assert_eq!(read.target, None, "pods get their addresses in the run");
    let slice = &self::read("db-1", "db-2").endpoint_slices[0];
    assert_eq!((&*slice.meta.name, &*slice.service_name, slice.service), ("db-2", "db", None));
    let port = &slice.ports[0];
    assert_eq!((&*port.name, port.protocol, port.port), ("", api::Protocol::Tcp, Some(5433)));
}

#[test]
fn who_uses_them_and_who_answers_is_said() {
    let unused = "EndpointSlice `default/db-1` is used by nobody";
    let no_label = format!("{unused}: it has no label `kubernetes.io/service-name`");
    let cases = [
        ("db-1", "db-1", vec![NOBODY.to_owned()]),
        ("endpoints: [ { addresses: [ 192.0.2.10 ] } ]", "endpoints: []", vec![]),
        (", labels: { kubernetes.io/service-name: db }", "", vec![no_label]),
        (
            "service-name: db",
            "service-name: bd",
            vec![format!("{unused}: there is no Service `default/bd`")],
        ),
        (
            "spec: { ports:",
            "spec: { type: ExternalName, externalName: db.example.com, ports:",
            vec![format!("{unused}: Service `default/db` is only a name")],
        ),
        (
            "{ port: 5433 }",
            "{ name: sql, port: 5433 }",
            vec![format!("{unused}: none of its ports is one of Service `default/db`")],
        ),
        (
            "{ port: 5433 }",
            "{ protocol: UDP, port: 5433 }",
            vec![format!("{unused}: none of its ports is one of Service `default/db`")],
        ),
        ("spec: { ports: [ { port: 5432 } ] }", "spec: { clusterIP: None }", vec![NOBODY.into()]),
        (
            "[ 192.0.2.10 ]",
            "[ 192.0.2.10, 192.0.2.11 ]",
            vec![
                "endpoints[0].addresses: only the first address of an endpoint is simulated".into(),
                NOBODY.into(),
            ],
        ),
    ];
    for (from, to, wanted) in cases {
        let mut found = said(from, to);
        found.sort();
        assert_eq!(found, wanted, "{to}");
        assert_eq!(read(from, to).endpoint_slices.len(), 1, "{to}");
    }
}

/// Proxies of a cluster that has IPv4 only pass them over.
#[test]
fn slices_of_other_address_types_are_left_out() {
    for (kind, address) in [("IPv6", "\"2001:db8::1\""), ("FQDN", "db.example.com")] {
        let to = format!("addressType: {kind}\nendpoints: [ {{ addresses: [ {address} ] }} ]");
        let from = "addressType: IPv4\nendpoints: [ { addresses: [ 192.0.2.10 ] } ]";
        let wanted = format!("addressType: endpoints of type {kind} are not simulated");
        assert_eq!(said(from, &to), [wanted]);
        assert!(read(from, &to).endpoint_slices.is_empty());
    }
    check(&[(
        "addressType: IPv4\nendpoints: [ { addresses: [ 192.0.2.10 ] } ]",
        "addressType: IPv6\nendpoints: [ { addresses: [ \"::1\" ] } ]",
        "endpoints[0].addresses[0]: Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
    )]);
}
