//! How to write a field into the file that holds its object: which lines, and how far indented.

use api::{Key, Kind};

use crate::{
    Manifest, Sources,
    field_path::{FieldPath, Segment},
    source::{Extent, File},
    yaml::{Node, Value},
};

/// A change of some lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file, as the user named it.
    pub file: String,
    /// What is to be done there.
    pub action: EditAction,
    /// The lines to write, indented as they have to be.
    pub lines: String,
}

/// Where the lines go. Lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditAction {
    /// Below this line.
    AddBelow(u32),
    /// In place of the lines from the first to the last of these.
    Replace(u32, u32),
    /// Into the braces that begin in this line; there the lines are not indented.
    PutInto(u32),
    /// In place of what these braces have under the same key.
    ChangeWithin(u32),
}

impl Sources {
    /// How to write `snippet`, one field in block style with two spaces a level, into the mapping at
    /// `parent` of an object's manifest. Levels of it that are there are not written again.
    ///
    /// With `replaces`, what stands in the deepest level that is there goes.
    ///
    /// `None` for an object that no file holds, and where there is no such parent.
    #[must_use]
    pub fn edit(
        &self,
        object: (Kind, &Key),
        manifest: Manifest,
        parent: &str,
        snippet: &str,
        replaces: bool,
    ) -> Option<Edit> {
        let (file, root) = self.written(object, manifest)?;
        let mut path = parent.parse::<FieldPath>().ok()?;
        let mut found = path.find(root);
        if !found.exact {
            return None;
        }
        // The levels that lead down to what is to be written, and how many of them are there.
        let levels = levels(snippet);
        let mut there = 0;
        for level in &levels {
            path.0.push(Segment::Key((*level).to_owned()));
            let next = path.find(root);
            if !next.exact {
                break;
            }
            found = next;
            there += 1;
        }
        let file = self.file(file);
        let whole = there == levels.len();
        let first = first_key(found.node, file);
        if there > 0 && (whole || replaces || first.is_none()) {
            let key = found.key?;
            let lines = dedented(snippet, there - 1);
            return Some(replacing(file, key, found.node, &lines));
        }
        let lines = dedented(snippet, there);
        Some(match first {
            Some(first) => {
                let last = file.line_of(end_of(found.node, file).saturating_sub(1));
                let lines = indented(&lines, file.indent(first.start));
                Edit { file: file.name().to_owned(), action: EditAction::AddBelow(last), lines }
            }
            None => {
                let action = EditAction::PutInto(file.line_of(found.node.extent.start));
                Edit { file: file.name().to_owned(), action, lines }
            }
        })
    }
}

/// In place of a key with its value, which may share its first line with the dash of a list.
fn replacing(file: &File, key: Extent, value: &Node, lines: &str) -> Edit {
    let end = match value.value {
        Value::Null => key.end,
        _ => end_of(value, file),
    };
    let (first, last) = (file.line_of(key.start), file.line_of(end.saturating_sub(1)));
    let before = file.line_before(key.start);
    let flow = before.contains(['{', '[', ',']);
    let mut lines = if flow { lines.to_owned() } else { indented(lines, file.indent(key.start)) };
    if before.trim_start().starts_with('-') && !flow {
        lines.replace_range(..before.len().min(lines.len()), before);
    }
    let action =
        if flow { EditAction::ChangeWithin(first) } else { EditAction::Replace(first, last) };
    Edit { file: file.name().to_owned(), action, lines }
}

/// The keys of a snippet that lead down while each level has one key only.
fn levels(snippet: &str) -> Vec<&str> {
    let mut levels = Vec::new();
    for (depth, line) in snippet.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let alone = |line: &str| line.len() - line.trim_start().len() == indent;
        let one = snippet.lines().filter(|other| alone(other)).count() == 1;
        let Some((key, _)) = line.trim_start().split_once(':') else { break };
        if indent != depth * 2 || !one {
            break;
        }
        levels.push(key);
    }
    levels
}

/// A snippet without its first levels.
fn dedented(snippet: &str, levels: usize) -> String {
    let lines = snippet.lines().skip(levels);
    let lines: Vec<&str> = lines.map(|line| line.get(levels * 2..).unwrap_or(line)).collect();
    lines.join("\n")
}

fn indented(lines: &str, columns: usize) -> String {
    let lines = lines.lines().map(|line| format!("{:columns$}{line}", ""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The first key of a mapping in block style that begins its line, but for the dashes of lists; what
/// `<<` merged in stands elsewhere. `None` of a mapping in braces, and of what is none.
fn first_key(node: &Node, file: &File) -> Option<Extent> {
    let Value::Map(entries) = &node.value else { return None };
    let braces = file.text().get(node.extent.start as usize..)?.starts_with('{');
    let begins_its_line = |key: &Extent| {
        let before = file.line_before(key.start);
        key.start >= node.extent.start && before.trim_matches(['-', ' ', '\u{feff}']).is_empty()
    };
    let mut keys = entries.iter().map(|entry| entry.key_extent);
    keys.find(|key| !braces && begins_its_line(key))
}

/// The byte after the last one of a value: of a block, after its last value.
fn end_of(node: &Node, file: &File) -> u32 {
    let flow = file.text()[node.extent.start as usize..].starts_with(['{', '[']);
    let end = match &node.value {
        Value::Map(entries) if !flow => entries.iter().map(|entry| match entry.value.value {
            Value::Null => entry.key_extent.end,
            _ => end_of(&entry.value, file),
        }),
        Value::Seq(items) if !flow => {
            return items.iter().map(|item| end_of(item, file)).max().unwrap_or(node.extent.end);
        }
        _ => return trimmed_end(node.extent, file),
    };
    end.max().unwrap_or(node.extent.end)
}

/// Block scalars end where the next line begins.
fn trimmed_end(extent: Extent, file: &File) -> u32 {
    let text = file.text().get(extent.start as usize..extent.end as usize).unwrap_or_default();
    Extent::new(0, extent.start as usize + text.trim_end().len()).end
}

impl File {
    /// The line, from 1, that a byte stands in.
    fn line_of(&self, offset: u32) -> u32 {
        u32::try_from(self.line_index(offset) + 1).unwrap_or(u32::MAX)
    }

    /// What stands before a byte in its line.
    fn line_before(&self, offset: u32) -> &str {
        let start = self.line_start(self.line_index(offset));
        self.text().get(start..offset as usize).unwrap_or_default()
    }

    /// Columns before a byte in its line.
    fn indent(&self, offset: u32) -> usize {
        self.line_before(offset).chars().filter(|c| *c != '\u{feff}').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::load_text;

    const APP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:v1
          args:
            - |
              some
              text
        - { name: side, image: side:v1 }
        - image: other:v1
          name: other
          lifecycle:
            postStart: { exec: { command: [a] } }
          readinessProbe:
            httpGet:
              port: 8081
";

    const SLEEP: &str = "lifecycle:\n  preStop:\n    sleep:\n      seconds: 3";

    fn edit(field: &str, snippet: &str, replaces: bool) -> (EditAction, String) {
        let loaded = load_text(APP);
        let key = Key::new("default", "web");
        let parent = format!("spec.template.spec{field}");
        let edit = loaded.sources.edit(
            (Kind::Deployment, &key),
            Manifest::Initial,
            &parent,
            snippet,
            replaces,
        );
        let edit = edit.expect("the object is there");
        (edit.action, edit.lines)
    }

    #[test]
    fn a_new_field_goes_below_the_last_line_of_its_mapping() {
        let (action, lines) = edit(".containers[0]", SLEEP, false);
        assert_eq!(action, EditAction::AddBelow(16));
        assert_eq!(
            lines,
            "          lifecycle:\n            preStop:\n              sleep:\n                seconds: 3"
        );
    }

    #[test]
    fn levels_that_are_there_are_not_written_again() {
        let (action, lines) = edit(".containers[2]", SLEEP, false);
        assert_eq!(action, EditAction::AddBelow(21));
        assert_eq!(lines, "            preStop:\n              sleep:\n                seconds: 3");
        let grace = edit("", "terminationGracePeriodSeconds: 60", false);
        let wanted = "      terminationGracePeriodSeconds: 60".to_owned();
        assert_eq!(grace, (EditAction::AddBelow(24), wanted));
    }

    #[test]
    fn a_field_that_is_there_is_replaced_with_all_its_lines() {
        let probe = edit(".containers[2]", "readinessProbe:\n  httpGet:\n    port: 8080", false);
        assert_eq!(probe, (EditAction::Replace(24, 24), "              port: 8080".to_owned()));
        let whole = edit(".containers[2]", "readinessProbe:\n  tcpSocket:\n    port: 8080", true);
        let wanted = "          readinessProbe:\n            tcpSocket:\n              port: 8080";
        assert_eq!(whole, (EditAction::Replace(22, 24), wanted.to_owned()));
        let image = edit(".containers[2]", "image: new", false);
        assert_eq!(image, (EditAction::Replace(18, 18), "        - image: new".to_owned()));
    }

    /// `name` comes from elsewhere, and is no measure of the indentation.
    #[test]
    fn what_was_merged_in_is_not_where_a_field_goes() {
        let app = APP.replace(
            "        - name: web\n          image: web:v1\n",
            "        - <<: { name: web, image: web:v1 }\n",
        );
        let loaded = load_text(&app);
        let object = (Kind::Deployment, &Key::new("default", "web"));
        let edit = loaded.sources.edit(
            object,
            Manifest::Initial,
            "spec.template.spec.containers[0]",
            SLEEP,
            false,
        );
        let edit = edit.expect("the object is there");
        assert_eq!(edit.action, EditAction::AddBelow(15));
        assert!(edit.lines.starts_with("          lifecycle:\n"), "{}", edit.lines);
    }

    #[test]
    fn flow_style_is_not_taken_for_lines() {
        let (action, lines) = edit(".containers[1]", SLEEP, false);
        assert_eq!((action, &*lines), (EditAction::PutInto(17), SLEEP));
        let (action, lines) = edit(".containers[1]", "image: new", false);
        assert_eq!((action, &*lines), (EditAction::ChangeWithin(17), "image: new"));
    }
}
