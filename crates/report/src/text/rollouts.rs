//! Each rollout: how it ended, and the sizes of its ReplicaSets step by step; and the other changes of
//! size.

use std::collections::BTreeMap;

use engine::Time;
use metrics::{Measures, Rollout, Scaling};

use super::{
    Style, heading,
    paint::Tone,
    table::{Side, Table},
    wrap,
};
use crate::{
    number::{count, many, seconds},
    rollout::{end_of_scaling, ending, sizes, versions},
};

/// So many steps are listed in full; of more the first and last few.
const LISTED: usize = 12;

/// All rollouts, in order of start.
pub(super) fn rollouts(measures: &Measures, style: Style) -> String {
    let sections: Vec<String> =
        measures.rollouts.iter().map(|rollout| section(rollout, style)).collect();
    sections.join("\n\n")
}

/// All other changes of size, in order of start, a line each.
pub(super) fn scalings(measures: &Measures, style: Style) -> String {
    let lines: Vec<String> =
        measures.scalings.iter().map(|scaling| scaling_line(scaling, style)).collect();
    lines.join("\n")
}

fn scaling_line(scaling: &Scaling, style: Style) -> String {
    let Scaling { deployment, start, .. } = scaling;
    let line = format!(
        "SCALING   {deployment}   {} at {}: {}",
        sizes(scaling),
        seconds(start.as_secs_f64()),
        end_of_scaling(scaling)
    );
    wrap::wrap(&line, style.width, 10).replacen("SCALING", &heading("SCALING", style), 1)
}

fn section(rollout: &Rollout, style: Style) -> String {
    let line = format!("ROLLOUT   {}   {} → {}", rollout.deployment, rollout.from, rollout.to);
    let head =
        wrap::wrap(&line, style.width, 10).replacen("ROLLOUT", &heading("ROLLOUT", style), 1);
    let facts = format!(
        "at most {} not being deleted, at least {} ready, {} of {} failed",
        many(u64::from(rollout.pods_max), "pod"),
        count(u64::from(rollout.available_min)),
        count(rollout.requests.failed),
        many(rollout.requests.total(), "request"),
    );
    let indented = |text: &str| wrap::indented(text, style.width, 10);
    let steps = match steps(rollout, style) {
        table if table.is_empty() => table,
        table => format!("{}\n{table}", indented("replicas that its ReplicaSets were to have:")),
    };
    [head, indented(&ending(rollout)), indented(&facts), steps].join("\n").trim_end().to_owned()
}

fn steps(rollout: &Rollout, style: Style) -> String {
    let (steps, versions) = (&rollout.steps, versions(rollout));
    if versions.is_empty() {
        return String::new();
    }
    let heads = versions.iter().map(|version| (*version, Side::Right));
    let mut table = Table::new(std::iter::once(("TIME", Side::Right)).chain(heads));
    let first = if steps.len() > LISTED { LISTED / 2 } else { steps.len() };
    let last = if steps.len() > LISTED { steps.len() - LISTED / 2 } else { steps.len() };
    for (place, (at, sizes)) in steps.iter().enumerate() {
        if place == first {
            let more = format!("… {} more", last - first);
            table.row([(more, Tone::Dim)]);
        }
        if place < first || place >= last {
            table.row(step(*at, sizes, &versions));
        }
    }
    table.render(style)
}

fn step(at: Time, sizes: &BTreeMap<String, i32>, versions: &[&str]) -> Vec<(String, Tone)> {
    let size = |version: &&str| sizes.get(*version).copied().unwrap_or(0).to_string();
    let time = format!("{:.2}s", at.as_secs_f64());
    std::iter::once(time).chain(versions.iter().map(size)).map(|it| (it, Tone::Plain)).collect()
}
