//! Labels and selectors.

use api::{LabelSelector, Labels, selector::Requirement};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::{Checker, names};
use crate::Code;

const HELP: &str = "use letters, digits, `-`, `_` and `.`, at most 63 of them";

impl Checker<'_> {
    /// Labels of an object. What is wrong with a value is said of all of them, as the API server
    /// does, and pointed at where it is.
    pub(super) fn labels(&mut self, path: &str, labels: &Labels) {
        // The API server calls the labels of a template by a path that they do not have.
        let said = path.replace("template.metadata.labels", "template.labels");
        for (key, value) in labels {
            let checks = [(key, names::is_label_key(key)), (value, names::is_label_value(value))];
            for (text, check) in checks {
                if let Err(detail) = check {
                    let message = format!("{said}: Invalid value: {text:?}: {detail}");
                    self.report(Code::BadValue, &format!("{path}[{key:?}]"), message, HELP);
                }
            }
        }
    }

    /// `spec.selector` of a Deployment.
    pub(super) fn selector(&mut self, path: &str, written: meta::LabelSelector) -> LabelSelector {
        let match_labels = written.match_labels.unwrap_or_default();
        self.labels(&format!("{path}.matchLabels"), &match_labels);
        let mut match_expressions = Vec::new();
        for (index, expression) in written.match_expressions.into_iter().flatten().enumerate() {
            let path = format!("{path}.matchExpressions[{index}]");
            if let Err(detail) = names::is_label_key(&expression.key) {
                self.invalid(
                    &format!("{path}.key"),
                    format!("{:?}", expression.key),
                    &detail,
                    HELP,
                );
            }
            match_expressions.extend(self.requirement(&path, expression));
        }
        LabelSelector { match_labels, match_expressions }
    }

    fn requirement(
        &mut self,
        path: &str,
        expression: meta::LabelSelectorRequirement,
    ) -> Option<Requirement> {
        let meta::LabelSelectorRequirement { key, operator, values } = expression;
        let values = values.unwrap_or_default();
        let (takes, takes_none) = match operator.as_str() {
            "In" | "NotIn" => (true, false),
            "Exists" | "DoesNotExist" => (false, true),
            _ => (false, false),
        };
        if takes && values.is_empty() {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            self.required(&format!("{path}.values"), detail, "add `values: [...]`");
            return None;
        }
        if takes_none && !values.is_empty() {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            self.forbidden(&format!("{path}.values"), detail, "delete the values");
        }
        match operator.as_str() {
            "In" => Some(Requirement::In(key, values)),
            "NotIn" => Some(Requirement::NotIn(key, values)),
            "Exists" => Some(Requirement::Exists(key)),
            "DoesNotExist" => Some(Requirement::DoesNotExist(key)),
            _ => {
                let path = format!("{path}.operator");
                let help = "write In, NotIn, Exists or DoesNotExist";
                let value = format!("{operator:?}");
                self.invalid(&path, value, "not a valid selector operator", help);
                None
            }
        }
    }
}

/// Labels as kubectl's `-l` takes them, equality only: `app=shop,tier=web`. `Err` says what is
/// wrong with which part.
pub(crate) fn parse_labels(text: &str) -> Result<Labels, (usize, String)> {
    let mut labels = Labels::new();
    let mut offset = 0;
    for part in text.split(',') {
        let at = offset + part.len() - part.trim_start().len();
        let (key, value) = part
            .split_once("==")
            .or_else(|| part.split_once('='))
            .ok_or_else(|| (at, "labels are written app=shop,tier=web".to_owned()))?;
        let (key, value) = (key.trim(), value.trim());
        names::is_label_key(key).and_then(|()| names::is_label_value(value)).map_err(|_| {
            (at, format!("`{}` is not a label: only key=value will do", part.trim()))
        })?;
        labels.insert(key.to_owned(), value.to_owned());
        offset += part.len() + 1;
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_pairs() {
        let labels = parse_labels("app=shop, tier == web,x=").expect("they are pairs");
        let pairs: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(pairs, ["app=shop", "tier=web", "x="]);
        for (text, offset) in [("", 0), ("app", 0), ("a=b,c!=d", 4), ("a in (b)", 0), ("a=b, c", 5)]
        {
            assert_eq!(parse_labels(text).map_err(|(at, _)| at), Err(offset), "{text}");
        }
    }
}
