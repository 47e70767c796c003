//! Points on a ring that are a chain of checksums, as NGINX has them and lua-resty-balancer after
//! it.

use crc32fast::Hasher;

/// So many points has an endpoint of weight one.
const POINTS: u64 = 160;

/// The points of an endpoint of this weight: each is the CRC-32 of its name followed by the point
/// before, and the first has zero before it.
pub fn chained_points(name: &[u8], weight: u32) -> impl Iterator<Item = u32> + use<> {
    let mut named = Hasher::new();
    named.update(name);
    let mut point = 0_u32;
    (0..POINTS * u64::from(weight)).map(move |_| {
        let mut hasher = named.clone();
        hasher.update(&point.to_le_bytes());
        point = hasher.finalize();
        point
    })
}
