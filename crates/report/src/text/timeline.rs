//! The share of requests answered, second by second, in one line of blocks.

use engine::Time;
use metrics::{Measures, Second};

use super::{
    Style, heading,
    paint::{Paint, Tone},
    wrap,
};
use crate::{
    number::{many, percent, seconds},
    window::{Window, answered},
};

/// Columns before the first block.
const LABEL: usize = 10;
/// More bins than this are hard to find one's way in.
const MOST_BINS: usize = 120;
/// More rollouts than this are not marked.
const MOST_ROLLOUTS: usize = 4;
/// From a bin in which all failed to one in which nearly none did; a full block is a bin without.
const LEVELS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];

/// The line of blocks, the rollouts under it, and a time axis.
pub(super) fn timeline(measures: &Measures, style: Style) -> String {
    let window = Window::eventful(measures, (style.width - LABEL).min(MOST_BINS));
    let bins = window.traffic(&measures.seconds);
    let rates: Vec<Option<f64>> = bins.iter().map(|(_, bin)| answered(*bin)).collect();
    let Some(worst) = rates.iter().flatten().copied().reduce(f64::min) else {
        return String::new();
    };
    let title = title(window, &bins, worst, measures);
    let title = wrap::wrap(&title, style.width, LABEL);
    let mut lines = vec![title.replacen("TIMELINE", &heading("TIMELINE", style), 1)];
    lines.push(format!("{:LABEL$}{}", "answered", blocks(&rates, style)));
    for rollout in measures.rollouts.iter().take(MOST_ROLLOUTS) {
        let end = rollout.over().map(Time::as_secs_f64);
        let span = (rollout.start.as_secs_f64(), end.unwrap_or(f64::MAX));
        let bracket = bracket(window, rates.len(), span);
        // One needs no name.
        let name = if measures.rollouts.len() > 1 { &*rollout.deployment } else { "" };
        let room = style.width.saturating_sub(LABEL + bracket.chars().count() + 1);
        let name = as_fits(name, room);
        lines.push(format!("{:LABEL$}{bracket} {name}", "rollout").trim_end().to_owned());
    }
    lines.push(format!("{:LABEL$}{}", "", axis(window, rates.len())));
    lines.join("\n")
}

/// A Deployment's name, without its namespace where there is no room for that, or nothing.
fn as_fits(name: &str, room: usize) -> &str {
    let short = name.split_once('/').map_or(name, |(_, short)| short);
    [name, short].into_iter().find(|it| it.chars().count() <= room).unwrap_or_default()
}

fn title(
    window: Window,
    bins: &[(std::ops::Range<usize>, Second)],
    worst: f64,
    measures: &Measures,
) -> String {
    let each = many(window.step as u64, "second");
    let mut title = "TIMELINE  ".to_owned();
    if !window.is_whole(measures) {
        let (from, to) = (seconds(window.from as f64), seconds(window.to as f64));
        let all = seconds(measures.duration.as_secs_f64());
        title.push_str(&format!("{from} … {to} of {all}, "));
    }
    title.push_str(&format!("a column is {each}"));
    let is_worst = |(_, bin): &&(std::ops::Range<usize>, Second)| {
        bin.failed > 0 && answered(*bin).is_some_and(|rate| rate <= worst)
    };
    if let Some((range, _)) = bins.iter().find(is_worst) {
        let at = seconds(range.start as f64);
        title.push_str(&format!(", the lowest at {at}: {} answered", percent(worst)));
    }
    title
}

/// Blocks of one kind are painted together, to keep the escapes few.
fn blocks(rates: &[Option<f64>], style: Style) -> String {
    let mut out = String::new();
    for run in rates.chunk_by(|left, right| tone(*left) == tone(*right)) {
        let text: String = run.iter().map(|rate| block(*rate)).collect();
        out.push_str(&Paint(style.ansi).of(tone(run[0]), &text));
    }
    out
}

fn tone(rate: Option<f64>) -> Tone {
    match rate {
        None => Tone::Dim,
        Some(rate) if rate < 1.0 => Tone::Bad,
        Some(_) => Tone::Good,
    }
}

fn block(rate: Option<f64>) -> char {
    match rate {
        None => '·',
        Some(rate) if rate < 1.0 => {
            let place = rate * LEVELS.len() as f64;
            LEVELS[(place as usize).min(LEVELS.len() - 1)]
        }
        Some(_) => '█',
    }
}

/// `├───┤` from the column of the start to that of the end; a `→` where it goes on.
fn bracket(window: Window, columns: usize, (from, to): (f64, f64)) -> String {
    let column =
        |secs: f64| ((secs - window.from as f64).max(0.0) / window.step as f64).min(1e6) as usize;
    let (start, end) = (column(from).min(columns - 1), column(to));
    let mut line = " ".repeat(start);
    if end >= columns {
        line.extend(["├", &"─".repeat((columns - start).saturating_sub(2)), "→"]);
    } else if end <= start {
        line.push('│');
    } else {
        line.extend(["├", &"─".repeat(end - start - 1), "┤"]);
    }
    line
}

fn axis(window: Window, columns: usize) -> String {
    let (from, to) = (seconds(window.from as f64), seconds(window.to as f64));
    let room = columns.saturating_sub(from.len() + to.len()).max(1);
    format!("{from}{}{to}", " ".repeat(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_far_as_it_can_be_read() {
        let cases = [(11, "default/api"), (10, "api"), (3, "api"), (2, "")];
        for (room, shown) in cases {
            assert_eq!(as_fits("default/api", room), shown, "{room} columns");
        }
    }
}
