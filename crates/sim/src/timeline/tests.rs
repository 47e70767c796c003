use std::{io, sync::Arc};

use scenario::{Files, Found};

use api::{Deployment, Kind, Object, Strategy};

use super::*;

/// A scenario, and the files that it applies.
struct Texts(String);

impl Files for Texts {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        Ok(applied(path).unwrap_or_else(|| self.0.clone()).into_bytes())
    }
}

/// Keeps what was said of the steps, and of Deployments that are held.
#[derive(Default)]
struct Steps(Vec<String>, Vec<bool>);

impl Recorder for Steps {
    fn record(&mut self, _: Time, record: &Record) {
        match record {
            Record::StepRan { text } => self.0.push(text.to_string()),
            Record::DeploymentPaused { paused, .. } => self.1.push(*paused),
            Record::DeploymentDeleted { .. } => self.1.push(false),
            _ => {}
        }
    }
}

const APP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
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

/// A Deployment with these fields beside its name, its selector and its containers.
fn manifest(name: &str, metadata: &str, spec: &str, pods: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name}, {metadata} }}
spec:
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec: {{ {pods} }}
  {spec}
"
    )
}

/// The same of one container with this image and nothing else.
fn plain(image: &str, spec: &str) -> String {
    let name = image.split(':').next().unwrap_or_default();
    manifest(name, "", spec, &format!("containers: [ {{ name: {name}, image: '{image}' }} ]"))
}

fn service(port: u16) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{ name: web-svc }}
spec: {{ type: NodePort, selector: {{ app: web }}, ports: [ {{ port: {port} }} ] }}
"
    )
}

/// What can be applied.
fn applied(path: &str) -> Option<String> {
    const WEB: &str = "containers: [ { name: web, image: 'web:v1' } ]";
    // Nothing in a run goes by a limit; the pods are replaced all the same.
    const LIMITED: &str =
        "containers: [ { name: web, image: 'web:v1', resources: { limits: { memory: 1Gi } } } ]";
    // The same as is there, in other words.
    const SAME: &str = "securityContext: {}, restartPolicy: Always, containers: [ { image: 'web:v1', \
                        name: web, resources: {}, imagePullPolicy: IfNotPresent, env: [] } ]";
    const SURGE: &str = "strategy: { rollingUpdate: { maxSurge: 5 } }";
    let held = "annotations: { kubernetes.io/change-cause: held }";
    Some(match path {
        "late.yaml" => plain("late:v1", "replicas: 2"),
        "late-v2.yaml" => plain("late:v2", ""),
        "web-default.yaml" => plain("web:v1", "replicas: 1"),
        "web-limits.yaml" => manifest("web", "", "", LIMITED),
        "web-same.yaml" => {
            manifest("web", "labels: { team: shop }", "strategy: { type: RollingUpdate }", SAME)
        }
        "web-surge.yaml" => plain("web:v2", SURGE),
        "web-surge-v3.yaml" => plain("web:v3", SURGE),
        "web-plain.yaml" => plain("web:v4", ""),
        "web-recreate.yaml" => {
            let spec = "replicas: 1\n  minReadySeconds: 3\n  strategy: { type: Recreate }";
            manifest("web", "labels: { team: shop }", spec, WEB)
        }
        "web-held.yaml" => manifest("web", held, "paused: true", WEB),
        "node-port.yaml" => service(80),
        "other-port.yaml" => service(81),
        _ => return None,
    })
}

/// What is recorded of kubectl commands, ten seconds apart.
fn said(commands: &[&str]) -> Vec<String> {
    rehearsed(commands).0
}

/// The same, and the world as it is in the end.
fn rehearsed(commands: &[&str]) -> (Vec<String>, World) {
    let steps: Vec<_> =
        (0..).map(|index| 5_000 + 10_000 * index).zip(commands.iter().copied()).collect();
    rehearsed_at(&steps)
}

/// The same of commands at these milliseconds.
fn rehearsed_at(steps: &[(u32, &str)]) -> (Vec<String>, World) {
    let step = |(at, command): &(u32, &str)| format!("  - {{ at: {at}ms, kubectl: {command} }}\n");
    let text = APP.to_owned() + &steps.iter().map(step).collect::<String>();
    let files = Texts(text);
    let loaded = scenario::load(&["a.yaml".to_owned()], &files, &|_| Ok(None));
    let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let mut steps = Steps::default();
    let world = crate::run_to(crate::compile(&scenario, 1), scenario.duration, &mut steps);
    held_as_is_said(&steps.1, &world);
    (steps.0, world)
}

/// What was said last of Deployments that are held holds.
fn held_as_is_said(said: &[bool], world: &World) {
    let mut deployments = world.objects(Kind::Deployment);
    let held = deployments.any(|it| matches!(it, Object::Deployment(it) if it.spec.paused));
    assert_eq!(said.last().copied().unwrap_or(false), held, "{said:?}");
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
        [
            "delete service web-svc",
            "delete svc/web-svc -> Error from server (NotFound): services \"web-svc\" not found"
        ]
    );
}

#[test]
fn a_deployment_is_paused_and_resumed_once() {
    let steps = said(&[
        "rollout resume deployment/web",
        "rollout pause deployment/web",
        "rollout pause deployment/web",
    ]);
    assert_eq!(
        steps,
        [
            "rollout resume deployment/web -> error: deployments.apps \"web\" is not paused",
            "rollout pause deployment/web",
            "rollout pause deployment/web -> error: deployments.apps \"web\" is already paused",
        ]
    );
}

/// How many Deployments, ReplicaSets and pods of this name there are.
fn counted(world: &World, name: &str) -> [usize; 3] {
    [Kind::Deployment, Kind::ReplicaSet, Kind::Pod].map(|kind| {
        world.objects(kind).filter(|object| object.meta().name.starts_with(name)).count()
    })
}

#[test]
fn a_deployment_is_created_by_applying_it_and_takes_its_pods_along() {
    let missing = " -> Error from server (NotFound): deployments.apps \"late\" not found";
    let (steps, world) = rehearsed(&["scale --replicas=5 deployment/late", "apply -f late.yaml"]);
    assert_eq!(
        steps,
        [&format!("scale --replicas=5 deployment/late{missing}"), "apply -f late.yaml"]
    );
    assert_eq!(counted(&world, "late"), [1, 1, 2]);
    let (_, world) = rehearsed(&["apply -f late.yaml", "delete deployment late"]);
    assert_eq!(counted(&world, "late"), [0, 0, 0]);
    assert_eq!(counted(&world, "web"), [1, 1, 1], "the other is left alone");
    let (steps, world) = rehearsed(&[
        "apply -f late.yaml",
        "delete deployment late",
        "delete deployment late",
        "apply -f late-v2.yaml",
    ]);
    assert_eq!(steps[2], format!("delete deployment late{missing}"));
    assert_eq!(counted(&world, "late"), [1, 1, 1], "created anew, it has the default of replicas");
}

#[test]
fn a_namespace_is_emptied_and_lets_nothing_new_in_meanwhile() {
    let (steps, world) = rehearsed_at(&[
        (1_000, "apply -f late.yaml -n shop"),
        (10_000, "delete namespace shop"),
        (11_000, "apply -f node-port.yaml -n shop"),
        // The Deployment is there still, and a new ReplicaSet cannot come.
        (12_000, "apply -f late-v2.yaml -n shop"),
        (30_000, "delete ns shop"),
        (31_000, "apply -f late-v2.yaml -n shop"),
    ]);
    let forbidden = " -> Error from server (Forbidden)";
    assert_eq!(
        steps,
        [
            "apply -f late.yaml -n shop".to_owned(),
            "delete namespace shop".to_owned(),
            format!(
                "apply -f node-port.yaml -n shop{forbidden}: services \"web-svc\" is forbidden: \
                 unable to create new content in namespace shop because it is being terminated"
            ),
            "apply -f late-v2.yaml -n shop".to_owned(),
            "delete ns shop -> Error from server (NotFound): namespaces \"shop\" not found"
                .to_owned(),
            "apply -f late-v2.yaml -n shop".to_owned(),
        ]
    );
    assert_eq!(counted(&world, "late"), [1, 1, 1], "it is made anew");
    assert_eq!(counted(&world, "web"), [1, 1, 1], "the other namespace is left alone");
}

/// What was there when the namespace was deleted may be deleted by somebody else, and nothing comes instead.
#[test]
fn a_namespace_that_somebody_empties_lets_nothing_in_until_it_is_gone() {
    let (steps, world) = rehearsed_at(&[
        (1_000, "apply -f late.yaml -n shop"),
        (10_000, "delete namespace shop"),
        (10_500, "delete deployment late -n shop"),
        (14_000, "apply -f late-v2.yaml -n shop"),
        (40_000, "apply -f late.yaml -n shop"),
    ]);
    assert!(steps[3].ends_with("in namespace shop because it is being terminated"), "{steps:?}");
    assert_eq!(steps[4], "apply -f late.yaml -n shop");
    assert_eq!(counted(&world, "late"), [1, 1, 2], "and nobody empties the new one");
}

#[test]
fn a_rollout_stops_in_a_namespace_that_is_being_deleted() {
    let (steps, world) = rehearsed_at(&[
        (1_000, "apply -f late.yaml -n shop"),
        (50_000, "delete namespace shop"),
        (51_000, "set image deployment/late late=late:v2 -n shop"),
    ]);
    assert_eq!(steps.len(), 3);
    // The new ReplicaSet cannot come, so the old one keeps its size.
    assert_eq!(counted(&world, "late")[..2], [1, 1]);
    let sizes = world.objects(Kind::ReplicaSet).filter_map(|it| match it {
        Object::ReplicaSet(set) if set.meta.name.starts_with("late") => Some(set.spec.replicas),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [2]);
}

#[test]
fn pods_of_a_namespace_go_before_what_made_them() {
    let emptied = |at| {
        let steps = [(1_000, "apply -f late.yaml -n shop"), (at, "delete namespace shop")];
        counted(&rehearsed_at(&steps).1, "late")
    };
    // The run ends at 60 s. Five seconds pass, then pods end, and five seconds later the rest goes.
    assert_eq!(emptied(56_000), [1, 1, 2]);
    assert_eq!(emptied(52_000), [1, 1, 0]);
    assert_eq!(emptied(48_000), [0, 0, 0]);
}

/// The Deployment of this name in the end.
fn deployment(name: &str, commands: &[&str]) -> Arc<Deployment> {
    let (steps, world) = rehearsed(commands);
    assert_eq!(steps, commands, "none is refused");
    let found = world.objects(Kind::Deployment).find(|it| &*it.meta().name == name);
    match found {
        Some(Object::Deployment(found)) => Arc::clone(found),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deployment_becomes_what_is_applied() {
    let web = deployment("web", &["apply -f web-recreate.yaml"]);
    assert_eq!((web.spec.strategy, web.spec.min_ready_seconds), (Strategy::Recreate, 3));
    assert_eq!(web.meta.labels.get("team").map(String::as_str), Some("shop"));
    // It has the same pods: nothing was rolled out.
    assert_eq!(counted(&rehearsed(&["apply -f web-recreate.yaml"]).1, "web"), [1, 1, 1]);
    let noted = |commands: &[&str]| deployment("web", commands).meta.annotations.clone();
    assert_eq!(noted(&["apply -f web-held.yaml"]).len(), 1);
    let dropped = ["apply -f web-held.yaml", "apply -f web-recreate.yaml"];
    assert!(noted(&dropped).is_empty(), "the file says nothing of it any more");
}

#[test]
fn what_only_commands_have_set_stays_when_a_file_is_applied() {
    let held = ["rollout pause deployment/web", "apply -f web-recreate.yaml"];
    assert!(deployment("web", &held).spec.paused);
    let held = ["apply -f web-held.yaml"];
    assert!(deployment("web", &held).spec.paused);
    let freed = ["apply -f web-held.yaml", "apply -f web-recreate.yaml"];
    assert!(!deployment("web", &freed).spec.paused, "the file before said so");
    let gone = ["rollout pause deployment/web", "delete deployment web", "apply -f web-plain.yaml"];
    assert!(!deployment("web", &gone).spec.paused, "it is another one");
    // Were the time of the restart dropped, that would be another template, and a rollout.
    let restarted =
        |commands: &[&str]| deployment("web", commands).spec.template.annotations.clone();
    let before = restarted(&["rollout restart deployment/web"]);
    let after = restarted(&["rollout restart deployment/web", "apply -f web-recreate.yaml"]);
    assert_eq!((before.len(), &after), (1, &before));
    // What states a default that the first file does not state is told from that.
    let replicas = |commands: &[&str]| deployment("web", commands).spec.replicas;
    let scaled = ["scale deployment/web --replicas=3", "apply -f web-default.yaml"];
    assert_eq!(replicas(&scaled), 1);
}

#[test]
fn pods_are_replaced_by_whatever_a_template_says_else() {
    let sets = |commands: &[&str]| counted(&rehearsed(commands).1, "web");
    assert_eq!(sets(&["apply -f web-same.yaml"]), [1, 1, 1]);
    assert_eq!(sets(&["apply -f web-limits.yaml"]), [1, 2, 1]);
    // What was there before is the first revision again.
    assert_eq!(sets(&["apply -f web-limits.yaml", "apply -f web-same.yaml"]), [1, 2, 1]);
    let first = deployment("web", &["apply -f web-limits.yaml", "apply -f web-same.yaml"]);
    assert_eq!(first.spec.template.unmodelled, Arc::default());
}

/// In debug builds each event is followed by a look at the fences of rolling updates, which are others after
/// each of these steps.
#[test]
fn fences_may_be_moved_to_and_fro() {
    let (steps, world) = rehearsed_at(&[
        (5_000, "apply -f web-surge.yaml"),
        (5_010, "apply -f web-surge-v3.yaml"),
        (5_050, "apply -f web-plain.yaml"),
    ]);
    assert_eq!(steps.len(), 3);
    assert_eq!(counted(&world, "web")[2], 1, "it comes to an end");
}

#[test]
fn what_an_applied_file_no_longer_says_is_taken_back() {
    let replicas = |commands: &[&str]| deployment("late", commands).spec.replicas;
    assert_eq!(replicas(&["apply -f late.yaml", "apply -f late-v2.yaml"]), 1);
    assert_eq!(replicas(&["apply -f late-v2.yaml", "scale deploy/late --replicas=3"]), 3);
    let again =
        ["apply -f late-v2.yaml", "scale deploy/late --replicas=3", "apply -f late-v2.yaml"];
    assert_eq!(replicas(&again), 3, "nobody ever said so in a file");
}

#[test]
fn a_command_about_all_deployments_is_about_those_that_are_there() {
    let steps = said(&["rollout restart deployment", "apply -f late.yaml", "rollout pause deploy"]);
    assert_eq!(
        steps,
        [
            "rollout restart deployment",
            "apply -f late.yaml",
            "rollout pause deploy",
            "rollout pause deploy"
        ]
    );
}

#[test]
fn a_service_keeps_its_node_port_when_its_port_changes() {
    let spec = |commands: &[&str]| {
        let (steps, world) = rehearsed(commands);
        assert_eq!(steps, commands);
        let service = world.objects(Kind::Service).find(|it| &*it.meta().name == "web-svc");
        match service {
            Some(Object::Service(service)) => service.spec.clone(),
            other => panic!("{other:?}"),
        }
    };
    let before = spec(&["apply -f node-port.yaml"]);
    let after = spec(&["apply -f node-port.yaml", "apply -f other-port.yaml"]);
    assert_eq!((before.ports[0].port, after.ports[0].port), (80, 81));
    assert!(before.ports[0].node_port.is_some());
    assert_eq!(after.ports[0].node_port, before.ports[0].node_port);
    assert_eq!(after.cluster_ip, before.cluster_ip);
}
