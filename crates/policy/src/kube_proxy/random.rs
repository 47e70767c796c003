//! Uniformly at random: kube-proxy's choice in iptables and nftables mode.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "kube-proxy.random",
    summary: "uniformly at random (iptables and nftables mode)",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; connections stay where they are",
    parameters: &[],
    build: |_, _| Box::<Random>::default(),
};

/// **What it does** Each endpoint with the same probability, a connection at a time.
///
/// **Where it is used** kube-proxy, iptables mode (rule *i* of *n* taken with probability
/// 1/(n − i)) and nftables mode (`numgen random mod n`).
///
/// **What it needs to know** The list. It keeps nothing, so a changed list forgets nothing.
///
/// **When it goes wrong** Few connections: the share of a pod has a coefficient of variation of
/// √((k − 1)/n). A refused connection is not tried elsewhere.
///
/// **Reference** `pkg/proxy/iptables/proxier.go`, `pkg/proxy/nftables/proxier.go`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random {
    endpoints: u32,
}

impl Policy for Random {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        (self.endpoints > 0).then(|| context.random.below(self.endpoints) as usize)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn every_endpoint_gets_its_share_and_an_empty_list_gives_none() {
        let mut stream = Streams::new(1).named("test");
        let mut policy = Random::default();
        let mut pick =
            |policy: &mut Random| policy.pick(&mut PickContext::new(Time::ZERO, &mut stream));
        assert_eq!(pick(&mut policy), None);
        policy.update(&Endpoint::numbered(&[1; 4]), Time::ZERO);
        let mut counts = [0u32; 4];
        for _ in 0..40_000 {
            counts[pick(&mut policy).expect("there are four")] += 1;
        }
        // Five standard deviations of a binomial with n = 40 000 and p = 1/4.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 5 * 87), "{counts:?}");
    }
}
