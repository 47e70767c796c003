//! Addresses and node ports of Services (`pkg/registry/core/service/{ip,port}allocator`).
//!
//! What nobody asks for is given from the upper part of a range, so that whoever asks for something
//! of the lower part finds it free (KEP-3070 and KEP-3668): from a random place on, round the upper
//! part, and where that is full from the lower.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use api::{Kind, Object, Protocol, Service, ServiceId, ServicePort, service::ServiceType};
use engine::Random;

use super::ApiServer;
use crate::write::ApiError;

/// The Service range, 10.96.0.0/16, as kubeadm has it.
const SERVICE_RANGE: (IpAddr, u32) = (IpAddr::V4(Ipv4Addr::new(10, 96, 0, 0)), 16);

/// The address of the API server's own Service, `kubernetes`: the first of the range.
pub const API_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));

/// The address of the cluster's DNS, where kubeadm puts it: the tenth of the range.
pub const CLUSTER_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));

/// The node ports, 30000 to 32767: the first and how many.
const NODE_PORTS: (u16, u16) = (30_000, 2_768);

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
    ///
    /// # Errors
    /// [`ApiError::Invalid`] where another Service has what it asks for, and
    /// [`ApiError::RangeIsFull`] where no address is left.
    pub(super) fn allocate(&mut self, service: &mut Service) -> Result<(), ApiError> {
        if self.conflict(service).is_some() {
            return Err(ApiError::Invalid);
        }
        if service.spec.needs_cluster_ip() && service.spec.cluster_ip.is_none() {
            service.spec.cluster_ip = Some(self.new_cluster_ip().ok_or(ApiError::RangeIsFull)?);
        }
        service.id = self.number_of(service.spec.cluster_ip);
        self.give_node_ports(service);
        Ok(())
    }

    /// Gives a Service that replaces another what that one has and it does not say itself
    /// (`patchAllocatedValues`).
    ///
    /// # Errors
    /// [`ApiError::Invalid`] where the address would change, or another Service has what it asks for.
    pub(super) fn reallocate(&mut self, old: &Service, new: &mut Service) -> Result<(), ApiError> {
        let is_alias = |it: &Service| it.spec.kind == ServiceType::ExternalName;
        if is_alias(old) != is_alias(new) {
            // An alias has nothing, so this is as if it were new.
            return self.allocate(new);
        }
        if new.spec.cluster_ip.is_none() && new.spec.needs_cluster_ip() {
            new.spec.cluster_ip = old.spec.cluster_ip;
        }
        if new.spec.cluster_ip != old.spec.cluster_ip || self.conflict(new).is_some() {
            return Err(ApiError::Invalid);
        }
        new.id = old.id;
        let keeps_node_ports = new.spec.kind != ServiceType::ClusterIP;
        for port in
            new.spec.ports.iter_mut().filter(|it| keeps_node_ports && it.node_port.is_none())
        {
            let same = |it: &&ServicePort| (it.port, it.protocol) == (port.port, port.protocol);
            port.node_port = old.spec.ports.iter().find(same).and_then(|it| it.node_port);
        }
        self.give_node_ports(new);
        Ok(())
    }

    /// What a Service asks for and another one has, in the API server's words.
    #[must_use]
    pub fn conflict(&self, service: &Service) -> Option<String> {
        let (meta, asked) = (&service.meta, &service.spec);
        if asked.cluster_ip.is_none() && asked.ports.iter().all(|port| port.node_port.is_none()) {
            return None;
        }
        let itself =
            |it: &Service| it.meta.name == meta.name && it.meta.namespace == meta.namespace;
        let mut others = self.services().filter(|other| !itself(other));
        others.find_map(|other| {
            if let Some(address) = asked.cluster_ip.filter(|it| other.spec.cluster_ip == Some(*it))
            {
                return Some(format!(
                    "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP \
                     {address}: provided IP is already allocated"
                ));
            }
            let taken = |port: &ServicePort| {
                let mut theirs = other.spec.ports.iter();
                port.node_port.is_some()
                    && theirs
                        .any(|it| (it.node_port, it.protocol) == (port.node_port, port.protocol))
            };
            let place = asked.ports.iter().position(taken)?;
            let number = asked.ports[place].node_port?;
            Some(format!(
                "spec.ports[{place}].nodePort: Invalid value: {number}: provided port is already \
                 allocated"
            ))
        })
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
        let (subnet, prefix) = SERVICE_RANGE;
        let size = hosts_per_network(subnet, prefix);
        let (first, last) = (add_offset(subnet, 1), add_offset(subnet, size));
        let kept = kept_addresses(size);
        let upper = add_offset(subnet, kept);
        let taken: BTreeSet<IpAddr> =
            self.services().filter_map(|service| service.spec.cluster_ip).collect();
        let start = self.identities.below((size + 1 - kept) as u32);
        addresses(upper, last, u64::from(start))
            .chain(addresses(first, add_offset(subnet, kept - 1), 0))
            .find(|address| !taken.contains(address))
    }

    /// Gives node ports to the ports of a Service that has them by its type and does not say which.
    pub(super) fn give_node_ports(&mut self, service: &mut Service) {
        if !service.spec.kind.has_node_ports() {
            return;
        }
        let numbers = |service: &Service| -> Vec<(Protocol, u16)> {
            let ports = service.spec.ports.iter();
            ports.filter_map(|port| Some((port.protocol, port.node_port?))).collect()
        };
        let mut taken: BTreeSet<(Protocol, u16)> = self.services().flat_map(numbers).collect();
        taken.extend(numbers(service));
        let (first, size) = NODE_PORTS;
        let kept = kept_ports(size.into()) as u16;
        for port in service.spec.ports.iter_mut().filter(|port| port.node_port.is_none()) {
            let start = self.node_ports.below(u32::from(size - kept)) as u16;
            let upper = (0..size - kept).map(|step| kept + (start + step) % (size - kept));
            let mut free = upper
                .chain(0..kept)
                .map(|offset| first + offset)
                .filter(|number| !taken.contains(&(port.protocol, *number)));
            port.node_port = free.next();
            taken.extend(port.node_port.map(|number| (port.protocol, number)));
        }
    }

    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        self.list(Kind::Service).filter_map(|object| match object {
            Object::Service(service) => Some(&**service),
            _ => None,
        })
    }
}
