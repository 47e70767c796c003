//! Quantities of CPU and memory, added up (`resource.Quantity`).
//!
//! *Left out:* exponents such as `1e3`, which no API server gives back.

use std::iter::Sum;

use crate::Object;

/// Suffixes, and how many thousandths one of them is.
const SUFFIXES: [(&str, i128); 12] = [
    ("Ki", 1000 << 10),
    ("Mi", 1000 << 20),
    ("Gi", 1000 << 30),
    ("Ti", 1000 << 40),
    ("Pi", 1000 << 50),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("", 1000),
];

/// A quantity in thousandths; nothing of what is none.
#[must_use]
pub fn parse_millis(text: &str) -> i128 {
    let suffix = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix));
    let Some((suffix, unit)) = suffix else { return 0 };
    let number = &text[..text.len() - suffix.len()];
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let Ok(digits) = format!("{whole}{fraction}").parse::<i128>() else { return 0 };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX));
    scale.map_or(0, |scale| digits.saturating_mul(*unit) / scale)
}

/// Processors: whole ones, or thousandths.
#[must_use]
pub fn cpu_text(millis: i128) -> String {
    if millis % 1000 == 0 { (millis / 1000).to_string() } else { format!("{millis}m") }
}

/// Bytes in the largest binary unit that fits.
#[must_use]
pub fn memory_text(millis: i128) -> String {
    let bytes = millis / 1000;
    let units = [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let unit = units.into_iter().find(|(size, _)| bytes > 0 && bytes % size == 0);
    unit.map_or_else(|| bytes.to_string(), |(size, name)| format!("{}{name}", bytes / size))
}

/// CPU and memory, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Of a processor.
    pub cpu: i128,
    /// Of a byte.
    pub memory: i128,
}

impl Amounts {
    /// What the containers of a pod state together as `requests` or `limits`.
    #[must_use]
    pub fn of_pod(pod: Object<'_>, kind: &str) -> Self {
        let containers = pod.list("spec.containers");
        let own = containers.map(|container| container.at("resources").at(kind));
        own.map(|it| Self {
            cpu: parse_millis(it.text("cpu")),
            memory: parse_millis(it.text("memory")),
        })
        .sum()
    }
}

impl Sum for Amounts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            cpu: sum.cpu + it.cpu,
            memory: sum.memory + it.memory,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_and_written() {
        let cases = [
            ("0", 0, "0", "0"),
            ("250m", 250, "250m", "0"),
            ("4", 4000, "4", "4"),
            ("1.5", 1500, "1500m", "1"),
            ("128Mi", 1000 << 27, "134217728", "128Mi"),
            ("0.5Gi", 1000 << 29, "536870912", "512Mi"),
            ("16G", 16_000_000_000_000, "16000000000", "15625000Ki"),
            ("a", 0, "0", "0"),
            ("", 0, "0", "0"),
        ];
        for (text, millis, cpu, memory) in cases {
            assert_eq!(parse_millis(text), millis, "{text}");
            assert_eq!((&*cpu_text(millis), &*memory_text(millis)), (cpu, memory), "{text}");
        }
    }
}
