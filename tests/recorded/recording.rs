//! Recordings: gzipped JSON lines, and summaries.

use std::{fs, fs::File, io::Read, path::PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// The folder of the recordings, `None` where there is none.
#[expect(clippy::disallowed_methods, reason = "where data is found does not change a result")]
pub(crate) fn folder() -> Option<PathBuf> {
    let stated = std::env::var("ROLLSIM_CONFORMANCE").ok();
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance");
    let folder = PathBuf::from(stated.unwrap_or_else(|| default.to_owned())).join("recorded");
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stdout, reason = "a skipped test has to say so")]
    {
        println!("skipped: there are no recordings in {}", folder.display());
    }
    None
}

/// A text file.
pub(crate) fn text(path: &str) -> Option<String> {
    Some(fs::read_to_string(folder()?.join(path)).expect("a listed file can be read"))
}

/// A JSON file.
pub(crate) fn json(path: &str) -> Option<Value> {
    let text = fs::read_to_string(folder()?.join(path)).expect("a listed file can be read");
    Some(serde_json::from_str(&text).expect("it is JSON"))
}

/// The lines of a gzipped file.
pub(crate) fn lines(path: &PathBuf) -> Vec<Value> {
    let file = File::open(path).expect("a listed file can be opened");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("it is gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("it is JSON lines")).collect()
}

/// The recordings of a folder whose names begin so, by name.
pub(crate) fn named(folder: &str, prefix: &str) -> Vec<PathBuf> {
    let Some(root) = self::folder() else { return Vec::new() };
    let entries = fs::read_dir(root.join(folder)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(prefix) && name.ends_with(".jsonl.gz") && !name.contains(".requests.")
    });
    paths.sort();
    paths
}

/// The name of a recording.
pub(crate) fn name(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.trim_end_matches(".jsonl.gz").to_owned()
}
