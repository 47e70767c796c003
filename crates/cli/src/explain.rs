//! `rollsim explain`: what a cause of failure, a diagnostic code, a policy, a field of a Scenario or a number
//! that comes out is.

mod balancing;
mod field;
mod page;

use std::io;

use record::Cause;
use scenario::Code;

use crate::{args::Explain, exit, output};

/// The page about causes; each has a heading of its name.
const CAUSES: &str = include_str!("../../../docs/causes.md");

/// Explains what a word stands for, or lists all causes and codes.
pub(crate) fn explain(args: &Explain) -> io::Result<u8> {
    let Some(what) = &args.what else {
        output::print(&list())?;
        return Ok(exit::ALL_WELL);
    };
    let family: Vec<&str> = Cause::ALL
        .iter()
        .filter(|cause| cause.family().name() == what)
        .map(|cause| cause.name())
        .collect();
    let text = if !family.is_empty() {
        let pages: Vec<String> = family.iter().filter_map(|cause| page_of(cause)).collect();
        pages.join("\n")
    } else if let Ok(code) = what.parse::<Code>() {
        format!(
            "{}[{code}]: {}\n\n{}\n",
            code.severity().as_str(),
            code.title(),
            wrapped(code.explanation())
        )
    } else if let Some(page) = page_of(what) {
        page
    } else if let Some(text) = balancing::explanation(what) {
        text
    } else if let Some(text) = of_field_or_number(what) {
        text
    } else {
        let help = help(what);
        output::warn(&format!(
            "error: there is no cause, code, policy, field or number `{what}`{help}"
        ));
        return Ok(exit::BAD_INPUT);
    };
    output::print(&text)?;
    Ok(exit::ALL_WELL)
}

/// What is said of a field, and of what has its name among commands and numbers.
fn of_field_or_number(what: &str) -> Option<String> {
    let all = [field::explanation(what), page::explanation(what)];
    let texts: Vec<String> = all.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// What may have been meant by a word that nothing has.
fn help(what: &str) -> String {
    let codes = Code::ALL.iter().map(|code| code.id());
    let causes = Cause::ALL.iter();
    let causes = causes.flat_map(|cause| [cause.name(), cause.family().name()]);
    let fields = [field::words(), page::words()].concat();
    let fields = fields.iter().map(String::as_str);
    let words = codes.chain(causes).chain(balancing::words()).map(|word| -> &str { word });
    let known = words.chain(fields);
    let near = known.map(|name| (strsim::osa_distance(name, what), name)).min();
    let near = near.filter(|(distance, name)| distance * 3 <= name.len());
    let near = near.map_or_else(String::new, |(_, name)| format!("did you mean `{name}`? "));
    format!(
        "\n  = help: {near}`rollsim explain` lists causes and codes, `rollsim explain balancing` \
         policies, `rollsim explain spec` the first fields"
    )
}

fn list() -> String {
    let mut text = "Causes of failed requests\n".to_owned();
    for cause in Cause::ALL {
        text += &format!("  {cause}\n");
    }
    text += "\nDiagnostics\n";
    for code in Code::ALL {
        text += &format!("  {code}  {:<7}  {}\n", code.severity().as_str(), code.title());
    }
    text += "\nPolicies\n  `rollsim explain balancing` lists them\n";
    text + "\nFields of a Scenario\n  `rollsim explain spec` lists the first of them, and `rollsim explain spec.FIELD` goes on\n\nNumbers\n  `rollsim explain expect` lists what can be expected of a run, `rollsim explain balance` how even it was\n"
}

/// The part of the page under a cause's heading.
fn page_of(what: &str) -> Option<String> {
    let cause = Cause::ALL.iter().find(|cause| cause.name() == what)?;
    let heading = format!("## {cause}\n");
    let start = CAUSES.find(&heading)?;
    let rest = &CAUSES[start + heading.len()..];
    let end = rest.find("\n## ").unwrap_or(rest.len());
    Some(format!("{cause}\n\n{}\n", rest[..end].trim()))
}

/// How wide a terminal is at the least.
const WIDTH: usize = 80;

/// Lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    lines(text, WIDTH).join("\n")
}

/// Lines of at most so many characters.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_page() {
        for cause in Cause::ALL {
            let page = page_of(cause.name()).unwrap_or_else(|| panic!("{cause} has no page"));
            assert!(page.len() > 200, "{cause} is hardly explained");
        }
    }
}
