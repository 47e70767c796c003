//! How the requests went: per client, per cause, and how long they took.

use metrics::{Counts, Measures};
use stats::LatencyHistogram;

use super::{
    Style,
    paint::Tone,
    table::{Side, Table},
};
use crate::{
    kept_connections, lookups,
    number::{count, percent_or_none, share, tight_latency},
};

/// One line per client, and one for all of them where there are several.
pub(super) fn requests(measures: &Measures, style: Style) -> String {
    let mut table = Table::new([
        ("CLIENT", Side::Left),
        ("REQUESTS", Side::Right),
        ("OK", Side::Right),
        ("FAILED", Side::Right),
        ("IN-FLIGHT", Side::Right),
        ("ATTEMPTS", Side::Right),
        ("SUCCESS", Side::Right),
    ]);
    for client in &measures.clients {
        table.row(counted(&client.name, client.traffic.counts));
    }
    if measures.clients.len() != 1 {
        table.row(counted("all", measures.requests));
    }
    table.render(style)
}

fn counted(name: &str, counts: Counts) -> [(String, Tone); 7] {
    let tone = if counts.failed > 0 { Tone::Bad } else { Tone::Plain };
    [
        (name.to_owned(), Tone::Plain),
        (count(counts.total()), Tone::Plain),
        (count(counts.ok), Tone::Plain),
        (count(counts.failed), tone),
        (count(counts.in_flight), Tone::Plain),
        (count(counts.attempts), Tone::Plain),
        (percent_or_none(counts.success_rate()), tone),
    ]
}

/// What names cost, where that is not one name for each connection and one try for each name.
pub(super) fn lookups(measures: &Measures, style: Style) -> String {
    if !lookups::are_worth_a_table(measures) {
        return String::new();
    }
    let heads = ["CLIENT", "NAMES LOOKED UP", "DNS QUERIES", "PER NAME"];
    let side = |head| if head == "CLIENT" { Side::Left } else { Side::Right };
    let mut table = Table::new(heads.map(|head| (head, side(head))));
    for client in &measures.clients {
        let cells = lookups::cells(client);
        table.row(cells.map(|cell| (cell, Tone::Plain)));
    }
    table.render(style)
}

/// The connections that clients kept, where any did.
pub(super) fn connections(measures: &Measures, style: Style) -> String {
    if kept_connections::keepers(measures).next().is_none() {
        return String::new();
    }
    let heads = ["CLIENT", "CONNECTIONS OPENED", "REQUESTS EACH", "OPEN AT END", "MOST TO A POD"];
    let side = |head| if head == "CLIENT" { Side::Left } else { Side::Right };
    let mut table = Table::new(heads.map(|head| (head, side(head))));
    for client in kept_connections::keepers(measures) {
        table.row(kept_connections::cells(client).map(|cell| (cell, Tone::Plain)));
    }
    table.render(style)
}

/// Failed requests by cause, the most frequent first.
pub(super) fn causes(measures: &Measures, style: Style) -> String {
    if measures.by_cause.is_empty() {
        return String::new();
    }
    let mut causes: Vec<_> = measures.by_cause.iter().collect();
    causes.sort_by_key(|(cause, count)| (std::cmp::Reverse(**count), **cause));
    let mut table =
        Table::new([("CAUSE", Side::Left), ("FAILED", Side::Right), ("SHARE", Side::Right)]);
    for (cause, failed) in causes {
        table.row([
            (cause.name().to_owned(), Tone::Plain),
            (count(*failed), Tone::Bad),
            (share(*failed, measures.requests.failed), Tone::Plain),
        ]);
    }
    table.render(style)
}

/// Quantiles of all answered requests, and of those that arrived during a rollout.
pub(super) fn latency(measures: &Measures, style: Style) -> String {
    if measures.latency.is_empty() {
        return String::new();
    }
    let heads = ["LATENCY", "MIN", "MEAN", "P50", "P90", "P95", "P99", "MAX"];
    let side = |head| if head == "LATENCY" { Side::Left } else { Side::Right };
    let mut table = Table::new(heads.map(|head| (head, side(head))));
    table.row(quantiles("all answered", &measures.latency));
    let during = &measures.during_rollout.latency;
    if !measures.rollouts.is_empty() && !during.is_empty() {
        table.row(quantiles("in a rollout", during));
    }
    table.render(style)
}

fn quantiles(name: &str, latency: &LatencyHistogram) -> [(String, Tone); 8] {
    let nanos = |value: Option<u64>| tight_latency(value.map(|nanos| nanos as f64));
    let cells = [
        name.to_owned(),
        nanos(latency.min()),
        tight_latency(latency.mean()),
        nanos(latency.quantile(0.5)),
        nanos(latency.quantile(0.9)),
        nanos(latency.quantile(0.95)),
        nanos(latency.quantile(0.99)),
        nanos(latency.max()),
    ];
    cells.map(|cell| (cell, Tone::Plain))
}
