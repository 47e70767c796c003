//! Which files there are to read, and the documents in them.
//!
//! Paths are compared as texts after `.` and `..` are taken out, so that a file that is named
//! twice is read once. Nothing here says what a document means.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    Code, Diagnostic, Files, Found,
    applied_paths::NAME as APPLIED_BY,
    diagnostic::Findings,
    source::{At, Extent, FileId, Sources},
    yaml::{Node, read_documents},
};

/// How large a file may be.
const MOST_FILE_BYTES: usize = 16 << 20;
/// How large all files may be together.
const MOST_BYTES: usize = 64 << 20;
/// How many files may be read, and how many names looked at.
const MOST_FILES: usize = 10_000;
/// How deep folders are descended into; links can make a circle.
const MOST_NESTED: usize = 16;

/// Who wanted a file to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The user, by its name.
    Named,
    /// The user or the scenario, by the name of a folder it is in.
    InFolder,
    /// The scenario, by its name in `spec.manifests`.
    Manifest,
    /// A step of the timeline that applies it.
    Applied,
}

/// A document, not looked into so far.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The path of its file, without `.` and `..`.
    pub(crate) path: Arc<str>,
    /// Its file.
    pub(crate) file: FileId,
    /// Its tree.
    pub(crate) root: Arc<Node>,
    /// Who wanted it.
    pub(crate) origin: Origin,
}

/// Reads files, each once.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    pub(crate) sources: Sources,
    pub(crate) findings: Findings,
    pub(crate) documents: Vec<Document>,
    seen: BTreeSet<Arc<str>>,
    bytes: usize,
    values: usize,
    looked_at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            sources: Sources::default(),
            findings: Findings::default(),
            documents: Vec::new(),
            seen: BTreeSet::new(),
            bytes: 0,
            values: 0,
            looked_at: 0,
        }
    }

    /// Reads a file, or the files of a folder; `asked_at` is where the path is written, if it is
    /// written in a file.
    pub(crate) fn gather(&mut self, path: &str, origin: Origin, asked_at: Option<At>) {
        let path = normalized(path);
        match self.files.look(&path) {
            Ok(Found::File) => self.read(&path, origin, asked_at),
            Ok(Found::Folder(names)) => {
                let origin = if origin == Origin::Applied { origin } else { Origin::InFolder };
                let mut paths = Vec::new();
                self.list(&path, names, 0, &mut paths);
                if paths.is_empty() {
                    let message = format!("folder `{path}` has no .yaml, .yml or .json file");
                    let help = "name a folder with manifests in it, or a file";
                    self.report(Diagnostic::new(Code::NothingThere, message, help), asked_at);
                }
                for path in paths {
                    self.read(&path, origin, asked_at);
                }
            }
            Err(error) => self.cannot_read(&path, &error, asked_at),
        }
    }

    /// The manifests of a folder by name; those of its subfolders where it has none itself.
    fn list(
        &mut self,
        folder: &str,
        mut names: Vec<String>,
        depth: usize,
        paths: &mut Vec<String>,
    ) {
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        let inside = |name: &String| normalized(&format!("{folder}/{name}"));
        let before = paths.len();
        paths.extend(names.iter().filter(|name| is_manifest(name)).map(inside));
        if paths.len() > before || depth == MOST_NESTED {
            return;
        }
        for path in names.iter().map(inside) {
            self.looked_at += 1;
            if self.looked_at > MOST_FILES {
                return;
            }
            if let Ok(Found::Folder(names)) = self.files.look(&path) {
                self.list(&path, names, depth + 1, paths);
            }
        }
    }

    fn read(&mut self, path: &str, origin: Origin, asked_at: Option<At>) {
        if !self.seen.insert(path.into()) {
            return;
        }
        let bytes = match self.files.read(path, MOST_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return self.cannot_read(path, &error, asked_at),
        };
        self.bytes = self.bytes.saturating_add(bytes.len());
        let too_large = if bytes.len() > MOST_FILE_BYTES {
            Some(format!("file `{path}` is larger than {} MiB", MOST_FILE_BYTES >> 20))
        } else if self.bytes > MOST_BYTES || self.seen.len() > MOST_FILES {
            let limit = format!("{MOST_FILES} files or {} MiB", MOST_BYTES >> 20);
            Some(format!("with `{path}` there are more than {limit} to read"))
        } else {
            None
        };
        if let Some(message) = too_large {
            let help = "load the manifests of one application, not of everything";
            return self.report(Diagnostic::new(Code::TooLarge, message, help), asked_at);
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.parse(path, text, origin),
            Err(error) => self.not_utf8(path, error.utf8_error().valid_up_to(), error.as_bytes()),
        }
    }

    fn parse(&mut self, path: &str, text: String, origin: Origin) {
        let name = if path == "-" { "<stdin>" } else { path };
        let file = self.sources.add(name.to_owned(), text);
        let text = self.sources.text(file);
        let path: Arc<str> = path.into();
        for root in read_documents(&text, file, &mut self.values, &mut self.findings) {
            self.documents.push(Document { path: path.clone(), file, root, origin });
        }
    }

    /// Keeps what can be shown: the text up to the end of the line with the first wrong byte.
    fn not_utf8(&mut self, path: &str, offset: usize, bytes: &[u8]) {
        let rest = &bytes[offset..];
        let line_end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()).min(200);
        let text = String::from_utf8_lossy(&bytes[..offset + line_end]).into_owned();
        let file = self.sources.add(path.to_owned(), text);
        let wrong = Extent::new(offset, offset + char::REPLACEMENT_CHARACTER.len_utf8());
        let message = format!("file `{path}` is not UTF-8: byte 0x{:02x} at {offset}", rest[0]);
        let help = "save the file as UTF-8";
        let diagnostic = Diagnostic::new(Code::NotUtf8, message, help);
        self.findings.push(diagnostic.at(At { file, extent: wrong }, "here"));
    }

    fn cannot_read(&mut self, path: &str, error: &std::io::Error, asked_at: Option<At>) {
        let message = format!("cannot read `{path}`: {error}");
        let help = match asked_at {
            Some(at) if self.sources.file(at.file).name() == APPLIED_BY => "check the path",
            Some(_) => "names are looked for beside the scenario file",
            None => "check the path",
        };
        self.report(Diagnostic::new(Code::CannotRead, message, help), asked_at);
    }

    fn report(&mut self, diagnostic: Diagnostic, asked_at: Option<At>) {
        self.findings.push(match asked_at {
            Some(at) => diagnostic.at(at, "asked for here"),
            None => diagnostic,
        });
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending))
}

/// A path written in a file, as seen from where the program runs.
pub(crate) fn beside(file: &str, path: &str) -> String {
    if path.starts_with('/') || path == "-" {
        return normalized(path);
    }
    match file.rsplit_once('/') {
        Some((folder, _)) => normalized(&format!("{folder}/{path}")),
        None => normalized(path),
    }
}

/// The path without `.` and without `..` where that can be told.
pub(crate) fn normalized(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() && root.is_empty() {
        ".".to_owned()
    } else {
        root.to_owned() + &parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_dots() {
        let cases = [
            (".", "."),
            ("./a", "a"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("/", "/"),
            ("-", "-"),
            ("/a/./b/", "/a/b"),
            ("a//b", "a/b"),
            ("../../a", "../../a"),
            ("a/..", "."),
        ];
        for (path, wanted) in cases {
            assert_eq!(normalized(path), wanted, "{path}");
        }
        assert_eq!(beside("k8s/scenario.yaml", "../app.yaml"), "app.yaml");
        assert_eq!(beside("scenario.yaml", "app.yaml"), "app.yaml");
        assert_eq!(beside("k8s/scenario.yaml", "/app.yaml"), "/app.yaml");
    }
}
