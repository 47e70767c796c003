//! `maxSurge: 25%`, port numbers and names.

use api::{IntOrPercent, IntOrString};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestGetIntFromIntOrString" => value_and_kind(case),
        "TestGetIntFromIntOrPercent" | "TestGetValueFromIntOrPercent" => scaled(case),
        "TestParse" => parse(case),
        _ => case.unknown(),
    }
}

/// A field that is a number or a text.
pub(crate) fn int_or_string(fields: &Fields<'_>, name: &str) -> Read<Option<IntOrString>> {
    let Some(value) = fields.value(name) else { return Ok(None) };
    if let Some(text) = value.as_str() {
        return Ok(Some(IntOrString::String(text.to_owned())));
    }
    Ok(fields.int(name)?.map(IntOrString::Int))
}

/// `getIntOrPercentValueSafely`.
fn value_and_kind(case: &Case) -> Result<(), Problem> {
    let input = case.input(|f| f.needed("input", int_or_string(f, "input")?))?;
    let (fails, percent, value) = case.expected(|f| {
        Ok((f.flag("expectErr")?, f.flag("expectPerc")?, f.int_or_zero::<i32>("expectVal")?))
    })?;
    let got = match IntOrPercent::try_from(&input) {
        Err(_) => (true, false, 0),
        Ok(IntOrPercent::Int(number)) => (false, false, number),
        Ok(IntOrPercent::Percent(number)) => (false, true, number),
    };
    agree("(fails, percentage, value)", &(fails, percent, value), &got)
}

/// `GetScaledValueFromIntOrPercent`.
fn scaled(case: &Case) -> Result<(), Problem> {
    let (input, total, round_up) = case.input(|f| {
        // Nil is no number, and so is no text.
        let input = int_or_string(f, "input")?.unwrap_or(IntOrString::String(String::new()));
        Ok((input, f.int_or_zero("total")?, f.flag("roundUp")?))
    })?;
    let expected =
        case.expected(|f| Ok((f.flag("expectErr")?, f.int_or_zero::<i32>("expectVal")?)))?;
    let got = IntOrPercent::try_from(&input).map(|value| value.scaled(total, round_up));
    agree("(fails, value)", &expected, &(got.is_err(), got.unwrap_or(0)))
}

fn parse(case: &Case) -> Result<(), Problem> {
    let input = case.input(|f| f.needed("input", f.text("input")?))?;
    let expected = case.expected(|f| f.needed("output", int_or_string(f, "output")?))?;
    agree("value", &expected, &IntOrString::parse(input))
}
