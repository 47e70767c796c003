//! HTTPRoutes: shares by weight, and what leads nowhere.

use std::{collections::BTreeMap, fs};

use engine::Span;
use record::{Cause, Outcome, Record};

use crate::{
    files,
    rehearsal::{Records, load, rehearse},
    seeds::{CONFIDENCE, each_seed, scenario},
    traffic::{lost, requests},
};

/// The names of the Services, by their ids.
fn services(records: &Records) -> BTreeMap<api::ServiceId, String> {
    let added = records.iter().filter_map(|(_, record)| match record {
        Record::ServiceAdded { service, name, .. } => Some((*service, name.to_string())),
        _ => None,
    });
    added.collect()
}

/// The bounds of a count of so many trials, each of this chance, at [`CONFIDENCE`]. The normal
/// approximation is good enough: both outcomes are there hundreds of times.
fn binomial_bounds(trials: u64, chance: f64) -> (f64, f64) {
    const { assert!(CONFIDENCE == 0.9999, "the quantile is for that one") };
    let quantile = 3.891;
    let mean = trials as f64 * chance;
    let deviation = (mean * (1.0 - chance)).sqrt();
    (mean - quantile * deviation, mean + quantile * deviation)
}

fn assert_share(count: u64, trials: u64, chance: f64, what: &str) {
    let (least, most) = binomial_bounds(trials, chance);
    let within = (least..=most).contains(&(count as f64));
    assert!(trials > 1_000 && within, "{what}: {count} of {trials}, not {least:.0} to {most:.0}");
}

#[test]
fn shares_are_those_of_the_weights_and_nobody_takes_over_for_a_canary_without_pods() {
    each_seed(&scenario("http-route-canary"), 5, |seed, records| {
        let names = services(records);
        let removed = sim::BEGIN + Span::from_secs(60);
        // Until the controller has heard of it, the canary's pods refuse.
        let settled = removed + Span::from_secs(10);
        let mut before: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut after, mut refused) = (0, 0);
        for (_, request) in requests(records) {
            if request.arrived + Span::from_secs(5) < removed {
                assert_eq!(request.outcome, Outcome::Ok, "seed {seed}: {request:?}");
                let service = request.service.expect("it was sent to one");
                *before.entry(&names[&service]).or_default() += 1;
            } else if request.arrived > settled {
                after += 1;
                refused += u64::from(request.outcome == Outcome::Failed(Cause::RefusedNoEndpoints));
            }
        }
        let all: u64 = before.values().sum();
        let case = format!("seed {seed}");
        assert_share(before["default/web-v2"], all, 0.1, &case);
        assert_eq!(before["default/web-v1"] + before["default/web-v2"], all, "{case}");
        assert_share(refused, after, 0.1, &case);
        assert!(!lost(records).contains_key(&Cause::Http5xx), "{case}: the Service is there");
    });
}

/// The scenario with other backends.
fn with_backends(backends: &str) -> Records {
    let text = fs::read_to_string(files::path("http-route-canary")).expect("it is there");
    let (head, _) =
        text.split_once("        - name: web-v1\n          port: 80").expect("it has one");
    rehearse(&load(&format!("{head}{backends}")), 1)
}

#[test]
fn what_leads_nowhere_is_answered_with_500_for_its_share() {
    let good = "        - { name: web-v1, port: 80, weight: 3 }\n";
    let cases = [
        (format!("{good}        - {{ name: web-v3, port: 80 }}\n"), Some(0.25)),
        (format!("{good}        - {{ name: web-v2, port: 81 }}\n"), Some(0.25)),
        (format!("{good}        - {{ name: web-v2, namespace: other, port: 80 }}\n"), Some(0.25)),
        (format!("{good}        - {{ name: web-v3, port: 80, weight: 0 }}\n"), Some(0.0)),
        ("        - { name: web-v1, port: 80, weight: 0 }\n".to_owned(), None),
        ("        []\n".to_owned(), None),
    ];
    for (backends, share) in cases {
        let records = with_backends(&backends);
        let all = requests(&records).count() as u64;
        let lost = lost(&records);
        let answered = lost.get(&Cause::Http5xx).copied().unwrap_or_default();
        assert!(lost.keys().all(|cause| *cause == Cause::Http5xx), "{backends}: {lost:?}");
        match share {
            Some(share) => assert_share(answered, all, share, &backends),
            None => assert_eq!(answered, all, "{backends}"),
        }
    }
}
