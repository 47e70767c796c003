//! A balancer of requests: a policy, the pods that it knows of, and the connections it has to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::PodId;
use engine::{Span, Time};
use policy::{Configured, Ended, Endpoint, EndpointId, PickContext, Policy, Reply, Report};

use crate::known_pods::KnownPod;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The pod.
    pub pod: PodId,
    /// Its port.
    pub port: u16,
    /// Whether there is a connection to it already.
    pub kept: bool,
}

/// A balancer. It keeps a connection to every pod that a request went to, so that the next needs no
/// handshake.
pub(crate) struct Balancer {
    policy: Box<dyn Policy>,
    listens: bool,
    pods: Arc<[KnownPod]>,
    /// Since when it knows each of them.
    since: BTreeMap<PodId, Time>,
    connected: BTreeSet<PodId>,
    /// Room for the places that are probed.
    places: Vec<usize>,
}

impl Balancer {
    /// A balancer that knows of no pod.
    pub(crate) fn new(policy: &Configured, seed: u64) -> Self {
        let policy = policy.build(seed);
        Self {
            listens: policy.listens(),
            policy,
            pods: Arc::default(),
            since: BTreeMap::new(),
            connected: BTreeSet::new(),
            places: Vec::new(),
        }
    }

    /// The pods that it knows of.
    #[cfg(test)]
    pub(crate) fn pods(&self) -> &[KnownPod] {
        &self.pods
    }

    /// Takes in a new list. One that says the same changes nothing, and everybody keeps his turn.
    pub(crate) fn update(&mut self, pods: &Arc<[KnownPod]>, now: Time) {
        if *pods == self.pods {
            return;
        }
        let before = std::mem::take(&mut self.since);
        let known = |pod: PodId| (pod, before.get(&pod).copied().unwrap_or(now));
        self.since = pods.iter().map(|it| known(it.pod)).collect();
        let endpoints: Vec<Endpoint> = pods
            .iter()
            .map(|it| {
                let new = Endpoint::new(EndpointId(it.pod.0), it.address);
                Endpoint { zone: it.zone, since: self.since[&it.pod], ..new }
            })
            .collect();
        self.pods = pods.clone();
        self.policy.update(&endpoints, now);
        self.connected.retain(|pod| self.since.contains_key(pod));
    }

    /// Chooses a pod for a request, another than the one where it has failed already; that one again only
    /// where `insists`, and the policy does too.
    pub(crate) fn pick(
        &mut self,
        (failed_at, insists): (Option<PodId>, bool),
        context: &mut PickContext<'_>,
    ) -> Option<Upstream> {
        let mut chosen = None;
        // Of the others each comes up within two turns; with one pod there is no other.
        for _ in 0..2 * self.pods.len() {
            let it = self.pods[self.policy.pick(context)?];
            if failed_at != Some(it.pod) {
                chosen = Some(it);
                break;
            }
            self.withdraw(it.pod, context.now);
        }
        if chosen.is_none() && insists {
            chosen = self.policy.pick(context).map(|place| self.pods[place]);
        }
        let KnownPod { pod, address, .. } = chosen?;
        let kept = !self.connected.insert(pod);
        Some(Upstream { pod, port: address.port(), kept })
    }

    /// Names the pods that are to be probed along with a request.
    pub(crate) fn probes(&mut self, context: &mut PickContext<'_>, pods: &mut Vec<PodId>) {
        self.policy.probes(context, &mut self.places);
        pods.extend(self.places.drain(..).map(|place| self.pods[place].pod));
    }

    /// Hears what a pod says of itself.
    pub(crate) fn reported(&mut self, pod: PodId, now: Time, report: &Report) {
        self.policy.reported(EndpointId(pod.0), now, report);
    }

    /// A pick that nothing was sent for has ended.
    fn withdraw(&mut self, pod: PodId, now: Time) {
        if self.listens {
            let endpoint = EndpointId(pod.0);
            let (latency, reply) = (Span::ZERO, Reply::Ok);
            self.policy.ended(&Ended { endpoint, now, latency, reply, report: None });
        }
    }

    /// Hears how a request ended at a pod. One that failed leaves no connection.
    pub(crate) fn ended(&mut self, ended: &Ended) {
        if ended.reply == Reply::Failed {
            self.connected.remove(&PodId(ended.endpoint.0));
        }
        if self.listens {
            self.policy.ended(ended);
        }
    }
}
