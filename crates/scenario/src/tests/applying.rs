//! Steps that apply a file: whether kubectl takes it, and what of it has an effect.

use super::{
    Memory, findings, load_files,
    scenarios::{APP, QUIET, with_scenario},
    shown,
};
use crate::Action;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n";

/// What is said where this command applies `v2.yaml`.
fn applying(command: &str, file: &str) -> String {
    let quiet = QUIET.replace("{ web:v1: {} }", "{ web:v1: {}, web:v2: {} }");
    let timeline = format!("timeline: [ {{ at: 30s, kubectl: {command} }} ]");
    let text = with_scenario(&format!("{quiet}manifests: [ app.yaml ]\n{timeline}\n"));
    let (head, _) = text.split_once("---").expect("objects follow");
    let files = [("scenario.yaml", head), ("app.yaml", APP), ("v2.yaml", file)];
    shown(&load_files(&["scenario.yaml"], &files))
}

fn v2() -> String {
    let v2 = APP.replace("web:v1", "web:v2");
    v2.split("---").next().expect("the Deployment comes first").to_owned()
}

#[test]
fn an_object_of_another_namespace_is_refused_as_kubectl_does_it() {
    let prod = v2().replace("{ name: web }", "{ name: web, namespace: prod }");
    let said = applying("apply -n stage -f v2.yaml", &prod);
    let words = [
        "error[RS0207]: the namespace from the provided object \"prod\" does not match the namespace \
         \"stage\". You must pass '--namespace=prod' to perform this operation.",
        "write `-n prod`, or leave `-n` out: the object says where it goes",
    ];
    for word in words {
        assert!(said.contains(word), "`{word}` is not in\n{said}");
    }
    let default = applying("apply -n default -f v2.yaml", &prod);
    assert!(default.contains("does not match the namespace \"default\""), "{default}");
    for command in ["apply -n prod -f v2.yaml", "apply -f v2.yaml"] {
        let said = applying(command, &prod);
        assert!(!said.contains("RS0207"), "{command}: {said}");
    }
}

/// kubectl puts what says no namespace into the one that the command names.
#[test]
fn an_object_without_a_namespace_goes_where_the_command_says() {
    const SVC: &str = "---
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: http } ] }
";
    let both = v2() + SVC;
    let quiet = QUIET.replace("{ web:v1: {} }", "{ web:v1: {}, web:v2: {} }");
    let text = with_scenario(&format!(
        "{quiet}manifests: [ app.yaml ]
timeline:
- {{ at: 1s, kubectl: apply -n stage -f v2.yaml }}
- {{ at: 2s, kubectl: apply -f v2.yaml -n stage }}
- {{ at: 3s, kubectl: apply -f v2.yaml }}
- {{ at: 4s, kubectl: rollout restart deployment/web -n stage }}
"
    ));
    let (head, _) = text.split_once("---").expect("objects follow");
    let app = APP.replace("  clusterIP: 10.96.0.60\n", "");
    let files = [("scenario.yaml", head), ("app.yaml", &app), ("v2.yaml", &both)];
    let loaded = load_files(&["scenario.yaml"], &files);
    assert_eq!(findings(&loaded), [""; 0], "{}", shown(&loaded));
    let scenario = loaded.scenario.expect("nothing is wrong with it");
    let namespaces = scenario.timeline.iter().map(|step| match &step.action {
        Action::ApplyDeployment { deployment, .. } => deployment.meta.namespace.to_string(),
        Action::ApplyService { service, .. } => service.meta.namespace.to_string(),
        Action::SetTemplate { deployment, .. } => deployment.namespace.to_string(),
        other => panic!("{other:?}"),
    });
    let namespaces: Vec<String> = namespaces.collect();
    let wanted = ["stage", "stage", "stage", "stage", "default", "default", "stage"];
    assert_eq!(namespaces, wanted);
}

#[test]
fn what_has_no_effect_when_applied_is_named() {
    let step = "apply -f v2.yaml";
    let more = format!("{}---\n{CONFIG}---\n{}", v2(), CONFIG.replace("web", "api"));
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: { name: one }\nspec: { containers: [ { name: web, image: web:v2 } ] }\n";
    let cases = [
        (v2(), ""),
        (
            format!("{}---\n{CONFIG}", v2()),
            "1 of the objects in `v2.yaml` has no effect when applied: ConfigMap\n",
        ),
        (
            more + pod,
            "3 of the objects in `v2.yaml` have no effect when applied: ConfigMap (2), Pod\n",
        ),
        (
            CONFIG.to_owned(),
            "applying `v2.yaml` does nothing: none of its objects is taken over, ConfigMap\n",
        ),
        ("# Nothing.\n".to_owned(), "applying `v2.yaml` does nothing: there is no object in it\n"),
    ];
    for (file, wanted) in cases {
        let said = applying(step, &file);
        let complaints = usize::from(!wanted.is_empty());
        assert_eq!(said.matches("RS0214").count(), complaints, "{said}");
        assert!(said.contains(wanted), "`{wanted}` is not in\n{said}");
    }
    // What cannot be read may have been meant to be a Deployment.
    let said = applying(step, &v2().replace("Deployment", "Deploymnt"));
    assert!(!said.contains("RS0214"), "{said}");
}

#[test]
fn who_has_both_versions_in_files_is_told_how_to_rehearse() {
    let said = |paths: &[&str], files: &[(&str, &str)]| shown(&load_files(paths, files));
    let v2 = v2();
    let two = said(&["v1.yaml", "v2.yaml"], &[("v1.yaml", APP), ("v2.yaml", &v2)]);
    let wanted = "to rehearse the change from the first to the second, give the second only by `--apply v2.yaml`";
    assert!(two.contains("RS0025") && two.contains(wanted), "{two}");
    // What is advised can be done.
    let files = Memory::new(&[("k8s/v1.yaml", APP), ("k8s/v2.yaml", &v2)]);
    let applied = ["k8s/v2.yaml".to_owned()];
    for path in ["k8s", "k8s/v1.yaml"] {
        let loaded = crate::load_applying(&[path.to_owned()], &applied, &files, &super::judge);
        assert!(loaded.scenario.is_some(), "{}", shown(&loaded));
    }
    let one = said(&["v1.yaml"], &[("v1.yaml", &format!("{APP}---\n{v2}"))]);
    assert!(one.contains("RS0025") && !one.contains("rehearse"), "{one}");
    let text = with_scenario(&format!("{QUIET}manifests: [ v2.yaml ]\n"));
    let with = said(&["s.yaml"], &[("s.yaml", &text), ("v2.yaml", &v2)]);
    let wanted = "let nothing but a step `kubectl: apply -f` name v2.yaml";
    assert!(with.contains(wanted), "{with}");
}

/// Whoever gives `--apply` wants to see a rollout.
#[test]
fn applying_what_rolls_nothing_out_is_said() {
    let said = |after: &str| {
        let files = Memory::new(&[("v1.yaml", APP), ("v2.yaml", after)]);
        let [before, applied] = ["v1.yaml", "v2.yaml"].map(|path| [path.to_owned()]);
        shown(&crate::load_applying(&before, &applied, &files, &super::judge))
    };
    let nothing = "changes no Deployment's pods, so nothing is rolled out";
    assert!(!said(&v2()).contains(nothing), "{}", said(&v2()));
    let same = said(APP);
    assert!(same.contains(nothing) && same.contains("with another template"), "{same}");
    let prod = said(&v2().replace("{ name: web }", "{ name: web, namespace: prod }"));
    let help = "`web` runs in namespace `default`, and one in `prod` is applied";
    assert!(prod.contains(nothing) && prod.contains(help), "{prod}");
}

/// What is said of these steps, with `v2.yaml` to apply.
fn stepping(steps: &str, file: &str) -> String {
    let quiet = QUIET.replace("{ web:v1: {} }", "{ web:v1: {}, web:v2: {} }");
    let text = with_scenario(&format!("{quiet}manifests: [ app.yaml ]\ntimeline: [ {steps} ]\n"));
    let (head, _) = text.split_once("---").expect("objects follow");
    let files = [("scenario.yaml", head), ("app.yaml", APP), ("v2.yaml", file)];
    shown(&load_files(&["scenario.yaml"], &files))
}

/// Both Services stand in one place of the file, and only one can have the port.
#[test]
fn one_file_in_two_namespaces_is_two_objects() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: extra }\nspec: { type: NodePort, \
                   selector: { app: web }, ports: [ { port: 80, nodePort: 31000 } ] }\n";
    let [a, b] = ["a", "b"].map(|it| format!("{{ at: 5s, kubectl: apply -n {it} -f v2.yaml }}"));
    let taken = "spec.ports[0].nodePort: Invalid value: 31000: provided port is already allocated";
    let said = stepping(&format!("{a}, {b}"), service);
    assert!(said.contains(taken), "{said}");
    let freed = "{ at: 5s, kubectl: delete service extra -n a }";
    let said = stepping(&format!("{a}, {freed}, {b}"), service);
    assert!(!said.contains(taken), "{said}");
}

#[test]
fn replicas_that_fall_back_are_those_that_there_are() {
    let silent = v2().replace("  replicas: 3\n", "");
    let apply = "{ at: 30s, kubectl: apply -f v2.yaml }";
    let scale = "{ at: 20s, kubectl: scale --replicas=6 deployment/web }";
    let falls = |from: u32| format!("the replicas of Deployment `default/web` from {from} to 1");
    let said = stepping(apply, &silent);
    assert!(said.contains(&falls(3)), "{said}");
    let said = stepping(&format!("{scale}, {apply}"), &silent);
    assert!(said.contains(&falls(6)), "{said}");
    let again = "{ at: 40s, kubectl: scale --replicas=6 deployment/web }, { at: 50s, kubectl: apply -f v2.yaml }";
    let said = stepping(&format!("{apply}, {again}"), &silent);
    assert!(!said.contains(&falls(6)), "no file says it any more: {said}");
    let said = stepping(&format!("{scale}, {apply}"), &v2());
    assert!(!said.contains("RS0218"), "{said}");
}

/// Deleted first, it may have any selector.
#[test]
fn a_selector_may_not_change_while_it_is_there() {
    let other = v2().replace("app: web", "app: shop");
    let apply = "{ at: 30s, kubectl: apply -f v2.yaml }";
    let immutable =
        "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"shop\"}}: field is immutable";
    let said = stepping(apply, &other);
    assert!(said.contains(immutable), "{said}");
    let said = stepping(&format!("{{ at: 20s, kubectl: delete deployment web }}, {apply}"), &other);
    assert!(!said.contains("immutable"), "{said}");
}
