//! `printers_service`, `printers_workload`: the cells of `kubectl get`.

use kubectl::{
    Object,
    printers::{Options, printer},
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    moment::parse_moment,
};

/// When the recorder ran, for the cases that don't say.
const CAPTURED_AT: &str = "2026-11-22T10:08:56Z";

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let (object, wide) = case.input(|f| read(case, f))?;
    let object = Object::new(&object);
    let now = parse_moment(case.captured_at.as_deref().unwrap_or(CAPTURED_AT))?;
    let now = jiff::Timestamp::from_nanosecond(i128::from(now)).map_err(|e| e.to_string())?;
    let kind = object.text("kind");
    let printer = printer(kind).ok_or_else(|| format!("{kind} is not printed"))?;
    let expected = case.expected(|f| {
        let rows = if f.value("expected").is_some() { "expected" } else { "expect" };
        f.objects(rows, cells)
    })?;
    agree("the cells", &expected, &vec![printer.row(object, &Options { now, wide })])
}

/// The object, whatever its field is called, and whether the table is wide: a case says so, or its
/// test does.
fn read(case: &Case, f: &Fields<'_>) -> Read<(Value, bool)> {
    let wide = f.object_if_any("options", |f| {
        f.ignore(&["NoHeaders"]);
        f.flag("Wide")
    })?;
    let tests = ["TestPrintPodwide", "TestPrintNodeExternalIP", "TestPrintNodeInternalIP"];
    let wide = wide.unwrap_or_else(|| tests.contains(&case.test.as_str()));
    match f.rest()[..] {
        [(_, object)] => Ok((object.clone(), wide)),
        ref others => Err(format!("one object is wanted, not {}", others.len())),
    }
}

/// Numbers and texts print alike. The conditions of a row are for programs, kubectl shows none.
fn cells(f: &Fields<'_>) -> Read<Vec<String>> {
    f.ignore(&["conditions"]);
    f.each("cells", |value, _| match value {
        Value::String(text) => Ok(text.clone()),
        other => Ok(other.to_string()),
    })
}
