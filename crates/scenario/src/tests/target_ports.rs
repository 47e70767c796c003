//! Ports that pods and Services have at different times.

use super::{
    load_files,
    selectors::{deployment, service},
    shown,
};

/// What is said of target ports under a timeline, a line each. At the beginning the port is `http`, number
/// 8080; `NAME-NUMBER.yaml` is a Deployment whose port is that, and `NAME.yaml` a Service that leads there.
fn said(target: &str, timeline: &[(u32, &str)]) -> Vec<String> {
    let steps = timeline.iter().map(|(at, step)| format!("{{ at: {at}s, kubectl: {step} }}"));
    let scenario = format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: test }}
spec:
  manifests: [ web.yaml ]
  images: {{ web:v1: {{}}, web:v2: {{ listen: [9090] }} }}
  clients: [ {{ name: shop, target: http://svc/, arrivals: poisson(10/s) }} ]
  timeline: [ {} ]
",
        steps.collect::<Vec<_>>().join(", ")
    );
    let web = |name: &str, number: &str| {
        deployment("web", "app: web", &format!("{{ name: {name}, containerPort: {number} }}"))
    };
    let svc = |target: &str| service("app: web", &format!("targetPort: {target}"));
    let files = [
        ("scenario.yaml", scenario),
        ("web.yaml", web("http", "8080") + &svc(target)),
        ("http-8080.yaml", web("http", "8080")),
        ("api-8080.yaml", web("api", "8080")),
        ("http-9090.yaml", web("http", "9090")),
        ("http.yaml", svc("http")),
        ("api.yaml", svc("api")),
        ("9090.yaml", svc("9090")),
        ("8080.yaml", svc("8080")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let mut loaded = load_files(&["scenario.yaml"], &files);
    loaded.diagnostics.retain(|it| ["RS0109", "RS0118"].contains(&it.code.id()));
    shown(&loaded).lines().filter(|line| line.starts_with("warning[")).map(str::to_owned).collect()
}

const RENAMED: &str = "warning[RS0109]: Service `default/svc` leads to a port named `http`, which no \
                       container of Deployment `default/web` declares as it is applied";
const AT_FIRST: &str = "warning[RS0109]: Service `default/svc` leads to a port named `api`, which no container \
                        of Deployment `default/web` declares at first: its pods get no request until they \
                        are replaced";

#[test]
fn a_name_has_to_be_there_as_long_as_the_service_leads_to_it() {
    let [rename, lead] = ["apply -f api-8080.yaml", "apply -f api.yaml"];
    type Case<'t> = (&'t [(u32, &'t str)], &'t [&'t str]);
    let cases: [Case<'_>; 8] = [
        (&[], &[]),
        (&[(5, rename)], &[RENAMED]),
        (&[(5, lead), (9, rename)], &[AT_FIRST]),
        (&[(5, rename), (9, lead)], &[RENAMED]),
        // At one moment, whichever comes first, old pods are there still.
        (&[(5, rename), (5, lead)], &[AT_FIRST]),
        (&[(5, lead), (5, rename)], &[AT_FIRST]),
        (&[(5, "apply -f http-8080.yaml")], &[]),
        (&[(5, "delete service svc"), (9, rename), (20, lead)], &[]),
    ];
    for (timeline, wanted) in cases {
        assert_eq!(said("http", timeline), wanted, "{timeline:?}");
    }
}

#[test]
fn a_number_has_to_be_listened_on_as_long_as_the_service_leads_to_it() {
    let deaf = |port: u16, image: &str, rest: &str| {
        format!(
            "warning[RS0118]: Service `default/svc` leads to port {port}, on which pods of `{image}` do not \
             listen{rest}"
        )
    };
    let left = ", as long as they are there";
    let [image, lead] = ["set image deployment/web web=web:v2", "apply -f 9090.yaml"];
    assert_eq!(said("8080", &[(5, image)]), [deaf(8080, "web:v2", "")]);
    assert_eq!(said("8080", &[(5, image), (5, lead)]), [deaf(9090, "web:v1", left)]);
    let nobody = "warning[RS0118]: Service `default/svc` leads to port 9090, on which no pod behind it listens";
    assert_eq!(
        said("8080", &[(5, lead), (9, image)]),
        [deaf(9090, "web:v1", left)],
        "for four seconds they are all there are"
    );
    assert_eq!(said("8080", &[(5, lead)]), [nobody]);
    // An undo brings the old version back, and what is deleted hears nothing.
    let undo = "rollout undo deployment/web";
    assert_eq!(said("8080", &[(5, image), (5, lead), (30, undo)]), [deaf(9090, "web:v1", "")]);
    let undo_first = format!("{undo} --to-revision=1");
    assert_eq!(
        said("8080", &[(5, image), (5, lead), (30, &undo_first)]),
        [deaf(9090, "web:v1", "")],
    );
    // A restart is a revision of its own.
    let restart = "rollout restart deployment/web";
    assert_eq!(
        said("8080", &[(5, image), (5, lead), (10, restart), (15, undo)]),
        [deaf(9090, "web:v1", left)],
        "the one before the restart is web:v2, too"
    );
    let second = format!("{undo} --to-revision=2");
    assert_eq!(
        said("8080", &[(2, restart), (5, image), (5, lead), (30, &second)]),
        [deaf(9090, "web:v1", "")]
    );
    // What is set while rollouts are held comes when they go on.
    let [hold, go_on] = ["rollout pause deployment/web", "rollout resume deployment/web"];
    assert_eq!(
        said("8080", &[(10, hold), (11, image), (20, lead), (25, go_on)]),
        [deaf(9090, "web:v1", left)]
    );
    let anew =
        [(5, "delete deployment web"), (30, "apply -f http-9090.yaml"), (30, "apply -f 9090.yaml")];
    assert_eq!(said("8080", &anew), [""; 0]);
    assert_eq!(said("http", &[(5, "apply -f http-9090.yaml")]), [""; 0], "a name leads to both");
}
