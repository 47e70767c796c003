//! The map is a test: the crate table of ARCHITECTURE.md against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    floor: u8,
    depends_on: BTreeSet<String>,
}

fn root() -> String {
    format!("{}/..", env!("CARGO_MANIFEST_DIR"))
}

fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(format!("{}/ARCHITECTURE.md", root())).expect("it is there");
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, floor, name, _, depends_on, _] = cells[..]
            && let Ok(floor) = floor.parse()
        {
            let depends_on =
                depends_on.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            rows.insert(name.trim_matches('`').to_owned(), Row { floor, depends_on });
        }
    }
    rows
}

/// A package's short name, `None` where it is not part of the product.
fn short_name(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent()?;
    folder.parent()?.ends_with("crates").then(|| folder.file_name().map(str::to_owned))?
}

/// Every crate under `crates/` with the crates of the product it needs.
fn workspace() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = format!("{}/Cargo.toml", root());
    let metadata =
        MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo is there");
    let packages: Vec<(&Package, String)> = metadata
        .packages
        .iter()
        .filter_map(|package| Some((package, short_name(package)?)))
        .collect();
    let names: BTreeMap<&str, &str> =
        packages.iter().map(|(package, short)| (package.name.as_str(), short.as_str())).collect();
    let needs = |package: &Package| {
        let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
        normal.filter_map(|d| names.get(d.name.as_str())).map(|name| (*name).to_owned()).collect()
    };
    packages.iter().map(|(package, short)| (short.clone(), needs(package))).collect()
}

#[test]
fn the_table_is_the_workspace() {
    let table = table();
    let expected: BTreeMap<_, _> =
        table.iter().map(|(name, row)| (name.clone(), row.depends_on.clone())).collect();
    assert_eq!(workspace(), expected, "left: cargo metadata, right: ARCHITECTURE.md");
}

#[test]
fn a_crate_depends_on_lower_floors_only() {
    let table = table();
    for (name, row) in &table {
        for needed in &row.depends_on {
            let below = table[needed].floor;
            assert!(below < row.floor, "{name} (floor {}) needs {needed} ({below})", row.floor);
        }
    }
}

#[test]
fn only_the_scenario_reader_knows_the_kubernetes_types() {
    let manifest = format!("{}/Cargo.toml", root());
    let metadata =
        MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo is there");
    let knows: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| package.dependencies.iter().any(|d| d.name == "k8s-openapi"))
        .filter_map(short_name)
        .collect();
    assert_eq!(knows, ["scenario"]);
}
