//! By a key, consistently: NGINX's `hash KEY consistent`.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    block::{Memo, Ring, chained_points::chained_points},
    nginx::{
        by_hash::{ByHash, TRIES},
        peers::{PARAMETERS, Peers},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.hash_consistent",
    summary: "consistent hash of a key, 160 points of CRC-32 for a server",
    level: Level::Request,
    on_change: "the ring is built anew and 1/n of the keys move; a reload forgets turns, \
                connections and failures",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(NginxHashConsistent::new(Peers::as_set(settings))),
};

/// **What it does** A ring of 160 points for each unit of a server's weight, a chain of CRC-32 over
/// its host, a zero byte, its port and the point before. A key belongs to the first point at or
/// behind its own CRC-32; where that server failed of late or was tried for the request already, to
/// the next, and after 20 of those, or without a key, servers take turns.
///
/// **Where it is used** NGINX, `hash KEY consistent` in an `upstream`, as memcached's fast Perl
/// client has it.
///
/// **What it needs to know** The servers' addresses and weights, a key, and which requests were not
/// answered.
///
/// **When it goes wrong** With 160 points a share is off by one part in √160, some 8 %, as a rule.
/// A popular key has one server.
///
/// **Reference** `ngx_http_upstream_update_chash`, `ngx_http_upstream_get_chash_peer` in
/// `src/http/modules/ngx_http_upstream_hash_module.c`.
#[derive(Clone, Debug)]
pub struct NginxHashConsistent {
    ring: Ring<u32>,
    by_hash: ByHash,
    hashes: Memo,
}

/// The ring of servers of these hosts, ports and weights.
#[must_use]
pub fn ring(servers: &[(String, u16, u32)]) -> Ring<u32> {
    let points = servers.iter().enumerate().flat_map(|(place, (host, port, weight))| {
        let name = format!("{host}\0{port}");
        chained_points(name.as_bytes(), *weight).map(move |point| (point, place))
    });
    Ring::without_equals(points.collect())
}

impl NginxHashConsistent {
    /// A ring of such servers.
    #[must_use]
    pub fn new(peers: Peers) -> Self {
        let hashes = Memo::default();
        Self { ring: Ring::default(), by_hash: ByHash::new(peers), hashes }
    }
}

impl Policy for NginxHashConsistent {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.hashes.make_room(endpoints);
        let server = |it: &Endpoint| (it.address.ip().to_string(), it.address.port(), it.weight);
        self.ring = ring(&endpoints.iter().map(server).collect::<Vec<_>>());
        self.by_hash.peers.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let hash = self.hashes.hash(context, crc32fast::hash);
        let ring = &self.ring;
        let first = ring.find(hash).filter(|_| !context.key.is_empty());
        let others = move || ring.walk(hash).skip(1).take(usize::from(TRIES));
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
