use std::io;

use scenario::{Files, Found};

use super::*;

/// One file.
struct One(String);

impl Files for One {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, _: &str, _: usize) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

/// Keeps what was said of the steps.
#[derive(Default)]
struct Steps(Vec<String>);

impl Recorder for Steps {
    fn record(&mut self, _: Time, record: &Record) {
        if let Record::StepRan { text } = record {
            self.0.push(text.to_string());
        }
    }
}

const APP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: web:v1 } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
---
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: test }
spec:
  duration: 60s
  timeline:
";

/// What is recorded of kubectl commands, ten seconds apart.
fn said(commands: &[&str]) -> Vec<String> {
    let step = |(index, command): (usize, &&str)| {
        format!("  - {{ at: {}s, kubectl: {command} }}\n", 5 + 10 * index)
    };
    let text = APP.to_owned() + &commands.iter().enumerate().map(step).collect::<String>();
    let loaded = scenario::load(&["a.yaml".to_owned()], &One(text), &|_| Ok(None));
    let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let mut steps = Steps::default();
    crate::run(crate::compile(&scenario, 1), &mut steps);
    steps.0
}

#[test]
fn what_kubectl_refuses_is_said() {
    let steps = said(&[
        "rollout undo deployment/web",
        "rollout undo deployment/web --to-revision=9",
        "rollout restart deployment/web",
        "rollout undo deployment/web",
    ]);
    assert_eq!(
        steps,
        [
            "rollout undo deployment/web -> error: no rollout history found for deployment \"web\"",
            "rollout undo deployment/web --to-revision=9 -> error: unable to find specified revision 9 in history",
            "rollout restart deployment/web",
            "rollout undo deployment/web",
        ]
    );
}

#[test]
fn a_paused_deployment_is_neither_restarted_nor_undone() {
    let steps = said(&[
        "rollout restart deployment/web",
        "rollout pause deployment/web",
        "rollout restart deployment/web",
        "rollout undo deployment/web",
    ]);
    assert_eq!(
        steps[2..],
        [
            "rollout restart deployment/web -> error: deployments.apps \"web\" can't restart paused deployment (run rollout resume first)",
            "rollout undo deployment/web -> error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ]
    );
}

#[test]
fn a_service_is_deleted_once() {
    let steps = said(&["delete service web-svc", "delete svc/web-svc"]);
    assert_eq!(
        steps,
        ["delete service web-svc", "delete svc/web-svc -> error: services \"web-svc\" not found"]
    );
}
