//! Mistakes in manifests: S50.

use std::collections::BTreeMap;

use record::{Cause, Outcome, Record};

use crate::{
    seeds::{each_seed, interval, scenario},
    traffic::requests,
};

#[test]
fn a_selector_with_a_typo_selects_nothing_and_every_connection_is_rejected() {
    each_seed(&scenario("selector-typo"), 10, |seed, records| {
        for (_, record) in records {
            match record {
                Record::EndpointSliceWritten { endpoints, .. } => {
                    assert!(endpoints.is_empty(), "seed {seed}: {endpoints:?}");
                }
                Record::RulesProgrammed { pods, .. } => {
                    assert!(pods.is_empty(), "seed {seed}: {pods:?}");
                }
                Record::RequestFinished(request) => {
                    assert_eq!(request.outcome, Outcome::Failed(Cause::RefusedNoEndpoints));
                    assert_eq!(request.pod, None, "seed {seed}: nobody was chosen");
                }
                _ => {}
            }
        }
        assert!(requests(records).count() > 1000, "seed {seed}");
    });
}

#[test]
fn a_wrong_target_port_refuses_every_connection_at_a_pod() {
    each_seed(&scenario("wrong-target-port"), 10, |seed, records| {
        for (_, request) in requests(records) {
            assert_eq!(request.outcome, Outcome::Failed(Cause::RefusedWrongPort), "seed {seed}");
            assert!(request.pod.is_some(), "seed {seed}: the proxies know no better");
        }
        assert!(requests(records).count() > 1000, "seed {seed}");
    });
}

/// Three pods of one version and one of the other, each picked alike.
#[test]
fn two_selected_versions_share_the_requests_by_the_number_of_their_pods() {
    let shares = each_seed(&scenario("both-versions-selected"), 100, |seed, records| {
        let mut images = BTreeMap::new();
        let mut counts = [0.0, 0.0];
        for (_, record) in records {
            match record {
                Record::PodCreated { pod, image, .. } => drop(images.insert(*pod, image.clone())),
                Record::RequestFinished(request) => {
                    assert_eq!(request.outcome, Outcome::Ok, "seed {seed}");
                    let pod = request.pod.expect("it was served");
                    counts[usize::from(&*images[&pod] == "web:v2")] += 1.0;
                }
                _ => {}
            }
        }
        assert_eq!(images.len(), 4, "seed {seed}: {images:?}");
        counts[1] / (counts[0] + counts[1])
    });
    let share = interval(&shares, 0.01);
    assert!(share.contains(0.25), "{share:?} of the requests");
}
