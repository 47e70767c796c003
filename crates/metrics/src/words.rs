//! Numbers as a sentence has them: units, plurals, short lists.

use engine::{Span, Time};

/// A count with its thousands apart: `24,000`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a noun, in the singular for one: `1 pod`, `3 pods`.
#[must_use]
pub fn many(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// How often: `once`, `twice`, `5 times`.
#[must_use]
pub fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", count(u64::from(number))),
    }
}

/// A length of time with as many digits as mean something: `8 ms`, `0.35 s`, `31.2 s`, `10 min`.
#[must_use]
pub fn span(span: Span) -> String {
    let (number, unit) = in_unit(span, span);
    format!("{number} {unit}")
}

/// A range of two lengths of time in one unit: `0.02 to 1.1 s`, or one where they read alike.
#[must_use]
pub fn spans((least, most): (Span, Span)) -> String {
    let ((low, _), (high, unit)) = (in_unit(least, most), in_unit(most, most));
    if low == high { format!("{high} {unit}") } else { format!("{low} to {high} {unit}") }
}

/// A length of time to be held against a bound, so with more digits: `200.4 ms`, `5.125 s`.
#[must_use]
pub fn exact_span(span: Span) -> String {
    match span.as_millis_f64() {
        millis if millis < 1_000.0 => format!("{} ms", decimal(millis, 2)),
        millis => format!("{} s", decimal(millis / 1e3, 3)),
    }
}

/// A fraction as a percentage, cut off and never rounded up: `100%` is nothing less.
#[must_use]
pub fn percentage(fraction: f64) -> String {
    // What is a whole number of ten thousandths should stay one after the multiplication.
    let cut = (fraction * 1e6 + 1e-6).floor() / 1e4;
    format!("{}%", decimal(cut, 4))
}

/// A number with up to so many decimals, without zeros at their end: `1.12`.
#[must_use]
pub fn decimal(number: f64, decimals: usize) -> String {
    trimmed(number, decimals)
}

/// A moment of the run, in seconds with one decimal: `31.2 s`.
#[must_use]
pub fn moment(time: Time) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// The stretch between two moments: `from 31.2 s to 33.9 s`, or `at 31.2 s`.
#[must_use]
pub fn stretch(from: Time, to: Time) -> String {
    let (start, end) = (moment(from), moment(to));
    if start == end { format!("at {start}") } else { format!("from {start} to {end}") }
}

/// Between which two moments something happened, not all the time: `between 31.2 s and 33.9 s`, or
/// `at 31.2 s`.
#[must_use]
pub fn between(first: Time, last: Time) -> String {
    let (start, end) = (moment(first), moment(last));
    if start == end { format!("at {start}") } else { format!("between {start} and {end}") }
}

/// Up to three names, or how many there are: `node-1 and node-2`, `50 nodes`.
#[must_use]
pub fn names<T: AsRef<str>>(names: &[T], noun: &str) -> String {
    match names {
        [] => format!("no {noun}"),
        [one] => one.as_ref().to_owned(),
        [one, two] => format!("{} and {}", one.as_ref(), two.as_ref()),
        [one, two, three] => {
            format!("{}, {} and {}", one.as_ref(), two.as_ref(), three.as_ref())
        }
        _ => many(names.len() as u64, noun),
    }
}

/// `span` in the unit that suits `scale`.
fn in_unit(span: Span, scale: Span) -> (String, &'static str) {
    let millis = span.as_millis_f64();
    match scale.as_millis_f64() {
        scale if scale < 10.0 => (trimmed(millis, 1), "ms"),
        scale if scale < 100.0 => (format!("{millis:.0}"), "ms"),
        scale if scale < 10_000.0 => (trimmed(millis / 1e3, 2), "s"),
        scale if scale < 600_000.0 => (trimmed(millis / 1e3, 1), "s"),
        _ => (trimmed(millis / 60e3, 1), "min"),
    }
}

fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((many(1, "pod"), many(3, "pod")), ("1 pod".to_owned(), "3 pods".to_owned()));
    }

    #[test]
    fn spans_read_well() {
        let cases = [
            (0, "0 ms"),
            (8, "8 ms"),
            (99, "99 ms"),
            (350, "0.35 s"),
            (1_400, "1.4 s"),
            (31_240, "31.2 s"),
            (120_000, "120 s"),
            (600_000, "10 min"),
        ];
        for (millis, text) in cases {
            assert_eq!(span(Span::from_millis(millis)), text);
        }
        let range = |least, most| spans((Span::from_millis(least), Span::from_millis(most)));
        assert_eq!(range(20, 1_100), "0.02 to 1.1 s");
        assert_eq!(range(1_401, 1_402), "1.4 s");
    }

    #[test]
    fn what_is_held_against_a_bound_is_not_rounded_to_it() {
        let exact = |micros| exact_span(Span::from_micros(micros));
        assert_eq!(exact(200_400), "200.4 ms");
        assert_eq!(exact(1_000_000), "1 s");
        assert_eq!(exact(51_240_000), "51.24 s");
        let cases = [
            (1.0, "100%"),
            (0.999_999_99, "99.9999%"),
            (0.999, "99.9%"),
            (0.57, "57%"),
            (0.0, "0%"),
            (2.0 / 3.0, "66.6666%"),
        ];
        for (fraction, text) in cases {
            assert_eq!(percentage(fraction), text);
        }
        assert_eq!((decimal(1.12, 3), decimal(2.0, 3)), ("1.12".to_owned(), "2".to_owned()));
        assert_eq!([1, 2, 1_000].map(times), ["once", "twice", "1,000 times"]);
    }

    #[test]
    fn long_lists_become_numbers() {
        assert_eq!(names(&["a"], "node"), "a");
        assert_eq!(names(&["a", "b"], "node"), "a and b");
        assert_eq!(names(&["a", "b", "c"], "node"), "a, b and c");
        assert_eq!(names(&["a"; 50], "node"), "50 nodes");
    }
}
