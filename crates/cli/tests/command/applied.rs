//! `--apply`: what comes of applying files to manifests, where nobody wrote a Scenario.

use super::bench::{Ran, folder, rollsim_in, write};

const NOW: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:v1
          ports: [ { containerPort: 8080 } ]
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: 8080 } ] }
";

/// What is said of these manifests and of what is applied to them.
fn ran(name: &str, verb: &str, next: &str, arguments: &[&str]) -> Ran {
    let folder = folder(&format!("applied-{name}"));
    write(&folder, "now/app.yaml", NOW);
    write(&folder, "the next one/app.yaml", next);
    rollsim_in(&folder, &[&[verb], arguments].concat())
}

const APPLIED: [&str; 3] = ["now", "--apply", "the next one"];

#[test]
fn what_changes_is_rolled_out() {
    let next = NOW.replace("web:v1", "web:v2").replace("replicas: 3", "replicas: 5");
    let run = ran("changes", "run", &next, &APPLIED).ended_with(0);
    for words in [
        "Default load on every Service while the next one is applied.",
        "default/web   web:v1 → web:v2",
        "in the next one/app.yaml, add below line",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let same = ran("same", "run", NOW, &APPLIED).ended_with(0);
    assert!(!same.stdout.contains("ROLLOUT"), "{}", same.stdout);
}

#[test]
fn what_is_wrong_with_it_is_said() {
    let missing = ran("missing", "check", NOW, &["now", "--apply", "nowhere"]).ended_with(2);
    missing.says(&["cannot read `nowhere`", "--> --apply:1:1", "check the path"]);
    let selector = NOW.replace("app: web }", "app: shop }");
    let moved = ran("moved", "check", &selector, &APPLIED).ended_with(2);
    moved.says(&[
        "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"shop\"}}: field is immutable",
        "apply -f 'the next one'",
    ]);
    let folder = folder("applied-scenario");
    write(&folder, "next.yaml", NOW);
    let scenario =
        "apiVersion: rollsim.dev/v1\nkind: Scenario\nmetadata: { name: a }\nspec: {}\n---\n";
    write(&folder, "s.yaml", &format!("{scenario}{NOW}"));
    rollsim_in(&folder, &["run", "s.yaml", "--apply", "next.yaml"])
        .ended_with(2)
        .says(&["this is one", "add { at: 30s, kubectl: apply -f next.yaml } to `spec.timeline`"]);
}
