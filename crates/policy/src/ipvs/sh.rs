//! By the source's address: scheduler `sh` of IPVS.

use crate::{
    Entry, Kind, Level, Parameter, PickContext, Settings,
    ipvs::{
        buckets::{self, Buckets},
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.sh",
    summary: "hash of the source's address, in 256 buckets",
    level: Level::Connection,
    on_change: "the buckets are filled anew: most sources move; connections stay where they are",
    parameters: &[
        Parameter {
            name: "sh-port",
            summary: "Whether the source's port is hashed along with its address.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "sh-fallback",
            summary: "Whether another destination is looked for where a source's own takes nothing \
                      new.",
            kind: Kind::Flag { default: false },
        },
    ],
    build: |settings, _| Box::new(IpvsSourceHash::new(SourceHash::as_set(settings))),
};

/// A service that is scheduled so.
pub type IpvsSourceHash = Service<SourceHash>;

/// **What it does** 256 buckets are dealt out to the destinations in the kernel's order, to each as
/// many in a row as it weighs. A source goes to the destination of its address' bucket; where that
/// takes nothing new, the connection is refused, unless the fallback is on.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `sh`, without flags.
///
/// **What it needs to know** The list, its weights, and the source's address. Nodes whose lists
/// have another order lead a source elsewhere.
///
/// **When it goes wrong** A destination that comes or goes moves most sources. More than 256
/// destinations, or weights that add up to more: some have no bucket. Behind a gateway all clients
/// are one source.
///
/// **Reference** `ip_vs_sh_reassign`, `ip_vs_sh_get_fallback` in `net/netfilter/ipvs/ip_vs_sh.c` of
/// Linux.
#[derive(Clone, Debug, Default)]
pub struct SourceHash {
    /// The flag `sh-port`.
    pub port: bool,
    /// The flag `sh-fallback`.
    pub fallback: bool,
    buckets: Buckets,
}

impl SourceHash {
    /// With these flags.
    #[must_use]
    pub fn new(port: bool, fallback: bool) -> Self {
        Self { port, fallback, buckets: Buckets::default() }
    }

    fn as_set(settings: &Settings) -> Self {
        Self::new(settings.flag("sh-port"), settings.flag("sh-fallback"))
    }

    /// The bucket of a source's address, or of both address and port in sum.
    #[must_use]
    #[inline]
    pub fn bucket(source: u32, offset: u32) -> usize {
        offset.wrapping_add(buckets::hash_32(source)) as usize % buckets::COUNT
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
        let at = |bucket| self.buckets.at(destinations, bucket);
        buckets::fall_back(at, buckets::COUNT, |offset| Self::bucket(source, offset))
    }
}

impl Scheduler for SourceHash {
    const COUNTS: bool = false;

    fn updated(&mut self, destinations: &[Destination]) {
        let weights = destinations.iter().map(|destination| destination.weight);
        // One that takes nothing new has a bucket all the same.
        let dealt = |(number, weight)| std::iter::repeat_n(number, u32::max(weight, 1) as usize);
        self.buckets.fill(weights.enumerate().cycle().flat_map(dealt));
    }

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let source = buckets::source(&context.flow, self.port);
        let first = self.buckets.at(destinations, Self::bucket(source, 0));
        first.filter(|first| first.is_open()).or_else(|| self.fall_back(destinations, source))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use engine::{Streams, Time};

    use super::*;
    use crate::{Endpoint, Policy};

    fn picks(policy: &mut IpvsSourceHash, sources: u32) -> Vec<Option<usize>> {
        let mut random = Streams::new(1).named("unused");
        let pick = |source: u32| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.flow.source = SocketAddrV4::new(Ipv4Addr::from(source * 7919), 1000);
            policy.pick(&mut context)
        };
        (0..sources).map(pick).collect()
    }

    #[test]
    fn what_takes_nothing_new_keeps_its_buckets_and_its_sources_are_refused_or_fall_back() {
        let mut all = Endpoint::numbered(&[1, 1, 1]);
        for fallback in [false, true] {
            let mut policy = IpvsSourceHash::new(SourceHash::new(false, fallback));
            policy.update(&all, Time::ZERO);
            let before = picks(&mut policy, 200);
            all[1].weight = 0;
            policy.update(&all, Time::ZERO);
            let after = picks(&mut policy, 200);
            for (before, after) in before.into_iter().zip(after) {
                if before != Some(1) {
                    assert_eq!(after, before, "it is no matter of this source");
                } else if fallback {
                    assert!(after.is_some_and(|place| place != 1), "{after:?}");
                } else {
                    assert_eq!(after, None);
                }
            }
            all.iter_mut().for_each(|endpoint| endpoint.weight = 0);
            policy.update(&all, Time::ZERO);
            assert!(picks(&mut policy, 20).iter().all(Option::is_none));
            all.iter_mut().for_each(|endpoint| endpoint.weight = 1);
        }
    }

    #[test]
    fn heavy_ones_leave_no_bucket_to_the_rest() {
        let mut policy = IpvsSourceHash::default();
        policy.update(&Endpoint::numbered(&[1, 300]), Time::ZERO);
        assert!(picks(&mut policy, 300).iter().all(|place| *place == Some(1)));
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, 1), [None]);
    }
}
