//! Scenarios as a user has them, files or texts, and what happens in them.

use std::{fs, io};

use engine::Time;
use record::Record;
use scenario::{Complaint, Files, Found, Scenario};

/// A run's record stream, in order.
pub(crate) type Records = Vec<(Time, Record)>;

/// What happens in a scenario under a seed.
pub(crate) fn rehearse(scenario: &Scenario, seed: u64) -> Records {
    let mut records = Records::new();
    sim::run(sim::compile(scenario, seed), &mut records);
    records
}

/// The scenario in a text; a path of the file system where the text has none of a scenario's lines.
pub(crate) fn load(source: &str) -> Scenario {
    let files = Source(source);
    let path = if files.is_text() { "scenario.yaml" } else { source };
    let loaded = scenario::load(&[path.to_owned()], &files, &judge);
    let complaints =
        || scenario::render(&loaded.diagnostics, &loaded.sources, scenario::Style::Plain);
    loaded.scenario.clone().unwrap_or_else(|| panic!("{path}:\n{}", complaints()))
}

fn judge(text: &str) -> Result<Option<String>, Complaint> {
    let complaint = |error: metrics::ExpectationError| Complaint {
        offset: error.offset(),
        message: error.to_string(),
        help: String::new(),
    };
    let parsed = metrics::Expectation::parse(text).map_err(complaint)?;
    Ok(parsed.client().map(str::to_owned))
}

/// A text that is a file of its own, or the path of one on disk.
struct Source<'a>(&'a str);

impl Source<'_> {
    fn is_text(&self) -> bool {
        self.0.contains('\n')
    }
}

impl Files for Source<'_> {
    fn look(&self, path: &str) -> io::Result<Found> {
        if self.is_text() || !fs::metadata(path)?.is_dir() {
            return Ok(Found::File);
        }
        let names = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Found::Folder(names))
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        if self.is_text() { Ok(self.0.as_bytes().to_vec()) } else { fs::read(path) }
    }
}
