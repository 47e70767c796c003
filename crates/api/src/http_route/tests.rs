use super::*;
use crate::gateway::{Listener, RoutesFrom};

use PathMatch::{Exact, PathPrefix, RegularExpression};

/// A route with a rule for each path, which leads to a Service of the route's name and the rule's place.
fn http_route(name: &str, hosts: &[&str], paths: &[(PathMatch, &str)]) -> HttpRoute {
    let rules = paths.iter().enumerate().map(|(place, (path_match, path))| HttpRouteRule {
        matches: vec![HttpRouteMatch {
            path: (*path).to_owned(),
            path_match: *path_match,
            asks_more: false,
        }],
        backends: vec![HttpBackendRef {
            namespace: None,
            name: format!("{name}-{place}"),
            port: 80,
            weight: 1,
        }],
    });
    let hostnames = hosts.iter().map(|host| (*host).to_owned()).collect();
    let spec = HttpRouteSpec { parents: Vec::new(), hostnames, rules: rules.collect() };
    HttpRoute { meta: Meta::new("default", name), spec }
}

fn leads_to(routes: &[HttpRoute], gateways: &[&Gateway], host: &str, path: &str) -> Option<String> {
    let found = route(routes.iter(), gateways, (host, 80), path);
    found.map(|(_, rule)| rule.backends[0].name.clone())
}

#[test]
fn the_closest_host_then_the_closest_path_then_the_first_name_wins() {
    let mut routes = [
        http_route("wide", &[], &[(PathPrefix, "/")]),
        http_route("wild", &["*.com"], &[(PathPrefix, "/")]),
        http_route("wilder", &["*.example.com"], &[(PathPrefix, "/")]),
        http_route(
            "shop",
            &["shop.example.com"],
            &[
                (PathPrefix, "/cart"),
                (PathPrefix, "/cart/items"),
                (Exact, "/cart"),
                (PathPrefix, "/cart"),
                (RegularExpression, "/any.*"),
            ],
        ),
        http_route("late", &["shop.example.com"], &[(PathPrefix, "/cart"), (PathPrefix, "/x")]),
        http_route("method", &["shop.example.com"], &[(Exact, "/x")]),
    ];
    routes[5].spec.rules[0].matches[0].asks_more = true;
    let cases = [
        ("elsewhere.org", "/", Some("wide-0")),
        ("foo.com", "/", Some("wild-0")),
        ("other.example.com", "/", Some("wilder-0")),
        ("a.b.example.com", "/", Some("wilder-0")),
        ("example.com", "/", Some("wild-0")),
        ("shop.example.com", "/cart", Some("shop-2")),
        ("shop.example.com", "/cart/", Some("late-0")),
        ("shop.example.com", "/cart/items/1", Some("shop-1")),
        ("shop.example.com", "/carts", None),
        ("shop.example.com", "/anything", None),
        ("shop.example.com", "/x", Some("late-1")),
    ];
    for (host, path, expected) in cases {
        assert_eq!(leads_to(&routes, &[], host, path).as_deref(), expected, "{host}{path}");
        routes.reverse();
        let found = leads_to(&routes, &[], host, path);
        assert_eq!(found.as_deref(), expected, "{host}{path} in another order");
    }
}

#[test]
fn a_rule_matches_where_any_of_its_matches_does() {
    let mut route = http_route("shop", &[], &[(Exact, "/a"), (PathPrefix, "/")]);
    let more = HttpRouteMatch { path: "/b".to_owned(), path_match: Exact, asks_more: false };
    route.spec.rules[0].matches.push(more);
    let routes = [route];
    for (path, expected) in [("/a", "shop-0"), ("/b", "shop-0"), ("/c", "shop-1")] {
        assert_eq!(leads_to(&routes, &[], "x", path).as_deref(), Some(expected), "{path}");
    }
}

#[test]
fn a_listener_of_a_gateway_has_to_let_the_host_in() {
    let listener = |name: &str, hostname: Option<&str>, port, from| Listener {
        name: name.to_owned(),
        hostname: hostname.map(str::to_owned),
        port,
        protocol: "HTTP".to_owned(),
        from,
    };
    let gateway = |listeners| Gateway {
        meta: Meta::new("infra", "front"),
        class_name: "any".to_owned(),
        listeners,
    };
    let wild = || listener("web", Some("*.example.com"), 80, RoutesFrom::All);
    let open = gateway(vec![wild()]);
    let closed = gateway(vec![listener("web", None, 80, RoutesFrom::Same)]);
    let elsewhere = gateway(vec![listener("web", None, 8080, RoutesFrom::All)]);
    let raw = gateway(vec![Listener { protocol: "TCP".to_owned(), ..wild() }]);
    let other_name = gateway(vec![Listener { name: "admin".to_owned(), ..wild() }]);
    let cases = [
        (&open, "shop.example.com", &[][..], true),
        (&open, "shop.example.org", &[][..], false),
        (&open, "shop.example.com", &["shop.example.com"][..], true),
        (&open, "shop.example.com", &["other.example.com"][..], false),
        (&open, "shop.example.org", &["shop.example.org"][..], false),
        (&closed, "shop.example.com", &[][..], false),
        (&elsewhere, "shop.example.com", &[][..], false),
        (&raw, "shop.example.com", &[][..], false),
        (&other_name, "shop.example.com", &[][..], false),
    ];
    for (gateway, host, hostnames, admitted) in cases {
        let mut route = http_route("shop", hostnames, &[(PathPrefix, "/")]);
        route.spec.parents.push(ParentRef {
            namespace: Some("infra".to_owned()),
            name: "front".to_owned(),
            section_name: Some("web".to_owned()),
            port: None,
        });
        let found = leads_to(&[route.clone()], &[gateway], host, "/");
        assert_eq!(found.is_some(), admitted, "{gateway:?} {host} {hostnames:?}");
        route.spec.parents[0].name = "not-there".to_owned();
        let own = hostnames.is_empty() || hostnames == [host];
        assert_eq!(leads_to(&[route], &[gateway], host, "/").is_some(), own, "no such Gateway");
    }
}
