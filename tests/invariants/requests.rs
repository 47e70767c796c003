//! Requests are conserved, and go nowhere they were not sent.

use std::collections::{BTreeMap, BTreeSet};

use engine::Time;
use record::{Cause, ClientId, Family, Outcome, Record, Request};

use crate::{books::Books, random_scenario::SECONDS};

/// What one client's requests came to.
#[derive(Debug, Default)]
struct Count {
    finished: BTreeSet<u64>,
    in_flight: u64,
}

/// What is wrong with requests.
pub(crate) fn complaints(books: &Books, records: &[(Time, Record)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut counts: BTreeMap<ClientId, Count> = BTreeMap::new();
    let mut created = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for (now, record) in records {
        match record {
            Record::PodCreated { pod, .. } => drop(created.insert(*pod)),
            Record::RulesProgrammed { node, pods, .. } => {
                listed.extend(pods.iter().map(|pod| (*node, *pod)));
            }
            Record::RequestsInFlight { client, count } => {
                counts.entry(*client).or_default().in_flight += count;
            }
            Record::RequestFinished(request) => {
                let sent_on = request.pod.is_none_or(|pod| {
                    created.contains(&pod) && listed.contains(&(request.node, pod))
                });
                if !sent_on {
                    complaints.push(format!("{now}: {request:?} went to a pod no rule led to"));
                }
                complaints.extend(contradiction(books, *now, request));
                if !counts.entry(request.client).or_default().finished.insert(request.number) {
                    complaints.push(format!("{now}: {request:?} ended twice"));
                }
            }
            _ => {}
        }
    }
    complaints.extend(counts.iter().filter_map(|(client, count)| missing(books, *client, count)));
    complaints
}

/// Whether it ended before its client knew where to send it to.
fn name_unknown(request: &Request) -> bool {
    let of_dns = |cause: Cause| cause.family() == Family::Dns;
    request.service.is_none() && matches!(request.outcome, Outcome::Failed(cause) if of_dns(cause))
}

/// What one request's fields have against each other.
fn contradiction(books: &Books, now: Time, request: &Request) -> Option<String> {
    let wrong = [
        (request.arrived < sim::BEGIN, "it came before the scenario began"),
        (request.arrived > request.connected, "it was sent before it came"),
        (request.connected > now, "it ended before it was sent"),
        (request.connected + request.queued > now + queued_in_vain(request), "it waited too long"),
        (request.attempts == 0, "it was never tried"),
        (request.outcome == Outcome::Ok && request.pod.is_none(), "nobody answered it"),
        (
            request.pod.is_some_and(|pod| books.pods[&pod] != books.clients[&request.client]),
            "it went to a pod of another application",
        ),
        (
            request.service.map(|service| books.services[&service])
                != Some(books.clients[&request.client])
                && !name_unknown(request),
            "it went to a Service of another application",
        ),
    ];
    let wrong = wrong.iter().find(|(wrong, _)| *wrong);
    wrong.map(|(_, why)| format!("{now}: {request:?}: {why}"))
}

/// A request that failed may have been to wait for longer than its client did.
fn queued_in_vain(request: &Request) -> engine::Span {
    if request.outcome == Outcome::Ok { engine::Span::ZERO } else { request.queued }
}

/// Requests are numbered from zero: all that came have ended or are under way, but for those that
/// nobody was there to send, which only clients in pods have.
fn missing(books: &Books, client: ClientId, count: &Count) -> Option<String> {
    let app = books.app(client);
    let finished = count.finished.len() as u64;
    let came = count.finished.last().map_or(0, |last| last + 1);
    let expected = app.rate * SECONDS;
    if came < finished {
        return Some(format!("{client:?}: {finished} of {came} ended"));
    }
    if app.from_pods {
        return None;
    }
    let known = finished + count.in_flight;
    // The evenly spaced ones are as many as they are, give or take the phase; a Poisson number is
    // within six standard deviations of its mean.
    let slack = if app.even { 1.0 } else { 6.0 * (expected as f64).sqrt() };
    let off = known as f64 - expected as f64;
    if came > known || off.abs() > slack {
        return Some(format!(
            "{client:?}: {finished} ended, {} are under way, {came} came at least, {expected} \
             were expected",
            count.in_flight
        ));
    }
    None
}
