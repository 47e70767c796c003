//! Why requests failed, what to change, what not to trust, and how to get the same result again.

use std::borrow::Cow;

use metrics::Explanation;

use super::markup::escaped;
use crate::{
    number::count,
    report::{Advice, Edit, Report, edit_order},
};

/// The causes in sentences, then the changes that would have helped.
pub(super) fn why(report: &Report<'_>) -> String {
    let explanations = &report.measures.explanations;
    if explanations.is_empty() && report.advice.is_empty() {
        return String::new();
    }
    let reasons: String = explanations.iter().map(reason).collect();
    let changes: String = report.advice.iter().map(change).collect();
    let order = edit_order(&report.advice).map(|text| format!("<p class=\"place\">{text}</p>\n"));
    let order = order.unwrap_or_default();
    format!(
        "<section aria-labelledby=\"why\">\n<h2 id=\"why\">Why, and what to change</h2>\n\
         {reasons}{changes}{order}</section>\n"
    )
}

fn reason(explanation: &Explanation) -> String {
    format!(
        "<article class=\"reason\">\n<h3>{} × <code>{}</code></h3>\n<p>{}</p>\n</article>\n",
        count(explanation.count),
        escaped(explanation.cause.name()),
        escaped(&explanation.text),
    )
}

fn change(advice: &Advice) -> String {
    let edits: String = advice.edits.iter().map(|it| edit(it, &advice.field)).collect();
    let (class, mark) = match advice.verified {
        true => ("outcome verified", "✓ Tried out: "),
        false => ("outcome", "Not tried out: "),
    };
    let note = advice.note.iter().map(|note| format!("<p>{}</p>\n", escaped(note)));
    format!(
        "<article class=\"change\">\n<h3>Try: {}</h3>\n{edits}<p class=\"{class}\">{mark}{}</p>\n\
         {}</article>\n",
        escaped(&advice.summary),
        escaped(&advice.outcome),
        note.collect::<String>(),
    )
}

/// Lines to write, under where to write them.
fn edit(edit: &Edit, field: &str) -> String {
    let place = match &edit.place {
        Some(place) => format!("In <strong>{}</strong>:", escaped(place)),
        None => format!("In <code>{}</code>:", escaped(field)),
    };
    format!(
        "<p class=\"place\">{place}</p>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
        escaped(edit.lines.trim_end())
    )
}

/// Reasons not to trust a number.
pub(super) fn warnings(report: &Report<'_>) -> String {
    let items: String =
        report.all_warnings().map(|warning| format!("<li>{}</li>\n", escaped(warning))).collect();
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<section aria-labelledby=\"warnings\" class=\"warnings\">\n\
         <h2 id=\"warnings\">Warnings</h2>\n<ul>\n{items}</ul>\n</section>\n"
    )
}

/// The command that gives the same bytes.
pub(super) fn reproduce(report: &Report<'_>) -> String {
    let inputs: Vec<_> = report.inputs.iter().map(|input| quoted(input)).collect();
    let input = match report.inputs.iter().any(|input| input == "-") {
        true => ", with the same on standard input",
        false => "",
    };
    format!(
        "<footer>\n<h2>Reproduce</h2>\n<p>The same files and seed give the same result on every \
         machine. Run {} on the scenario <em>{}</em>{input}:</p>\n\
         <pre tabindex=\"0\"><code>rollsim run {} --seed {} --html report.html</code></pre>\n\
         <p>and compare the fingerprint: <code>{}</code>.</p>\n</footer>\n",
        escaped(report.tool),
        escaped(report.scenario),
        escaped(&inputs.join(" ")),
        report.seed,
        escaped(&report.measures.fingerprint),
    )
}

/// A path as a shell takes it.
fn quoted(path: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./+=:@%,".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!("'{}'", path.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_would_take_them_apart() {
        let cases = [
            ("k8s/app.yaml", "k8s/app.yaml"),
            ("-", "-"),
            ("", "''"),
            ("my app/k8s", "'my app/k8s'"),
            ("it's.yaml", r"'it'\''s.yaml'"),
            ("a;b", "'a;b'"),
        ];
        for (path, expected) in cases {
            assert_eq!(quoted(path), expected);
        }
    }
}
