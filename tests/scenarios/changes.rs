//! Services and Deployments that come, change and go during a run: S39.

use std::collections::BTreeMap;

use engine::{Span, Time};
use record::{Cause, ClientId, Outcome, Record, Request};

use crate::{
    seeds::{each_seed, scenario},
    traffic::{lives, requests},
};

/// So long after a change everybody has heard of it.
const HEARD: Span = Span::from_secs(3);

fn clock(seconds: u64) -> Time {
    sim::BEGIN + Span::from_secs(seconds)
}

/// The requests of a client that arrived at or after a time, and before another.
fn of(
    records: &[(Time, Record)],
    client: u32,
    from: Time,
    to: Time,
) -> impl Iterator<Item = &Request> {
    let requests = requests(records).map(|(_, request)| request);
    requests.filter(move |it| it.client == ClientId(client) && (from..to).contains(&it.arrived))
}

/// What became of requests, by cause; `None` of those that were answered.
fn outcomes<'a>(requests: impl Iterator<Item = &'a Request>) -> BTreeMap<Option<Cause>, u64> {
    let mut outcomes = BTreeMap::new();
    for request in requests {
        let cause = match request.outcome {
            Outcome::Failed(cause) => Some(cause),
            _ => None,
        };
        *outcomes.entry(cause).or_default() += 1;
    }
    outcomes
}

fn only<'a>(requests: impl Iterator<Item = &'a Request>, cause: Option<Cause>, what: &str) {
    let outcomes = outcomes(requests);
    assert!(outcomes.len() == 1 && outcomes.contains_key(&cause), "{what}: {outcomes:?}");
}

/// The environment is never right again by itself. DNS is, as soon as what was kept of it has expired:
/// at once for who asks for each connection, and within 30 s for a JVM.
#[test]
fn who_has_the_address_of_a_deleted_service_fails_until_started_anew() {
    let scenario = scenario("service-recreated");
    let [by_name, as_java, by_environment] = [0, 1, 2];
    each_seed(&scenario, 10, |seed, records| {
        let (deleted, restarted) = (clock(20), clock(80));
        only(of(records, by_environment, clock(1), deleted), None, "before");
        let stale = of(records, by_environment, deleted + HEARD, restarted);
        only(stale, Some(Cause::DiscoveryStaleAddress), &format!("seed {seed}, environment"));
        let anew = of(records, by_environment, clock(110), clock(119));
        only(anew, None, &format!("seed {seed}, started anew"));
        let asked = of(records, by_name, clock(21) + HEARD, restarted);
        only(asked, None, &format!("seed {seed}, by name"));
        let kept = of(records, as_java, clock(21) + Span::from_secs(30) + HEARD, restarted);
        only(kept, None, &format!("seed {seed}, 30 s later"));
    });
}

#[test]
fn a_port_that_changes_is_refused_at_its_old_number() {
    let scenario = scenario("service-port");
    let [old_port, new_port, by_environment] = [0, 1, 2];
    each_seed(&scenario, 10, |seed, records| {
        let (changed, restarted) = (clock(40), clock(80));
        let wrong = Some(Cause::RefusedWrongPort);
        only(of(records, old_port, clock(1), changed), None, "the old port before");
        only(of(records, old_port, changed + HEARD, clock(119)), wrong, "the old port after");
        only(of(records, new_port, clock(1), changed), wrong, "the new port before");
        only(of(records, new_port, changed + HEARD, clock(119)), None, "the new port after");
        let stale = of(records, by_environment, changed + HEARD, restarted);
        only(stale, wrong, &format!("seed {seed}, environment"));
        let anew = of(records, by_environment, clock(110), clock(119));
        only(anew, None, &format!("seed {seed}, started anew"));
    });
}

#[test]
fn a_deployment_comes_behind_a_service_and_goes_with_its_pods() {
    let scenario = scenario("deployment-late");
    each_seed(&scenario, 10, |seed, records| {
        let (applied, deleted) = (clock(20), clock(80));
        let none = Some(Cause::RefusedNoEndpoints);
        only(of(records, 0, clock(0), applied), none, &format!("seed {seed}, before"));
        only(of(records, 0, clock(30), deleted), None, &format!("seed {seed}, while it is there"));
        only(of(records, 0, clock(90), clock(119)), none, &format!("seed {seed}, after"));
        let lives = lives(records);
        assert_eq!(lives.len(), 3, "seed {seed}: nobody makes new pods");
        for life in lives.values() {
            assert!(life.created >= Some(applied) && life.deleted >= Some(deleted), "seed {seed}");
            assert!(life.gone.is_some(), "seed {seed}: it went");
        }
        // Its first template is no rollout: there was nothing before it.
        let rollouts = records.iter().filter(|(_, it)| matches!(it, Record::RolloutStarted { .. }));
        assert_eq!(rollouts.count(), 0, "seed {seed}");
    });
}
