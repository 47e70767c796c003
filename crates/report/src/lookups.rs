//! What clients asked DNS, in words and numbers.

use metrics::{ClientMeasures, Measures};

use crate::number::count;

/// The least that a name costs: a question for each family of addresses.
const LEAST_QUERIES: u64 = 2;

/// Whether anything is to be seen: a name that takes several tries, or a client that keeps answers.
pub(crate) fn are_worth_a_table(measures: &Measures) -> bool {
    let plain = |client: &ClientMeasures| {
        let lookups = client.lookups;
        let every_attempt = lookups.names == 0 || lookups.names >= client.traffic.counts.attempts;
        every_attempt && lookups.queries == LEAST_QUERIES * lookups.names
    };
    !measures.clients.iter().all(plain)
}

/// The client's name, the names it looked up, the questions they cost, and how many each cost.
pub(crate) fn cells(client: &ClientMeasures) -> [String; 4] {
    let lookups = client.lookups;
    let each = lookups.queries_per_name();
    [
        client.name.to_string(),
        count(lookups.names),
        count(lookups.queries),
        each.map_or_else(|| "-".to_owned(), |each| format!("{each:.1}")),
    ]
}
