//! What to change where the versions of an application stand in files of their own, which steps apply.

use std::path::Path;

use serde_json::Value;

use super::{
    advice::{edited, result_of},
    bench::{folder, write},
};

const FIRST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: web:v1
          ports:
            - containerPort: 8080
          readinessProbe:
            httpGet: { path: /, port: 8080 }
";
const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8080
";
const SCENARIO: &str = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: versions }
spec:
  duration: 100s
  manifests: [ v1.yaml, service.yaml ]
  images:
    web:v1: { start: 2s, serviceTime: exp(20ms), concurrency: 8 }
    web:v2: { start: 3s, serviceTime: exp(20ms), concurrency: 8 }
    web:v3: { start: 3s, serviceTime: exp(20ms), concurrency: 8 }
  clients:
    - { name: shop, from: node, target: http://web/, arrivals: poisson(100/s) }
  timeline:
    - { at: 10s, kubectl: apply -f v2.yaml }
    - { at: 60s, kubectl: apply -f v3.yaml }
";

/// Each version of an application stands in a file of its own: the first lacks a preStop hook, the second
/// a readiness probe, too, and the third takes all pods away at once.
#[test]
fn each_file_that_a_step_applies_gets_the_lines_that_it_lacks() {
    let (unready, _) = FIRST.split_once("          readinessProbe").expect("it has a probe");
    let second = unready.replace("web:v1", "web:v2");
    let recreated = "  strategy:\n    type: Recreate\n  template:";
    let third = unready.replace("web:v1", "web:v3").replace("  template:", recreated);
    let folder = folder("advice-versions");
    write(&folder, "service.yaml", SERVICE);
    let versions = [("v1.yaml", FIRST), ("v2.yaml", &second), ("v3.yaml", &third)];
    let paths = versions.map(|(name, text)| write(&folder, name, text));
    let scenario = write(&folder, "scenario.yaml", SCENARIO);
    let before = result_of(&scenario);
    let advice = before["advice"].as_array().expect("there is a list");
    let places = |advice: &Value| -> Vec<String> {
        let edits = advice["edits"].as_array().expect("it has edits").iter();
        let file = |place: &str| place.split(", ").next()?.rsplit('/').next().map(str::to_owned);
        edits.filter_map(|edit| file(edit["place"].as_str()?)).collect()
    };
    let places: Vec<(&str, Vec<String>)> =
        advice.iter().map(|it| (it["field"].as_str().unwrap_or_default(), places(it))).collect();
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let container = "spec.template.spec.containers[0]";
    assert_eq!(
        places,
        [
            (&*format!("{container}.readinessProbe"), named(&["v2.yaml", "v3.yaml"])),
            ("spec.strategy", named(&["v3.yaml"])),
            (
                &*format!("{container}.lifecycle.preStop.sleep.seconds"),
                named(&["v1.yaml", "v2.yaml", "v3.yaml"])
            ),
        ]
    );
    assert!(before["requests"]["failed"].as_u64() > Some(100));
    for (path, (name, text)) in paths.iter().zip(versions) {
        write(&folder, name, &edited(path, text, advice));
    }
    assert_eq!(result_of(&scenario)["requests"]["failed"], 0);
}

/// Writes files of these names, and a scenario with these steps that begins with v1.yaml.
fn scenario(
    folder: &Path,
    files: &[(&str, &str)],
    (per_second, timeline): (u32, &str),
) -> (Vec<String>, String) {
    let paths = files.iter().map(|(name, text)| write(folder, name, text)).collect();
    let steps = SCENARIO.find("    - { at").expect("it has steps");
    let text = SCENARIO[..steps].replace(", service.yaml", "");
    let text = text.replace("poisson(100/s)", &format!("poisson({per_second}/s)"));
    (paths, write(folder, "scenario.yaml", &format!("{text}{timeline}")))
}

/// Edits all files as the result says, and runs the scenario again.
fn failed_after(
    folder: &Path,
    paths: &[String],
    files: &[(&str, &str)],
    scenario: &str,
) -> (u64, u64) {
    let failed = |result: &Value| result["requests"]["failed"].as_u64().expect("a count");
    let before = result_of(scenario);
    let advice = before["advice"].as_array().expect("there is a list");
    for (path, (name, text)) in paths.iter().zip(files) {
        write(folder, name, &edited(path, text, advice));
    }
    (failed(&before), failed(&result_of(scenario)))
}

/// Neither file says how many pods there are, and one is not enough: written into the first alone, the number
/// would fall back to one when the second is applied.
#[test]
fn replicas_are_written_into_every_version() {
    let busy = format!("{}---\n{SERVICE}", FIRST.replace("  replicas: 3\n", ""));
    let second = FIRST.replace("  replicas: 3\n", "").replace("web:v1", "web:v2");
    let folder = folder("advice-replicas");
    let files = [("v1.yaml", busy.as_str()), ("v2.yaml", &second)];
    let (paths, scenario) =
        scenario(&folder, &files, (900, "    - { at: 40s, kubectl: apply -f v2.yaml }\n"));
    let (before, after) = failed_after(&folder, &paths, &files, &scenario);
    assert!(before > 1_000 && after == 0, "{before} before, {after} after");
}

/// The Service that is there first is wrong, and the one that a step applies is right and stays as it is.
#[test]
fn what_is_right_in_a_later_version_stays() {
    let wrong = SERVICE.replace("targetPort: 8080", "targetPort: 8181");
    let first = format!("{FIRST}---\n{wrong}");
    let second = format!(
        "{}---\n{}",
        FIRST.replace("web:v1", "web:v2").replace("8080", "9090"),
        SERVICE.replace("8080", "9090")
    );
    let folder = folder("advice-right");
    let files = [("v1.yaml", first.as_str()), ("v2.yaml", &second)];
    let (_, scenario) =
        scenario(&folder, &files, (100, "    - { at: 40s, kubectl: apply -f v2.yaml }\n"));
    let result = result_of(&scenario);
    let advice = result["advice"].as_array().expect("there is a list");
    let port = advice.iter().find(|it| it["field"] == "spec.ports[0].targetPort");
    let edits = port.expect("it is advised")["edits"].as_array().expect("there are edits");
    assert_eq!(edits.len(), 1, "{edits:?}");
    assert!(edits[0]["place"].as_str().is_some_and(|place| place.contains("v1.yaml")));
}

/// A Service that no pod belongs to is told the labels of the only Deployment, however many versions that has,
/// and one that only a step brings is advised, too.
#[test]
fn selectors_are_told_the_labels_of_all_versions() {
    let astray = SERVICE.replace("    app: web", "    name: shop");
    let first = format!("{FIRST}---\n{astray}");
    let second = FIRST.replace("web:v1", "web:v2");
    let folder = folder("advice-selector");
    let files = [("v1.yaml", first.as_str()), ("v2.yaml", &second)];
    let (paths, path) =
        scenario(&folder, &files, (100, "    - { at: 40s, kubectl: apply -f v2.yaml }\n"));
    let (before, after) = failed_after(&folder, &paths, &files, &path);
    assert!(before > 5_000 && after < before / 2, "{before} before, {after} after");
    let files = [("v1.yaml", FIRST), ("late.yaml", &astray)];
    let (paths, path) =
        scenario(&folder, &files, (100, "    - { at: 10s, kubectl: apply -f late.yaml }\n"));
    let (before, after) = failed_after(&folder, &paths, &files, &path);
    assert!(before > 5_000 && after < before / 2, "{before} before, {after} after");
}

/// Two Deployments on one line, as `jq -c` writes them: the lines for one do not overrule those for the other.
#[test]
fn objects_on_one_line_keep_their_lines() {
    let two = |name: &str| {
        let deployment = FIRST.replace("web", name);
        format!("{deployment}---\n{}", SERVICE.replace("web", name))
    };
    let folder = folder("advice-one-line");
    let yaml = format!("{}---\n{}", two("aaa"), two("bbb"));
    let block = write(&folder, "block.yaml", &yaml);
    let flow = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"NAME"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"NAME"}},"template":{"metadata":{"labels":{"app":"NAME"}},"spec":{"containers":[{"name":"NAME","image":"NAME:v1","ports":[{"containerPort":8080}],"readinessProbe":{"tcpSocket":{"port":8080}}}]}}}},{"apiVersion":"v1","kind":"Service","metadata":{"name":"NAME"},"spec":{"selector":{"app":"NAME"},"ports":[{"port":80,"targetPort":8080}]}}"#;
    let items = format!("{},{}", flow.replace("NAME", "aaa"), flow.replace("NAME", "bbb"));
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#);
    let one_line = write(&folder, "list.json", &list);
    for path in [block, one_line] {
        let result = result_of(&path);
        let advice = result["advice"].as_array().expect("there is a list");
        assert_eq!(advice.len(), 2, "{path}: {advice:#?}");
        for change in advice {
            assert_eq!(change["edits"].as_array().map(Vec::len), Some(1), "{path}: {change:#?}");
        }
    }
}
