//! Addresses and node ports of Services (`pkg/registry/core/service/{ip,port}allocator`).
//!
//! What nobody asks for is given from the upper part of a range, so that whoever asks for something
//! of the lower part finds it free (KEP-3070 and KEP-3668): from a random place on, round the upper
//! part, and where that is full from the lower. A node port is one number for all protocols.
//!
//! Nothing here refuses: `objection` has looked before whether there is enough.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

pub use api::service::{API_SERVER, CLUSTER_DNS, SERVICE_RANGE};
use api::{Kind, Object, Service, ServiceId, ServicePort};
use engine::Random;

use super::ApiServer;

/// What Services of the system have, which are not stored with the others.
pub(super) const SYSTEM_ADDRESSES: [IpAddr; 2] = [API_SERVER, CLUSTER_DNS];

/// The node ports, 30000 to 32767: the first and how many.
pub(super) const NODE_PORTS: (u16, u16) = (30_000, 2_768);

/// An address so many after another (`addOffsetAddress`).
#[must_use]
pub fn add_offset(address: IpAddr, offset: u64) -> IpAddr {
    match address {
        IpAddr::V4(ip) => Ipv4Addr::from(u32::from(ip).wrapping_add(offset as u32)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip).wrapping_add(u128::from(offset))).into(),
    }
}

/// The last address of a subnet (`broadcastAddress`).
#[must_use]
pub fn last_address(subnet: IpAddr, prefix: u32) -> IpAddr {
    match subnet {
        IpAddr::V4(ip) => {
            Ipv4Addr::from(u32::from(ip) | u32::MAX.checked_shr(prefix).unwrap_or(0)).into()
        }
        IpAddr::V6(ip) => {
            Ipv6Addr::from(u128::from(ip) | u128::MAX.checked_shr(prefix).unwrap_or(0)).into()
        }
    }
}

/// How many addresses of a subnet Services can have: without the network's own and, of IPv4, without
/// that of broadcasts (`hostsPerNetwork`).
#[must_use]
pub fn hosts_per_network(subnet: IpAddr, prefix: u32) -> u64 {
    let (bits, not_given) = if subnet.is_ipv4() { (32, 2) } else { (128, 1) };
    let all = 1_u128.checked_shl(bits - prefix).unwrap_or(u128::MAX);
    // Go counts them in 63 bits.
    let given = all.saturating_sub(not_given).min(u128::from(u64::MAX >> 1));
    given as u64
}

/// The addresses from the first to the last, once each, from so many after the first on and round
/// (`ipIterator`).
pub fn addresses(first: IpAddr, last: IpAddr, offset: u64) -> impl Iterator<Item = IpAddr> {
    let number = |ip| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    let count = (number(last).saturating_sub(number(first)) + 1).min(u128::from(u64::MAX)) as u64;
    let at = move |step: u64| (u128::from(offset % count) + u128::from(step)) % u128::from(count);
    (0..count).map(move |step| add_offset(first, at(step) as u64))
}

/// How many addresses at the lower end of a range are kept for those who ask for one.
#[must_use]
pub fn kept_addresses(size: u64) -> u64 {
    kept(size, 16, 256)
}

/// How many node ports at the lower end of a range are kept likewise (`calculateRangeOffset`).
#[must_use]
pub fn kept_ports(size: u64) -> u64 {
    kept(size, 32, 128)
}

fn kept(size: u64, part: u64, most: u64) -> u64 {
    const LEAST: u64 = 16;
    if size <= LEAST { 0 } else { (size / part).clamp(LEAST, most) }
}

impl ApiServer {
    /// Gives a new Service its number, and what it does not ask for: an address and node ports.
    pub(super) fn allocate(&mut self, service: &mut Service) {
        self.give_cluster_ip(service);
        service.id = self.number_of(service.spec.cluster_ip);
        self.give_node_ports(service, &shared_node_port);
    }

    /// Gives a Service that replaces another, and kept of it what it could, what it still lacks.
    pub(super) fn reallocate(&mut self, old: &Service, new: &mut Service) {
        self.give_cluster_ip(new);
        let same_address = (old.spec.cluster_ip, old.spec.kind.has_addresses())
            == (new.spec.cluster_ip, new.spec.kind.has_addresses());
        new.id = if same_address { old.id } else { self.number_of(new.spec.cluster_ip) };
        self.give_node_ports(new, &|_, _| None);
    }

    /// Keeps these node ports for those who are about to ask for them, and no others any more: they
    /// are given to nobody by chance.
    pub fn reserve_node_ports(&mut self, ports: impl IntoIterator<Item = u16>) {
        self.reserved_node_ports = ports.into_iter().collect();
    }

    fn give_cluster_ip(&mut self, service: &mut Service) {
        if service.spec.needs_cluster_ip() && service.spec.cluster_ip.is_none() {
            service.spec.cluster_ip = self.new_cluster_ip();
        }
    }

    /// The number that stands on the data plane for an address: that of the Service that had the
    /// address before, if one had. Whoever kept the address reaches whoever has it now.
    fn number_of(&mut self, address: Option<IpAddr>) -> ServiceId {
        let known = self.addresses.iter().position(|it| address.is_some() && *it == address);
        let number = known.unwrap_or_else(|| {
            self.addresses.push(address);
            self.addresses.len() - 1
        });
        ServiceId(number as u32)
    }

    /// An address for a Service; `None` where all are given.
    pub(super) fn new_cluster_ip(&mut self) -> Option<IpAddr> {
        let (subnet, prefix) = (SERVICE_RANGE.0.into(), SERVICE_RANGE.1.into());
        let size = hosts_per_network(subnet, prefix);
        let (first, last) = (add_offset(subnet, 1), add_offset(subnet, size));
        let kept = kept_addresses(size);
        let upper = add_offset(subnet, kept);
        let taken = self.taken_addresses();
        let start = self.identities.below((size + 1 - kept) as u32);
        addresses(upper, last, u64::from(start))
            .chain(addresses(first, add_offset(subnet, kept - 1), 0))
            .find(|address| !taken.contains(address))
    }

    /// Gives node ports to the ports of a Service that has them by its type and does not say which,
    /// and one for health checks to a load balancer that has to ask for them. `shared` is the node
    /// port that a port has in common with another of its Service.
    fn give_node_ports(
        &mut self,
        service: &mut Service,
        shared: &dyn Fn(&ServicePort, &[ServicePort]) -> Option<u16>,
    ) {
        if !service.spec.kind.has_node_ports() {
            return;
        }
        let mut taken = self.taken_node_ports();
        taken.extend(service.spec.node_ports());
        taken.extend(&self.reserved_node_ports);
        for index in 0..service.spec.ports.len() {
            let ports = &service.spec.ports;
            if ports[index].node_port.is_none() {
                let given = shared(&ports[index], ports).or_else(|| self.new_node_port(&mut taken));
                service.spec.ports[index].node_port = given;
            }
        }
        let spec = &mut service.spec;
        if spec.needs_health_check() && spec.health_check_node_port.is_none() {
            spec.health_check_node_port = self.new_node_port(&mut taken);
        }
    }

    /// A node port that is not among those taken, which it is from now on; `None` where all are.
    fn new_node_port(&mut self, taken: &mut BTreeSet<u16>) -> Option<u16> {
        let (first, size) = NODE_PORTS;
        let kept = kept_ports(size.into()) as u16;
        let start = self.node_ports.below(u32::from(size - kept)) as u16;
        let upper = (0..size - kept).map(|step| kept + (start + step) % (size - kept));
        let numbers = upper.chain(0..kept).map(|offset| first + offset);
        let found = numbers.into_iter().find(|number| !taken.contains(number));
        taken.extend(found);
        found
    }

    /// The addresses that Services have.
    pub(super) fn taken_addresses(&self) -> BTreeSet<IpAddr> {
        let given = self.services().filter_map(|service| service.spec.cluster_ip);
        given.chain(SYSTEM_ADDRESSES).collect()
    }

    /// The node ports that Services have.
    pub(super) fn taken_node_ports(&self) -> BTreeSet<u16> {
        self.services().flat_map(|service| service.spec.node_ports()).collect()
    }

    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        self.list(Kind::Service).filter_map(|object| match object {
            Object::Service(service) => Some(&**service),
            _ => None,
        })
    }
}

/// The node port of another port of the same number: one for TCP and one for UDP share theirs in a
/// new Service (`initNodePorts`).
pub(super) fn shared_node_port(port: &ServicePort, all: &[ServicePort]) -> Option<u16> {
    all.iter().filter(|other| other.port == port.port).find_map(|other| other.node_port)
}

#[cfg(test)]
mod tests;
