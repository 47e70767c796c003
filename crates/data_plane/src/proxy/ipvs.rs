//! Virtual servers of IPVS, and how a real server leaves one (`pkg/proxy/ipvs`).
//!
//! *Left out:* schedulers other than round robin.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use api::Protocol;

/// How often servers that are to go are looked at again: every minute.
pub const RECHECK: engine::Span = engine::Span::from_secs(60);

/// What identifies a virtual server.
pub type VirtualServer = (SocketAddr, Protocol);

/// A real server: an endpoint of a virtual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its share of new connections; none at 0.
    pub weight: i64,
    /// Connections that are open.
    pub active: u64,
    /// Connections that are closing.
    pub inactive: u64,
}

/// The real servers of a virtual one.
#[derive(Clone, Debug, Default)]
struct Members {
    servers: Vec<RealServer>,
    /// Where round robin goes on.
    next: usize,
}

/// The virtual servers of a node.
#[derive(Clone, Debug, Default)]
pub struct Ipvs {
    members: BTreeMap<VirtualServer, Members>,
    /// Those that are to go when their last connection has.
    leaving: BTreeSet<(VirtualServer, SocketAddr)>,
}

impl Ipvs {
    /// The real servers of a virtual one.
    #[must_use]
    pub fn real_servers(&self, server: VirtualServer) -> &[RealServer] {
        self.members.get(&server).map_or(&[], |members| &members.servers)
    }

    /// Adds a real server. One that was about to leave begins anew.
    pub fn add(&mut self, server: VirtualServer, real: RealServer) {
        if self.leaving.contains(&(server, real.address)) {
            self.remove(server, real.address);
        }
        self.members.entry(server).or_default().servers.push(real);
    }

    /// Lets a real server go: at once where nothing is open to it, else when the last connection
    /// is over. UDP and SCTP have no end to wait for.
    pub fn graceful_delete(&mut self, server: VirtualServer, address: SocketAddr) {
        let Some(real) = self.find(server, address) else { return };
        if server.1 != Protocol::Tcp || real.active + real.inactive == 0 {
            self.remove(server, address);
        } else {
            real.weight = 0;
            self.leaving.insert((server, address));
        }
    }

    /// Looks at those that are to go, once every [`RECHECK`].
    pub fn recheck(&mut self) {
        for (server, address) in self.leaving.clone() {
            self.graceful_delete(server, address);
        }
    }

    /// Chooses round robin among the real servers that take connections.
    pub fn pick(&mut self, server: VirtualServer) -> Option<SocketAddr> {
        let members = self.members.get_mut(&server)?;
        let count = members.servers.len();
        let mut places = (0..count).map(|step| (members.next + step) % count);
        let chosen = places.find(|place| members.servers[*place].weight > 0)?;
        members.next = chosen + 1;
        Some(members.servers[chosen].address)
    }

    fn find(&mut self, server: VirtualServer, address: SocketAddr) -> Option<&mut RealServer> {
        let servers = &mut self.members.get_mut(&server)?.servers;
        servers.iter_mut().find(|real| real.address == address)
    }

    fn remove(&mut self, server: VirtualServer, address: SocketAddr) {
        self.leaving.remove(&(server, address));
        if let Some(members) = self.members.get_mut(&server) {
            members.servers.retain(|real| real.address != address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u8) -> SocketAddr {
        ([10, 0, 0, number], 80).into()
    }

    fn with_active(active: u64) -> (Ipvs, VirtualServer) {
        let (mut ipvs, server) = (Ipvs::default(), (at(100), Protocol::Tcp));
        for number in 0..3 {
            let real = RealServer { address: at(number), weight: 1, active, inactive: 0 };
            ipvs.add(server, real);
        }
        (ipvs, server)
    }

    #[test]
    fn round_robin_passes_over_those_that_leave() {
        let (mut ipvs, server) = with_active(1);
        let picks = |count: usize, ipvs: &mut Ipvs| -> Vec<_> {
            (0..count).filter_map(|_| ipvs.pick(server)).collect()
        };
        assert_eq!(picks(4, &mut ipvs), [at(0), at(1), at(2), at(0)]);
        ipvs.graceful_delete(server, at(1));
        assert_eq!(picks(3, &mut ipvs), [at(2), at(0), at(2)]);
        assert_eq!(ipvs.real_servers(server).len(), 3, "its connection is open");
    }

    #[test]
    fn a_server_is_gone_at_the_first_look_after_its_last_connection() {
        let (mut ipvs, server) = with_active(1);
        ipvs.graceful_delete(server, at(1));
        ipvs.recheck();
        assert_eq!(ipvs.real_servers(server).len(), 3);
        ipvs.find(server, at(1)).expect("it is there").active = 0;
        ipvs.recheck();
        assert_eq!(ipvs.real_servers(server).len(), 2);
    }

    #[test]
    fn a_server_that_comes_back_is_whole_again() {
        let (mut ipvs, server) = with_active(1);
        ipvs.graceful_delete(server, at(1));
        ipvs.add(server, RealServer { address: at(1), weight: 1, active: 0, inactive: 0 });
        let weights: Vec<_> = ipvs.real_servers(server).iter().map(|real| real.weight).collect();
        assert_eq!(weights, [1, 1, 1]);
        assert!(ipvs.leaving.is_empty());
    }
}
