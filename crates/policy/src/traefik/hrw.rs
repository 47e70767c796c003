//! Traefik's rendezvous hash: the highest random weight.

use std::{fmt, fmt::Write as _, hash::Hasher as _, net::Ipv4Addr};

use engine::Time;
use fnv::FnvHasher;

use crate::{Endpoint, Entry, Level, PickContext, Policy, block::Memo};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "traefik.hrw",
    summary: "each server draws by hash for each client, the best draw gets it",
    level: Level::Request,
    on_change: "nothing is kept: who comes takes its part of the clients, who goes leaves its own \
                to all others, and nobody else moves",
    parameters: &[],
    build: |_, _| Box::<TraefikHrw>::default(),
};

/// **What it does** Each server has a score for each client: its weight divided by the negative
/// logarithm of a number from 0 to 1 that both addresses lead to. The highest score wins.
///
/// **Where it is used** Traefik, `strategy: hrw`, a request at a time.
///
/// **What it needs to know** The servers' URLs and weights, and the client's address. It keeps
/// nothing.
///
/// **When it goes wrong** A request costs as much as there are servers. FNV-1a mixes the end of a
/// text badly: for one client, servers with similar names have similar draws. Behind a gateway all
/// clients are one.
///
/// **Reference** `getNodeScore` and `nextServer` in `pkg/server/service/loadbalancer/hrw/hrw.go`.
#[derive(Clone, Debug, Default)]
pub struct TraefikHrw {
    servers: Servers,
    /// Who had the highest score, by the client's address: the same as long as the servers are.
    best: Memo,
}

/// The URL and the weight of each server.
#[derive(Clone, Debug, Default)]
pub struct Servers(Vec<(String, f64)>);

/// The beginning of all scores of a client.
#[derive(Default)]
struct Client(FnvHasher);

impl fmt::Write for Client {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Servers {
    /// Servers of these names and weights.
    #[must_use]
    pub fn new(servers: Vec<(String, f64)>) -> Self {
        Self(servers)
    }

    /// The scores of the servers for a client, in order.
    pub fn scores(&self, source: Ipv4Addr) -> impl Iterator<Item = f64> {
        let mut client = Client::default();
        // Writing to a hasher cannot fail.
        let state = write!(client, "{source}").map_or(0, |()| client.0.finish());
        self.0.iter().map(move |(name, weight)| {
            let mut hasher = FnvHasher::with_key(state);
            hasher.write(name.as_bytes());
            let drawn = hasher.finish() as f64 / (u64::MAX as f64);
            weight * (1.0 / -libm::log(drawn))
        })
    }

    /// The first of the servers with the highest score; one without a score above 0 is never
    /// chosen.
    #[must_use]
    pub fn best(&self, source: Ipv4Addr) -> Option<usize> {
        let mut best = (0.0, None);
        for (place, score) in self.scores(source).enumerate() {
            if score > best.0 {
                best = (score, Some(place));
            }
        }
        best.1
    }
}

impl Policy for TraefikHrw {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        let server = |it: &Endpoint| (format!("http://{}", it.address), f64::from(it.weight));
        self.servers = Servers::new(endpoints.iter().map(server).collect());
        self.best.clear();
        self.best.make_room(endpoints);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        const NOBODY: u32 = u32::MAX;
        let source = *context.flow.source.ip();
        let Self { servers, best } = self;
        let work_out = || servers.best(source).map_or(NOBODY, |place| place as u32);
        let place = best.get(source.into(), work_out);
        (place != NOBODY).then_some(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn who_goes_leaves_its_own_clients_only_and_weights_count() {
        let servers = |weights: &[f64]| {
            let named = |(number, weight): (usize, &f64)| (format!("http://{number}"), *weight);
            Servers::new(weights.iter().enumerate().map(named).collect())
        };
        let (all, fewer) = (servers(&[1.0, 2.0, 0.0, 1.0]), servers(&[1.0, 2.0, 0.0]));
        let mut counts = [0; 4];
        for client in (0..20_000).map(|number: u32| Ipv4Addr::from(number * 7919)) {
            let place = all.best(client).expect("there are some");
            counts[place] += 1;
            assert!(place == 3 || fewer.best(client) == Some(place));
        }
        assert_eq!(counts[2], 0);
        assert!(counts[1] > counts[0] && counts[1] > counts[3], "{counts:?}");
        assert_eq!(Servers::default().best(Ipv4Addr::LOCALHOST), None);
    }

    #[test]
    fn a_client_that_comes_again_gets_what_it_would_get_anew() {
        let mut policy = TraefikHrw::default();
        let mut random = Streams::new(1).named("unused");
        for weights in [&[1, 2, 1][..], &[1, 2], &[], &[0], &[1, 1, 1, 1]] {
            policy.update(&Endpoint::numbered(weights), Time::ZERO);
            for client in (0..200).chain(0..200).map(|number: u32| Ipv4Addr::from(number * 7919)) {
                let mut context = PickContext::new(Time::ZERO, &mut random);
                context.flow.source.set_ip(client);
                assert_eq!(policy.pick(&mut context), policy.servers.best(client), "{client}");
            }
        }
    }
}
