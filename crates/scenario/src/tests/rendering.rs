//! How diagnostics look.

use insta::assert_snapshot;

use super::{
    load_text,
    scenarios::{APP, QUIET, with_scenario},
    shown,
};
use crate::{Style, render};

fn rendered(from: &str, to: &str) -> String {
    let text = with_scenario(QUIET);
    assert!(text.contains(from), "{from}");
    shown(&load_text(&text.replacen(from, to, 1)))
}

#[test]
fn an_unknown_field_is_shown_with_what_was_meant() {
    assert_snapshot!(rendered("containerPort", "containerPrt"), @r"
    error[RS0101]: unknown field `spec.template.spec.containers[0].ports[0].containerPrt`
      --> app.yaml:20:32
       |
    20 |         ports: [ { name: http, containerPrt: 8080 } ]
       |                                ^^^^^^^^^^^^ not a field of ContainerPort
       |
       = help: did you mean `containerPort`?

    1 error
    ");
}

#[test]
fn a_place_inside_a_text_gets_the_caret() {
    assert_snapshot!(rendered("poisson(10/s)", "'poisson(10/d)'"), @r#"
    error[RS0104]: spec.clients[0].arrivals: unknown unit "d": one of /s, /m, /h
     --> app.yaml:6:75
      |
    6 |   clients: [ { name: shop, target: http://web-svc/, arrivals: 'poisson(10/d)' } ]
      |                                                                           ^
      |
      = help: write constant(200/s), poisson(200/s) or, in quotes, "steps(0s: 100/s, 30s: 500/s)"

    1 error
    "#);
}

#[test]
fn two_places_are_shown_together() {
    let strategy =
        "replicas: 3\n  strategy:\n    rollingUpdate:\n      maxSurge: 0\n      maxUnavailable: 0";
    assert_snapshot!(rendered("replicas: 3", strategy), @r"
    error[RS0106]: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0
      --> app.yaml:16:23
       |
    15 |       maxSurge: 0
       |                 - no pod may be added
    16 |       maxUnavailable: 0
       |                       ^ no pod may be taken away
       |
       = help: let maxSurge or maxUnavailable be at least 1

    1 error
    ");
}

#[test]
fn a_duplicate_key_is_a_warning() {
    assert_snapshot!(rendered("  replicas: 3\n", "  replicas: 3\n  replicas: 4\n"), @r"
    warning[RS0013]: key `replicas` is set twice in the same mapping; kubectl keeps the last one
      --> app.yaml:13:3
       |
    12 |   replicas: 3
       |   -------- first set here, silently dropped
    13 |   replicas: 4
       |   ^^^^^^^^ this value wins
       |
       = help: delete one of the two

    1 warning
    ");
}

#[test]
fn a_client_is_told_the_port_of_the_service() {
    assert_snapshot!(rendered("http://web-svc/", "http://web-svc:8080/"), @r"
    error[RS0203]: Service `default/web-svc` has no port 8080
     --> app.yaml:6:51
      |
    6 |   clients: [ { name: shop, target: http://web-svc:8080/, arrivals: poisson(10/s) } ]
      |                                                   ^^^^^
      |
      = help: its only TCP port is 80

    1 error
    ");
}

#[test]
fn a_template_is_recognised() {
    assert_snapshot!(shown(&load_text("apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: {{ .Values.replicas }}\n")), @r"
    error[RS0102]: spec.replicas: a mapping where a whole number is wanted
     --> app.yaml:4:13
      |
    4 |   replicas: {{ .Values.replicas }}
      |             ^^^^^^^^^^^^^^^^^^^^^^ wrong type
      |
      = help: write a whole number here

    error[RS0014]: a mapping cannot be a key
     --> app.yaml:4:14
      |
    4 |   replicas: {{ .Values.replicas }}
      |              ^^^^^^^^^^^^^^^^^^^^ not a text
      |
      = help: if this is a template, render it first: `helm template . | rollsim run -`

    2 errors
    ");
}

#[test]
fn colour_is_added_and_nothing_else() {
    let loaded = load_text(&APP.replace("apps/v1", "apps/v2"));
    let coloured = render(&loaded.diagnostics, &loaded.sources, Style::Ansi);
    let mut plain = String::new();
    let mut parts = coloured.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(plain, shown(&loaded));
}
