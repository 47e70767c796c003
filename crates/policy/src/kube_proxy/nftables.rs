//! kube-proxy's rule in nftables mode, as the kernel draws.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "kube-proxy.nftables",
    summary: "the kernel's 32 bits scaled to the list",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; connections stay where they are",
    parameters: &[],
    build: |_, _| Box::<NftablesNumgen>::default(),
};

/// **What it does** One draw of 32 bits, scaled to the number of endpoints.
///
/// **Where it is used** kube-proxy, nftables mode: `numgen random mod n vmap`.
///
/// **What it needs to know** The list. It keeps nothing, so a changed list forgets nothing.
///
/// **When it goes wrong** As [`Random`](crate::kube_proxy::random::Random).
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
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.scale((context.random.next_u64() >> 32) as u32)
    }
}
