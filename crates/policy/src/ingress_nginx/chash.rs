//! The consistent hash of ingress-nginx.

use std::sync::Arc;

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::{Ring, Tables, chained_points::chained_points},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ingress-nginx.chash",
    summary: "consistent hash of a key, 160 points of CRC-32 for an endpoint",
    level: Level::Request,
    on_change: "the ring is built anew, the same for the same endpoints: 1/n of the keys move",
    parameters: &[],
    build: |settings, _| {
        Box::new(IngressNginxChash { tables: settings.tables(), ..Default::default() })
    },
};

/// **What it does** A ring of 160 points for each unit of an endpoint's weight. The points of an
/// endpoint are a chain: each is the CRC-32 of its name followed by the point before. A key belongs
/// to the first point at or behind its own CRC-32.
///
/// **Where it is used** ingress-nginx, `upstream-hash-by`, a request at a time.
///
/// **What it needs to know** The endpoints' names (`address:port`), their weights, and a key of
/// each request; one without has the key of no bytes. It keeps nothing else: a list leads to one
/// ring, however it came about, and who joins or leaves moves its own keys only.
///
/// **When it goes wrong** With 160 points a share is off by one part in √160, some 8 %, as a rule;
/// and a popular key has one endpoint all the same. A request that is tried again is tried at the
/// same one.
///
/// **Reference** `lib/resty/chash.lua` and `chash.c` of lua-resty-balancer.
#[derive(Clone, Debug, Default)]
pub struct IngressNginxChash {
    ring: Arc<Ring<u32>>,
    tables: Tables,
}

/// The ring of endpoints of these names and weights.
fn ring(endpoints: &[(&str, u32)]) -> Ring<u32> {
    let points = endpoints.iter().enumerate().flat_map(|(place, (name, weight))| {
        chained_points(name.as_bytes(), *weight).map(move |point| (point, place))
    });
    Ring::new(points.collect())
}

impl IngressNginxChash {
    /// The ring of these names and weights.
    #[must_use]
    pub fn new(endpoints: &[(&str, u32)]) -> Self {
        Self { ring: Arc::new(ring(endpoints)), tables: Tables::default() }
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The place of the endpoint that a key belongs to; `None` where there is none.
    #[must_use]
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.ring.find(crc32fast::hash(key))
    }
}

impl Policy for IngressNginxChash {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.ring = self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let weights = endpoints.iter().map(|endpoint| endpoint.weight);
            ring(&names.iter().map(String::as_str).zip(weights).collect::<Vec<_>>())
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.find(context.key)
    }
}
