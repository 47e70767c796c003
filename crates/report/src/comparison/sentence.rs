//! Which differences are real, in sentences that can be read aloud.

use metrics::{Comparison, Difference, Measure, words::decimal};

use super::amount;
use crate::number::many;

/// One sentence for each variant under each load.
pub(crate) fn sentences(comparison: &Comparison) -> Vec<String> {
    let mut sentences = Vec::new();
    for load in &comparison.loads {
        for variant in (0..comparison.variants.len()).filter(|it| *it != comparison.against) {
            sentences.push(sentence(comparison, variant, *load));
        }
    }
    sentences
}

fn sentence(comparison: &Comparison, variant: usize, load: f64) -> String {
    let (name, base) = (&comparison.variants[variant], &comparison.variants[comparison.against]);
    let seeds = many(comparison.seeds.len() as u64, "seed");
    let at = match comparison.loads.len() {
        0 | 1 => String::new(),
        _ if load.to_bits() == 1.0_f64.to_bits() => "At the scenario's own load, ".to_owned(),
        _ => format!("At {} times the load, ", decimal(load, 3)),
    };
    if comparison.is_the_same(variant, load) {
        return format!(
            "{at}{name} does exactly what {base} does: under each of {seeds} both have the same \
             fingerprint."
        );
    }
    let all: Vec<&Difference> = of(comparison, variant, load).collect();
    let real: Vec<&&Difference> = all.iter().filter(|difference| difference.real).collect();
    let equal = nouns(all.iter().filter(|it| it.is_nothing()));
    let chance = nouns(all.iter().filter(|it| !it.real && !it.is_nothing()));
    let mut text = match real.as_slice() {
        [] => {
            let no = format!("no difference between {name} and {base} is");
            format!("{at}{no} distinguishable from chance over {seeds}")
        }
        [first, others @ ..] => {
            let mut parts = vec![format!("{} than {base} {}", comparative(first), by(first))];
            parts.extend(others.iter().map(|it| format!("{} {}", comparative(it), by(it))));
            format!("{at}{name} has {} over {seeds}", listed(&parts))
        }
    };
    match chance.as_slice() {
        _ if real.is_empty() => {}
        [] => {}
        [one] => text += &format!("; the difference in {one} is not distinguishable from chance"),
        several => {
            let several = listed(several);
            text += &format!("; the differences in {several} are not distinguishable from chance");
        }
    }
    if !equal.is_empty() {
        text += &format!("; in {} they are the same under every seed", listed(&equal));
    }
    text += of_other_answers(&real);
    capitalized(&text, name) + "."
}

/// What to bear in mind where latencies differ, and with them which requests they are of.
fn of_other_answers(real: &[&&Difference]) -> &'static str {
    let latencies = [Measure::LatencyMean, Measure::LatencyP50, Measure::LatencyP99];
    let success = real.iter().find(|it| it.measure == Measure::SuccessRate);
    match success {
        Some(success) if real.iter().any(|it| latencies.contains(&it.measure)) => {
            match success.interval.mean < 0.0 {
                true => "; latencies are of answered requests alone, of which it has fewer",
                false => "; latencies are of answered requests alone, of which it has more",
            }
        }
        _ => "",
    }
}

/// What there is to see in a figure of some measures, as its title.
pub(crate) fn finding(comparison: &Comparison, measures: &[Measure], what: &str) -> String {
    let base = &comparison.variants[comparison.against];
    let shown = |difference: &&Difference| measures.contains(&difference.measure);
    let real: Vec<&Difference> =
        comparison.differences.iter().filter(shown).filter(|it| it.real).collect();
    let seeds = many(comparison.seeds.len() as u64, "seed");
    match (real.as_slice(), comparison.variants.len(), comparison.loads.len()) {
        ([], ..) => capitalized(
            &format!("no difference in {what} is distinguishable from chance over {seeds}"),
            "",
        ),
        ([.., last], 2, 1) => {
            let name = &comparison.variants[last.variant];
            format!("{name} has {} than {base} {}", comparative(last), by(last))
        }
        (real, variants, loads) => {
            let mut names: Vec<usize> = real.iter().map(|it| it.variant).collect();
            names.sort_unstable();
            names.dedup();
            let some = if loads > 1 { " at some load" } else { "" };
            let who = match (names.as_slice(), variants) {
                ([one], _) => format!("{} differs", comparison.variants[*one]),
                (several, variants) => {
                    format!("{} of {} variants differ", several.len(), variants - 1)
                }
            };
            format!("{who} in {what} from {base}{some}, by more than chance")
        }
    }
}

fn of(comparison: &Comparison, variant: usize, load: f64) -> impl Iterator<Item = &Difference> {
    let of = move |it: &&Difference| it.variant == variant && it.load.to_bits() == load.to_bits();
    comparison.differences.iter().filter(of)
}

/// `a lower p99 latency`.
fn comparative(difference: &Difference) -> String {
    let lower = difference.interval.mean < 0.0;
    let words = difference.measure.words();
    match (difference.measure, lower) {
        (Measure::Failed, true) => format!("fewer {words}"),
        (Measure::Failed, false) => format!("more {words}"),
        (Measure::RolloutDuration, true) => format!("a shorter {words}"),
        (Measure::RolloutDuration, false) => format!("a longer {words}"),
        (_, true) => format!("a lower {words}"),
        (_, false) => format!("a higher {words}"),
    }
}

fn by(difference: &Difference) -> String {
    format!("by {}", amount::distance(difference.interval, difference.measure.unit()))
}

fn nouns<'a>(differences: impl Iterator<Item = &'a &'a Difference>) -> Vec<String> {
    differences.map(|difference| difference.measure.words().to_owned()).collect()
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// With a capital letter at its beginning, unless that is the name of a variant.
fn capitalized(text: &str, name: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if name.is_empty() || !text.starts_with(name) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
