//! A policy at work: since when it knows each endpoint, and what it hears of its picks.

use std::collections::BTreeMap;

use engine::Time;
use policy::{Configured, Ended, Endpoint, EndpointId, Instance, PickContext, Policy, Report};

/// The policy of one balancer.
pub(crate) struct Chooser {
    policy: Box<dyn Policy>,
    listens: bool,
    reads_reports: bool,
    /// Since when it knows each endpoint.
    since: BTreeMap<EndpointId, Time>,
}

impl Chooser {
    /// One that knows of no endpoint.
    pub(crate) fn new(policy: &Configured, instance: Instance) -> Self {
        let policy = policy.build_as(instance);
        let (listens, reads_reports) = (policy.listens(), policy.reads_reports());
        Self { policy, listens, reads_reports, since: BTreeMap::new() }
    }

    /// Takes in a new list. Whom it knew already it has known since then.
    pub(crate) fn update(&mut self, endpoints: impl Iterator<Item = Endpoint>, now: Time) {
        let before = std::mem::take(&mut self.since);
        let since = |id: EndpointId| before.get(&id).copied().unwrap_or(now);
        let endpoints: Vec<Endpoint> =
            endpoints.map(|it| Endpoint { since: since(it.id), ..it }).collect();
        self.since = endpoints.iter().map(|it| (it.id, it.since)).collect();
        self.policy.update(&endpoints, now);
    }

    /// Whether an endpoint is in its list.
    pub(crate) fn knows(&self, endpoint: EndpointId) -> bool {
        self.since.contains_key(&endpoint)
    }

    /// Whether it wants to hear what becomes of its picks.
    pub(crate) fn listens(&self) -> bool {
        self.listens
    }

    /// Whether it looks at what endpoints say of themselves along with their answers.
    pub(crate) fn reads_reports(&self) -> bool {
        self.reads_reports
    }

    /// A place in the list.
    pub(crate) fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.policy.pick(context)
    }

    /// Names the places that are to be probed along with a pick.
    pub(crate) fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        self.policy.probes(context, places);
    }

    /// Hears what an endpoint says of itself.
    pub(crate) fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        self.policy.reported(endpoint, now, report);
    }

    /// Hears that nothing is sent for its last pick of an endpoint.
    pub(crate) fn withdraw(&mut self, endpoint: EndpointId, now: Time) {
        if self.listens {
            self.policy.withdrawn(endpoint, now);
        }
    }

    /// Hears that a connection to an endpoint is established.
    pub(crate) fn established(&mut self, endpoint: EndpointId, now: Time) {
        if self.listens {
            self.policy.established(endpoint, now);
        }
    }

    /// Hears how a pick ended.
    pub(crate) fn ended(&mut self, ended: &Ended) {
        if self.listens {
            self.policy.ended(ended);
        }
    }
}
