//! What a pod template says, as a text that is the same for templates that the API server takes for the same.
//!
//! Whoever applies a template that differs in anything replaces the pods, also where nothing here goes by
//! what it says: a limit, a volume, a variable of the environment.
//!
//! *Left out:* defaults of volumes, affinities and security contexts other than those below. Who writes one of
//! them out gets a rollout here and none in a cluster.

use std::fmt::Write;

use crate::{
    quantity::Quantity,
    yaml::{Entry, Node, Value},
};

/// Values that a field of what stands under an owner has where nobody says so (`SetDefaults_PodSpec`,
/// `SetDefaults_Container` and those of what is in them, and what Go leaves out of JSON).
const DEFAULTS: &[(&[&str], &str, &str)] = &[
    (&["spec"], "dnsPolicy", "ClusterFirst"),
    (&["spec"], "enableServiceLinks", "true"),
    (&["spec"], "hostIPC", "false"),
    (&["spec"], "hostNetwork", "false"),
    (&["spec"], "hostPID", "false"),
    (&["spec"], "restartPolicy", "Always"),
    (&["spec"], "schedulerName", "default-scheduler"),
    (&["spec"], "terminationGracePeriodSeconds", "30"),
    (CONTAINERS, "stdin", "false"),
    (CONTAINERS, "stdinOnce", "false"),
    (CONTAINERS, "terminationMessagePath", "/dev/termination-log"),
    (CONTAINERS, "terminationMessagePolicy", "File"),
    (CONTAINERS, "tty", "false"),
    (PROBES, "failureThreshold", "3"),
    (PROBES, "initialDelaySeconds", "0"),
    (PROBES, "periodSeconds", "10"),
    (PROBES, "successThreshold", "1"),
    (PROBES, "timeoutSeconds", "1"),
    (&["httpGet"], "path", "/"),
    (&["httpGet"], "scheme", "HTTP"),
    (&["ports"], "protocol", "TCP"),
    (&["fieldRef"], "apiVersion", "v1"),
    (&["volumeMounts"], "readOnly", "false"),
    (&["configMap", "downwardAPI", "projected", "secret"], "defaultMode", "420"),
];

const CONTAINERS: &[&str] = &["containers", "ephemeralContainers", "initContainers"];
const PROBES: &[&str] = &["livenessProbe", "readinessProbe", "startupProbe"];

/// Under these every key is the user's, and an empty text is a value.
const FREE: [&str; 4] = ["annotations", "labels", "matchLabels", "nodeSelector"];

/// The text of a template. Its labels and annotations and the images of its containers are not in it: those
/// are known in full, and commands change them.
pub(crate) fn template_text(template: &Node) -> String {
    let mut text = String::new();
    if let Some(spec) = template.get("spec") {
        write_map(spec, "spec", &mut text);
    }
    text
}

fn write_value(node: &Node, field: &str, text: &mut String) {
    let _ = match &node.value {
        Value::Map(_) => return write_map(node, field, text),
        Value::Seq(items) => {
            text.push('[');
            for item in items {
                write_value(item, field, text);
                text.push(',');
            }
            text.push(']');
            Ok(())
        }
        Value::Null => Ok(()),
        Value::String(value) => write!(text, "{value:?}"),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            write!(text, "{}", node.scalar_text().unwrap_or_default())
        }
    };
}

/// `owner` is the field that the mapping stands under, or the list that it is in.
fn write_map(node: &Node, owner: &str, text: &mut String) {
    let Value::Map(entries) = &node.value else { return };
    let said = entries.iter().filter(|entry| says_something(entry, owner));
    let mut said: Vec<&Entry> = said.filter(|entry| !follows(entry, owner, node)).collect();
    said.sort_unstable_by_key(|entry| &entry.key);
    text.push('{');
    for Entry { key, value, .. } in said {
        let _ = write!(text, "{key}:");
        let is_amount = matches!(owner, "requests" | "limits") || &**key == "sizeLimit";
        match quantity(value).filter(|_| is_amount) {
            Some(quantity) => drop(write!(text, "{quantity:?}")),
            None if owner == "resources" && &**key == "requests" => {
                write_requests(value, node.get("limits").map(|it| &**it), text);
            }
            None => write_value(value, key, text),
        }
        text.push(',');
    }
    text.push('}');
}

/// What is requested is what is the limit, where nobody says another amount.
fn write_requests(requests: &Node, limits: Option<&Node>, text: &mut String) {
    let Value::Map(entries) = &requests.value else { return };
    let mut said: Vec<(&str, Quantity)> =
        entries.iter().filter_map(|it| Some((&*it.key, quantity(&it.value)?))).collect();
    let limit = |name: &str| limits.and_then(|limits| quantity(limits.get(name)?));
    said.retain(|(name, amount)| limit(name) != Some(*amount));
    said.sort_unstable();
    let _ = write!(text, "{said:?}");
}

fn quantity(node: &Node) -> Option<Quantity> {
    node.scalar_text()?.parse().ok()
}

/// Whether a field of what stands under `owner` is more than what would be there without it.
fn says_something(entry: &Entry, owner: &str) -> bool {
    let Entry { key, value, .. } = entry;
    if FREE.contains(&owner) {
        return true;
    }
    let image = owner == "containers" && &**key == "image";
    let empty = match &value.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Seq(items) => items.is_empty(),
        Value::Map(entries) => !entries.iter().any(|entry| says_something(entry, key)),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    };
    let default = || {
        let text = value.scalar_text();
        DEFAULTS.iter().any(|(owners, name, default)| {
            owners.contains(&owner) && *name == &**key && text.as_deref() == Some(default)
        })
    };
    !image && !empty && !default()
}

/// Whether a field says what follows from what stands beside it: when an image is pulled follows from its tag,
/// and requests from limits.
fn follows(entry: &Entry, owner: &str, beside: &Node) -> bool {
    let beside = |key: &str| beside.get(key);
    match &*entry.key {
        "imagePullPolicy" if CONTAINERS.contains(&owner) => {
            let image = beside("image").and_then(|image| image.scalar_text()).unwrap_or_default();
            let name = image.rsplit('/').next().unwrap_or_default();
            let latest = name.ends_with(":latest") || !name.contains([':', '@']);
            let default = if latest { "Always" } else { "IfNotPresent" };
            entry.value.as_str() == Some(default)
        }
        "requests" if owner == "resources" => {
            let mut text = String::new();
            write_requests(&entry.value, beside("limits").map(|it| &**it), &mut text);
            text == "[]"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostic::Findings, source::Sources, yaml::read_values};

    fn text(spec: &str) -> String {
        let template = format!("{{ metadata: {{ labels: {{ a: b }} }}, spec: {spec} }}");
        let file = Sources::default().add("a.yaml".to_owned(), template.clone());
        let mut findings = Findings::default();
        let template = read_values(&template, file, &mut findings).pop().expect("it is YAML");
        template_text(&template)
    }

    #[test]
    fn what_is_the_same_has_the_same_text() {
        let written =
            "{ containers: [ { name: a, image: a:1, ports: [ { containerPort: 80 } ] } ] }";
        for same in [
            "{ containers: [ { name: a, image: a:2, ports: [ { containerPort: 80 } ] } ] }",
            "{ containers: [ { ports: [ { protocol: TCP, containerPort: 80 } ], name: a, env: [] } ] }",
            "{ dnsPolicy: ClusterFirst, containers: [ { name: a, ports: [ { containerPort: 80 } ] } ], \
             securityContext: {}, volumes: null }",
        ] {
            assert_eq!(text(written), text(same), "{same}");
        }
        let amount = |cpu: &str| {
            text(&format!(
                "{{ containers: [ {{ name: a, resources: {{ limits: {{ cpu: {cpu} }} }} }} ] }}"
            ))
        };
        assert_eq!(amount("0.5"), amount("500m"));
        assert_ne!(amount("0.5"), amount("400m"));
        let same = [
            ("", "tty: false, stdin: false"),
            ("", "imagePullPolicy: IfNotPresent"),
            (
                "resources: { limits: { cpu: 1 } }",
                "resources: { limits: { cpu: 1 }, requests: { cpu: 1000m } }",
            ),
            (
                "env: [ { name: A, valueFrom: { fieldRef: { fieldPath: b } } } ]",
                "env: [ { name: A, valueFrom: { fieldRef: { fieldPath: b, apiVersion: v1 } } } ]",
            ),
        ];
        let of = |fields: &str| {
            text(&format!("{{ containers: [ {{ name: a, image: a:1, {fields} }} ] }}"))
        };
        for (one, other) in same {
            assert_eq!(of(one), of(other), "{other}");
        }
        let size = |size: &str| {
            text(&format!("{{ volumes: [ {{ emptyDir: {{ sizeLimit: {size} }} }} ] }}"))
        };
        assert_eq!(size("1Gi"), size("1024Mi"));
    }

    #[test]
    fn what_differs_has_another_text() {
        let of = |fields: &str| {
            text(&format!("{{ containers: [ {{ name: a, image: a:1, {fields} }} ] }}"))
        };
        let mut texts = vec![
            text("{ containers: [ { name: a } ], initContainers: [ { name: b, image: b:1 } ] }"),
            text("{ containers: [ { name: a } ], initContainers: [ { name: b, image: b:2 } ] }"),
            of(""),
            of("ports: [ { containerPort: 80 } ]"),
            of("ports: [ { containerPort: 81 } ]"),
            of("ports: [ { containerPort: 81, protocol: UDP } ]"),
            of("env: [ { name: A, value: '1' } ]"),
            of("env: [ { name: A, value: '2' } ]"),
            of("readinessProbe: { httpGet: { path: /a, port: 80 } }"),
            of("readinessProbe: { httpGet: { path: /b, port: 80 } }"),
            of("readinessProbe: { httpGet: { port: 80 } }"),
            of("imagePullPolicy: Always"),
            of("resources: { limits: { cpu: 1 } }"),
            of("resources: { limits: { cpu: 1 }, requests: { cpu: 500m } }"),
            text("{ containers: [ { name: a, image: a:latest, imagePullPolicy: IfNotPresent } ] }"),
            text("{ initContainers: [ { name: b, restartPolicy: Always } ] }"),
            text("{ initContainers: [ { name: b } ] }"),
            text("{ nodeSelector: { a: '' } }"),
        ];
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "{texts:#?}");
    }
}
