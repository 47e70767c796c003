//! The scenarios of the folder `scenarios/`.

use std::fs;

/// Where they are.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

/// Their names, in order.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(FOLDER).expect("the folder is there");
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.expect("it can be listed").file_name().into_string().ok()?;
            name.strip_suffix(".yaml").map(str::to_owned)
        })
        .collect();
    names.sort_unstable();
    names
}

/// The path of one of them.
pub(crate) fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.yaml")
}
