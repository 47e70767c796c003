//! kube-proxy's rules in iptables mode, one after the other as the kernel walks them.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy};

/// What the kernel compares with: 31 random bits.
const BITS: u32 = 31;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "kube-proxy.iptables",
    summary: "rule by rule with the kernel's 31 bits",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; connections stay where they are",
    parameters: &[],
    build: |_, _| Box::<IptablesCascade>::default(),
};

/// **What it does** Rule *i* of *n* is taken with probability 1/(n − i), the last one always: each
/// endpoint has the same share, up to the ten digits of a rule's text and the 31 bits that the
/// kernel compares.
///
/// **Where it is used** kube-proxy, iptables mode, a connection at a time.
///
/// **What it needs to know** The list. It keeps nothing, so a changed list forgets nothing.
///
/// **When it goes wrong** As [`Random`](crate::kube_proxy::random::Random); besides, half the rules
/// are walked for each new connection.
///
/// **Reference** `computeProbability` in `pkg/proxy/iptables/proxier.go`; `xt_statistic` of Linux.
#[derive(Clone, Debug, Default)]
pub struct IptablesCascade {
    endpoints: usize,
    thresholds: Vec<u32>,
}

/// The probabilities of the rules for `n` endpoints as kube-proxy writes them.
#[must_use]
pub fn rule_probabilities(n: usize) -> Vec<String> {
    (0..n.saturating_sub(1)).map(|rule| format!("{:.10}", 1.0 / (n - rule) as f64)).collect()
}

/// What the kernel makes of the probabilities: a rule is taken if 31 random bits are below.
#[must_use]
pub fn kernel_thresholds(n: usize) -> Vec<u32> {
    let parse = |text: String| text.parse::<f64>().unwrap_or(1.0);
    let scale = f64::from(1_u32 << BITS);
    rule_probabilities(n).into_iter().map(|text| round(parse(text) * scale)).collect()
}

/// Half away from zero, as `lround` does, of a number that is not negative.
fn round(number: f64) -> u32 {
    (number + 0.5) as u32
}

impl IptablesCascade {
    /// The share of each endpoint.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let mut left = 1.0;
        let taken = self.thresholds.iter().map(|threshold| {
            let share = left * f64::from(*threshold) / f64::from(1_u32 << BITS);
            left -= share;
            share
        });
        let mut shares: Vec<f64> = taken.collect();
        shares.extend((self.endpoints > 0).then_some(left));
        shares
    }

    /// How many rules a connection meets on average.
    #[must_use]
    pub fn expected_rules(&self) -> f64 {
        self.shares().iter().zip(1..).map(|(share, rules)| share * f64::from(rules)).sum()
    }

    /// Walks the rules; `draw` gives the kernel's 32 random bits, once for each rule but the last.
    pub fn walk(&self, mut draw: impl FnMut() -> u32) -> Option<usize> {
        let taken = |threshold: &u32| (draw() & ((1 << BITS) - 1)) < *threshold;
        let last = self.endpoints.checked_sub(1)?;
        Some(self.thresholds.iter().position(taken).unwrap_or(last))
    }
}

impl Policy for IptablesCascade {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = endpoints.len();
        self.thresholds = kernel_thresholds(endpoints.len());
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.walk(|| (context.random.next_u64() >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_is_unconditional() {
        assert_eq!(rule_probabilities(3), ["0.3333333333", "0.5000000000"]);
        assert_eq!(kernel_thresholds(2), [1 << 30]);
        assert_eq!(kernel_thresholds(1), [0_u32; 0]);
    }
}
