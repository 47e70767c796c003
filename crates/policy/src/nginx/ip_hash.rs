//! By the client's network: NGINX's `ip_hash`.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    block::HashShares,
    nginx::{
        by_hash::{ByHash, TRIES},
        peers::{PARAMETERS, Peers},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.ip_hash",
    summary: "hash of the first three bytes of the client's address, modulo the sum of the weights",
    level: Level::Request,
    on_change: "it begins anew, and most clients move: a reload forgets turns, connections and \
                failures",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(NginxIpHash::new(Peers::as_set(settings))),
};

/// **What it does** A small hash of the first three bytes of the client's address, modulo the sum
/// of the weights, leads to a server. Where that failed of late or was tried for the request
/// already, the hash goes on with the same bytes; after 20 times servers take turns.
///
/// **Where it is used** NGINX, `ip_hash` in an `upstream`, for sessions without a cookie.
///
/// **What it needs to know** The list, its weights, the client's address, and which requests were
/// not answered.
///
/// **When it goes wrong** Clients of one network (/24) have one server, as have all behind a
/// gateway: in a cluster, often all pods of a node. A server that comes or goes moves most clients.
///
/// **Reference** `ngx_http_upstream_get_ip_hash_peer` in
/// `src/http/modules/ngx_http_upstream_ip_hash_module.c`.
#[derive(Clone, Debug)]
pub struct NginxIpHash {
    shares: HashShares,
    by_hash: ByHash,
}

impl NginxIpHash {
    /// A hash over such servers.
    #[must_use]
    pub fn new(peers: Peers) -> Self {
        Self { shares: HashShares::default(), by_hash: ByHash::new(peers) }
    }
}

impl Policy for NginxIpHash {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.shares = HashShares::of(endpoints.iter().map(|endpoint| endpoint.weight.into()));
        self.by_hash.peers.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let [a, b, c, _] = context.flow.source.ip().octets();
        let step = move |hash: u64, byte: u8| (hash * 113 + u64::from(byte)) % 6271;
        let goes_on = move |hash| [a, b, c].into_iter().fold(hash, step);
        let (shares, mut hash) = (&self.shares, goes_on(89));
        let first = shares.find(hash);
        let others = move || {
            (0..TRIES).map_while(move |_| {
                hash = goes_on(hash);
                shares.find(hash)
            })
        };
        self.by_hash.pick(context, first, others)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        self.by_hash.peers.chosen(place, now)
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.by_hash.peers.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.by_hash.peers.withdrawn(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use engine::{Span, Streams};

    use super::*;
    use crate::{CATALOGUE, Configured, Reply};

    fn pick(policy: &mut dyn Policy, host: u8, key: &str, tried: &[EndpointId]) -> Option<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::from_secs(1), &mut random);
        context.flow.source = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), 1000);
        (context.key, context.tried) = (key.as_bytes(), tried);
        policy.pick(&mut context)
    }

    /// All three of NGINX's.
    fn each(of: &[Endpoint]) -> Vec<Box<dyn Policy>> {
        let hashing = |name: &str| name.starts_with("nginx.") && name.contains("hash");
        let entries = CATALOGUE.iter().filter(|entry| hashing(entry.name));
        let mut all: Vec<_> = entries.map(|entry| Configured::new(entry).build(1)).collect();
        assert_eq!(all.len(), 3);
        all.iter_mut().for_each(|policy| policy.update(of, Time::ZERO));
        all
    }

    #[test]
    fn what_failed_or_was_tried_is_passed_over_and_all_come_up() {
        let endpoints = Endpoint::numbered(&[1, 2, 1, 1]);
        for mut policy in each(&endpoints) {
            let first = pick(&mut *policy, 1, "somebody", &[]).expect("there are four");
            assert_eq!(pick(&mut *policy, 2, "somebody", &[]), Some(first), "one network, one key");
            let mut tried = Vec::new();
            for _ in 0..4 {
                let next = pick(&mut *policy, 1, "somebody", &tried).expect("one is left");
                assert!(!tried.contains(&endpoints[next].id));
                tried.push(endpoints[next].id);
            }
            assert_eq!(pick(&mut *policy, 1, "somebody", &tried), None);
            policy.ended(&Ended {
                endpoint: endpoints[first].id,
                now: Time::from_secs(1),
                latency: Span::ZERO,
                reply: Reply::Failed,
                report: None,
            });
            assert_ne!(pick(&mut *policy, 1, "somebody", &[]), Some(first), "it failed of late");
        }
    }

    #[test]
    fn without_a_key_servers_take_turns_and_an_only_one_has_all() {
        for (number, mut policy) in each(&Endpoint::numbered(&[1, 1])).into_iter().enumerate() {
            let picks = [(); 4].map(|()| pick(&mut *policy, 1, "", &[]).unwrap_or(9));
            let by_key = number < 2;
            assert_eq!(picks == [0, 1, 0, 1], by_key, "{picks:?}");
            policy.update(&Endpoint::numbered(&[5]), Time::from_secs(1));
            assert_eq!(pick(&mut *policy, 1, "somebody", &[]), Some(0));
            policy.update(&Endpoint::numbered(&[0, 0]), Time::from_secs(1));
            assert_eq!(pick(&mut *policy, 1, "somebody", &[]), None);
        }
    }
}
