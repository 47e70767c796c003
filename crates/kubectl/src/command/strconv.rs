//! Values of flags as Go reads them (`strconv`, `time.ParseDuration`), with its words to those that
//! are none.

use jiff::SignedDuration;

/// `strconv.ParseBool`.
pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// `strconv.ParseInt` of base 0: `0x10` is sixteen, and underscores may part digits.
pub(super) fn parse_int(text: &str) -> Result<i64, String> {
    let wrong = |why: &str| format!("strconv.ParseInt: parsing {text:?}: {why}");
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let (digits, base) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        Some(_) if lower.starts_with('0') => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    let parted = base != 10 && digits.starts_with('_');
    let digits = if parted { &digits[1..] } else { digits };
    if digits.is_empty()
        || !digits.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_digit(base)))
        || (base == 10 && digits.contains('_'))
    {
        return Err(wrong("invalid syntax"));
    }
    let number = i128::from_str_radix(&digits.replace('_', ""), base).unwrap_or(i128::MAX);
    let number = if text.starts_with('-') { -number } else { number };
    i64::try_from(number).map_err(|_| wrong("value out of range"))
}

const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// `time.ParseDuration`: `1h2m3.5s`, and `0`.
pub(super) fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    let mut nanos = 0_i128;
    loop {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let whole = take(&mut rest, |c| c.is_ascii_digit());
        let fraction = match rest.strip_prefix('.') {
            Some(after) => {
                rest = after;
                take(&mut rest, |c| c.is_ascii_digit())
            }
            None => "",
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let name = take(&mut rest, |c| !is_number(c));
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let unit = UNITS.iter().find(|(known, _)| *known == name);
        let (_, unit) =
            unit.ok_or_else(|| format!("time: unknown unit {name:?} in duration {text:?}"))?;
        nanos += scaled(whole, fraction, *unit).ok_or_else(invalid)?;
        if rest.is_empty() {
            break;
        }
    }
    let nanos = if text.starts_with('-') { -nanos } else { nanos };
    i64::try_from(nanos).map(SignedDuration::from_nanos).map_err(|_| invalid())
}

/// What a text begins with, taken off it.
fn take<'t>(text: &mut &'t str, belongs: impl Fn(char) -> bool) -> &'t str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

/// So many units, in nanoseconds; digits that are less than one are not looked at.
fn scaled(whole: &str, fraction: &str, unit: i128) -> Option<i128> {
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse().ok() };
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let whole: i64 = number(whole)?;
    let fraction: i64 = number(fraction)?;
    Some(i128::from(whole) * unit + i128::from(fraction) * unit / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truths_are_gos() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse_bool(text), Ok(true), "{text}");
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse_bool(text), Ok(false), "{text}");
        }
        let wrong = "strconv.ParseBool: parsing \"no\": invalid syntax";
        assert_eq!(parse_bool("no"), Err(wrong.to_owned()));
    }

    #[test]
    fn whole_numbers_are_gos() {
        let cases = [
            ("0", Ok(0)),
            ("30200", Ok(30_200)),
            ("-1", Ok(-1)),
            ("0x10", Ok(16)),
            ("0b11", Ok(3)),
            ("010", Ok(8)),
            ("0x_f_f", Ok(255)),
            ("99999999999", Ok(99_999_999_999)),
            ("", Err("invalid syntax")),
            ("x", Err("invalid syntax")),
            ("0x", Err("invalid syntax")),
            ("1_000", Err("invalid syntax")),
            ("9223372036854775808", Err("value out of range")),
        ];
        for (text, expected) in cases {
            let expected =
                expected.map_err(|why| format!("strconv.ParseInt: parsing {text:?}: {why}"));
            assert_eq!(parse_int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn durations_are_gos() {
        let cases = [
            ("0", Ok(0)),
            ("0s", Ok(0)),
            ("3s", Ok(3_000)),
            ("-3s", Ok(-3_000)),
            ("+1m30s", Ok(90_000)),
            (".5s", Ok(500)),
            ("1.25h", Ok(4_500_000)),
            ("2ms", Ok(2)),
            ("", Err("invalid duration \"\"")),
            ("soon", Err("invalid duration \"soon\"")),
            ("PT3S", Err("invalid duration \"PT3S\"")),
            (".s", Err("invalid duration \".s\"")),
            ("3", Err("missing unit in duration \"3\"")),
            ("3 s", Err("unknown unit \" s\" in duration \"3 s\"")),
            ("3d", Err("unknown unit \"d\" in duration \"3d\"")),
            ("9999999h", Err("invalid duration \"9999999h\"")),
        ];
        for (text, expected) in cases {
            let expected = expected.map_err(|why| format!("time: {why}"));
            assert_eq!(parse_duration(text), expected.map(SignedDuration::from_millis), "{text:?}");
        }
    }
}
