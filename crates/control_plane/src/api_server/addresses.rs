//! Addresses of Services.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use api::{Kind, Object};
use engine::Random;

use super::ApiServer;

/// The Service range, 10.96.0.0/16, and the place where addresses given at random begin in it
/// (KEP-3070).
const SERVICE_RANGE: [u8; 2] = [10, 96];
const RANDOM_ADDRESSES: u32 = 256;

impl ApiServer {
    /// An address of the upper band, chosen at random, and where that is full one of the lower.
    /// `None` where all are given.
    pub(super) fn new_cluster_ip(&mut self) -> Option<IpAddr> {
        // Neither the network's own address nor that of broadcasts.
        let (first, size) = (1, 65_534);
        let taken: BTreeSet<IpAddr> = self.cluster_ips().collect();
        let address = |offset: u32| {
            let [_, _, high, low] = offset.to_be_bytes();
            IpAddr::V4(Ipv4Addr::new(SERVICE_RANGE[0], SERVICE_RANGE[1], high, low))
        };
        let upper = size + first - RANDOM_ADDRESSES;
        let start = self.identities.below(upper);
        let upper = (0..upper).map(|step| RANDOM_ADDRESSES + (start + step) % upper);
        let lower = first..RANDOM_ADDRESSES;
        upper.chain(lower).map(address).find(|address| !taken.contains(address))
    }

    fn cluster_ips(&self) -> impl Iterator<Item = IpAddr> {
        self.list(Kind::Service).filter_map(|object| match object {
            Object::Service(service) => service.spec.cluster_ip,
            _ => None,
        })
    }
}
