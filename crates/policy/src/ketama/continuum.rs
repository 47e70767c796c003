//! The ring that consistent hashing became known with.

use std::sync::Arc;

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::{Memo, Ring, Tables},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ketama.continuum",
    summary: "consistent hash of a key, 160 points of MD5 for an average server",
    level: Level::Request,
    on_change: "the ring is built anew, the same for the same servers: 1/n of the keys move, and a \
                few more where weights differ",
    parameters: &[],
    build: |settings, _| Box::new(Continuum { tables: settings.tables(), ..Continuum::default() }),
};

/// **What it does** A ring of 160 points for each server on average, in proportion to their
/// weights. Four points come of an MD5 of the server's name, `-` and a number. A key belongs to the
/// first point at or behind the first four bytes of its own MD5.
///
/// **Where it is used** libketama, and after it the clients of memcached, twemproxy and many more.
///
/// **What it needs to know** The servers' addresses and weights, and a key; a request without one
/// has the key of no bytes. It keeps nothing else.
///
/// **When it goes wrong** With uneven weights a server's number of points depends on all weights,
/// so one that comes moves keys between others too. A popular key has one server all the same.
///
/// **Reference** `ketama_create_continuum` and `ketama_get_server` in `libketama/ketama.c`.
#[derive(Clone, Debug, Default)]
pub struct Continuum {
    ring: Arc<Ring<u32>>,
    tables: Tables,
    /// An MD5 takes longer than all else.
    hashes: Memo,
}

/// The ring of servers of these names and weights.
#[must_use]
pub fn ring(servers: &[(&str, u32)]) -> Ring<u32> {
    let sum: u64 = servers.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let taking = servers.iter().filter(|(_, weight)| *weight > 0).count();
    let mut points = Vec::new();
    for (place, (name, weight)) in servers.iter().enumerate() {
        for number in 0..digests(*weight, sum, taking) {
            let md5::Digest(digest) = md5::compute(format!("{name}-{number}"));
            let (words, _) = digest.as_chunks::<4>();
            points.extend(words.iter().map(|word| (u32::from_le_bytes(*word), place)));
        }
    }
    Ring::new(points)
}

/// How many digests a server has: 40 times its part, in the precision of the reference.
fn digests(weight: u32, sum: u64, servers: usize) -> u32 {
    let part = weight as f32 / sum as f32;
    (f64::from(part) * 40.0 * servers as f64) as f32 as u32
}

/// Where a key is on the ring.
#[must_use]
pub fn hash(key: &[u8]) -> u32 {
    let md5::Digest([a, b, c, d, ..]) = md5::compute(key);
    u32::from_le_bytes([a, b, c, d])
}

impl Policy for Continuum {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.hashes.make_room(endpoints);
        self.ring = self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let weights = endpoints.iter().map(|endpoint| endpoint.weight);
            ring(&names.iter().map(String::as_str).zip(weights).collect::<Vec<_>>())
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.ring.find(self.hashes.hash(context, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_in_proportion_to_weights() {
        let count = |servers: &[(&str, u32)], place| {
            ring(servers).points().filter(|(_, other)| *other == place).count()
        };
        assert_eq!(count(&[("a", 1), ("b", 1)], 0), 160);
        assert_eq!(count(&[("a", 1), ("b", 3)], 0), 80);
        assert_eq!(count(&[("a", 1), ("b", 3)], 1), 240);
        assert_eq!(count(&[("a", 0), ("b", 3)], 1), 160, "who takes nothing is no server");
        assert!(ring(&[("a", 0)]).is_empty());
        assert!(ring(&[]).is_empty());
    }
}
