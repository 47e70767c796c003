//! What an unquoted word means: the table of `go.yaml.in/yaml/v2`, `resolve.go`.
//!
//! Timestamps stay texts, because that library hands them on as texts.

use super::Value;

/// What a plain scalar means; `Err` with a reason for what JSON cannot hold.
pub(super) fn resolve(text: &str) -> Result<Value, String> {
    let word = match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Some(Value::Bool(false))
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => {
            return Err(format!("`{text}` is not a number that JSON can hold"));
        }
        _ => None,
    };
    let value = word.or_else(|| number(text));
    Ok(value.unwrap_or_else(|| Value::String(text.into())))
}

/// What a scalar with a tag means, `None` for a tag that says nothing about scalars.
pub(super) fn resolve_tagged(core_tag: &str, text: &str) -> Result<Value, String> {
    let failure = || format!("cannot decode `{text}` as a !!{core_tag}");
    match (core_tag, resolve(text).map_err(|_| failure())) {
        ("str", _) => Ok(Value::String(text.into())),
        ("int", Ok(value @ Value::Int(_)))
        | ("float", Ok(value @ (Value::Float(_) | Value::Int(_))))
        | ("bool", Ok(value @ Value::Bool(_)))
        | ("null", Ok(value @ Value::Null)) => Ok(value),
        _ => Err(failure()),
    }
}

/// The text a key of this value gets in JSON, `None` for what cannot be a key.
pub(super) fn key_text(value: &Value) -> Option<Box<str>> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string().into()),
        Value::Int(value) => Some(value.to_string().into()),
        // Go formats keys with 32 bits: 3.10 becomes 3.1.
        Value::Float(value) => Some((*value as f32).to_string().into()),
        Value::Null | Value::Seq(_) | Value::Map(_) => None,
    }
}

fn number(text: &str) -> Option<Value> {
    let first = text.bytes().next()?;
    if first == b'.' {
        let plain = without_separators(text)?;
        return is_decimal(&plain).then(|| float(&plain)).flatten();
    }
    if !first.is_ascii_digit() && first != b'+' && first != b'-' {
        return None;
    }
    let plain = text.replace('_', "");
    if let Some(value) = integer(&plain) {
        return Some(value);
    }
    is_decimal(&plain).then(|| float(&plain)).flatten()
}

/// Underscores between digits left out; after a leading point they are allowed nowhere else.
fn without_separators(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let between_digits = |index: usize| {
        let digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
        index > 0 && digit(bytes.get(index - 1)) && digit(bytes.get(index + 1))
    };
    let misplaced = bytes.iter().enumerate().any(|(i, b)| *b == b'_' && !between_digits(i));
    (!misplaced).then(|| text.replace('_', ""))
}

/// `strconv.ParseInt(text, 0, 64)`; what is larger becomes a float on its way through JSON.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let signed = i128::from(magnitude) * if negative { -1 } else { 1 };
    match i64::try_from(signed) {
        Ok(value) => Some(Value::Int(value)),
        Err(_) if !negative => Some(Value::Float(magnitude as f64)),
        Err(_) => None,
    }
}

/// Whether it is of the form `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let mantissa_holds = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|f| !f.is_empty()));
    let exponent_holds = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa_holds && exponent_holds
}

/// The number, or `None` where it is too large: then the word stays a text, as in Go. Whole
/// numbers lose their point, as they do in Go's JSON.
fn float(text: &str) -> Option<Value> {
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    // Beyond 2^53 the digits are not exact any more and the number stays what it was.
    let whole = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    Some(if whole { Value::Int(value as i64) } else { Value::Float(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each answer is what kubectl 1.36 printed for the scalar with
    /// `kubectl annotate --local -f - x=y -o json`.
    const ANSWERS: &[(&str, &str)] = &[
        ("yes", "true"),
        ("on", "true"),
        ("y", "true"),
        ("Off", "false"),
        ("YES", "true"),
        ("yEs", "\"yEs\""),
        ("n", "false"),
        ("N", "false"),
        ("TRUE", "true"),
        ("tRUE", "\"tRUE\""),
        ("~", "null"),
        ("null", "null"),
        ("Null", "null"),
        ("0644", "420"),
        ("0o644", "420"),
        ("089", "89"),
        ("08", "8"),
        ("0_8", "8"),
        ("00", "0"),
        ("-0644", "-420"),
        ("0O17", "15"),
        ("1_000", "1000"),
        ("1__0", "10"),
        ("1_", "1"),
        ("_1", "\"_1\""),
        ("0x1F", "31"),
        ("0X1f", "31"),
        ("0x_1F", "31"),
        ("-0x1F", "-31"),
        ("0b101", "5"),
        ("-0b101", "-5"),
        ("0B101", "5"),
        ("0x", "\"0x\""),
        ("0o", "\"0o\""),
        ("0b", "\"0b\""),
        ("0b2", "\"0b2\""),
        ("0x1p3", "\"0x1p3\""),
        ("+7", "7"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("12e03", "12000"),
        ("1.0e2", "100"),
        ("0.1e1", "1"),
        ("1.20", "1.2"),
        ("3.0", "3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+.5", "0.5"),
        ("._5", "\"._5\""),
        (".1_0", "0.1"),
        ("1_0.5", "10.5"),
        ("12:30:45", "\"12:30:45\""),
        ("2024-01-01", "\"2024-01-01\""),
        ("123abc", "\"123abc\""),
        ("=", "\"=\""),
        ("9223372036854775807", "9223372036854775807"),
        ("1e400", "\"1e400\""),
        ("18446744073709551616", "18446744073709552000"),
        ("1208925819614629174706176", "1208925819614629200000000"),
        ("", "null"),
    ];

    #[test]
    fn scalars_mean_what_they_mean_to_kubectl() {
        for (text, json) in ANSWERS {
            let shown = match resolve(text).expect(text) {
                Value::Null => "null".to_owned(),
                Value::Bool(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                Value::Float(value) => value.to_string(),
                Value::String(value) => format!("{value:?}"),
                other => format!("{other:?}"),
            };
            assert_eq!(shown, *json, "{text}");
        }
        assert!(resolve(".inf").is_err() && resolve("-.INF").is_err() && resolve(".nan").is_err());
    }

    #[test]
    fn tags_choose_the_type() {
        let shown = |tag, text| format!("{:?}", resolve_tagged(tag, text));
        assert_eq!(shown("str", "12"), "Ok(String(\"12\"))");
        assert_eq!(shown("int", "12"), "Ok(Int(12))");
        assert_eq!(shown("bool", "yes"), "Ok(Bool(true))");
        assert_eq!(shown("int", "q"), "Err(\"cannot decode `q` as a !!int\")");
    }

    #[test]
    fn keys_become_texts() {
        for (text, key) in [("true", "true"), ("0", "0"), ("3.10", "3.1"), ("0x10", "16")] {
            let value = resolve(text).expect(text);
            assert_eq!(key_text(&value).as_deref(), Some(key));
        }
    }
}
