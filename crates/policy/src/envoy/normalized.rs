//! Weights of hosts that add up to one.

/// A host's own weight, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its weight among the hosts of its locality.
    pub weight: u32,
    /// The number of its locality.
    pub locality: usize,
}

/// The weights of hosts, which add up to 1: each has its part of its locality's part. Hosts of a
/// locality of weight 0 have 0. Without weights of localities, all hosts are in one of weight 1.
///
/// **Reference** `normalizeHostWeights` and `normalizeLocalityWeights` in
/// `source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc`.
#[must_use]
pub fn normalized(hosts: &[Host], localities: &[u32]) -> Vec<f64> {
    let mut sums = vec![0_u64; localities.len()];
    hosts.iter().for_each(|host| sums[host.locality] += u64::from(host.weight));
    let all: u64 = localities.iter().copied().map(u64::from).sum();
    let weight = |host: &Host| {
        let (own, of_all) = (sums[host.locality], localities[host.locality]);
        if own == 0 || of_all == 0 {
            return 0.0;
        }
        f64::from(host.weight) * (f64::from(of_all) / all as f64) / own as f64
    };
    hosts.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_add_up_to_one() {
        let hosts = [(1, 0), (2, 1), (3, 2), (1, 1), (0, 1)];
        let hosts = hosts.map(|(weight, locality)| Host { weight, locality });
        let weights = normalized(&hosts, &[8, 2, 0]);
        let expected = [0.8, 2.0 * 0.2 / 3.0, 0.0, 0.2 / 3.0, 0.0];
        assert!(weights.iter().zip(expected).all(|(got, wanted)| (got - wanted).abs() < 1e-15));
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(normalized(&[Host { weight: 0, locality: 0 }], &[1]), [0.0]);
    }
}
