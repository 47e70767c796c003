//! Where an axis has its ticks, and what they say.

use crate::number;

/// Steps of time that people count in, in seconds.
const TIME_STEPS: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
    14_400.0, 43_200.0, 86_400.0,
];

/// Multiples of the smallest of 1, 2 and 5 times a power of ten that gives at most `most` ticks.
pub(crate) fn ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let span = to - from;
    if span <= 0.0 || !span.is_finite() {
        return vec![from];
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(span / most.max(1) as f64)));
    let fits = |step: &f64| span / step <= most as f64 + 1e-9;
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(fits);
    multiples(from, to, step.unwrap_or(10.0 * power))
}

/// Ticks of a time axis, in seconds: at most `most`, a round time apart.
pub(crate) fn time_ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let fits = |step: &f64| (to - from) / step <= most as f64;
    let step = TIME_STEPS.into_iter().find(fits).unwrap_or((to - from).max(1.0));
    multiples(from, to, step)
}

fn multiples(from: f64, to: f64, step: f64) -> Vec<f64> {
    let slack = step * 1e-9;
    let (first, last) =
        (libm::ceil((from - slack) / step) as i64, libm::floor((to + slack) / step) as i64);
    (first..=last).map(|place| place as f64 * step).collect()
}

/// What a tick of a time axis says.
pub(crate) fn time_label(secs: f64, to: f64) -> String {
    match to {
        to if to > 7_200.0 => format!("{} h", svg_short(secs / 3_600.0)),
        to if to > 600.0 => format!("{} min", svg_short(secs / 60.0)),
        _ => number::seconds(secs),
    }
}

/// A tick of a logarithmic axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogTick {
    /// Where.
    pub(crate) value: f64,
    /// Whether it has a label.
    pub(crate) labelled: bool,
}

/// Ticks of a logarithmic axis: every digit of every decade; labelled at 1, 2 and 5 where there
/// are few decades, and at 1 where there are many.
pub(crate) fn log_ticks(from: f64, to: f64) -> Vec<LogTick> {
    let (first, last) = (libm::floor(libm::log10(from)) as i32, libm::ceil(libm::log10(to)) as i32);
    let few = last - first <= 4;
    let digits = |decade: i32| (1..10).map(move |digit| (decade, digit));
    (first..=last)
        .flat_map(digits)
        .map(|(decade, digit)| LogTick {
            value: f64::from(digit) * libm::pow(10.0, f64::from(decade)),
            labelled: digit == 1 || (few && (digit == 2 || digit == 5)),
        })
        .filter(|tick| tick.value >= from * 0.999_999 && tick.value <= to * 1.000_001)
        .collect()
}

/// What a tick in milliseconds says: `0.5 ms`, `20 ms`, `2 s`.
pub(crate) fn millis_label(millis: f64) -> String {
    if millis >= 999.5 {
        format!("{} s", svg_short(millis / 1e3))
    } else {
        format!("{} ms", svg_short(millis))
    }
}

/// What a tick of a share says: `99.5%`.
pub(crate) fn share_label(share: f64) -> String {
    format!("{}%", svg_short(share * 100.0))
}

fn svg_short(number: f64) -> String {
    super::svg::short(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(0.0, 88.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(ticks(0.8, 1.0, 4).len(), 5);
        assert_eq!(ticks(1.0, 1.0, 4), [1.0]);
        assert_eq!(time_ticks(24.0, 58.0, 8), [25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0]);
    }

    #[test]
    fn log_ticks_label_few_digits() {
        let ticks = log_ticks(1.5, 250.0);
        let labels: Vec<String> =
            ticks.iter().filter(|it| it.labelled).map(|it| millis_label(it.value)).collect();
        let expected = ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms", "200 ms"];
        assert_eq!(labels, expected);
        assert_eq!(millis_label(2_000.0), "2 s");
    }

    #[test]
    fn long_axes_count_in_minutes() {
        assert_eq!(
            (time_label(90.0, 100.0), time_label(900.0, 3_600.0)),
            ("90 s".to_owned(), "15 min".to_owned())
        );
    }
}
