//! What Envoy's hashing policies have in common.

use twox_hash::XxHash64;

use super::{
    bounded_load::BoundedLoad,
    normalized::{Host, normalized},
};
use crate::{Ended, Endpoint, EndpointId, Kind, Parameter, PickContext, Settings};

/// A setting of both.
pub(super) const HASH_BALANCE_FACTOR: Parameter = Parameter {
    name: "hash_balance_factor",
    summary: "How much of its equal part of all requests a host may have, in percent; 0 for any. Envoy \
              takes 100 and above.",
    kind: Kind::Integer { default: 0, min: 0, max: u32::MAX as u64 },
};

/// A setting of both.
pub(super) const HOST_SELECTION_RETRY: Parameter = Parameter {
    name: "host_selection_retry_max_attempts",
    summary: "How many more hosts are looked at where a retry comes to one that was tried; Istio has 5.",
    kind: Kind::Integer { default: 1, min: 0, max: 1000 },
};

/// The way from a request to a host by what a ring or a table says: the hash of its key, another look where
/// the host was tried before, and the limit of load.
///
/// **Reference** `ThreadAwareLoadBalancerBase` in
/// `source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc`.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    attempts: usize,
    ids: Vec<EndpointId>,
    load: BoundedLoad,
}

impl Hashing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            attempts: settings.integer(HOST_SELECTION_RETRY.name) as usize,
            ids: Vec::new(),
            load: BoundedLoad::new(settings.integer(HASH_BALANCE_FACTOR.name) as u32),
        }
    }

    /// Takes in a new list, and hands names and weights to what builds a ring or a table of them.
    pub(super) fn update<T>(
        &mut self,
        endpoints: &[Endpoint],
        build: impl FnOnce(&[(&str, f64)]) -> T,
    ) -> T {
        let host = |endpoint: &Endpoint| Host { weight: endpoint.weight, locality: 0 };
        let weights = normalized(&endpoints.iter().map(host).collect::<Vec<_>>(), &[1]);
        let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
        self.ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
        self.load.update(endpoints, &weights);
        let hosts: Vec<_> = names.iter().map(String::as_str).zip(weights).collect();
        build(&hosts)
    }

    /// Picks by what `find` says of a hash and an attempt.
    #[inline]
    pub(super) fn pick(
        &mut self,
        context: &mut PickContext<'_>,
        find: impl Fn(u64, usize) -> Option<usize>,
    ) -> Option<usize> {
        let hash = match context.key {
            [] => context.random.next_u64(),
            key => XxHash64::oneshot(0, key),
        };
        let mut place = self.load.choose(hash, find(hash, 0)?);
        for attempt in 1..=self.attempts {
            if context.tried.is_empty() || !context.tried.contains(&self.ids[place]) {
                break;
            }
            place = self.load.choose(hash, find(hash, attempt)?);
        }
        self.load.begin(place);
        Some(place)
    }

    pub(super) fn listens(&self) -> bool {
        self.load.is_on()
    }

    pub(super) fn ended(&mut self, ended: &Ended) {
        self.load.ended(ended);
    }
}
