//! The addresses that a node has for its pods (`plugins/ipam/host-local` of the CNI plugins).

use std::net::{IpAddr, Ipv4Addr};

use api::NodeId;

/// Each node has a /22 of 10.128.0.0/9: addresses for 1,021 pods, the most that a scenario's `maxPods`
/// may be, on each of 8192 nodes.
const BITS: u32 = 10;
/// The first is the network's and the second the node's own.
const FIRST: usize = 2;
/// Behind the last comes that of the broadcast.
const LAST: usize = (1 << BITS) - 2;

/// The addresses of one node's pods.
#[derive(Debug)]
pub(super) struct Addresses {
    base: u32,
    taken: Vec<bool>,
    /// The one behind the one that was taken last.
    next: usize,
}

impl Addresses {
    /// Those of a node.
    pub(super) fn of(node: NodeId) -> Self {
        Self { base: node.0 << BITS, taken: vec![false; 1 << BITS], next: FIRST }
    }

    /// The next that no pod has. Behind the last comes the first. `None` where pods have all.
    pub(super) fn take(&mut self) -> Option<IpAddr> {
        let mut all = (self.next..=LAST).chain(FIRST..self.next);
        let number = all.find(|number| !self.taken[*number])?;
        self.taken[number] = true;
        self.next = if number == LAST { FIRST } else { number + 1 };
        let [_, high, middle, low] = (self.base + number as u32).to_be_bytes();
        Some(IpAddr::V4(Ipv4Addr::new(10, 128 + high, middle, low)))
    }

    /// A pod has its address no more.
    pub(super) fn give_back(&mut self, address: IpAddr) {
        if let IpAddr::V4(address) = address {
            let number = u32::from(address) & ((1 << BITS) - 1);
            self.taken[number as usize] = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_the_next_is_the_one_behind_the_last_and_there_is_an_end() {
        let mut addresses = Addresses::of(NodeId(5));
        let all: Vec<IpAddr> = std::iter::from_fn(|| addresses.take()).collect();
        assert_eq!(all.len(), 1021);
        assert_eq!(all[0], IpAddr::from([10, 128, 20, 2]));
        assert_eq!(all[1020], IpAddr::from([10, 128, 23, 254]));
        assert!(all.is_sorted_by(|one, other| one < other));
        for place in [700, 3] {
            addresses.give_back(all[place]);
        }
        let mut next = || addresses.take();
        assert_eq!([next(), next(), next()], [Some(all[3]), Some(all[700]), None]);
    }
}
