//! `--field-selector`: objects by the fields that the API server looks for
//! (`fields.ParseSelector`).

use crate::Object;

/// What all of a selector's terms say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FieldSelector(Vec<Term>);

/// A field, and whether it is or is not to have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: String,
    is: bool,
    value: String,
}

/// Fields of every kind.
const OF_ALL: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// Further ones of the kinds that have some (`AddFieldLabelConversionFunc` of `pkg/apis/core/v1`).
const OF_ONE: [(&str, &[&str]); 3] = [
    (
        "Pod",
        &[
            "spec.hostNetwork",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.nominatedNodeName",
            "status.phase",
            "status.podIP",
            "status.podIPs",
        ],
    ),
    ("Node", &["spec.unschedulable"]),
    ("Service", &["spec.clusterIP", "spec.type"]),
];

impl FieldSelector {
    /// Reads `status.phase=Running,spec.nodeName!=node-1`.
    ///
    /// # Errors
    /// What is wrong, as the API server says it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split(',').filter(|term| !term.is_empty());
        let term = |term: &str| {
            let parts = [("!=", false), ("==", true), ("=", true)];
            let found = parts.iter().find_map(|(sign, is)| Some((term.split_once(sign)?, *is)));
            let ((field, value), is) = found
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
            Ok(Term { field: field.to_owned(), is, value: value.to_owned() })
        };
        terms.map(term).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the API server looks for all of its fields in objects of a kind.
    ///
    /// # Errors
    /// It does not, in its own words.
    pub fn check(&self, kind: &str) -> Result<(), String> {
        let own = OF_ONE.iter().find(|(known, _)| *known == kind).map(|(_, fields)| *fields);
        let known =
            |field: &str| OF_ALL.contains(&field) || own.is_some_and(|own| own.contains(&field));
        let Some(Term { field, .. }) = self.0.iter().find(|term| !known(&term.field)) else {
            return Ok(());
        };
        Err(match own {
            Some(_) => format!("field label not supported: {field}"),
            None => format!(
                "\"{field}\" is not a known field selector: only \"metadata.name\", \
                 \"metadata.namespace\""
            ),
        })
    }

    /// Whether an object has what it says.
    #[must_use]
    pub fn matches(&self, object: Object<'_>) -> bool {
        self.0.iter().all(|Term { field, is, value }| (text_of(object, field) == *value) == *is)
    }
}

/// A field as the API server compares it: what is not there is empty, but for truths.
fn text_of(object: Object<'_>, field: &str) -> String {
    match field {
        "spec.hostNetwork" | "spec.unschedulable" => object.flag(field).to_string(),
        "status.podIPs" => {
            let all = object.list(field).map(|ip| ip.text("ip")).collect::<Vec<_>>();
            all.join(",")
        }
        _ => object.int_or_text(field),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_chosen_by_their_fields() {
        let pod = json!({
            "metadata": { "name": "web-1", "namespace": "default" },
            "status": { "phase": "Running" },
        });
        let cases = [
            ("", true),
            ("status.phase=Running", true),
            ("status.phase==Running,metadata.name=web-1", true),
            ("status.phase!=Running", false),
            ("spec.nodeName=", true),
            ("spec.nodeName!=node-1", true),
            ("spec.hostNetwork=false", true),
        ];
        for (text, expected) in cases {
            let selector = FieldSelector::parse(text).expect("it is one");
            assert_eq!(selector.check("Pod"), Ok(()), "{text}");
            assert_eq!(selector.matches(Object::new(&pod)), expected, "{text}");
        }
    }

    #[test]
    fn fields_that_nobody_looks_for_are_refused() {
        let refused = |text: &str, kind: &str| {
            FieldSelector::parse(text).and_then(|selector| selector.check(kind)).unwrap_err()
        };
        assert_eq!(refused("spec.nosuch=1", "Pod"), "field label not supported: spec.nosuch");
        assert!(refused("status.phase=a", "Deployment").starts_with("\"status.phase\" is not a "));
        assert_eq!(refused("a", "Pod"), "invalid selector: 'a'; can't understand 'a'");
    }
}
