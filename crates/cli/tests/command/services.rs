//! Services that select no pods: mere names, and those whose endpoints somebody writes by hand.

use super::bench::{folder, rollsim, short_scenario, write};

/// Services that are only names, for a host outside and for another Service.
const NAMES: &str = "---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { type: ExternalName, externalName: db.example.com, selector: { app: web } }
---
apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: web.default.svc.cluster.local }
";

/// DNS is all that knows it: no address, no endpoints, no variables.
#[test]
fn a_service_may_be_only_a_name() {
    let folder = folder("only-a-name");
    let path = write(&folder, "app.yaml", &(short_scenario("") + NAMES));
    let ask = |line: &[&str]| rollsim(&[&["kubectl", "-s", &path, "--at", "5s"], line].concat());
    let cases: [(&[&str], &str); 4] = [
        (&["get", "svc", "db", "--no-headers"], "db    ExternalName   <none>   db.example.com   "),
        (&["get", "endpointslices", "-l", "kubernetes.io/service-name in (db,alias)"], ""),
        (
            &["exec", "deploy/web", "--", "nslookup", "db"],
            "db.default.svc.cluster.local\tcanonical name = db.example.com.\n\n",
        ),
        (
            &["exec", "deploy/web", "--", "nslookup", "alias"],
            "canonical name = web.default.svc.cluster.local.\nName:\tweb.default.svc.cluster.local\n",
        ),
    ];
    for (line, expected) in cases {
        let ran = ask(line).ended_with(0);
        assert!(ran.stdout.contains(expected), "{line:?}: {}", ran.stdout);
    }
    let endpoints = ask(&["get", "endpoints", "-o", "name"]).ended_with(0).stdout;
    assert_eq!(endpoints, "endpoints/kubernetes\nendpoints/web\n");
    let env = ask(&["exec", "deploy/web", "--", "env"]).ended_with(0).stdout;
    assert!(!env.contains("DB_") && !env.contains("ALIAS_"), "{env}");
    let answer = ask(&["exec", "deploy/web", "--", "curl", "http://alias/"]).ended_with(0).stdout;
    assert!(answer.starts_with("web-"), "{answer}");
    ask(&["exec", "deploy/web", "--", "curl", "http://db/"]).ended_with(6);
}

/// Services without a selector, one of them headless, and slices for them and for `web`.
const SLICES: &str = "---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { ports: [ { name: sql, port: 5432 } ] }
---
apiVersion: v1
kind: Service
metadata: { name: cache }
spec: { clusterIP: None }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
endpoints:
- { addresses: [ 192.0.2.10 ] }
- { addresses: [ 192.0.2.11 ], conditions: { ready: false } }
ports: [ { name: sql, port: 5433 } ]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cache-1, labels: { kubernetes.io/service-name: cache } }
addressType: IPv4
endpoints: [ { addresses: [ 192.0.2.20 ], hostname: a } ]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: lost }
addressType: IPv4
endpoints: [ { addresses: [ 192.0.2.30 ] } ]
";

#[test]
fn endpoints_may_be_written_by_hand() {
    let folder = folder("endpoints-by-hand");
    let path = write(&folder, "app.yaml", &(short_scenario("") + SLICES));
    let ask = |line: &[&str]| rollsim(&[&["kubectl", "-s", &path, "--at", "5s"], line].concat());
    let cases: [(&[&str], &str); 5] = [
        (&["get", "endpointslices", "db-1"], "db-1   IPv4          5433    192.0.2.10,192.0.2.11 "),
        (&["get", "endpointslices", "lost"], "lost   IPv4          <unset>   192.0.2.30 "),
        (&["describe", "service", "db"], "Endpoints:                192.0.2.10:5433\n"),
        (
            &["exec", "deploy/web", "--", "nslookup", "cache"],
            "Name:\tcache.default.svc.cluster.local\nAddress: 192.0.2.20\n",
        ),
        (
            &["exec", "deploy/web", "--", "nslookup", "a.cache"],
            "Name:\ta.cache.default.svc.cluster.local\nAddress: 192.0.2.20\n",
        ),
    ];
    for (line, expected) in cases {
        let ran = ask(line).ended_with(0);
        assert!(ran.stdout.contains(expected), "{line:?}: {}", ran.stdout);
    }
    // Nothing makes Endpoints of a slice; the controller makes those of pods.
    let endpoints = ask(&["get", "endpoints", "-o", "name"]).ended_with(0).stdout;
    assert_eq!(endpoints, "endpoints/kubernetes\nendpoints/web\n");
    let curl = ask(&["exec", "deploy/web", "--", "curl", "http://db:5432/"]).ended_with(28);
    curl.says(&["sends db to an address of an EndpointSlice that no pod has"]);
}

/// Nobody answers there: clients wait until their time is up.
#[test]
fn requests_to_endpoints_that_nobody_has_get_no_answer() {
    let folder = folder("nobody-there");
    let text = (short_scenario("") + SLICES).replace("http://web/", "http://db:5432/");
    let path = write(&folder, "app.yaml", &text);
    let ran = rollsim(&["run", &path]).ended_with(0).says(&[
        "RS0105",
        "nobody answers at their addresses",
        "RS0114",
        "`default/lost` is used by nobody",
    ]);
    for words in ["timeout.unreachable", " 0% succeeded", "addresses that no pod has ever had"] {
        let flat = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "`{words}` is not in:\n{}", ran.stdout);
    }
}
