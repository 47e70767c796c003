//! Services that select no pod, and a default load that has nobody to go to: what is advised.

use super::{load_text, shown};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, tier: front } }
    spec: { containers: [ { name: web, image: web:v1, ports: [ { containerPort: 8080 } ] } ] }
";

/// What is said of the Deployment, beside a Service of this specification.
fn said(service: Option<&str>) -> String {
    let service = service.map_or_else(String::new, |spec| {
        format!("---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec: {spec}\n")
    });
    shown(&load_text(&format!("{DEPLOYMENT}{service}")))
}

#[test]
fn the_labels_that_pods_have_are_told() {
    let selecting = |selector: &str| {
        said(Some(&format!("{{ selector: {{ {selector} }}, ports: [ {{ port: 8080 }} ] }}")))
    };
    let near = selecting("app: wbe");
    assert!(
        near.contains("Deployment `web` is nearest: its pods have `app=web,tier=front`"),
        "{near}"
    );
    let far = selecting("name: shop");
    let wanted = "write the labels that pods have: `app=web,tier=front` (of Deployment `web`)";
    assert!(far.contains(wanted), "{far}");
}

#[test]
fn where_the_default_load_has_nobody_to_go_to_it_says_why() {
    let selector = "selector: { app: web }";
    let of = |spec: &str| said(Some(&format!("{{ {spec} }}")));
    let cases = [
        (said(None), "there is no Service, so nobody sends requests", "add the Service in front"),
        (
            of("selector: { app: wbe }, ports: [ { port: 8080 } ]"),
            "no Service selects a pod, so",
            "give one the labels that the pods have",
        ),
        (
            of(&format!("{selector}, clusterIP: None, ports: [ {{ port: 8080 }} ]")),
            "only headless Services select pods, so",
            "= help: write a Scenario with clients",
        ),
        (
            of(&format!("{selector}, ports: [ {{ port: 8080, protocol: UDP }} ]")),
            "no Service that selects pods has a cluster IP and a TCP port, so",
            "= help: write a Scenario with clients",
        ),
    ];
    for (said, message, help) in cases {
        assert!(said.contains(message) && said.contains(help), "{message}: {said}");
    }
    let called = of(&format!("{selector}, ports: [ {{ port: 8080 }} ]"));
    assert!(!called.contains("RS0213"), "{called}");
}
