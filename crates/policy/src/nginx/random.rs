//! By chance: NGINX's `random`.

use std::cmp::Ordering;

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy,
    block::Shares,
    nginx::peers::{FAIL_TIMEOUT, MAX_FAILS, Peers},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.random",
    summary: "by chance and weight; the one of fewer connections of two, where that is set",
    level: Level::Request,
    on_change: "it begins anew: a reload forgets connections and failures",
    parameters: &[
        Parameter {
            name: "two",
            summary: "Whether two are drawn, and that of fewer connections is taken.",
            kind: Kind::Flag { default: false },
        },
        MAX_FAILS,
        FAIL_TIMEOUT,
    ],
    build: |settings, _| Box::new(NginxRandom::new(Peers::as_set(settings), settings.flag("two"))),
};

/// **What it does** A server is drawn by weight. With `two`, two different ones are drawn, and the
/// one with fewer connections for its weight is taken, the second where they are level. One that
/// was tried or failed of late is drawn again; after 20 draws in vain it takes turns, as in
/// [`round_robin`](crate::nginx::round_robin::NginxRoundRobin), which treats failures alike.
///
/// **Where it is used** NGINX, `random` or `random two least_conn` in an `upstream`, a request at a
/// time.
///
/// **What it needs to know** The list, its weights, and with `two` the connections of this worker,
/// or of all of this NGINX where the upstream has a `zone`.
///
/// **When it goes wrong** One of large weight is drawn over and over, and the second rarely found.
/// With many workers, or many NGINX, counts are small and mostly level.
///
/// **Reference** `ngx_http_upstream_get_random2_peer` in
/// `src/http/modules/ngx_http_upstream_random_module.c`.
#[derive(Clone, Debug)]
pub struct NginxRandom {
    peers: Peers,
    two: bool,
    shares: Shares<f64>,
}

/// After so many draws in vain there are turns.
const DRAWS: u32 = 20;

impl NginxRandom {
    /// Such servers, of which one or two are drawn.
    #[must_use]
    pub fn new(peers: Peers, two: bool) -> Self {
        Self { peers, two, shares: Shares::default() }
    }

    /// Draws one or two; `None` where too many draws were in vain.
    fn drawn(&self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut first = None;
        // NGINX counts the draw of the first of two along.
        for _ in 0..=DRAWS {
            let place = self.shares.draw(context.random)?;
            if first == Some(place) || !self.peers.is_usable(place, context) {
                continue;
            }
            match first {
                Some(first) => return Some(self.better(first, place)),
                None if self.two => first = Some(place),
                None => return Some(place),
            }
        }
        None
    }

    fn better(&self, first: usize, second: usize) -> usize {
        let peers = self.peers.all();
        let load =
            |of: usize, other: usize| u64::from(peers[of].conns) * u64::from(peers[other].weight);
        match load(second, first).cmp(&load(first, second)) {
            Ordering::Greater => first,
            _ => second,
        }
    }
}

impl Policy for NginxRandom {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.peers.update(endpoints, now);
        self.shares = Shares::of(endpoints.iter().map(|it| f64::from(it.weight)));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let drawn = if self.peers.all().len() < 2 { None } else { self.drawn(context) };
        let Some(place) = drawn else { return self.peers.round_robin(context) };
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

    fn policy(two: bool, weights: &[u32]) -> NginxRandom {
        let mut policy = NginxRandom::new(Peers::new(1, Span::from_secs(10)), two);
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    fn counts(policy: &mut NginxRandom, tried: &[EndpointId]) -> [usize; 3] {
        let mut random = Streams::new(1).named("nginx");
        let mut counts = [0; 3];
        for _ in 0..900 {
            let mut context = PickContext { tried, ..PickContext::new(Time::ZERO, &mut random) };
            if let Some(place) = policy.pick(&mut context) {
                counts[place] += 1;
            }
        }
        counts
    }

    #[test]
    fn weights_are_shares_and_two_are_closer_to_them() {
        let off = |two| {
            let counts = counts(&mut policy(two, &[2, 1, 0]), &[]);
            assert_eq!(counts[2], 0, "without weight");
            counts[0].abs_diff(600)
        };
        assert!(off(false) < 71 && off(true) < 3, "{} {}", off(false), off(true));
    }

    #[test]
    fn what_was_tried_is_left_out_and_none_is_nobody() {
        let tried = [EndpointId(0), EndpointId(2)];
        for two in [false, true] {
            assert_eq!(counts(&mut policy(two, &[9, 1, 9]), &tried), [0, 900, 0]);
            assert_eq!(counts(&mut policy(two, &[3]), &[]), [900, 0, 0]);
            assert_eq!(counts(&mut policy(two, &[0, 0]), &[]), [0; 3]);
            assert_eq!(counts(&mut policy(two, &[]), &[]), [0; 3]);
        }
    }
}
