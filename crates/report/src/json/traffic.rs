//! Requests and latencies, of all or of a part.

use std::collections::BTreeMap;

use metrics::{Counts, Traffic};
use serde::Serialize;
use stats::LatencyHistogram;

#[derive(Serialize)]
pub(super) struct Requests<'a> {
    #[serde(flatten)]
    counted: Counted,
    attempts: u64,
    by_cause: BTreeMap<&'a str, u64>,
}

impl Requests<'_> {
    pub(super) fn of(counts: Counts, by_cause: &BTreeMap<record::Cause, u64>) -> Self {
        Self {
            counted: Counted::of(counts),
            attempts: counts.attempts,
            by_cause: by_cause.iter().map(|(cause, count)| (cause.name(), *count)).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Latency {
    count: u64,
    min: Option<f64>,
    mean: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: Option<f64>,
}

impl Latency {
    pub(super) fn of(latency: &LatencyHistogram) -> Self {
        let quantile = |share| latency.quantile(share).map(millis);
        Self {
            count: latency.count(),
            min: latency.min().map(millis),
            mean: latency.mean().map(|nanos| nanos / 1e6),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: latency.max().map(millis),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Counted {
    total: u64,
    ok: u64,
    failed: u64,
    in_flight: u64,
    success_rate: Option<f64>,
}

impl Counted {
    pub(super) fn of(counts: Counts) -> Self {
        Self {
            total: counts.total(),
            ok: counts.ok,
            failed: counts.failed,
            in_flight: counts.in_flight,
            success_rate: counts.success_rate(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Part<'a> {
    requests: Requests<'a>,
    latency_ms: Latency,
}

impl Part<'_> {
    pub(super) fn of(traffic: &Traffic) -> Self {
        Self {
            requests: Requests::of(traffic.counts, &traffic.by_cause),
            latency_ms: Latency::of(&traffic.latency),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Client<'a> {
    name: &'a str,
    #[serde(flatten)]
    requests: Requests<'a>,
    latency_ms: Latency,
    dns: Lookups,
    /// Of a client that keeps connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Connections>,
}

#[derive(Serialize)]
struct Connections {
    opened: u64,
    open: u64,
    most_to_a_pod: u64,
}

#[derive(Serialize)]
struct Lookups {
    names: u64,
    queries: u64,
}

impl<'a> Client<'a> {
    pub(super) fn of(client: &'a metrics::ClientMeasures) -> Self {
        Self {
            name: &client.name,
            requests: Requests::of(client.traffic.counts, &client.traffic.by_cause),
            latency_ms: Latency::of(&client.traffic.latency),
            dns: Lookups { names: client.lookups.names, queries: client.lookups.queries },
            connections: (client.connections.opened > 0).then_some(Connections {
                opened: client.connections.opened,
                open: client.connections.open,
                most_to_a_pod: client.connections.most_to_a_pod,
            }),
        }
    }
}

/// Requests by the second they arrived in, as two columns of equal length.
#[derive(Serialize)]
pub(super) struct Seconds {
    ok: Vec<u32>,
    failed: Vec<u32>,
}

impl Seconds {
    pub(super) fn of(seconds: &[metrics::Second]) -> Self {
        Self {
            ok: seconds.iter().map(|second| second.ok).collect(),
            failed: seconds.iter().map(|second| second.failed).collect(),
        }
    }
}

pub(super) fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
