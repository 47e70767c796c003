//! Smooth weighted turns: what NGINX does where nothing else is configured.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    nginx::peers::{PARAMETERS, Peers},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.round_robin",
    summary: "smooth weighted turns, without those that failed of late",
    level: Level::Request,
    on_change: "it begins anew: a reload forgets turns, connections and failures",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(NginxRoundRobin::new(Peers::as_set(settings))),
};

/// **What it does** Smooth weighted turns: each has its share, and those of a heavy one do not come
/// in a row. A server that fails earns less for a while; after `max_fails` failures it is passed
/// over for `fail_timeout`, then has one request on trial. No request goes to the same server
/// twice.
///
/// **Where it is used** NGINX, an `upstream` without a method, a request at a time; each worker has
/// turns of its own, unless the upstream has a `zone`.
///
/// **What it needs to know** The list, its weights, and which requests were not answered: an answer
/// of 500 and above is none of these where `proxy_next_upstream` is not changed.
///
/// **When it goes wrong** Every worker begins at the first server, and does so after each reload.
/// Where everybody failed of late nobody is left, and a request is answered with 502 at once.
///
/// **Reference** `ngx_http_upstream_get_peer`, `ngx_http_upstream_free_round_robin_peer` in
/// `src/http/ngx_http_upstream_round_robin.c`.
#[derive(Clone, Debug)]
pub struct NginxRoundRobin {
    peers: Peers,
}

impl NginxRoundRobin {
    /// Turns of such servers.
    #[must_use]
    pub fn new(peers: Peers) -> Self {
        Self { peers }
    }
}

impl Policy for NginxRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.peers.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.peers.round_robin(context)
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

    fn policy(weights: &[u32]) -> NginxRoundRobin {
        let mut policy = NginxRoundRobin::new(Peers::new(1, Span::from_secs(10)));
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    fn pick(policy: &mut NginxRoundRobin, tried: &[EndpointId], second: u64) -> Option<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::from_secs(second), &mut random);
        context.tried = tried;
        policy.pick(&mut context)
    }

    fn end(policy: &mut NginxRoundRobin, endpoint: u32, second: u64, reply: Reply) {
        let (endpoint, now) = (EndpointId(endpoint), Time::from_secs(second));
        policy.ended(&Ended { endpoint, now, latency: Span::ZERO, reply, report: None });
    }

    #[test]
    fn who_fails_is_out_and_has_one_request_on_trial() {
        let mut policy = policy(&[1, 1]);
        assert_eq!(pick(&mut policy, &[], 0), Some(0));
        end(&mut policy, 0, 0, Reply::Failed);
        assert_eq!(pick(&mut policy, &[EndpointId(0)], 0), Some(1));
        for second in [5, 10] {
            assert_eq!(pick(&mut policy, &[], second), Some(1), "after {second} s");
            assert_eq!(pick(&mut policy, &[EndpointId(1)], second), None);
        }
        assert_eq!(pick(&mut policy, &[EndpointId(1)], 11), Some(0), "on trial");
        assert_eq!(pick(&mut policy, &[EndpointId(1)], 11), None, "the trial is not over");
        end(&mut policy, 0, 12, Reply::ServerError);
        assert_eq!(pick(&mut policy, &[EndpointId(1)], 12), Some(0), "it answered");
    }

    #[test]
    fn an_only_server_never_fails_and_a_new_list_begins_anew() {
        let mut policy = policy(&[7]);
        for _ in 0..3 {
            assert_eq!(pick(&mut policy, &[], 0), Some(0));
            end(&mut policy, 0, 0, Reply::Failed);
        }
        policy.update(&Endpoint::numbered(&[2, 0, 1]), Time::from_secs(1));
        let turns: Vec<_> = (0..6).filter_map(|_| pick(&mut policy, &[], 1)).collect();
        assert_eq!(turns, [0, 2, 0, 0, 2, 0]);
        end(&mut policy, 0, 0, Reply::Failed);
        assert_eq!(pick(&mut policy, &[], 1), Some(0), "what began before counts no more");
        policy.update(&Endpoint::numbered(&[0, 0]), Time::from_secs(2));
        assert_eq!(pick(&mut policy, &[], 2), None);
    }
}
