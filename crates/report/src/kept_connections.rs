//! The connections that clients kept, in words and numbers.

use metrics::{ClientMeasures, Measures};

use crate::number::count;

/// The clients that kept some.
pub(crate) fn keepers(measures: &Measures) -> impl Iterator<Item = &ClientMeasures> {
    measures.clients.iter().filter(|client| client.connections.opened > 0)
}

/// The client's name, the connections it opened, requests to each, how many were open at the end, and
/// how many of these to one pod.
pub(crate) fn cells(client: &ClientMeasures) -> [String; 5] {
    let kept = client.connections;
    let finished = client.traffic.counts.ok + client.traffic.counts.failed;
    let each = (kept.opened > 0).then(|| finished as f64 / kept.opened as f64);
    [
        client.name.to_string(),
        count(kept.opened),
        each.map_or_else(|| "-".to_owned(), |each| format!("{each:.1}")),
        count(kept.open),
        count(kept.most_to_a_pod),
    ]
}
