//! Cilium's choice where nothing else is configured.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "cilium.random",
    summary: "32 random bits modulo the list",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; connections stay where they are",
    parameters: &[],
    build: |_, _| Box::<CiliumRandom>::default(),
};

/// **What it does** One draw of 32 bits, modulo the number of endpoints.
///
/// **Where it is used** Cilium as a replacement for kube-proxy, `loadBalancer.algorithm: random`.
///
/// **What it needs to know** The list, in the order of the service map's slots.
///
/// **When it goes wrong** As [`Random`](crate::kube_proxy::random::Random); the first endpoints are
/// ahead by at most n/2³².
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
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.remainder((context.random.next_u64() >> 32) as u32)
    }
}
