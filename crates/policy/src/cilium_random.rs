//! Cilium's choice where nothing else is configured.

use crate::{Endpoint, PickContext, Policy};

/// **What it does** One draw of 32 bits, modulo the number of endpoints.
///
/// **Where it is used** Cilium as a replacement for kube-proxy, `loadBalancer.algorithm: random`.
///
/// **What it needs to know** The list, in the order of the service map's slots.
///
/// **When it goes wrong** As [`Random`](crate::Random); the first endpoints are ahead by at most
/// n/2³².
///
/// **Reference** `lb4_select_backend_id_random` in `bpf/lib/lb.h`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CiliumRandom {
    endpoints: u32,
}

impl CiliumRandom {
    /// What 32 random bits lead to.
    #[must_use]
    pub fn remainder(&self, bits: u32) -> Option<usize> {
        bits.checked_rem(self.endpoints).map(|place| place as usize)
    }
}

impl Policy for CiliumRandom {
    fn update(&mut self, endpoints: &[Endpoint]) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: PickContext<'_>) -> Option<usize> {
        self.remainder((context.random.next_u64() >> 32) as u32)
    }
}
