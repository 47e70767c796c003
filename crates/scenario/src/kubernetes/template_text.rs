//! What a pod template says, as a text that is the same for templates that the API server takes for the same.
//!
//! Whoever applies a template that differs in anything replaces the pods, also where nothing here goes by
//! what it says: a limit, a volume, a variable of the environment.

use std::fmt::Write;

use crate::{
    quantity::Quantity,
    yaml::{Entry, Node, Value},
};

/// Values that a field has where nobody says so (`SetDefaults_PodSpec`, `SetDefaults_Container` and
/// those of what is in them). A field of one of these names and another meaning loses nothing: what it is
/// changed to is another value, and that stays.
const DEFAULTS: &[(&str, &str)] = &[
    ("dnsPolicy", "ClusterFirst"),
    ("enableServiceLinks", "true"),
    ("failureThreshold", "3"),
    ("imagePullPolicy", "IfNotPresent"),
    ("initialDelaySeconds", "0"),
    ("path", "/"),
    ("periodSeconds", "10"),
    ("protocol", "TCP"),
    ("restartPolicy", "Always"),
    ("scheme", "HTTP"),
    ("schedulerName", "default-scheduler"),
    ("successThreshold", "1"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("timeoutSeconds", "1"),
    ("defaultMode", "420"),
];

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

fn write_map(node: &Node, field: &str, text: &mut String) {
    let Value::Map(entries) = &node.value else { return };
    let mut entries: Vec<&Entry> =
        entries.iter().filter(|entry| says_something(entry, field)).collect();
    entries.sort_unstable_by_key(|entry| &entry.key);
    text.push('{');
    for Entry { key, value, .. } in entries {
        let _ = write!(text, "{key}:");
        let amount = matches!(field, "requests" | "limits").then(|| value.scalar_text()).flatten();
        match amount.and_then(|amount| amount.parse::<Quantity>().ok()) {
            Some(quantity) => drop(write!(text, "{quantity:?}")),
            None => write_value(value, key, text),
        }
        text.push(',');
    }
    text.push('}');
}

/// Whether a field of what stands under `owner` is more than what would be there without it.
fn says_something(entry: &Entry, owner: &str) -> bool {
    let Entry { key, value, .. } = entry;
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
        DEFAULTS.iter().any(|(name, default)| *name == &**key && text.as_deref() == Some(default))
    };
    !image && !empty && !default()
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
        ];
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "{texts:#?}");
    }
}
