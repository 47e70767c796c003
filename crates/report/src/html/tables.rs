//! The numbers in full: clients, causes, latency, pods and the steps of rollouts.

use metrics::{Counts, Measures, Rollout, Scaling};
use stats::LatencyHistogram;

use super::markup::{Cell, Kind, escaped, table};
use crate::{
    kept_connections, lookups,
    number::{count, latency_or_none, many, percent_or_none, seconds, share},
    report::Report,
    rollout::{end_of_scaling, ending, versions},
};

/// All tables that have rows.
pub(super) fn section(report: &Report<'_>) -> String {
    let measures = report.measures;
    let rollouts: String = measures.rollouts.iter().map(rollout).collect();
    let scalings = scalings(measures);
    let tables = [
        clients(measures),
        causes(measures),
        latency(measures),
        names(measures),
        connections(measures),
        pods(measures),
        rollouts,
        scalings,
    ]
    .concat();
    format!(
        "<section aria-labelledby=\"tables\">\n<h2 id=\"tables\">Numbers</h2>\n{tables}</section>\n"
    )
}

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), false)
}

fn clients(measures: &Measures) -> String {
    let heads = [
        ("Client", Kind::Name),
        ("Requests", Kind::Number),
        ("Ok", Kind::Number),
        ("Failed", Kind::Number),
        ("In flight", Kind::Number),
        ("Attempts", Kind::Number),
        ("Success", Kind::Number),
    ];
    let mut rows: Vec<_> = measures
        .clients
        .iter()
        .map(|client| counted(&client.name, client.traffic.counts))
        .collect();
    if measures.clients.len() != 1 {
        rows.push(counted("all", measures.requests));
    }
    table("Requests by client", &heads, &rows)
}

fn counted(name: &str, counts: Counts) -> Vec<Cell> {
    let failed = counts.failed > 0;
    vec![
        plain(name),
        plain(count(counts.total())),
        plain(count(counts.ok)),
        (count(counts.failed), failed),
        plain(count(counts.in_flight)),
        plain(count(counts.attempts)),
        (percent_or_none(counts.success_rate()), failed),
    ]
}

fn causes(measures: &Measures) -> String {
    if measures.by_cause.is_empty() {
        return String::new();
    }
    let mut causes: Vec<_> = measures.by_cause.iter().collect();
    causes.sort_by_key(|(cause, failed)| (std::cmp::Reverse(**failed), **cause));
    let rows: Vec<_> = causes
        .iter()
        .map(|(cause, failed)| {
            let share = share(**failed, measures.requests.failed);
            vec![plain(cause.name()), (count(**failed), true), plain(share)]
        })
        .collect();
    let heads = [("Cause", Kind::Name), ("Failed", Kind::Number), ("Share", Kind::Number)];
    table("Failed requests by cause", &heads, &rows)
}

fn names(measures: &Measures) -> String {
    if !lookups::are_worth_a_table(measures) {
        return String::new();
    }
    let heads = [
        ("Client", Kind::Name),
        ("Names looked up", Kind::Number),
        ("DNS queries", Kind::Number),
        ("Per name", Kind::Number),
    ];
    let clients = measures.clients.iter();
    let rows: Vec<_> = clients.map(|client| lookups::cells(client).map(plain).to_vec()).collect();
    table("Names looked up", &heads, &rows)
}

fn connections(measures: &Measures) -> String {
    if kept_connections::keepers(measures).next().is_none() {
        return String::new();
    }
    let heads = [
        ("Client", Kind::Name),
        ("Connections opened", Kind::Number),
        ("Requests each", Kind::Number),
        ("Open at the end", Kind::Number),
        ("Most to a pod", Kind::Number),
    ];
    let clients = kept_connections::keepers(measures);
    let rows: Vec<_> =
        clients.map(|client| kept_connections::cells(client).map(plain).to_vec()).collect();
    table("Connections kept", &heads, &rows)
}

fn latency(measures: &Measures) -> String {
    let heads = [
        ("Answered requests", Kind::Name),
        ("Count", Kind::Number),
        ("Min", Kind::Number),
        ("Mean", Kind::Number),
        ("p50", Kind::Number),
        ("p90", Kind::Number),
        ("p95", Kind::Number),
        ("p99", Kind::Number),
        ("p99.9", Kind::Number),
        ("Max", Kind::Number),
    ];
    let mut rows = vec![quantiles("all", &measures.latency)];
    if !measures.rollouts.is_empty() {
        rows.push(quantiles("arrived in a rollout", &measures.during_rollout.latency));
    }
    if measures.clients.len() > 1 {
        let clients = measures.clients.iter();
        rows.extend(clients.map(|client| quantiles(&client.name, &client.traffic.latency)));
    }
    table("Latency", &heads, &rows)
}

fn quantiles(name: &str, latency: &LatencyHistogram) -> Vec<Cell> {
    let nanos = |value: Option<u64>| plain(latency_or_none(value.map(|nanos| nanos as f64)));
    vec![
        plain(name),
        plain(count(latency.count())),
        nanos(latency.min()),
        plain(latency_or_none(latency.mean())),
        nanos(latency.quantile(0.5)),
        nanos(latency.quantile(0.9)),
        nanos(latency.quantile(0.95)),
        nanos(latency.quantile(0.99)),
        nanos(latency.quantile(0.999)),
        nanos(latency.max()),
    ]
}

fn pods(measures: &Measures) -> String {
    if measures.pods.is_empty() {
        return String::new();
    }
    let all: u64 = measures.pods.iter().map(|pod| pod.requests).sum();
    let heads = [
        ("Pod", Kind::Name),
        ("Version", Kind::Words),
        ("Node", Kind::Words),
        ("Requests", Kind::Number),
        ("Share", Kind::Number),
        ("Failed", Kind::Number),
        ("Listed for", Kind::Number),
        ("p99", Kind::Number),
    ];
    let rows: Vec<_> = measures
        .pods
        .iter()
        .map(|pod| {
            let p99 = pod.latency.quantile(0.99).map(|nanos| nanos as f64);
            vec![
                plain(&*pod.name),
                plain(&*pod.version),
                plain(pod.node.as_deref().unwrap_or("<none>")),
                plain(count(pod.requests)),
                plain(share(pod.requests, all)),
                (count(pod.failed), pod.failed > 0),
                plain(seconds(pod.ready.as_secs_f64())),
                plain(latency_or_none(p99)),
            ]
        })
        .collect();
    table("Pods, in order of creation", &heads, &rows)
}

fn scalings(measures: &Measures) -> String {
    if measures.scalings.is_empty() {
        return String::new();
    }
    let heads = [
        ("Deployment", Kind::Name),
        ("Replicas before", Kind::Number),
        ("And after", Kind::Number),
        ("Time", Kind::Number),
        ("How it ended", Kind::Words),
    ];
    let row = |scaling: &Scaling| {
        vec![
            plain(&*scaling.deployment),
            plain(scaling.from.map_or_else(String::new, |from| from.to_string())),
            plain(scaling.to.to_string()),
            plain(format!("{:.2} s", scaling.start.as_secs_f64())),
            plain(end_of_scaling(scaling)),
        ]
    };
    let rows: Vec<_> = measures.scalings.iter().map(row).collect();
    table("Changes of size outside rollouts", &heads, &rows)
}

fn rollout(rollout: &Rollout) -> String {
    let versions = versions(rollout);
    let mut heads = vec![("Time", Kind::Name)];
    heads.extend(versions.iter().map(|version| (*version, Kind::Number)));
    let rows: Vec<_> = rollout
        .steps
        .iter()
        .map(|(at, sizes)| {
            let size = |version: &&str| sizes.get(*version).copied().unwrap_or(0).to_string();
            let time = format!("{:.2} s", at.as_secs_f64());
            std::iter::once(time).chain(versions.iter().map(size)).map(plain).collect()
        })
        .collect();
    let name = format!("Rollout of {}", rollout.deployment);
    let facts = format!(
        "{} to {}: {}; at most {} not being deleted, at least {} ready; {} of {} failed.",
        rollout.from,
        rollout.to,
        ending(rollout),
        many(u64::from(rollout.pods_max), "pod"),
        rollout.available_min,
        count(rollout.requests.failed),
        many(rollout.requests.total(), "request"),
    );
    format!(
        "<div class=\"quiet\">\n<h3>{}</h3>\n<p class=\"facts\">{}</p>\n{}</div>\n",
        escaped(&name),
        escaped(&facts),
        table(&format!("{name}: sizes of the ReplicaSets"), &heads, &rows)
    )
}
