//! The fewest connections: NGINX's `least_conn`.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    nginx::peers::{PARAMETERS, Peers},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.least_conn",
    summary: "the fewest connections for its weight, smooth turns of those that are level",
    level: Level::Request,
    on_change: "it begins anew: a reload forgets turns, connections and failures",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(NginxLeastConn::new(Peers::as_set(settings))),
};

/// **What it does** The server with the fewest connections for its weight. Several that are level
/// have smooth weighted turns, as in [`round_robin`](crate::nginx::round_robin::NginxRoundRobin);
/// failures are treated as there.
///
/// **Where it is used** NGINX, `least_conn` in an `upstream`, a request at a time.
///
/// **What it needs to know** The list, its weights, and the connections of this worker, or of all
/// of this NGINX where the upstream has a `zone`.
///
/// **When it goes wrong** A worker sees its own connections only: with many workers, or many NGINX,
/// the counts are small and mostly level. A server that fails fast has few connections.
///
/// **Reference** `ngx_http_upstream_get_least_conn_peer` in
/// `src/http/modules/ngx_http_upstream_least_conn_module.c`.
#[derive(Clone, Debug)]
pub struct NginxLeastConn {
    peers: Peers,
}

impl NginxLeastConn {
    /// The least loaded of such servers.
    #[must_use]
    pub fn new(peers: Peers) -> Self {
        Self { peers }
    }

    /// The first usable server with the fewest connections for its weight, and whether others are
    /// level.
    fn least(&self, context: &PickContext<'_>) -> Option<(usize, bool)> {
        let peers = self.peers.all();
        let mut least = None;
        for place in (0..peers.len()).filter(|place| self.peers.is_usable(*place, context)) {
            let Some((best, level)) = &mut least else {
                least = Some((place, false));
                continue;
            };
            let load = |of: usize, other: usize| {
                u64::from(peers[of].conns) * u64::from(peers[other].weight)
            };
            match load(place, *best).cmp(&load(*best, place)) {
                std::cmp::Ordering::Less => least = Some((place, false)),
                std::cmp::Ordering::Equal => *level = true,
                std::cmp::Ordering::Greater => {}
            }
        }
        least
    }
}

impl Policy for NginxLeastConn {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.peers.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let (mut place, others) = self.least(context)?;
        if others {
            let least = self.peers.all()[place];
            place = self.peers.turn(place, context, |_, peer| {
                u64::from(peer.conns) * u64::from(least.weight)
                    == u64::from(least.conns) * u64::from(peer.weight)
            })?;
        }
        self.peers.begin(place, context.now);
        Some(place)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        self.peers.chosen(place, now)
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.peers.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.peers.withdrawn(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::Reply;

    #[test]
    fn counts_are_of_this_list_and_the_tried_are_left_out() {
        let mut policy = NginxLeastConn::new(Peers::new(0, Span::from_secs(10)));
        let mut random = Streams::new(1).named("unused");
        let mut pick = |policy: &mut NginxLeastConn, tried: &[EndpointId]| {
            let mut context = PickContext::new(Time::from_secs(5), &mut random);
            context.tried = tried;
            policy.pick(&mut context)
        };
        let end = |policy: &mut NginxLeastConn, endpoint, latency| {
            let (endpoint, now) = (EndpointId(endpoint), Time::from_secs(5));
            policy.ended(&Ended { endpoint, now, latency, reply: Reply::Failed, report: None });
        };
        assert_eq!(pick(&mut policy, &[]), None);
        policy.update(&Endpoint::numbered(&[1, 2]), Time::from_secs(4));
        assert_eq!(pick(&mut policy, &[EndpointId(0), EndpointId(1)]), None);
        assert_eq!(pick(&mut policy, &[EndpointId(1)]), Some(0));
        assert_eq!(pick(&mut policy, &[]), Some(1));
        assert_eq!(pick(&mut policy, &[]), Some(1), "one for a weight of two is less than one");
        end(&mut policy, 1, Span::from_secs(2));
        assert_eq!(pick(&mut policy, &[]), Some(1), "level: its turn, by weight");
        end(&mut policy, 0, Span::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(0), "it failed, and that is never counted");
    }
}
