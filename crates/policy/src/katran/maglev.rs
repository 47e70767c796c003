//! katran's consistent hash in a table.

use std::sync::Arc;

use engine::Time;
use twox_hash::XxHash64;

use crate::{
    Endpoint, Entry, Flow, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{
        Maglev, Tables,
        flow_hash::packet_words,
        jenkins::jhash_2words,
        maglev::{Preference, in_turn, prime_from},
    },
};

/// How large its table is where nobody says, which is the seed of its hash of packets too.
const SIZE: u32 = 65_537;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "katran.maglev",
    summary: "consistent hash of a connection, in a table of shares",
    level: Level::Connection,
    on_change: "the table is built anew, the same on every balancer: 1/n of new connections move \
                and a few more; connections stay where they are",
    parameters: &[
        Parameter {
            name: "hash_function",
            summary: "Which way weights count: in the first round alone, or in all of them.",
            kind: Kind::Choice { of: &["Maglev", "MaglevV2"] },
        },
        Parameter {
            name: "ring_size",
            summary: "How many slots the table has; where it is not prime, the next prime number.",
            // With more slots its 32 bits overflow, and its tables are others than Maglev's.
            kind: Kind::Integer { default: SIZE as u64, min: 2, max: SIZE as u64 },
        },
    ],
    build: |settings, _| Box::new(KatranMaglev::new(settings)),
};

/// How weights count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A real has as many turns as it weighs in the first round, and one in each after that.
    V1,
    /// A real has a turn whenever its weights have added up to the heaviest.
    V2,
}

impl Version {
    /// The version of a setting.
    #[must_use]
    pub fn named(word: &str) -> Self {
        if word == "MaglevV2" { Self::V2 } else { Self::V1 }
    }
}

/// **What it does** A table of slots that the real servers share; a connection goes to the real of
/// the slot of its hash, which is made of the source's address and both ports. In version 1, a real
/// of weight *w* has *w* slots in the first round, and then one in each round: on a large table
/// that is next to nothing.
///
/// **Where it is used** katran, Meta's balancer at the edge, in XDP.
///
/// **What it needs to know** The reals' addresses and weights. The table is made of the list alone,
/// in the order of the reals' hashes. How katran hashes a real's address is a matter of its
/// library; here it is xxHash64 of the text, so tables have the same shape but other slots.
///
/// **When it goes wrong** Weights in version 1. More reals than a hundredth of the slots: shares
/// differ.
///
/// **Reference** `generateHashRing` in `katran/lib/MaglevHash.cpp` and `MaglevHashV2.cpp`,
/// `get_packet_hash` in `katran/lib/bpf/balancer.bpf.c`.
#[derive(Clone, Debug)]
pub struct KatranMaglev {
    version: Version,
    size: usize,
    table: Arc<Maglev>,
    tables: Tables,
}

/// A real server as the table is made of it.
#[derive(Clone, Copy, Debug)]
pub struct Real {
    /// What the table leads to.
    pub place: usize,
    /// Its weight.
    pub weight: u32,
    /// The hash of its address.
    pub hash: u64,
}

/// The table of these reals, in this order. A real without weight has no slot.
#[must_use]
pub fn table(reals: &[Real], size: usize, version: Version) -> Maglev {
    let reals: Vec<Real> = reals.iter().copied().filter(|real| real.weight > 0).collect();
    let preference = |real: &Real| {
        let offset = hash_of_two(real.hash, 42, 0);
        let skip = hash_of_two(real.hash, 2_718_281_828, 2307);
        Preference::hashed(real.place, offset, skip, size)
    };
    let preferences: Vec<Preference> = reals.iter().map(preference).collect();
    let weights: Vec<u32> = reals.iter().map(|real| real.weight).collect();
    match version {
        Version::V1 => Maglev::fill(size, &preferences, weighty_start(&weights)),
        Version::V2 => Maglev::fill(size, &preferences, summed_up(&weights)),
    }
}

/// As many turns in a row as each weighs, then one after the other.
fn weighty_start(weights: &[u32]) -> impl Iterator<Item = usize> {
    let turns = |(real, weight): (usize, &u32)| std::iter::repeat_n(real, *weight as usize);
    weights.iter().enumerate().flat_map(turns).chain(in_turn(weights.len()))
}

/// A turn whenever the weights of the rounds have added up to the heaviest. There has to be a
/// weight above 0.
fn summed_up(weights: &[u32]) -> impl Iterator<Item = usize> {
    let most = weights.iter().copied().max().unwrap_or(0);
    let mut sums = vec![0; weights.len()];
    in_turn(weights.len()).filter(move |real| {
        sums[*real] += weights[*real];
        let whole = sums[*real] >= most;
        sums[*real] -= if whole { most } else { 0 };
        whole
    })
}

/// MurmurHash3 of two words; katran keeps its first half.
fn hash_of_two(a: u64, b: u64, seed: u32) -> u64 {
    let mut words = [0; 16];
    words[..8].copy_from_slice(&a.to_le_bytes());
    words[8..].copy_from_slice(&b.to_le_bytes());
    mur3::murmurhash3_x64_128(&words, seed).0
}

/// The hash of a connection.
#[inline]
fn hash(flow: &Flow) -> u32 {
    let [source, ports] = packet_words(flow);
    jhash_2words(source, ports, SIZE)
}

impl KatranMaglev {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            version: Version::named(settings.choice("hash_function")),
            size: prime_from(settings.integer("ring_size") as usize),
            table: Arc::default(),
            tables: settings.tables(),
        }
    }
}

impl Policy for KatranMaglev {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        let real = |(place, endpoint): (usize, &Endpoint)| {
            let hash = XxHash64::oneshot(0, endpoint.address.to_string().as_bytes());
            Real { place, weight: endpoint.weight, hash }
        };
        self.table = self.tables.of(endpoints, || {
            let mut reals: Vec<Real> = endpoints.iter().enumerate().map(real).collect();
            reals.sort_by_key(|real| real.hash);
            table(&reals, self.size, self.version)
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.table.find(hash(&context.flow).into())
    }
}
