//! One mistake is one complaint, and what to do about it fits the mistake.

use super::{Memory, findings, load_text, shown};
use crate::load;

const CLIENT: &str = "\
apiVersion: rollsim.dev/v1
kind: Scenario
spec:
  duration: 60s
  clients:
    - { name: shop, from: node, target: http://web/, arrivals: poisson(10/s) }
  expect: [ success_rate >= 99% ]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
";

/// What is said where the expectation is about a client of this name.
fn about_client(name: &str, text: &str) -> Vec<String> {
    let judge = |_: &str| Ok(Some(name.to_owned()));
    let files = Memory::new(&[("app.yaml", text)]);
    let said = findings(&load(&["app.yaml".to_owned()], &files, &judge));
    said.into_iter().filter(|line| line.starts_with("RS0104")).collect()
}

#[test]
fn a_client_that_cannot_be_read_is_not_missed_by_what_is_expected_of_it() {
    assert_eq!(about_client("shop", CLIENT), [""; 0]);
    let unknown = about_client("shpo", CLIENT);
    assert!(unknown.len() == 1 && unknown[0].contains("no client is called `shpo`"), "{unknown:?}");
    let unread = about_client("shop", &CLIENT.replace("10/s", "10"));
    assert!(unread.len() == 1 && unread[0].contains("a rate needs a unit"), "{unread:?}");
}

#[test]
fn a_scenario_without_a_version_is_told_its_own() {
    let said = shown(&load_text("kind: Scenario\nspec: {}\n"));
    assert!(said.contains("begin with `apiVersion: rollsim.dev/v1`"), "{said}");
    let said = shown(&load_text("kind: Deployment\nspec: {}\n"));
    assert!(said.contains("begin with `apiVersion: apps/v1`"), "{said}");
}

#[test]
fn who_asks_for_a_port_by_name_is_told_names() {
    let ingress = "---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec: { defaultBackend: { service: { name: web, port: { name: htp } } } }
";
    let named =
        CLIENT.replace("{ port: 80 }", "{ port: 80, name: http }, { port: 81, name: admin }");
    let said = shown(&load_text(&(named + ingress)));
    assert!(said.contains("has no port htp") && said.contains("it has `http`, `admin`"), "{said}");
    let said = shown(&load_text(&(CLIENT.to_owned() + ingress)));
    assert!(said.contains("it has 80, which has no name: write `number` instead"), "{said}");
}
