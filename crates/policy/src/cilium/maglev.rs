//! Cilium's consistent hash in a table.

use std::sync::Arc;

use engine::Time;

use crate::{
    Endpoint, Entry, Flow, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{
        Maglev, Tables,
        flow_hash::packet_words,
        jenkins::jhash_3words,
        maglev::{Preference, prime_from},
    },
};

/// The seeds in the default of `maglev.hashSeed`, `JLfvgnHc2kaSUFaI`: of the table, and of the hash
/// of a connection over IPv4.
const TABLE_SEED: u32 = 0x24b7_ef82;
const FLOW_SEED: u32 = 0x71dc_da46;

/// The number of TCP among IP's protocols.
const TCP: u32 = 6;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "cilium.maglev",
    summary: "consistent hash of a connection, in a table of equal shares",
    level: Level::Connection,
    on_change: "the table is built anew, the same on every node: 1/n of new connections move and a \
                few more; connections stay where they are",
    parameters: &[Parameter {
        name: "table_size",
        summary: "How many slots the table has (`maglev.tableSize`); where it is not prime, the \
                  next prime number.",
        kind: Kind::Integer { default: 16_381, min: 251, max: 131_071 },
    }],
    build: |settings, _| Box::new(CiliumMaglev::new(settings)),
};

/// **What it does** A table of slots that the backends share; a connection goes to the backend of
/// the slot of its hash, which is made of the source's address, both ports and the protocol.
///
/// **Where it is used** Cilium as a replacement for kube-proxy, `loadBalancer.algorithm: maglev`,
/// for connections from outside. Those of its own pods are balanced by chance, at their sockets.
///
/// **What it needs to know** The backends' addresses and weights. The table is made of the list
/// alone, in the order of the backends' names: every node has the same, so a connection that comes
/// to another node meets the same backend.
///
/// **When it goes wrong** More backends than a hundredth of the slots: shares differ, and more
/// connections move than need to.
///
/// **Reference** `computeLookupTable` in `pkg/maglev/maglev.go`; `hash_from_tuple_v4` in
/// `bpf/lib/hash.h`.
#[derive(Clone, Debug)]
pub struct CiliumMaglev {
    size: usize,
    table: Arc<Maglev>,
    tables: Tables,
}

/// The table of backends of these names and weights. A backend without weight has no slot.
#[must_use]
pub fn table(backends: &[(&str, u32)], size: usize, seed: u32) -> Maglev {
    let backends = (0..).zip(backends).map(|(place, (name, weight))| (*name, place, *weight));
    let mut backends: Vec<_> = backends.filter(|(_, _, weight)| *weight > 0).collect();
    backends.sort_unstable();
    let preference = |(name, place, _): &(&str, usize, u32)| {
        let (offset, skip) = mur3::murmurhash3_x64_128(name.as_bytes(), seed);
        Preference::hashed(*place, offset, skip, size)
    };
    let preferences: Vec<Preference> = backends.iter().map(preference).collect();
    let weights: Vec<u64> = backends.iter().map(|(_, _, weight)| u64::from(*weight)).collect();
    Maglev::fill(size, &preferences, turns(&weights))
}

/// The turn goes around; a backend of which the weight, summed up over all turns, has not come to
/// its next target lets it pass. Where the weights are 1 on average they do not count.
fn turns(weights: &[u64]) -> impl Iterator<Item = usize> {
    let (count, sum) = (weights.len(), weights.iter().sum::<u64>());
    let weighted = sum.checked_div(count as u64).unwrap_or(0) > 1;
    let mut targets: Vec<f64> = weights.iter().map(|it| *it as f64 / count as f64).collect();
    (0_u64..).map(move |turn| {
        let mut backend = (turn % count as u64) as usize;
        if weighted {
            while (turn + 1) * weights[backend] < targets[backend] as u64 {
                backend = (backend + 1) % count;
            }
            targets[backend] += sum as f64;
        }
        backend
    })
}

/// The hash of a connection.
#[inline]
fn hash(flow: &Flow) -> u32 {
    let [source, ports] = packet_words(flow);
    jhash_3words(source, ports, TCP, FLOW_SEED)
}

impl CiliumMaglev {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let size = prime_from(settings.integer("table_size") as usize);
        Self { size, table: Arc::default(), tables: settings.tables() }
    }
}

impl Policy for CiliumMaglev {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.table = self.tables.of(endpoints, || {
            let name = |endpoint: &Endpoint| format!("[{}/TCP,State:active]", endpoint.address);
            let names: Vec<String> = endpoints.iter().map(name).collect();
            let weights = endpoints.iter().map(|endpoint| endpoint.weight);
            let backends: Vec<_> = names.iter().map(String::as_str).zip(weights).collect();
            table(&backends, self.size, TABLE_SEED)
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.table.find(hash(&context.flow).into())
    }
}
