//! What is said of numbers and commands: rows of the tables in the pages about scenarios and about what comes out.

use super::{field::table, wrapped};

/// The parts of the pages that are looked through: where each is, the headings in which it is, and what its
/// numbers are called in front.
const PARTS: [Part; 9] = [
    Part { name: "expect", page: SCENARIO, heading: "## expect", file: "docs/scenario.md" },
    Part { name: "kubectl", page: SCENARIO, heading: "### kubectl", file: "docs/scenario.md" },
    Part { name: "requests", page: OUTPUT, heading: "### requests", file: "docs/output.md" },
    Part { name: "latency_ms", page: OUTPUT, heading: "### latency_ms", file: "docs/output.md" },
    Part { name: "balance", page: OUTPUT, heading: "### balance", file: "docs/output.md" },
    Part { name: "rollouts", page: OUTPUT, heading: "### rollouts", file: "docs/output.md" },
    Part { name: "scalings", page: OUTPUT, heading: "### scalings", file: "docs/output.md" },
    Part {
        name: "text report",
        page: OUTPUT,
        heading: "## The text report",
        file: "docs/output.md",
    },
    Part { name: "comparison", page: OUTPUT, heading: "## Comparisons", file: "docs/output.md" },
];

const SCENARIO: &str = include_str!("../../../../docs/scenario.md");
const OUTPUT: &str = include_str!("../../../../docs/output.md");

/// A part of a page, under a heading.
struct Part {
    name: &'static str,
    page: &'static str,
    heading: &'static str,
    file: &'static str,
}

/// What a word stands for: a part, a number or a command.
pub(super) fn explanation(what: &str) -> Option<String> {
    let wanted = what.to_lowercase();
    let is_called = |part: &&Part| part.name.trim_end_matches('s') == wanted.trim_end_matches('s');
    if let Some(part) = PARTS.iter().find(is_called) {
        return Some(part.whole());
    }
    let found = PARTS.iter().filter_map(|part| {
        let rows = part.rows().into_iter().filter(|(names, _)| stand_for(names, &wanted));
        let rows: Vec<(String, String)> = rows.collect();
        let rows = rows.iter().map(|(name, meaning)| (name.as_str(), meaning.as_str()));
        let text = format!("{}\n{}", part.name, table(rows.clone()));
        rows.clone().next().map(|_| format!("{text}\n{} has more about it\n", part.file))
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// The words that have an explanation here.
pub(super) fn words() -> Vec<String> {
    let names = PARTS.iter().flat_map(Part::rows).map(|(names, _)| names);
    let words = names.flat_map(|names| names.split(", ").map(str::to_owned).collect::<Vec<_>>());
    words.chain(PARTS.iter().map(|part| part.name.to_owned())).collect()
}

/// Whether any of the names is the word, or begins or ends with it: `balance.jain` with `jain`, `scale
/// --replicas=5` with `scale`.
fn stand_for(names: &str, wanted: &str) -> bool {
    names.to_lowercase().split(", ").any(|name| {
        let mut words = name.split(['.', ' ', '{']);
        let first = words.next();
        name == wanted || first == Some(wanted) || words.next_back() == Some(wanted)
    })
}

impl Part {
    /// Its text, up to the next heading.
    fn text(&self) -> &'static str {
        let heading = format!("\n{}\n", self.heading);
        let start = self.page.find(&heading).expect("the page has this heading") + heading.len();
        let rest = &self.page[start..];
        rest.find("\n#").map_or(rest, |end| &rest[..end])
    }

    /// The rows of its tables: what is in the first cell, and what is in the last.
    fn rows(&self) -> Vec<(String, String)> {
        let lines = self.text().lines().filter(|line| line.starts_with("| `"));
        let row = |line: &str| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            Some((plain(cells.first()?), plain(cells.last()?)))
        };
        lines.filter_map(row).collect()
    }

    /// Its first paragraphs, and its rows.
    fn whole(&self) -> String {
        let mut text = format!("{}\n", self.name);
        let paragraphs = self.text().split("\n\n").map(str::trim);
        let other = ["|", "```", "- "];
        let spoken = paragraphs
            .filter(|it| !it.is_empty() && !other.iter().any(|mark| it.starts_with(mark)));
        for paragraph in spoken {
            text += &format!("\n{}\n", wrapped(&plain(paragraph)));
        }
        let rows = self.rows();
        let rows = rows.iter().map(|(name, meaning)| (name.as_str(), meaning.as_str()));
        text + &format!("\n{}\n{} has more about it\n", table(rows), self.file)
    }
}

/// A text without the marks of a page: of code, of emphasis and of links.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.trim();
    while let Some((before, link)) = rest.split_once("](") {
        let (before, words) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.extend([before, words]);
        rest = link.split_once(')').map_or("", |(_, after)| after);
    }
    plain += rest;
    plain.replace('`', "").replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_numbers_and_commands_are_found() {
        let said = |what: &str| explanation(what).unwrap_or_else(|| panic!("{what} is not found"));
        for what in ["balance", "BALANCE", "SCALING", "rollouts"] {
            assert!(said(what).contains("docs/output.md"), "{what}");
        }
        for (what, words) in [
            ("balance", "max_over_share"),
            ("balance.jain", "how even the load"),
            ("max_over_share", "the most that a pod had of its even share"),
            ("success_rate", "answered requests of those that finished"),
            ("scale", "sets the number of replicas"),
            ("rollout.duration", "the longest rollout"),
            ("LISTED-FOR", "how long it was listed by those"),
            ("max/share", "even share"),
            ("CHANCE", "without a real cause"),
            ("WHY", "each cause in a sentence"),
        ] {
            let said = said(what);
            assert!(said.contains(words), "{what}:\n{said}");
            assert!(!said.contains('`') && !said.contains("]("), "{what}:\n{said}");
        }
        assert_eq!(explanation("nothing"), None);
        for part in PARTS {
            assert!(part.whole().len() > 200, "{} says nothing", part.name);
            let has_table = part.name != "latency_ms";
            assert_eq!(!part.rows().is_empty(), has_table, "{}", part.name);
        }
    }
}
