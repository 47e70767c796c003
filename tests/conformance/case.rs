//! A case of a vector file.

use std::{fmt::Debug, path::Path, sync::Arc};

use serde_json::{Map, Value};

use crate::fields::{Fields, Problem, Read};

/// Checks a case: nothing if the model agrees, else what it expected and got.
pub(crate) type Check = fn(&Case) -> Result<(), Problem>;

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    /// The Go test it was recorded from.
    pub(crate) test: String,
    /// Its name among that test's cases.
    pub(crate) name: String,
    /// The wall clock when it was recorded.
    pub(crate) captured_at: Option<String>,
    input: Value,
    expected: Value,
    fixture: Value,
    world: Arc<Value>,
}

impl Case {
    /// What a failure is reported under.
    pub(crate) fn id(&self, file: &str) -> String {
        format!("{file} {} \"{}\"", self.test, self.name)
    }

    /// Reads the inputs; one that nobody asked for is a problem.
    pub(crate) fn input<'a, T>(&'a self, read: impl FnOnce(&Fields<'a>) -> Read<T>) -> Read<T> {
        Fields::of(&self.input, "input", read)
    }

    /// Reads what is expected; a part that nobody asked for is a problem.
    pub(crate) fn expected<'a, T>(&'a self, read: impl FnOnce(&Fields<'a>) -> Read<T>) -> Read<T> {
        Fields::of(&self.expected, "expected", read)
    }

    /// Reads what the Go test fixes around its cases.
    pub(crate) fn fixture<'a, T>(&'a self, read: impl FnOnce(&Fields<'a>) -> Read<T>) -> Read<T> {
        Fields::of(&self.fixture, "fixture", |fields| {
            // Notes are for people.
            fields.text("note")?;
            read(fields)
        })
    }

    /// Reads what all tests of the file have around them.
    pub(crate) fn world<'a, T>(&'a self, read: impl FnOnce(&Fields<'a>) -> Read<T>) -> Read<T> {
        Fields::of(&self.world, "world", |fields| {
            fields.text("note")?;
            read(fields)
        })
    }

    /// What to say of a test that nothing here checks.
    pub(crate) fn unknown(&self) -> Result<(), Problem> {
        Err(format!("no check for {}", self.test))
    }
}

/// Compares what the model gave with what Kubernetes gave.
pub(crate) fn agree<T: PartialEq + Debug>(
    what: &str,
    expected: &T,
    got: &T,
) -> Result<(), Problem> {
    if expected == got {
        return Ok(());
    }
    Err(format!("{what}\n  expected {expected:?}\n  got      {got:?}"))
}

/// The cases of a file.
pub(crate) fn read_file(path: &Path) -> Read<Vec<Case>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let file: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let cases =
        file.get("cases").and_then(Value::as_array).ok_or("the file has no list of cases")?;
    if cases.is_empty() {
        return Err("the file has no cases".to_owned());
    }
    let world = Arc::new(file["meta"]["world"].clone());
    cases.iter().map(|case| read_case(case, &world)).collect()
}

fn read_case(value: &Value, world: &Arc<Value>) -> Read<Case> {
    Fields::of(value, "case", |fields| {
        // Where it came from, and words for people.
        fields.ignore(&["source_file", "note", "source", "provenance", "notes", "tolerance"]);
        // Vectors of load balancers name a case by what balances and a text of its own.
        let test = fields.text("test")?.or(fields.text("policy")?);
        let name = fields.text("case")?.or(fields.text("id")?);
        let part = |name: &str| {
            let absent = Value::Object(Map::new());
            fields.value(name).cloned().unwrap_or(absent)
        };
        Ok(Case {
            test: fields.needed("test", test)?.to_owned(),
            name: fields.needed("case", name)?.to_owned(),
            captured_at: fields.text("captured_at")?.map(str::to_owned),
            input: part("input"),
            expected: part("expected"),
            fixture: part("fixture"),
            world: Arc::clone(world),
        })
    })
}
