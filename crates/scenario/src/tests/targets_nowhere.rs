//! Clients that cannot reach what they call: by a Service, an Ingress or an HTTPRoute.

use super::{
    findings, load_text,
    scenarios::{QUIET, with_scenario},
    shown,
};

#[test]
fn what_is_not_reachable_is_said() {
    let inside = with_scenario(QUIET)
        .replace("type: NodePort", "type: ClusterIP")
        .replace(", nodePort: 30080", "");
    let outside = inside.replace("name: shop,", "name: shop, from: outside,");
    assert_eq!(
        findings(&load_text(&outside)),
        ["RS0204 6: Service `default/web-svc` cannot be reached from outside"]
    );
    let headless = outside.replace("10.96.0.60", "None");
    assert_eq!(
        findings(&load_text(&headless)),
        ["RS0204 6: Service `default/web-svc` cannot be reached from outside"]
    );
    let name = inside
        .replace("type: ClusterIP\n", "type: ExternalName\n  externalName: db.example.com\n")
        .replace("  clusterIP: 10.96.0.60\n", "");
    assert_eq!(
        findings(&load_text(&name)),
        [
            "RS0210 6: Service `default/web-svc` stands for db.example.com, which is no Service of this cluster"
        ]
    );
}

/// A host that no Service has is an Ingress' matter, from outside.
#[test]
fn what_no_ingress_leads_anywhere_is_said() {
    const FRONT: &str = "\
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front }
spec:
  rules:
  - host: shop.example.com
    http:
      paths: [ { path: /cart, pathType: Prefix, backend: { service: { name: web-svc, port: { number: 80 } } } } ]
";
    let cases = [
        ("outside", "http://shop.example.com/cart/1", None),
        ("outside", "http://shop.example.com/", Some("the rules for that host are for /cart")),
        ("outside", "http://shop.exampel.com/cart", Some("did you mean `shop.example.com`?")),
        (
            "node",
            "http://shop.example.com/cart",
            Some("an Ingress has that host: write `from: outside`"),
        ),
    ];
    for (from, target, help) in cases {
        let clients = format!(
            "clients: [ {{ name: shop, from: {from}, target: '{target}', arrivals: poisson(1/s) }} ]"
        );
        let text = with_scenario(&format!("images: {{ web:v1: {{}} }}\n{clients}\n")) + FRONT;
        let loaded = load_text(&text);
        let said = shown(&loaded);
        match help {
            None => assert!(loaded.scenario.is_some(), "{target}: {said}"),
            Some(help) => assert!(said.contains(help), "{target}: {said}"),
        }
    }
}

/// And so it is of an HTTPRoute, which is behind its Gateway's listeners.
#[test]
fn what_no_http_route_leads_anywhere_is_said() {
    const FRONT: &str = "\
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front }
spec: { gatewayClassName: any, listeners: [ { name: http, port: 8080, protocol: HTTP, hostname: '*.example.com' } ] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [ { name: front } ]
  hostnames: [ shop.example.com ]
  rules:
  - matches: [ { path: { value: /cart } } ]
    backendRefs: [ { name: web-svc, port: 80, weight: 9 }, { name: web-svk, port: 80, weight: 1 } ]
";
    let at_listener = "the rules for that host are for /cart, at the ports and hosts of";
    let cases = [
        ("outside", "http://shop.example.com:8080/cart/1", None),
        ("outside", "http://shop.example.com/cart", Some(at_listener)),
        ("outside", "http://shop.example.com:8080/", Some(at_listener)),
        ("outside", "http://shop.exampel.com:8080/cart", Some("did you mean `shop.example.com`?")),
        (
            "node",
            "http://shop.example.com:8080/cart",
            Some("an HTTPRoute has that host: write `from: outside`"),
        ),
    ];
    for (from, target, help) in cases {
        let clients = format!(
            "clients: [ {{ name: shop, from: {from}, target: '{target}', arrivals: poisson(1/s) }} ]"
        );
        let text = with_scenario(&format!("images: {{ web:v1: {{}} }}\n{clients}\n")) + FRONT;
        let loaded = load_text(&text);
        let said = shown(&loaded);
        match (help, &loaded.scenario) {
            (None, Some(scenario)) => {
                let target = &scenario.clients[0].target;
                let web = api::Key::new("default", "web-svc");
                let backends = target.routed.iter().map(|it| (it.backend.is_some(), it.weight));
                assert_eq!(backends.collect::<Vec<_>>(), [(true, 9), (false, 1)]);
                assert!(target.service == web && (target.share_of(&web) - 0.9).abs() < 1e-9);
            }
            (Some(help), _) => assert!(said.contains(help), "{target}: {said}"),
            (None, None) => panic!("{target}: {said}"),
        }
    }
}

/// Where an Ingress has the same host, the closer one counts, and of two that are as close the route.
#[test]
fn of_an_ingress_and_a_route_the_closer_host_counts() {
    let text = |ingress: &str, route: &str| {
        let clients = "clients: [ { name: shop, from: outside, target: 'http://shop.example.com/', arrivals: poisson(1/s) } ]";
        with_scenario(&format!("images: {{ web:v1: {{}} }}\n{clients}\n"))
            + &format!(
                "---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{ name: front }}
spec:
  rules:
  - host: '{ingress}'
    http:
      paths: [ {{ path: /, pathType: Prefix, backend: {{ service: {{ name: web-svc, port: {{ number: 80 }} }} }} }} ]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: shop }}
spec:
  hostnames: [ '{route}' ]
  rules: [ {{ backendRefs: [ {{ name: web-svc, port: 80, weight: 7 }} ] }} ]
"
            )
    };
    let cases = [
        ("shop.example.com", "shop.example.com", 7),
        ("*.example.com", "shop.example.com", 7),
        ("*.example.com", "*.example.com", 7),
        ("shop.example.com", "*.example.com", 1),
        ("*.example.com", "*.com", 1),
    ];
    for (ingress, route, weight) in cases {
        let loaded = load_text(&text(ingress, route));
        let scenario = loaded.scenario.as_ref().unwrap_or_else(|| panic!("{}", shown(&loaded)));
        assert_eq!(scenario.clients[0].target.routed[0].weight, weight, "{ingress} {route}");
    }
}
