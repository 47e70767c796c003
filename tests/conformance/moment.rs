//! Moments and durations as Go writes them.

use api::Timestamp;

use crate::fields::{Fields, Problem, Read};

/// A moment (RFC 3339) in nanoseconds since 1970.
pub(crate) fn parse_moment(text: &str) -> Read<i64> {
    nanos(text).ok_or_else(|| format!("not a moment: {text}"))
}

/// A field with a moment of whole seconds, as objects store it.
pub(crate) fn timestamp(fields: &Fields<'_>, name: &str) -> Read<Option<Timestamp>> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    Ok(Some(Timestamp(parse_moment(text)?.div_euclid(1_000_000_000))))
}

fn nanos(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let (clock, offset_minutes) = match rest.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let (clock, offset) = rest.split_at_checked(rest.len().checked_sub(6)?)?;
            let (sign, offset) = offset.split_at_checked(1)?;
            let (hours, minutes) = offset.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            (clock, if sign == "-" { -minutes } else { minutes })
        }
    };
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let days = days_from_civil(date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let minutes = clock.next()?? * 60 + clock.next()?? - offset_minutes;
    let seconds = (days * 24 * 60 + minutes) * 60 + clock.next()??;
    let fraction: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A duration as Go prints it (`1m0.5s`), in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Read<i64> {
    let problem = || -> Problem { format!("not a duration: {text}") };
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0.0;
    if rest.is_empty() {
        return Err(problem());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(letters);
        let nanos = match (unit, after.is_empty() && number == "0") {
            ("h", _) => 3.6e12,
            ("m", _) => 6e10,
            ("s", _) => 1e9,
            ("ms", _) => 1e6,
            ("µs" | "us", _) => 1e3,
            ("ns", _) | ("", true) => 1.0,
            _ => return Err(problem()),
        };
        total += number.parse::<f64>().map_err(|_| problem())? * nanos;
        rest = after;
    }
    Ok(sign * total.round() as i64)
}

#[test]
fn moments_and_durations_are_read() {
    assert_eq!(parse_moment("1970-01-01T00:00:00Z"), Ok(0));
    assert_eq!(parse_moment("2000-03-01T00:00:01.5Z"), Ok(951_868_801_500_000_000));
    assert_eq!(parse_moment("1970-01-01T02:00:00+02:00"), Ok(0));
    assert!(parse_moment("yesterday").is_err());
    assert_eq!(parse_duration("1m0.5s"), Ok(60_500_000_000));
    assert_eq!(parse_duration("-4s"), Ok(-4_000_000_000));
    assert!(parse_duration("4").is_err());
}
