//! The end of the fold: from what was collected to [`Measures`].

use std::{collections::BTreeSet, sync::Arc};

use api::PodId;
use engine::Span;

use crate::{
    balance::{balances, least_even},
    collector::Collector,
    explain::explain,
    hindrance,
    measures::{ClientMeasures, Measures, PodMeasures, Second},
    pods::Pod,
    traffic::{PodTally, SecondTally, Tally, second_of},
    warnings::{Known, warnings},
};

pub(crate) fn measures(mut collector: Collector, fingerprint: String) -> Measures {
    let end = collector.now;
    collector.listing.finish(&collector.pods, end);
    let mut all = Tally::default();
    for client in &mut collector.clients {
        // What is in flight was sent at least once.
        client.tally.counts.attempts += client.tally.counts.in_flight;
        all.merge(&client.tally);
    }
    let traffic = all.into_traffic();
    let explanations = explain(&collector);
    let pods = pods(&mut collector);
    let balances = balances(&pods);
    let tallies = std::mem::take(&mut collector.seconds);
    let unschedulable =
        collector.pods.iter().filter(|(_, pod)| pod.unschedulable.is_some()).count();
    let hindered = hindrance::of_versions(&collector);
    let mut measures = Measures {
        duration: end.since(engine::Time::ZERO),
        fingerprint,
        requests: traffic.counts,
        latency: traffic.latency,
        by_cause: traffic.by_cause,
        clients: collector.clients.into_iter().map(client).collect(),
        balance: least_even(&balances),
        balances,
        pods,
        rollouts: collector.rollouts.finish(),
        scalings: collector.scalings.finish(),
        during_rollout: collector.during_rollout.into_traffic(),
        seconds: Vec::new(),
        explanations,
        warnings: Vec::new(),
    };
    measures.seconds = seconds(&tallies, second_of(end));
    let known = Known {
        seconds: &tallies,
        unschedulable,
        refused: &collector.refused,
        paused: &collector.paused,
        hindered,
    };
    measures.warnings = warnings(&measures, &known);
    measures
}

fn client(client: crate::collector::Client) -> ClientMeasures {
    let crate::collector::Client { name, tally, lookups, kept, .. } = client;
    let connections = kept.measures();
    ClientMeasures { name, traffic: tally.into_traffic(), lookups, connections }
}

/// A series as long as the run, also where its last seconds were idle.
fn seconds(tallies: &[SecondTally], whole_seconds: usize) -> Vec<Second> {
    let mut seconds: Vec<Second> = tallies.iter().map(|tally| tally.second()).collect();
    if seconds.len() < whole_seconds {
        seconds.resize(whole_seconds, Second::default());
    }
    seconds
}

fn pods(collector: &mut Collector) -> Vec<PodMeasures> {
    let mut tallies = std::mem::take(&mut collector.pod_tallies);
    let busy = |pod: &PodMeasures| !pod.services.is_empty() || pod.requests > 0;
    let all: Vec<PodMeasures> = collector
        .pods
        .iter()
        .map(|(id, pod)| pod_measures(collector, (id, pod), tallies.take(id)))
        .collect();
    let deployments: BTreeSet<Arc<str>> =
        all.iter().filter(|pod| busy(pod)).filter_map(|pod| pod.deployment.clone()).collect();
    let related = |pod: &PodMeasures| {
        busy(pod) || pod.deployment.as_ref().is_some_and(|name| deployments.contains(name))
    };
    all.into_iter().filter(related).collect()
}

fn pod_measures(collector: &Collector, (id, pod): (PodId, &Pod), tally: PodTally) -> PodMeasures {
    let end = collector.now;
    let node = pod.node.and_then(|node| collector.nodes.get(node.0 as usize));
    let listed = pod.called(end);
    // Reached without any rules: what is left to go by is its own readiness.
    let by_address = listed.is_empty() && tally.requests > 0;
    let pickable = if by_address { pod.ready(end) } else { listed };
    PodMeasures {
        name: Arc::clone(&pod.name),
        version: Arc::clone(&pod.version),
        node: node.cloned(),
        deployment: pod.deployment.as_ref().map(|(name, _)| Arc::clone(name)),
        services: collector.called_services(id),
        requests: tally.requests,
        failed: tally.failed(),
        ready: pickable.iter().fold(Span::ZERO, |sum, (from, to)| sum + to.since(*from)),
        pickable,
        life: pod.life.clone(),
        gone: pod.gone,
        latency: tally.latency,
        by_second: tally.by_second,
    }
}
