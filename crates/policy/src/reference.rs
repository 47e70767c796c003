//! The reference page, made of the catalogue.

use crate::{CATALOGUE, Entry, Kind, LAYERS, LayerEntry, Level, Parameter, Value, project};

/// All policies and layers in Markdown: for each project a table of its policies, then what can be
/// set about each, then the layers.
#[must_use]
pub fn reference() -> String {
    let mut page = String::new();
    let projects = CATALOGUE.chunk_by(|one, next| project(one.name) == project(next.name));
    for entries in projects {
        page += &format!("## {}\n\n", project(entries[0].name));
        page += "| policy | of a | what it does | what is kept when endpoints change |\n";
        page += "|---|---|---|---|\n";
        page.extend(entries.iter().map(|entry| policy(entry)));
        page += "\n";
        page.extend(entries.iter().map(|entry| parameters(entry.name, entry.parameters)));
    }
    page += "## Layers\n\nFrom the inside out.\n\n";
    page += "| layer | what it does |\n|---|---|\n";
    page.extend(LAYERS.iter().map(|entry| layer(entry)));
    page += "\n";
    page.extend(LAYERS.iter().map(|entry| parameters(entry.name, entry.parameters)));
    page.truncate(page.trim_end().len());
    page + "\n"
}

/// What stands before the dot of a name.
fn policy(entry: &Entry) -> String {
    let Entry { name, summary, on_change, .. } = entry;
    let level = match entry.level {
        Level::Connection => "connection",
        Level::Request => "request",
    };
    format!("| `{name}` | {level} | {} | {} |\n", cell(summary), cell(on_change))
}

fn layer(entry: &LayerEntry) -> String {
    format!("| `{}` | {} |\n", entry.name, cell(entry.summary))
}

/// A table of what can be set about something; nothing where that is nothing.
fn parameters(name: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let mut table = format!("`{name}`:\n\n| parameter | default | may be | what it does |\n");
    table += "|---|---|---|---|\n";
    for Parameter { name, summary, kind } in parameters {
        let default = default(*kind);
        table += &format!("| `{name}` | {default} | {} | {} |\n", range(*kind), cell(summary));
    }
    table + "\n"
}

fn default(kind: Kind) -> String {
    match kind.default() {
        Value::Choice(word) => format!("`{word}`"),
        other => other.to_string(),
    }
}

/// What a kind allows.
fn range(kind: Kind) -> String {
    match kind {
        Kind::Choice { of } => {
            let words: Vec<String> = of.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        }
        other => other.range(),
    }
}

/// A text that may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_and_layer_and_what_can_be_set_is_there_once() {
        let page = reference();
        let rows = |start: String| page.lines().filter(|line| line.starts_with(&start)).count();
        let policies = CATALOGUE.iter().map(|entry| (entry.name, entry.parameters));
        let layers = LAYERS.iter().map(|entry| (entry.name, entry.parameters));
        for (name, parameters) in policies.chain(layers) {
            assert_eq!(rows(format!("| `{name}` |")), 1, "{name}");
            assert_eq!(rows(format!("`{name}`:")), usize::from(!parameters.is_empty()), "{name}");
        }
    }

    #[test]
    fn a_table_says_what_may_be_set() {
        let all = [
            Parameter {
                name: "two",
                summary: "Whether two | are drawn.",
                kind: Kind::Flag { default: false },
            },
            Parameter {
                name: "hash",
                summary: "Which.",
                kind: Kind::Choice { of: &["xx", "sip"] },
            },
            Parameter {
                name: "size",
                summary: "How many.",
                kind: Kind::Integer { default: 7, min: 1, max: u64::MAX },
            },
        ];
        assert_eq!(
            parameters("a.b", &all),
            "`a.b`:\n\n\
             | parameter | default | may be | what it does |\n\
             |---|---|---|---|\n\
             | `two` | false | true or false | Whether two \\| are drawn. |\n\
             | `hash` | `xx` | one of `xx`, `sip` | Which. |\n\
             | `size` | 7 | a whole number from 1 | How many. |\n\n"
        );
        assert_eq!(parameters("a.b", &[]), "");
    }
}
