//! kube-proxy's rule in nftables mode, as the kernel draws.

use crate::{Endpoint, PickContext, Policy};

/// **What it does** One draw of 32 bits, scaled to the number of endpoints.
///
/// **Where it is used** kube-proxy, nftables mode: `numgen random mod n vmap`.
///
/// **What it needs to know** The list. It keeps nothing, so a changed list forgets nothing.
///
/// **When it goes wrong** As [`Random`](crate::Random).
///
/// **Reference** `pkg/proxy/nftables/proxier.go`; `nft_numgen` and `reciprocal_scale` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct NftablesNumgen {
    endpoints: u32,
}

impl NftablesNumgen {
    /// What the kernel makes of 32 random bits.
    #[must_use]
    pub fn scale(&self, bits: u32) -> Option<usize> {
        let place = (u64::from(bits) * u64::from(self.endpoints)) >> 32;
        (self.endpoints > 0).then_some(place as usize)
    }
}

impl Policy for NftablesNumgen {
    fn update(&mut self, endpoints: &[Endpoint]) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: PickContext<'_>) -> Option<usize> {
        self.scale((context.random.next_u64() >> 32) as u32)
    }
}
