//! What is said of the fields of a Scenario: its schema as help, in the manner of `kubectl explain`.

use scenario::FieldHelp;

use super::{WIDTH, lines, wrapped};

/// What a path or the end of one stands for: a field, or all fields of that name.
pub(super) fn explanation(what: &str) -> Option<String> {
    let (all, wanted) = (scenario::fields(), plain(what));
    let ends = |field: &&FieldHelp| plain(&field.path).ends_with(&format!(".{wanted}"));
    let whole = all.iter().find(|field| plain(&field.path) == wanted);
    let found: Vec<&FieldHelp> =
        whole.map_or_else(|| all.iter().filter(ends).collect(), |field| vec![field]);
    match found.as_slice() {
        [] => None,
        [only] => Some(of_field(only, &all)),
        several => {
            let title = format!("Fields of a Scenario that are called {what}\n");
            Some(title + &table(several.iter().map(|it| (it.path.as_str(), it.meaning.as_str()))))
        }
    }
}

/// The words that have an explanation: the names of all fields, and their paths below `spec`.
pub(super) fn words() -> Vec<String> {
    let all = scenario::fields();
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    all.iter().flat_map(|field| [name(&field.path), plain(&field.path)]).collect()
}

/// A path as people write it: without `spec` in front, and without what stands for an item.
fn plain(path: &str) -> String {
    let below = path.strip_prefix("spec.").unwrap_or(path);
    let outside = below.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest));
    outside.collect()
}

fn of_field(field: &FieldHelp, all: &[FieldHelp]) -> String {
    let mut text = format!("{}\n", wrapped(&format!("{}: {}", field.path, field.meaning)));
    for sentence in &field.takes {
        text += &format!("\n{}\n", wrapped(sentence));
    }
    let own = all.iter().filter_map(|it| Some((below(&it.path, &field.path)?, &*it.meaning)));
    let own: Vec<(&str, &str)> = own.collect();
    if !own.is_empty() {
        text += &format!("\nFields\n{}", table(own.into_iter()));
    }
    text + "\ndocs/scenario.md has more about it, and the defaults of each profile\n"
}

/// The name of a field among those of another.
fn below<'p>(path: &'p str, of: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(of)?;
    let name = rest.strip_prefix("[]").unwrap_or(rest).strip_prefix('.')?;
    (!name.contains('.')).then_some(name)
}

/// The names as wide as the longest, with what they mean beside them. One that leaves hardly any room
/// has a line of its own.
pub(super) fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let widths = rows.clone().map(|(name, _)| name.len()).filter(|width| *width <= WIDTH / 2);
    let width = widths.max().unwrap_or(WIDTH / 4);
    let mut text = String::new();
    for (name, meaning) in rows {
        let mut name = name;
        if name.len() > width {
            text += &format!("  {name}\n");
            name = "";
        }
        for line in lines(meaning, WIDTH.saturating_sub(width + 4).max(WIDTH / 2)) {
            text += &format!("  {name:width$}  {line}\n");
            name = "";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_path_and_by_its_name() {
        for what in [
            "writeTime",
            "controlPlane.writeTime",
            "cluster.controlPlane.writeTime",
            "spec.cluster.controlPlane.writeTime",
        ] {
            let text = explanation(what).unwrap_or_else(|| panic!("{what} is not found"));
            assert!(text.starts_with("spec.cluster.controlPlane.writeTime: "), "{text}");
            assert!(text.contains("exp(20ms)") && text.contains("docs/scenario.md"), "{text}");
        }
        let block = explanation("cluster.controlPlane").expect("it is a field");
        assert!(block.contains("\n  clientQPS ") && block.contains("\n  writeTime "), "{block}");
        let item = explanation("clients[0].timeout").expect("it is a field");
        assert!(item.starts_with("spec.clients[].timeout: "), "{item}");
        let several = explanation("namespace").expect("there are some");
        assert!(several.contains("spec.clients[].from.namespace"), "{several}");
        assert!(explanation("spec").is_some_and(|text| text.contains("\n  clients ")));
        assert_eq!(explanation("writTime"), None);
    }
}
