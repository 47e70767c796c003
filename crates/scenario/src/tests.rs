//! Whole loads: from texts to a scenario and rendered diagnostics.

mod applying;
mod balancing;
mod consistency;
mod endpoint_slices;
mod faulty_scenarios;
mod follow_ups;
mod hostile;
mod images;
mod manifests;
mod nobody_called;
mod rendering;
mod scenarios;
mod selectors;
mod settings_of_the_cluster;
mod target_ports;
mod targets_nowhere;
mod variations;

use std::{collections::BTreeMap, io};

use crate::{Complaint, Files, Found, Loaded, Style, load, render};

/// Files of a test, by path.
#[derive(Default)]
pub(crate) struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let owned = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Self(owned.collect())
    }
}

impl Files for Memory {
    fn look(&self, path: &str) -> io::Result<Found> {
        if self.0.contains_key(path) {
            return Ok(Found::File);
        }
        let prefix = if path == "." { String::new() } else { format!("{path}/") };
        let inside = self.0.keys().filter_map(|name| name.strip_prefix(&prefix));
        let mut names: Vec<String> =
            inside.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect();
        names.dedup();
        // Not sorted, as a disk would not sort them.
        names.reverse();
        match names.as_slice() {
            [] => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
            _ => Ok(Found::Folder(names)),
        }
    }

    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        let bytes = self.0.get(path).ok_or_else(missing)?;
        Ok(bytes[..bytes.len().min(most + 1)].to_vec())
    }
}

/// What is said of a quiet scenario with these fields besides: each case has words that must be in it.
pub(crate) fn check(cases: &[(&str, &[&str])]) {
    for (fields, words) in cases {
        let text = scenarios::with_scenario(&format!("{fields}\n{}", scenarios::QUIET));
        let said = shown(&load_text(&text));
        for word in *words {
            assert!(said.contains(word), "{fields}: `{word}` is not in\n{said}");
        }
    }
}

/// Takes every expectation but those with the word `bad`.
pub(crate) fn judge(text: &str) -> Result<Option<String>, Complaint> {
    match text.find("bad") {
        None => Ok(None),
        Some(offset) => Err(Complaint {
            offset,
            message: "unknown measure `bad`".to_owned(),
            help: "did you mean `success_rate`?".to_owned(),
        }),
    }
}

/// Loads files of a test.
pub(crate) fn load_files(paths: &[&str], files: &[(&str, &str)]) -> Loaded {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    load(&paths, &Memory::new(files), &judge)
}

/// Loads one file, `app.yaml`.
pub(crate) fn load_text(text: &str) -> Loaded {
    load_files(&["app.yaml"], &[("app.yaml", text)])
}

/// The diagnostics as people see them.
pub(crate) fn shown(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, &loaded.sources, Style::Plain)
}

/// The codes and messages, one a line.
pub(crate) fn findings(loaded: &Loaded) -> Vec<String> {
    let line = |diagnostic: &crate::Diagnostic| {
        let place = diagnostic.place(&loaded.sources);
        let line = place.map_or(0, |place| place.line);
        format!("{} {line}: {}", diagnostic.code, diagnostic.message)
    };
    loaded.diagnostics.iter().map(line).collect()
}
