//! Services whose selector or named port fits no pod: where that is shown, and what is advised.

use super::{findings, load_files, load_text, shown};

/// A Deployment whose pods have these labels, and a container with these ports.
pub(super) fn deployment(name: &str, labels: &str, ports: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  selector: {{ matchLabels: {{ {labels} }} }}
  template:
    metadata: {{ labels: {{ {labels} }} }}
    spec: {{ containers: [ {{ name: {name}, image: {name}:v1, ports: [ {ports} ] }} ] }}
---
"
    )
}

fn pod(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{ name: {name}, labels: {{ {labels} }} }}
spec: {{ containers: [ {{ name: {name}, image: {name}:v1 }} ] }}
---
"
    )
}

pub(super) fn service(selector: &str, port: &str) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{ name: svc }}
spec:
  selector: {{ {selector} }}
  ports: [ {{ port: 80, {port} }} ]
---
"
    )
}

/// What is said of a code where `before` is there, and `after` is applied.
fn said_applying(code: &str, before: &str, after: &str) -> String {
    let scenario = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: test }
spec:
  manifests: [ before.yaml ]
  images: { web:v1: {} }
  clients: [ { name: shop, target: http://svc/, arrivals: poisson(10/s) } ]
  timeline: [ { at: 5s, kubectl: apply -f after.yaml } ]
";
    let files = [("scenario.yaml", scenario), ("before.yaml", before), ("after.yaml", after)];
    let mut loaded = load_files(&["scenario.yaml"], &files);
    loaded.diagnostics.retain(|diagnostic| diagnostic.code.id() == code);
    shown(&loaded)
}

fn said(text: &str) -> String {
    let mut loaded = load_text(text);
    loaded.diagnostics.retain(|diagnostic| diagnostic.code.id() == "RS0108");
    shown(&loaded)
}

fn wants(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in\n{said}");
    }
}

#[test]
fn the_nearest_pods_are_those_whose_values_are_spelt_alike() {
    let port = "containerPort: 80";
    let both = |one: &str, other: &str| {
        let of = |name: &str| deployment(name, &format!("app: {name}"), port_of(port).as_str());
        said(&(of(one) + &of(other) + &service("app: apii", "targetPort: 80")))
    };
    wants(&both("api", "worker"), &["Deployment `api` is nearest"]);
    wants(&both("worker", "api"), &["Deployment `api` is nearest"]);
    // Of those that are as near, the first counts.
    wants(&both("apix", "apiy"), &["Deployment `apix` is nearest"]);
    wants(&both("apiy", "apix"), &["Deployment `apiy` is nearest"]);
}

fn port_of(port: &str) -> String {
    format!("{{ {port} }}")
}

#[test]
fn the_one_label_that_is_wrong_is_pointed_at() {
    let key = "app.kubernetes.io/name";
    let labels = format!("{key}: web, tier: front");
    let with = |selector: &str| {
        said(&(deployment("web", &labels, "") + &service(selector, "targetPort: 80")))
    };
    let caret = |said: &str, under: &str, label: &str| {
        let lines: Vec<&str> = said.lines().collect();
        let at = lines.iter().position(|line| line.contains('^')).expect("a caret");
        let (line, carets) = (lines[at - 1], lines[at]);
        let start = carets.find('^').expect("a caret");
        let length = carets.chars().filter(|c| *c == '^').count();
        assert_eq!(&line[start..start + length], under, "{said}");
        assert!(carets.contains(label), "{said}");
    };
    caret(&with(&format!("{key}: wbe, tier: front")), "wbe", "Deployment `web` has `web`");
    caret(&with(&format!("{key}: web, side: left")), "left", "Deployment `web` has no such label");
    caret(&with(&format!("{key}: wbe, tier: fornt")), "selector", "no pod has these labels");
    caret(&with("name: shop"), "selector", "no pod has these labels");
}

#[test]
fn pods_without_labels_are_told_from_no_pods() {
    let of = |pods: &str| said(&(pods.to_owned() + &service("app: web", "targetPort: 80")));
    wants(
        &of(&pod("web", "")),
        &["the pods of namespace `default` have no labels: give them `app=web`"],
    );
    wants(&of(""), &["no pods are described in namespace `default`: add their Deployment"]);
    wants(&of(&pod("web", "name: web")), &["write the labels that pods have: `name=web`"]);
}

#[test]
fn pods_of_an_applied_file_are_looked_at_too() {
    let svc = service("app: wbe", "targetPort: 80");
    let applied = |labels: &str| {
        let after = deployment("web", labels, "");
        said_applying("RS0108", &svc, &after)
    };
    wants(&applied("app: web"), &["Deployment `web` is nearest: its pods have `app=web`"]);
    wants(&applied("name: web"), &["write the labels that pods have: `name=web`"]);
    // Two versions of a Deployment are told once.
    let web = deployment("web", "name: web", "");
    let both = said_applying("RS0108", &(svc.clone() + &web), &web);
    wants(&both, &["write the labels that pods have: `name=web` (of Deployment `web`)\n"]);
}

#[test]
fn where_no_service_selects_a_pod_the_advice_fits_the_pods() {
    let svc = service("app: web", "targetPort: 80");
    let other = "kind: Pod\nmetadata: { namespace: shop, ";
    let other = pod("web", "app: web").replace("kind: Pod\nmetadata: { ", other);
    let cases = [
        (
            pod("web", "name: web"),
            "give one the labels that the pods have as its selector, or write",
        ),
        (pod("web", ""), "give the pods the labels that a Service selects, or write"),
        (String::new(), "add the Deployment of the pods, or write"),
        (other, "put a Service into the namespace of the pods, or write"),
    ];
    for (pods, help) in cases {
        wants(&shown(&load_text(&(pods + &svc))), &["no Service selects a pod, so", help]);
    }
    let files = [("svc.yaml", svc.as_str()), ("web.yaml", &deployment("web", "app: web", ""))];
    let (files, applied) = (super::Memory::new(&files), ["web.yaml".to_owned()]);
    let loaded = crate::load_applying(&["svc.yaml".to_owned()], &applied, &files, &super::judge);
    wants(
        &shown(&loaded),
        &[
            "no Service selects a pod before the change, so",
            "add the pods that are there before, or",
        ],
    );
}

#[test]
fn a_name_that_is_declared_for_another_protocol_is_said_to_be() {
    let web = deployment("web", "app: web", "{ name: http, containerPort: 80 }");
    let svc = service("app: web", "targetPort: http, protocol: UDP");
    let said = shown(&load_text(&(web + &svc)));
    wants(
        &said,
        &[
            "declares a port named `http` for UDP",
            "declared for TCP, and the Service asks for UDP",
            "write `protocol: TCP` for this port of the Service, or `protocol: UDP`",
        ],
    );
}

#[test]
fn a_version_that_renames_the_port_is_found() {
    let version = |port: &str| {
        deployment("web", "app: web", &format!("{{ name: {port}, containerPort: 80 }}"))
    };
    let svc = |target: &str| service("app: web", &format!("targetPort: {target}"));
    let of = |before: String, after: String| said_applying("RS0109", &before, &after);
    let renamed = of(version("http") + &svc("http"), version("web"));
    wants(
        &renamed,
        &[
            "Service `default/svc` leads to a port named `http`, which no container of Deployment \
             `default/web` declares as it is applied",
            "leads to no pod of that version",
            "after.yaml:8",
            "applied here",
        ],
    );
    // It is one complaint where nobody has the name.
    assert_eq!(of(version("http") + &svc("http"), version("http")), "");
    let nobody = of(version("http") + &svc("www"), version("web"));
    assert_eq!(nobody.matches("RS0109").count(), 1, "{nobody}");
    // The Service that comes along is looked at like others.
    let late = of(version("http"), version("web") + &svc("http"));
    wants(&late, &["leads to a port named `http`, which no container of Deployment `default/web`"]);
    let never = of(version("http"), svc("www"));
    wants(&never, &["no container behind Service `default/svc` declares a port named `www`"]);
}

#[test]
fn who_has_no_such_port_from_the_start_is_not_renamed() {
    let web = deployment("web", "app: web", "{ name: http, containerPort: 80 }");
    let other = |image: &str| {
        deployment("other", "app: web", "{ containerPort: 81 }").replace("other:v1", image)
    };
    let before = web + &other("web:v1") + &service("app: web", "targetPort: http");
    assert_eq!(said_applying("RS0109", &before, &other("web:v2")), "");
    assert_eq!(findings(&load_text(&before)).iter().filter(|it| it.contains("RS0109")).count(), 0);
}
