//! A mean with as many digits as its interval leaves it.

use metrics::{comparison::Unit, words::count};
use stats::Interval;

use crate::number::NONE;

/// Digits behind the point at most.
const MOST_DECIMALS: usize = 4;

/// How a number is written: times what, with which digits, and what behind it.
struct Form {
    scale: f64,
    decimals: usize,
    unit: &'static str,
}

/// Means and their intervals, all with the digits of the narrowest: `24.12 ms`, `24.07 to 24.17`.
pub(crate) fn means(intervals: &[Interval], unit: Unit) -> Vec<(String, String)> {
    let name = if unit == Unit::Rate { "%" } else { name(unit) };
    let forms = || intervals.iter().map(|interval| Form::of(*interval, unit, name));
    let decimals = forms().map(|form| form.decimals).max().unwrap_or(0);
    let written = intervals.iter().zip(forms()).map(|(interval, form)| {
        let form = Form { decimals, ..form };
        (form.write(interval.mean, false), form.range(*interval, false))
    });
    written.collect()
}

/// A difference with its sign and its interval: `-12.3 ms` and `-13.6 to -11.0`.
pub(crate) fn difference(interval: Interval, unit: Unit) -> (String, String) {
    let form = Form::of(interval, unit, if unit == Unit::Rate { " pp" } else { name(unit) });
    (form.write(interval.mean, true), form.range(interval, true))
}

/// By how much something is higher or lower, without a sign: `12.3 ms (11.0 to 13.6)`.
pub(crate) fn distance(interval: Interval, unit: Unit) -> String {
    let points = if unit == Unit::Rate { " percentage points" } else { name(unit) };
    let form = Form::of(interval, unit, points);
    let away = interval.mean.abs();
    let text = form.write(away, false);
    if interval.half_width <= interval.mean.abs() * 1e-9 || !interval.half_width.is_finite() {
        return text;
    }
    let bare = Form { unit: "", ..form };
    let (low, high) = (away - interval.half_width, away + interval.half_width);
    format!("{text} ({} to {})", bare.write(low, false), bare.write(high, false))
}

fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Latency => " ms",
        Unit::Duration => " s",
        Unit::Rate | Unit::Count | Unit::Ratio => "",
    }
}

impl Form {
    fn of(interval: Interval, unit: Unit, name: &'static str) -> Self {
        let scale = match unit {
            Unit::Rate => 100.0,
            Unit::Duration => 1e-3,
            Unit::Latency | Unit::Count | Unit::Ratio => 1.0,
        };
        let (mean, width) = (interval.mean.abs() * scale, interval.half_width * scale);
        // Two digits of what is uncertain; three of the number where nothing is but its last bits.
        let digits = if width > mean * 1e-9 && width.is_finite() {
            1.0 - libm::floor(libm::log10(width))
        } else if (mean - mean.round()).abs() <= mean * 1e-9 {
            0.0
        } else {
            2.0 - libm::floor(libm::log10(mean))
        };
        let decimals = digits.clamp(0.0, MOST_DECIMALS as f64) as usize;
        Self { scale, decimals, unit: name }
    }

    fn write(&self, number: f64, signed: bool) -> String {
        let number = number * self.scale;
        let text = format!("{:.*}", self.decimals, number.abs());
        let (whole, rest) = text.split_once('.').map_or((&*text, None), |(a, b)| (a, Some(b)));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
        let zero = text.bytes().all(|digit| matches!(digit, b'0' | b'.'));
        let sign = match number {
            _ if zero => "",
            number if number < 0.0 => "-",
            _ if signed => "+",
            _ => "",
        };
        let rest = rest.map_or(String::new(), |rest| format!(".{rest}"));
        format!("{sign}{whole}{rest}{}", self.unit)
    }

    fn range(&self, interval: Interval, signed: bool) -> String {
        if !interval.half_width.is_finite() {
            return NONE.to_owned();
        }
        let bare = Self { unit: "", ..*self };
        let (low, high) = (interval.low(), interval.high());
        format!("{} to {}", bare.write(low, signed), bare.write(high, signed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(mean: f64, half_width: f64) -> Interval {
        let bounds = (f64::NEG_INFINITY, f64::INFINITY);
        Interval { mean, half_width, samples: 10, bounds }
    }

    #[test]
    fn digits_end_where_the_interval_begins() {
        // A mean, a half width, a unit, and how both are written.
        let cases = [
            (24.123_4, 0.051, Unit::Latency, "24.123 ms", "24.072 to 24.174"),
            (24.123_4, 5.1, Unit::Latency, "24.1 ms", "19.0 to 29.2"),
            (1_234.5, 130.0, Unit::Latency, "1,234 ms", "1,104 to 1,364"),
            (0.994_6, 0.001_5, Unit::Rate, "99.46%", "99.31 to 99.61"),
            (31_240.0, 500.0, Unit::Duration, "31.24 s", "30.74 to 31.74"),
            (0.0, 0.0, Unit::Count, "0", "0 to 0"),
            (3.0, f64::INFINITY, Unit::Count, "3", "-"),
            (3.5, 1e-15, Unit::Count, "3.50", "3.50 to 3.50"),
        ];
        for (number, width, unit, text, range) in cases {
            let written = means(&[interval(number, width)], unit);
            assert_eq!(written, [(text.to_owned(), range.to_owned())]);
        }
    }

    #[test]
    fn differences_have_signs_and_distances_none() {
        let lower = interval(-12.34, 1.3);
        let written = difference(lower, Unit::Latency);
        assert_eq!(written, ("-12.3 ms".to_owned(), "-13.6 to -11.0".to_owned()));
        assert_eq!(distance(lower, Unit::Latency), "12.3 ms (11.0 to 13.6)");
        let same = interval(0.005, 0.0);
        assert_eq!(distance(same, Unit::Rate), "0.500 percentage points");
        assert_eq!(difference(interval(0.0, 0.0), Unit::Rate).0, "0 pp");
    }
}
