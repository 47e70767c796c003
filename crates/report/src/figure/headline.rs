//! The figures' titles: each states what is to be seen.

use metrics::{Measures, PodMeasures};

use super::{
    font,
    svg::{Label, Svg},
    theme::{BODY, INK, MARGIN, MUTED, TITLE, WIDTH},
    versions::{deployment, from_to},
};
use crate::number::{count, latency, many, seconds};

/// The title and `note` under it; returns where the figure can go on.
pub(crate) fn draw(svg: &mut Svg, note: &str) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 34.0;
    for line in font::balanced(svg.title(), TITLE, true, room) {
        svg.text(&Label::new(MARGIN, y, &line).size(TITLE).bold().tone(&INK));
        y += TITLE * 1.3;
    }
    for line in font::lines(note, BODY, false, room) {
        svg.text(&Label::new(MARGIN, y - 2.0, &line).tone(&MUTED));
        y += BODY * 1.45;
    }
    svg.end_head(note, y - 14.0);
    y
}

/// When requests failed.
pub(crate) fn failures(measures: &Measures) -> String {
    let (failed, total) = (measures.requests.failed, measures.requests.total());
    let change = match measures.rollouts.as_slice() {
        [] => String::new(),
        [one] => {
            let (name, (from, to)) = (deployment(one), from_to(one));
            match from == to {
                true => format!(" while {name} restarted"),
                false => format!(" while {name} went from {from} to {to}"),
            }
        }
        several => format!(" during {}", many(several.len() as u64, "rollout")),
    };
    let failing = |second: &metrics::Second| second.failed > 0;
    let first = measures.seconds.iter().position(failing);
    let last = measures.seconds.iter().rposition(failing);
    match (total, first, last) {
        (0, ..) => "No request was sent".to_owned(),
        (_, None, _) | (_, _, None) => format!("No request failed{change}"),
        (_, Some(first), Some(last)) => {
            let bound = |secs: f64| seconds(secs).replace(' ', "\u{a0}");
            let when = format!("{} and {}", bound(first as f64), bound(last as f64 + 1.0));
            let during =
                if failed == measures.rollouts.iter().map(|it| it.requests.failed).sum::<u64>() {
                    change
                } else {
                    String::new()
                };
            format!("{} of {} failed between {when}{during}", count(failed), many(total, "request"))
        }
    }
}

/// Who carried how much.
pub(crate) fn evenness(measures: &Measures) -> String {
    let balance = measures.balance;
    let busiest = measures.pods.iter().max_by_key(|pod| pod.requests);
    match (balance.pods, busiest) {
        (_, None) => "No pod received a request".to_owned(),
        (_, Some(busiest)) if busiest.requests == 0 => "No pod received a request".to_owned(),
        (pods, Some(busiest)) if pods < 2 || !balance.is_measured() => {
            format!("{} carried {}", busiest.name, many(busiest.requests, "request"))
        }
        (pods, Some(_)) => {
            let carried = format!(
                "The most loaded of {pods} pods carried {:.2} times the mean",
                balance.max_over_mean
            );
            match balance.chance_max_over_mean {
                chance if chance.is_nan() => carried,
                chance => format!("{carried}; chance alone gives {chance:.2}"),
            }
        }
    }
}

/// How long answers took.
pub(crate) fn latencies(measures: &Measures) -> String {
    let quantile = |share| measures.latency.quantile(share).map(|nanos| latency(nanos as f64));
    match (quantile(0.5), quantile(0.99)) {
        (Some(half), Some(most)) => {
            format!("Half of the answers took at most {half}, 99% at most {most}")
        }
        _ => "No request was answered".to_owned(),
    }
}

/// Pods as the figures name them: with their versions, for a screen reader.
pub(crate) fn roll_call(pods: &[&PodMeasures]) -> String {
    let listed: Vec<String> = pods
        .iter()
        .take(12)
        .map(|pod| format!("{} ({}): {}", pod.name, pod.version, many(pod.requests, "request")))
        .collect();
    let more = pods.len().saturating_sub(listed.len());
    let more = if more > 0 { format!("; and {more} more pods") } else { String::new() };
    format!("{}{more}.", listed.join("; "))
}
