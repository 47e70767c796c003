//! By a key, modulo the servers: NGINX's `hash`.

use crc32fast::Hasher;
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
    name: "nginx.hash",
    summary: "hash of a key, modulo the sum of the weights",
    level: Level::Request,
    on_change: "it begins anew, and most keys move: a reload forgets turns, connections and \
                failures",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(NginxHash::new(Peers::as_set(settings))),
};

/// **What it does** 15 bits of the CRC-32 of the key, modulo the sum of the weights, lead to a
/// server. Where that failed of late or was tried for the request already, a hash of the key with a
/// number in front is added; after 20 of those, and for a request without a key, servers take
/// turns.
///
/// **Where it is used** NGINX, `hash KEY` in an `upstream`, as memcached's Perl client has it.
///
/// **What it needs to know** The list, its weights, a key, and which requests were not answered.
///
/// **When it goes wrong** A server that comes or goes moves nearly all keys. A popular key has one
/// server.
///
/// **Reference** `ngx_http_upstream_get_hash_peer` in
/// `src/http/modules/ngx_http_upstream_hash_module.c`.
#[derive(Clone, Debug)]
pub struct NginxHash {
    shares: HashShares,
    by_hash: ByHash,
}

impl NginxHash {
    /// A hash over such servers.
    #[must_use]
    pub fn new(peers: Peers) -> Self {
        Self { shares: HashShares::default(), by_hash: ByHash::new(peers) }
    }
}

/// The part of a key's hash that is added in a try.
#[inline]
fn part(key: &[u8], number: u8) -> u64 {
    let mut hasher = Hasher::new();
    if number >= 10 {
        hasher.update(&[b'0' + number / 10]);
    }
    if number > 0 {
        hasher.update(&[b'0' + number % 10]);
    }
    hasher.update(key);
    u64::from(hasher.finalize() >> 16) & 0x7fff
}

impl Policy for NginxHash {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.shares = HashShares::of(endpoints.iter().map(|endpoint| endpoint.weight.into()));
        self.by_hash.peers.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let (key, shares, mut hash) = (context.key, &self.shares, part(context.key, 0));
        let first = shares.find(hash).filter(|_| !key.is_empty());
        let others = move || {
            (1..=TRIES).map_while(move |number| {
                hash += part(key, number);
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
