//! What Envoy's hashing policies have in common.

use std::{any::Any, sync::Arc};

use engine::Time;
use twox_hash::XxHash64;

use super::{
    bounded_load::BoundedLoad,
    normalized::{Host, normalized},
};
use crate::{Ended, Endpoint, EndpointId, Kind, Parameter, PickContext, Settings, block::Tables};

/// A setting of both.
pub(super) const HASH_BALANCE_FACTOR: Parameter = Parameter {
    name: "hash_balance_factor",
    summary: "How much of its equal part of all requests a host may have, in percent; 0 for any. \
              Envoy takes 100 and above.",
    kind: Kind::Integer { default: 0, min: 0, max: u32::MAX as u64 },
};

/// A setting of both.
pub(super) const HOST_SELECTION_RETRY: Parameter = Parameter {
    name: "host_selection_retry_max_attempts",
    summary: "How many more hosts are looked at where a retry comes to one that was tried; Istio \
              has 5.",
    kind: Kind::Integer { default: 1, min: 0, max: 1000 },
};

/// The way from a request to a host by what a ring or a table says: the hash of its key, another
/// look where the host was tried before, and the limit of load.
///
/// **Reference** `ThreadAwareLoadBalancerBase` in
/// `source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc`.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    attempts: usize,
    tables: Tables,
    ids: Vec<EndpointId>,
    load: BoundedLoad,
}

impl Hashing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            attempts: settings.integer(HOST_SELECTION_RETRY.name) as usize,
            tables: settings.tables(),
            ids: Vec::new(),
            load: BoundedLoad::new(settings.integer(HASH_BALANCE_FACTOR.name) as u32),
        }
    }

    /// Takes in a new list, and hands names and weights to what builds a ring or a table of them.
    pub(super) fn update<T: Any + Send + Sync>(
        &mut self,
        endpoints: &[Endpoint],
        now: Time,
        build: impl FnOnce(&[(&str, f64)]) -> T,
    ) -> Arc<T> {
        let host = |endpoint: &Endpoint| Host { weight: endpoint.weight, locality: 0 };
        let weights = normalized(&endpoints.iter().map(host).collect::<Vec<_>>(), &[1]);
        self.ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
        self.load.update(endpoints, &weights, now);
        self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let hosts: Vec<_> = names.iter().map(String::as_str).zip(weights).collect();
            build(&hosts)
        })
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

    /// A request begins that was not hashed for.
    pub(super) fn begin(&mut self, place: usize) {
        self.load.begin(place);
    }

    pub(super) fn listens(&self) -> bool {
        self.load.is_on()
    }

    pub(super) fn ended(&mut self, ended: &Ended) {
        self.load.ended(ended);
    }

    pub(super) fn withdrawn(&mut self, endpoint: EndpointId) {
        self.load.withdrawn(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Configured, Policy, Reply, Value};

    fn pick(policy: &mut dyn Policy, key: &str, tried: &[EndpointId]) -> Option<usize> {
        let mut random = Streams::new(1).named(key);
        let mut context = PickContext::new(Time::ZERO, &mut random);
        (context.key, context.tried) = (key.as_bytes(), tried);
        policy.pick(&mut context)
    }

    /// Both, with something set.
    fn both(name: &str, value: u64) -> [Box<dyn Policy>; 2] {
        ["envoy.maglev", "envoy.ring_hash"].map(|policy| {
            let mut configured = Configured::by_name(policy).expect("it is listed");
            configured.set(name, Value::Integer(value)).expect("it can be set");
            let mut policy = configured.build(1);
            policy.update(&Endpoint::numbered(&[1, 2, 1, 0]), Time::ZERO);
            policy
        })
    }

    #[test]
    fn another_look_finds_another_host_mostly() {
        for (attempts, found) in [(0, 0..=0), (1, 45..=90), (20, 100..=100)] {
            for mut policy in both(HOST_SELECTION_RETRY.name, attempts) {
                let mut others = 0;
                for key in (0..100).map(|number: u32| number.to_string()) {
                    let first = pick(&mut *policy, &key, &[]).expect("there are hosts");
                    let tried = [EndpointId(first as u32)];
                    others += u32::from(pick(&mut *policy, &key, &tried) != Some(first));
                }
                assert!(found.contains(&others), "{others} with {attempts}");
            }
        }
    }

    #[test]
    fn a_popular_key_is_spread_by_weight_once_there_is_a_limit() {
        for mut policy in both(HASH_BALANCE_FACTOR.name, 100) {
            assert!(policy.listens() && policy.remembers());
            let mut counts = [0_u32; 4];
            for _ in 0..100 {
                counts[pick(&mut *policy, "popular", &[]).expect("there are hosts")] += 1;
            }
            // A host is passed over once it has more than its part: one more at most.
            assert!(counts[0].abs_diff(25) <= 3 && counts[1].abs_diff(50) <= 3, "{counts:?}");
            assert_eq!(counts[3], 0);
            for (id, count) in (0..).zip(counts) {
                let (endpoint, now, latency) = (EndpointId(id), Time::ZERO, Span::ZERO);
                let ended = Ended { endpoint, now, latency, reply: Reply::Ok, report: None };
                (0..count).for_each(|_| policy.ended(&ended));
            }
            let first = pick(&mut *policy, "popular", &[]);
            assert_eq!(pick(&mut *policy, "popular", &[]), first, "all have room again");
        }
        for mut policy in both(HASH_BALANCE_FACTOR.name, 0) {
            assert!(!policy.listens() && !policy.remembers());
            let first = pick(&mut *policy, "popular", &[]);
            assert!((0..100).all(|_| pick(&mut *policy, "popular", &[]) == first));
        }
    }

    #[test]
    fn without_a_key_a_request_goes_anywhere() {
        for mut policy in both(HASH_BALANCE_FACTOR.name, 0) {
            let mut random = Streams::new(1).named("requests");
            let mut counts = [0; 4];
            for _ in 0..400 {
                let place = policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
                counts[place.expect("there are hosts")] += 1;
            }
            assert!(counts[..3].iter().all(|count| *count > 50) && counts[3] == 0, "{counts:?}");
        }
    }
}
