//! `human_duration`: the column AGE.

use kubectl::human_duration::{human_duration, short_human_duration};

use crate::{
    case::{Case, agree},
    fields::Problem,
    moment::parse_duration,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let print = match case.test.as_str() {
        "TestHumanDuration" | "TestHumanDurationBoundaries" => human_duration,
        "TestShortHumanDurationBoundaries" => short_human_duration,
        _ => return case.unknown(),
    };
    let nanos = case.input(|f| parse_duration(f.needed("d", f.text("d")?)?))?;
    let expected = case.expected(|f| f.needed("want", f.text("want")?).map(str::to_owned))?;
    agree("the text", &expected, &print(nanos / 1_000_000_000))
}
