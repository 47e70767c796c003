//! Destinations in hash buckets.

use crate::{Flow, ipvs::destination::Destination};

/// How many bits a hash has where there is no other table.
const BITS: u32 = 8;

/// So many buckets have the hashing schedulers `sh` and `dh`.
pub(super) const COUNT: usize = 1 << BITS;

/// Which destination each bucket leads to, by its number in the kernel's list.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(Vec<u32>);

impl Buckets {
    /// Fills 256 buckets with what comes; there are none where nothing does.
    pub(super) fn fill(&mut self, destinations: impl Iterator<Item = usize>) {
        self.0.clear();
        self.0.extend(destinations.take(COUNT).map(|destination| destination as u32));
    }

    /// The destination of a bucket.
    #[inline]
    pub(super) fn at<'a>(
        &self,
        destinations: &'a [Destination],
        bucket: usize,
    ) -> Option<&'a Destination> {
        destinations.get(*self.0.get(bucket)? as usize)
    }
}

/// The first destination that takes new connections, of those that `bucket` leads to for all numbers
/// from its own on: the fallback of a connection whose own destination takes none.
pub(super) fn fall_back<'a>(
    at: impl Fn(usize) -> Option<&'a Destination>,
    size: usize,
    bucket: impl Fn(u32) -> usize,
) -> Option<&'a Destination> {
    let first = bucket(0);
    let mut others = (first..size).chain(0..first).map(|number| at(bucket(number as u32)));
    others.find_map(|other| other.filter(|other| other.is_open()))
}

/// What of a connection's source is hashed: its address, and with a flag its port.
#[inline]
pub(super) fn source(flow: &Flow, with_port: bool) -> u32 {
    let port = if with_port { flow.source.port() } else { 0 };
    u32::from(*flow.source.ip()).wrapping_add(port.into())
}

/// The kernel's `hash_32`, in the bits of a bucket.
#[inline]
pub(super) fn hash_32(word: u32) -> u32 {
    word.wrapping_mul(0x61c8_8647) >> (u32::BITS - BITS)
}
