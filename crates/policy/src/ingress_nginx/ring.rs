//! The consistent hash of ingress-nginx.

use crc32fast::Hasher;

/// So many points has an endpoint of weight one.
const POINTS: u32 = 160;

/// **What it does** A ring of 160 points for each unit of an endpoint's weight. The points of an
/// endpoint are a chain: each is the CRC-32 of its name followed by the point before. A key belongs to
/// the first point at or behind its own CRC-32.
///
/// **Where it is used** ingress-nginx, `upstream-hash-by`, a request at a time.
///
/// **What it needs to know** The endpoints' names (`address:port`), their weights, and a key of each
/// request. It keeps nothing else: a list leads to one ring, however it came about, and who joins or
/// leaves moves its own keys only.
///
/// **When it goes wrong** With 160 points a share is off by one part in √160, some 8 %, as a rule; and a
/// popular key has one endpoint all the same.
///
/// **Reference** `lib/resty/chash.lua` and `chash.c` of lua-resty-balancer.
#[derive(Clone, Debug, Default)]
pub struct IngressNginxRing {
    /// The points in order, each with the place of its endpoint.
    points: Vec<(u32, usize)>,
}

impl IngressNginxRing {
    /// The ring of these names and weights.
    #[must_use]
    pub fn new(endpoints: &[(&str, u32)]) -> Self {
        let mut points = Vec::new();
        for (place, (name, weight)) in endpoints.iter().enumerate() {
            let mut named = Hasher::new();
            named.update(name.as_bytes());
            let mut point = 0_u32;
            for _ in 0..POINTS * weight {
                let mut hasher = named.clone();
                hasher.update(&point.to_le_bytes());
                point = hasher.finalize();
                points.push((point, place));
            }
        }
        points.sort_by_key(|(point, _)| *point);
        Self { points }
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The place of the endpoint that a key belongs to; `None` where there is none.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let hash = crc32fast::hash(key);
        let behind = self.points.partition_point(|(point, _)| *point < hash);
        let (_, place) = self.points.get(behind).or(self.points.first())?;
        Some(*place)
    }
}
