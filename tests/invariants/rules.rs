//! Endpoints and rules lead to pods of their Service, and only to such as were ready once.

use std::collections::BTreeSet;

use engine::Time;
use record::Record;

use crate::books::Books;

/// What is wrong with slices and rules.
pub(crate) fn complaints(books: &Books, records: &[(Time, Record)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut known = BTreeSet::new();
    let mut ready = BTreeSet::new();
    for (now, record) in records {
        match record {
            Record::PodCreated { pod, .. } => drop(known.insert(*pod)),
            Record::PodReady { pod } => drop(ready.insert(*pod)),
            Record::EndpointSliceWritten { service, endpoints, .. } => {
                for endpoint in endpoints.iter() {
                    let pod = endpoint.pod.expect("every endpoint is a pod's");
                    if !known.contains(&pod) || books.pods[&pod] != books.services[service] {
                        complaints.push(format!("{now}: {endpoint:?} is not of {service:?}"));
                    }
                    // `ready` is `serving` and not `terminating`, and a pod serves when it is ready.
                    if endpoint.ready != (endpoint.serving && !endpoint.terminating)
                        || (endpoint.serving && !ready.contains(&pod))
                    {
                        complaints.push(format!("{now}: {endpoint:?} contradicts itself"));
                    }
                }
            }
            Record::RulesProgrammed { node, service, pods } => {
                if node.0 as usize >= books.nodes {
                    complaints.push(format!("{now}: {node:?} never joined"));
                }
                for pod in pods.iter() {
                    if books.pods.get(pod) != books.services.get(service) {
                        complaints.push(format!("{now}: {pod:?} is not of {service:?}"));
                    }
                    if !ready.contains(pod) {
                        complaints.push(format!("{now}: {pod:?} was listed before it was ready"));
                    }
                }
                if pods.iter().collect::<BTreeSet<_>>().len() != pods.len() {
                    complaints.push(format!("{now}: a pod is listed twice: {pods:?}"));
                }
            }
            _ => {}
        }
    }
    complaints
}
