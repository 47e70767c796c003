//! By the client's address: HAProxy's `balance source`.

use engine::Time;

use super::hashing::{AVALANCHE, HASH_BALANCE_FACTOR, HASH_TYPE, Hashing};
use crate::{Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy, Settings};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.source",
    summary: "the client's address, as a turn in a map or as a place on a ring",
    level: Level::Connection,
    on_change: "servers keep their numbers; the map is made anew and most clients move, or the \
                ring loses or gains a server's points and 1/n of them do",
    parameters: &[HASH_TYPE, AVALANCHE, HASH_BALANCE_FACTOR],
    build: |settings, _| Box::new(HaproxySource::new(settings)),
};

/// **What it does** The client's address is its own hash. Map-based, its remainder is a turn in a
/// map in which each server is as often as it weighs. Consistent, it is mixed, and the server of
/// the nearest point on a ring gets it, before it or behind; with a balance factor, the first from
/// there on that has room.
///
/// **Where it is used** HAProxy, `balance source`; HAProxy's ingress controllers, by annotation.
///
/// **What it needs to know** The servers' numbers and weights, and the client's address. A server
/// that stays keeps its number, and one that comes takes a free one, as ingress controllers do it.
///
/// **When it goes wrong** Map-based, a server that comes or goes moves most clients, and clients
/// with addresses in a row go to servers in a row. Behind a gateway all clients are one.
///
/// **Reference** `get_server_sh` in `src/backend.c`, `src/lb_map.c`, `src/lb_chash.c`.
#[derive(Clone, Debug)]
pub struct HaproxySource {
    hashing: Hashing,
}

impl HaproxySource {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { hashing: Hashing::new(settings) }
    }
}

impl Policy for HaproxySource {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.hashing.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let source = u32::from(*context.flow.source.ip());
        self.hashing.pick(context, || source)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.hashing.chosen(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        self.hashing.listens()
    }

    fn ended(&mut self, ended: &Ended) {
        self.hashing.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.hashing.withdrawn(endpoint);
    }
}
