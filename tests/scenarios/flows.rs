//! Flows of UDP that connection tracking keeps at a pod (S45).

use std::collections::{BTreeMap, BTreeSet};

use api::PodId;
use engine::{Span, Time};
use record::{Cause, ClientId, Outcome, Record};

use crate::{
    rehearsal::Records,
    seeds::{each_seed, scenario},
    traffic::requests,
};

/// What takes part in it: from the end of the old pod to the sync that ends the flow.
struct Gap {
    gone: Time,
    ended: Time,
}

fn gap(records: &Records) -> Gap {
    let gone = records.iter().find(|(_, record)| matches!(record, Record::SandboxRemoved { .. }));
    let mut ended = records.iter().filter(
        |(_, record)| matches!(record, Record::FlowsForgotten { count, .. } if *count == 1),
    );
    let gap = Gap {
        gone: gone.expect("the old pod goes").0,
        ended: ended.next().expect("its flow is ended").0,
    };
    assert!(ended.next().is_none(), "there is one flow");
    gap
}

fn clients(records: &Records) -> BTreeMap<String, ClientId> {
    let clients = records.iter().filter_map(|(_, record)| match record {
        Record::ClientAdded { client, name, .. } => Some((name.to_string(), *client)),
        _ => None,
    });
    clients.collect()
}

/// Between the end of its pod and the sync with the new one, all that the one socket sends is lost,
/// and nothing that is sent before or after that.
#[test]
fn a_flow_loses_everything_until_it_is_forgotten() {
    each_seed(&scenario("udp-flow"), 20, |seed, records| {
        let Gap { gone, ended } = gap(records);
        assert!(ended.since(gone) > Span::from_secs(3), "seed {seed}: a pod takes a while");
        let agent = clients(records)["agent"];
        let mut pods: BTreeSet<PodId> = BTreeSet::new();
        for (_, request) in requests(records).filter(|(_, request)| request.client == agent) {
            let lost = request.outcome == Outcome::Failed(Cause::TimeoutStaleFlow);
            // The program ends before its pod's address does, and refuses until then.
            let refused = matches!(request.outcome, Outcome::Failed(Cause::RefusedListenerClosed));
            let at = request.connected;
            assert_eq!(lost, (gone..ended).contains(&at), "seed {seed}: {request:?}");
            assert!(!refused || at < gone, "seed {seed}: {request:?}");
            pods.extend(request.pod);
        }
        assert_eq!(pods.len(), 2, "seed {seed}: one pod after the other");
    });
}

/// A socket for each datagram knows no flow: it is sent to the old pod as long as the rules say so,
/// and is refused from then on.
#[test]
fn sockets_of_their_own_are_told_that_nobody_is_there() {
    each_seed(&scenario("udp-flow"), 20, |seed, records| {
        let ended = gap(records).ended;
        let probe = clients(records)["probe"];
        let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
        for (_, request) in requests(records).filter(|(_, request)| request.client == probe) {
            if let Outcome::Failed(cause) = request.outcome {
                assert!(request.connected <= ended, "seed {seed}: {request:?}");
                *causes.entry(cause).or_default() += 1;
            }
        }
        assert!(!causes.contains_key(&Cause::TimeoutStaleFlow), "seed {seed}: {causes:?}");
        assert!(causes[&Cause::RefusedNoEndpoints] > 50, "seed {seed}: {causes:?}");
    });
}
