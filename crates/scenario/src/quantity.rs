//! Quantities of Kubernetes: `500m` of a core, `16Gi` of memory.
//!
//! Only what `resource.ParseQuantity` accepts is accepted; what has no use here (a value of more
//! than 2^63) saturates.

use std::str::FromStr;

/// A quantity in thousandths, rounded up as `Quantity.MilliValue` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    milli: i128,
}

/// A text that is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAQuantity;

impl Quantity {
    /// Thousandths, 0 where negative.
    pub(crate) fn milli(self) -> u64 {
        u64::try_from(self.milli.max(0)).unwrap_or(u64::MAX)
    }

    /// Whole ones, rounded up, 0 where negative.
    pub(crate) fn whole(self) -> u64 {
        let rounded_up = self.milli.max(0).saturating_add(999) / 1000;
        u64::try_from(rounded_up).unwrap_or(u64::MAX)
    }

    /// Whether it is below zero.
    pub(crate) fn is_negative(self) -> bool {
        self.milli < 0
    }
}

/// A suffix as base and exponent: `Ki` is 2^10, `k` is 10^3.
const SUFFIXES: [(&str, u32, i32); 16] = [
    ("", 10, 0),
    ("n", 10, -9),
    ("u", 10, -6),
    ("m", 10, -3),
    ("k", 10, 3),
    ("M", 10, 6),
    ("G", 10, 9),
    ("T", 10, 12),
    ("P", 10, 15),
    ("E", 10, 18),
    ("Ki", 2, 10),
    ("Mi", 2, 20),
    ("Gi", 2, 30),
    ("Ti", 2, 40),
    ("Pi", 2, 50),
    ("Ei", 2, 60),
];

/// Digits beyond these are no quantity of anything.
const MOST_DIGITS: usize = 18;

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (sign, unsigned) = match text.as_bytes() {
            [b'-', ..] => (-1, &text[1..]),
            [b'+', ..] => (1, &text[1..]),
            _ => (1, text),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, suffix) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return Err(NotAQuantity);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > MOST_DIGITS {
            return Ok(Self { milli: i128::from(i64::MAX) * 1000 * sign });
        }
        let fraction = &fraction[..fraction.len().min(MOST_DIGITS)];
        let digits: i128 = format!("0{whole}{fraction}").parse().map_err(|_| NotAQuantity)?;
        let scale = i32::try_from(fraction.len()).map_err(|_| NotAQuantity)?;
        let (base, exponent) = factor(suffix).ok_or(NotAQuantity)?;
        Ok(Self { milli: sign * thousandths(digits, scale, base, exponent) })
    }
}

/// Base and exponent of a suffix, which may be an exponent itself: `e3`, `E-2`.
fn factor(suffix: &str) -> Option<(u32, i32)> {
    if let Some((_, base, exponent)) = SUFFIXES.iter().find(|(name, ..)| *name == suffix) {
        return Some((*base, *exponent));
    }
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = digits.parse().ok()?;
    Some((10, exponent.clamp(-60, 60)))
}

/// `digits` × 10^-`scale` × `base`^`exponent` in thousandths, rounded up.
fn thousandths(digits: i128, scale: i32, base: u32, exponent: i32) -> i128 {
    let (up, down) = if base == 2 { (3, scale) } else { (3 + exponent, scale) };
    let binary = if base == 2 { 1_i128 << exponent } else { 1 };
    let ten = up - down;
    let power = |exponent: i32| 10_i128.checked_pow(exponent.unsigned_abs());
    let scaled = digits.checked_mul(binary);
    match (scaled, power(ten)) {
        (Some(value), Some(power)) if ten >= 0 => {
            value.checked_mul(power).unwrap_or(i128::from(u64::MAX))
        }
        (Some(value), Some(power)) => value / power + i128::from(value % power > 0),
        (Some(value), None) if ten < 0 => i128::from(value > 0),
        _ => i128::from(u64::MAX),
    }
    .min(i128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let cases = [
            ("1", 1000),
            ("100m", 100),
            ("0.5", 500),
            (".5", 500),
            ("1.", 1000),
            ("1k", 1_000_000),
            ("1Ki", 1_024_000),
            ("1e3", 1_000_000),
            ("1E3", 1_000_000),
            ("+2", 2000),
            ("1n", 1),
            ("1u", 1),
            ("0", 0),
            ("1e-3", 1),
            ("0.1m", 1),
            ("1e-60", 1),
            ("16Gi", 17_179_869_184_000),
        ];
        for (text, milli) in cases {
            assert_eq!(text.parse::<Quantity>().map(Quantity::milli), Ok(milli), "{text}");
        }
        for text in ["", "m", "1x", "1 Gi", "1gi", "..", "1.2.3", "- 1", "abc", "1e", "e3", "NaN"] {
            assert_eq!(text.parse::<Quantity>(), Err(NotAQuantity), "{text}");
        }
        assert!("-1".parse::<Quantity>().is_ok_and(Quantity::is_negative));
        assert_eq!("1.5Gi".parse::<Quantity>().map(Quantity::whole), Ok(1_610_612_736));
        for text in ["1208925819614629174706176", "9999999E", "1e60", "9Ei"] {
            assert!(text.parse::<Quantity>().is_ok_and(|quantity| quantity.milli() > 0), "{text}");
        }
    }
}
