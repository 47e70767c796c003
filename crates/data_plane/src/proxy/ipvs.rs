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
