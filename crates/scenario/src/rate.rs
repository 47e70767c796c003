//! How often requests come: `200/s`, and the processes made of such rates.

use engine::Span;

use crate::Arrivals;

/// Why a text cannot be read, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Bytes from the start of the text.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// Whether it is planned, only not there yet.
    pub(crate) planned: bool,
}

impl Refusal {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), planned: false }
    }

    fn planned(message: impl Into<String>) -> Self {
        Self { offset: 0, message: message.into(), planned: true }
    }

    /// The same, in a text that begins `by` bytes earlier.
    fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// More than this is no client but a mistake, and takes for ever to simulate.
pub(crate) const MOST_PER_SECOND: f64 = 10_000_000.0;

/// A rate in events a second: `200/s`, `12000/m`, `0.5/s`.
pub(crate) fn per_second(text: &str) -> Result<f64, Refusal> {
    let Some((number, unit)) = text.split_once('/') else {
        return Err(Refusal::new(text.len(), "a rate needs a unit: /s, /m or /h"));
    };
    let digits = number.trim();
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let count: f64 = match digits.parse() {
        Ok(count) if plain => count,
        _ if digits.starts_with('-') => return Err(Refusal::new(0, "a rate cannot be negative")),
        _ => return Err(Refusal::new(0, "a rate starts with a number, as in 200/s")),
    };
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => {
            let message = format!("unknown unit {other:?}: one of /s, /m, /h");
            return Err(Refusal::new(number.len() + 1, message));
        }
    };
    let rate = count / seconds;
    if rate > MOST_PER_SECOND {
        return Err(Refusal::new(0, format!("a rate may be {MOST_PER_SECOND}/s at most")));
    }
    Ok(rate)
}

/// Processes that the format plans for.
const PLANNED: [&str; 5] = ["closed", "closedLoop", "users", "trace", "file"];

/// An arrival process: `constant(200/s)`, `poisson(200/s)`, `steps(0s: 100/s, 30s: 500/s)`.
pub(crate) fn arrivals(text: &str) -> Result<Arrivals, Refusal> {
    let trimmed = text.trim();
    let lead = text.len() - text.trim_start().len();
    let (name, arguments) = trimmed.split_once('(').unwrap_or((trimmed, ""));
    let offset = lead + name.len() + 1;
    if PLANNED.contains(&name.trim()) {
        return Err(Refusal::planned(format!("arrivals `{}` are not there yet", name.trim())));
    }
    if !matches!(name, "constant" | "poisson" | "steps") {
        let message =
            "arrivals are constant(200/s), poisson(200/s) or steps(0s: 100/s, 30s: 500/s)";
        return Err(Refusal::new(lead, message));
    }
    let Some(inside) = arguments.strip_suffix(')') else {
        return Err(Refusal::new(text.len(), format!("{name}( needs a closing parenthesis")));
    };
    if name == "steps" {
        return steps(inside).map_err(|refusal| refusal.shifted(offset));
    }
    let rate = per_second(inside).map_err(|refusal| refusal.shifted(offset))?;
    if rate <= 0.0 {
        return Err(Refusal::new(offset, "a client that never sends is no client"));
    }
    Ok(match name {
        "constant" => Arrivals::Constant { per_second: rate },
        _ => Arrivals::Poisson { per_second: rate },
    })
}

fn steps(inside: &str) -> Result<Arrivals, Refusal> {
    let mut steps: Vec<(Span, f64)> = Vec::new();
    let mut offset = 0;
    for part in inside.split(',') {
        let at = offset + part.len() - part.trim_start().len();
        let Some((from, rate)) = part.split_once(':') else {
            return Err(Refusal::new(at, "a step is a time and a rate, as in 30s: 500/s"));
        };
        let time: Span = from.trim().parse().map_err(|error: engine::ParseSpanError| {
            Refusal::new(at + error.offset(), error.to_string())
        })?;
        let in_order = steps.last().map_or(time == Span::ZERO, |(before, _)| *before < time);
        if !in_order {
            let message = match steps.last() {
                None => "the first step begins at 0s".to_owned(),
                Some((before, _)) => format!("{time} is not after {before}"),
            };
            return Err(Refusal::new(at, message));
        }
        let rate_offset = offset + from.len() + 1;
        steps.push((time, per_second(rate).map_err(|refusal| refusal.shifted(rate_offset))?));
        offset += part.len() + 1;
    }
    if steps.iter().all(|(_, rate)| *rate <= 0.0) {
        return Err(Refusal::new(0, "a client that never sends is no client"));
    }
    Ok(Arrivals::Steps { steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_carry_their_unit() {
        for (text, rate) in [("200/s", 200.0), ("12000/m", 200.0), ("0.5 / s", 0.5), ("36/h", 0.01)]
        {
            let read = per_second(text).expect(text);
            assert!((read - rate).abs() < 1e-12, "{text}");
        }
        let cases = [
            ("200", 3, "a rate needs a unit: /s, /m or /h"),
            ("-1/s", 0, "a rate cannot be negative"),
            ("NaN/s", 0, "a rate starts with a number, as in 200/s"),
            ("1e9/s", 0, "a rate starts with a number, as in 200/s"),
            ("5/d", 2, "unknown unit \"d\": one of /s, /m, /h"),
            ("99999999999999999999999/s", 0, "a rate may be 10000000/s at most"),
        ];
        for (text, offset, message) in cases {
            assert_eq!(per_second(text), Err(Refusal::new(offset, message)), "{text}");
        }
    }

    #[test]
    fn arrivals_are_functions_of_rates() {
        let two = vec![(Span::ZERO, 100.0), (Span::from_secs(30), 500.0)];
        let cases = [
            ("constant(200/s)", Arrivals::Constant { per_second: 200.0 }),
            (" poisson( 60/m ) ", Arrivals::Poisson { per_second: 1.0 }),
            ("steps(0s: 100/s, 30s: 500/s)", Arrivals::Steps { steps: two }),
        ];
        for (text, wanted) in cases {
            assert_eq!(arrivals(text), Ok(wanted), "{text}");
        }
        let cases = [
            ("poisson(200)", 11),
            ("poisson(200/s", 13),
            ("steps(1s: 1/s)", 6),
            ("poison(1/s)", 0),
            ("steps(0s: 1/s, 0s: 2/s)", 15),
            ("steps(0s: 1/s, 3: 2/s)", 16),
            ("poisson(0/s)", 8),
            ("steps(0s: 1/s, 3s: 2/x)", 21),
            ("steps(0s 1/s)", 6),
            ("", 0),
            ("steps()", 6),
        ];
        for (text, offset) in cases {
            assert_eq!(arrivals(text).map_err(|refusal| refusal.offset), Err(offset), "{text}");
        }
        assert!(arrivals("closed(10 users)").is_err_and(|refusal| refusal.planned));
    }
}
