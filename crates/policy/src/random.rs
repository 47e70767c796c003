//! Uniformly at random: kube-proxy's choice in iptables and nftables mode.

use crate::{Endpoint, PickContext, Policy};

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
    fn update(&mut self, endpoints: &[Endpoint]) {
        self.endpoints = endpoints.len() as u32;
    }

    fn pick(&mut self, context: PickContext<'_>) -> Option<usize> {
        (self.endpoints > 0).then(|| context.random.below(self.endpoints) as usize)
    }
}

#[cfg(test)]
mod tests {
    use engine::{Streams, Time};

    use super::*;
    use crate::EndpointId;

    #[test]
    fn every_endpoint_gets_its_share_and_an_empty_list_gives_none() {
        let mut stream = Streams::new(1).named("test");
        let mut policy = Random::default();
        let mut pick =
            |policy: &mut Random| policy.pick(PickContext { now: Time::ZERO, random: &mut stream });
        assert_eq!(pick(&mut policy), None);
        let endpoints: Vec<_> =
            (0..4).map(|id| Endpoint { id: EndpointId(id), weight: 1 }).collect();
        policy.update(&endpoints);
        let mut counts = [0u32; 4];
        for _ in 0..40_000 {
            counts[pick(&mut policy).expect("there are four")] += 1;
        }
        // Five standard deviations of a binomial with n = 40 000 and p = 1/4.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 5 * 87), "{counts:?}");
    }
}
