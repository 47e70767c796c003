//! By the source's address, consistently: scheduler `mh` of IPVS.

use std::{hash::Hasher, net::SocketAddrV4, sync::Arc};

use siphasher::sip::SipHasher13;

use crate::{
    Entry, Kind, Level, Parameter, PickContext, Settings,
    block::{Maglev, Tables, greatest_common_divisor, maglev::Preference},
    ipvs::{
        buckets,
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.mh",
    summary: "consistent hash of the source's address, in a table of equal shares",
    level: Level::Connection,
    on_change: "the table is built anew: 1/n of the sources move and a few more; what takes \
                nothing new keeps its slots",
    parameters: &[
        Parameter {
            name: "mh-port",
            summary: "Whether the source's port is hashed along with its address.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "mh-fallback",
            summary: "Whether another destination is looked for where a source's own takes nothing \
                      new.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "IP_VS_MH_TAB_INDEX",
            summary: "How large the kernel was built to have the table: 8 for 251 slots, 12 for \
                      4093, 17 for 131071.",
            kind: Kind::Integer { default: 12, min: FIRST_INDEX, max: 17 },
        },
    ],
    build: |settings, _| Box::new(IpvsMaglevHash::new(MaglevHash::as_set(settings))),
};

/// The sizes that a kernel may be built with, from this index on.
const SIZES: [usize; 10] = [251, 509, 1021, 2039, 4093, 8191, 16_381, 32_749, 65_521, 131_071];
const FIRST_INDEX: u64 = 8;

/// The keys of its two hashes, the same on every machine.
const OFFSET_KEY: u64 = 2_654_435_761;
const SKIP_KEY: u64 = 2_654_446_892;

/// A service that is scheduled so.
pub type IpvsMaglevHash = Service<MaglevHash>;

/// **What it does** A table of slots that the destinations share by their weights; a source goes to
/// the destination of its address' slot. Where that takes nothing new, the connection is refused,
/// unless the fallback is on.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `mh`, without flags.
///
/// **What it needs to know** The list, its weights, and the source's address. A destination of
/// which the weight becomes 0 keeps its slots as long as it is in the list: with the fallback only
/// its own sources move.
///
/// **When it goes wrong** The table depends on the order of the list too: destinations take their
/// slots in the kernel's order, and what comes last is first.
///
/// **Reference** `ip_vs_mh_permutate`, `ip_vs_mh_populate`, `ip_vs_mh_get_fallback` in
/// `net/netfilter/ipvs/ip_vs_mh.c` of Linux.
#[derive(Clone, Debug)]
pub struct MaglevHash {
    port: bool,
    fallback: bool,
    index: u64,
    table: Arc<Maglev>,
    tables: Tables,
}

impl MaglevHash {
    /// With these flags, for a kernel with a table of this index.
    #[must_use]
    pub fn new(port: bool, fallback: bool, index: u64) -> Self {
        Self { port, fallback, index, table: Arc::default(), tables: Tables::default() }
    }

    fn as_set(settings: &Settings) -> Self {
        let index = settings.integer("IP_VS_MH_TAB_INDEX");
        let (port, fallback) = (settings.flag("mh-port"), settings.flag("mh-fallback"));
        Self { tables: settings.tables(), ..Self::new(port, fallback, index) }
    }

    /// The destination of a source whose own takes nothing new, if there is one. It is out of line, so
    /// that the others need no room for it.
    #[cold]
    #[inline(never)]
    fn fall_back<'a>(
        &self,
        destinations: &'a [Destination],
        source: u32,
    ) -> Option<&'a Destination> {
        if !self.fallback {
            return None;
        }
        let hash = |offset: u32| hsiphash(source.wrapping_add(offset), OFFSET_KEY);
        let slot = |offset: u32| self.table.slot(hash(offset)).unwrap_or(0);
        let at = |slot: usize| destinations.get(self.table.at(slot)?);
        buckets::fall_back(at, size(self.index), slot)
    }
}

/// How many slots the table of an index has.
#[must_use]
pub fn size(index: u64) -> usize {
    let place = index.saturating_sub(FIRST_INDEX) as usize;
    SIZES[place.min(SIZES.len() - 1)]
}

/// The table of destinations of these addresses and last weights, in the kernel's order.
#[must_use]
pub fn table(destinations: &[(SocketAddrV4, u32)], index: u64) -> Maglev {
    let size = size(index);
    let weights: Vec<u32> = destinations.iter().map(|(_, weight)| *weight).collect();
    let divisor = weights.iter().copied().fold(0, greatest_common_divisor);
    if divisor == 0 {
        return Maglev::default();
    }
    // Large weights lose their lower bits.
    let most = weights.iter().copied().max().unwrap_or(0) / divisor;
    let shift = (u32::BITS - most.leading_zeros()).saturating_sub(index as u32 / 2);
    let turns = |(number, weight): (usize, u32)| {
        let turns = ((weight / divisor) >> shift).max(u32::from(weight > 0));
        std::iter::repeat_n(number, turns as usize)
    };
    let preference =
        |(number, (address, _)): (usize, &(SocketAddrV4, u32))| preference(number, *address, size);
    let preferences: Vec<_> = destinations.iter().enumerate().map(preference).collect();
    Maglev::fill(size, &preferences, weights.into_iter().enumerate().cycle().flat_map(turns))
}

/// What a destination of this address prefers.
#[must_use]
pub fn preference(number: usize, address: SocketAddrV4, size: usize) -> Preference {
    let word = u32::from(*address.ip()).wrapping_add(address.port().into());
    Preference::hashed(number, hsiphash(word, OFFSET_KEY), hsiphash(word, SKIP_KEY), size)
}

/// The kernel's `hsiphash` of a word: half of SipHash-1-3.
#[inline]
fn hsiphash(word: u32, key: u64) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(key, key);
    hasher.write_u32(word.to_le());
    hasher.finish() & u64::from(u32::MAX)
}

impl Scheduler for MaglevHash {
    const COUNTS: bool = false;

    fn updated(&mut self, destinations: &[Destination]) {
        let of = |destination: &Destination| (destination.address, destination.last_weight);
        let list = destinations.iter().map(of);
        let build = || table(&list.clone().collect::<Vec<_>>(), self.index);
        self.table = self.tables.of_list(list.clone(), build);
    }

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let source = buckets::source(&context.flow, self.port);
        let first = destinations.get(self.table.find(hsiphash(source, OFFSET_KEY))?);
        first.filter(|first| first.is_open()).or_else(|| self.fall_back(destinations, source))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use engine::{Streams, Time};

    use super::*;
    use crate::{Endpoint, Policy};

    fn picks(policy: &mut IpvsMaglevHash) -> Vec<Option<usize>> {
        let mut random = Streams::new(1).named("unused");
        let pick = |source: u32| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.flow.source = SocketAddrV4::new(Ipv4Addr::from(source * 7919), 1000);
            policy.pick(&mut context)
        };
        (0..500).map(pick).collect()
    }

    #[test]
    fn what_takes_nothing_new_keeps_its_slots_and_with_the_fallback_only_its_own_sources_move() {
        let mut all = Endpoint::numbered(&[2, 2, 4]);
        let mut policy = IpvsMaglevHash::new(MaglevHash::new(false, true, 12));
        policy.update(&all, Time::ZERO);
        let before = picks(&mut policy);
        all[2].weight = 0;
        policy.update(&all, Time::ZERO);
        let after = picks(&mut policy);
        for (before, after) in before.iter().zip(&after) {
            let own = *before == Some(2);
            assert!(if own { *after != Some(2) && after.is_some() } else { before == after });
        }
        all[2].weight = 4;
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy), before, "it is as if nothing had been");
    }

    #[test]
    fn large_weights_lose_bits_and_nobody_loses_all() {
        let address = |number: u8| SocketAddrV4::new(Ipv4Addr::new(10, 244, 0, number), 8080);
        let table = table(&[(address(1), 1), (address(2), 65_535), (address(3), 0)], 12);
        let mut counts = [0; 3];
        table.slots().for_each(|number| counts[number] += 1);
        // 65535 has 16 bits, and the table's turns have 6 at most: 63 to 1.
        assert_eq!(counts, [64, 4029, 0]);
        assert_eq!(super::table(&[(address(1), 0)], 12).find(0), None);
    }
}
