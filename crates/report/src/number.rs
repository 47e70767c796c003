//! Numbers as readers see them: units, three significant digits, and no rounding that lies.

pub(crate) use metrics::words::{count, many};

/// What stands where there is no number.
pub(crate) const NONE: &str = "-";

/// A latency in nanoseconds with three significant digits: `0.85 ms`, `24.1 ms`, `1.90 s`.
pub(crate) fn latency(nanos: f64) -> String {
    let millis = nanos / 1e6;
    // Compared with what rounds up, so that 999.6 ms reads `1.00 s` and not `1000 ms`.
    if millis < 999.5 { three_digits(millis, "ms") } else { three_digits(millis / 1e3, "s") }
}

/// The same for a terminal's table, as kubectl writes times: `24.1ms`.
pub(crate) fn tight_latency(nanos: Option<f64>) -> String {
    latency_or_none(nanos).replace(' ', "")
}

/// The same with two significant digits where there are more columns than room: `24ms`, `1.9s`.
pub(crate) fn tighter_latency(nanos: Option<f64>) -> String {
    let Some(nanos) = nanos else { return NONE.to_owned() };
    match nanos / 1e6 {
        millis if millis < 9.95 => format!("{millis:.1}ms"),
        millis if millis < 999.5 => format!("{millis:.0}ms"),
        millis if millis < 9_950.0 => format!("{:.1}s", millis / 1e3),
        millis => format!("{:.0}s", millis / 1e3),
    }
}

/// The same, or a dash.
pub(crate) fn latency_or_none(nanos: Option<f64>) -> String {
    nanos.map_or_else(|| NONE.to_owned(), latency)
}

/// A share as a percentage with two decimals, or with as many as it takes not to read `100%` or
/// `0%` where something is missing or there: `99.60%`, `99.9996%`.
pub(crate) fn percent(share: f64) -> String {
    let exact = share <= 0.0 || share >= 1.0;
    if exact {
        return if share >= 1.0 { "100%".to_owned() } else { "0%".to_owned() };
    }
    for decimals in 2..=6 {
        let text = format!("{:.decimals$}", share * 100.0);
        if !text.starts_with("100") && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            return format!("{text}%");
        }
    }
    if share > 0.5 { ">99.999999%".to_owned() } else { "<0.000001%".to_owned() }
}

/// The same, or a dash.
pub(crate) fn percent_or_none(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), percent)
}

/// A part of a whole as a percentage with one decimal; a dash of nothing.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NONE.to_owned();
    }
    format!("{:.1}%", part as f64 / whole as f64 * 100.0)
}

/// A moment in seconds without needless zeros: `30 s`, `51.2 s`.
pub(crate) fn seconds(secs: f64) -> String {
    let text = format!("{secs:.1}");
    format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
}

fn three_digits(number: f64, unit: &str) -> String {
    let decimals = if number < 9.995 {
        2
    } else if number < 99.95 {
        1
    } else {
        0
    };
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_three_digits_and_their_unit() {
        let cases = [
            (0.0, "0.00 ms"),
            (850_000.0, "0.85 ms"),
            (9_996_000.0, "10.0 ms"),
            (24_120_000.0, "24.1 ms"),
            (231_400_000.0, "231 ms"),
            (999_600_000.0, "1.00 s"),
            (1_900_000_000.0, "1.90 s"),
            (120_000_000_000.0, "120 s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(latency(nanos), text);
        }
    }

    #[test]
    fn a_percentage_never_claims_all_or_nothing_wrongly() {
        let cases = [
            (1.0, "100%"),
            (0.0, "0%"),
            (0.9960, "99.60%"),
            (0.999_996, "99.9996%"),
            (0.000_001, "0.0001%"),
            (1.0 - 1e-12, ">99.999999%"),
            (1e-12, "<0.000001%"),
        ];
        for (rate, text) in cases {
            assert_eq!(percent(rate), text);
        }
    }

    #[test]
    fn seconds_drop_only_zeros() {
        assert_eq!((seconds(30.0), seconds(51.24)), ("30 s".to_owned(), "51.2 s".to_owned()));
    }
}
