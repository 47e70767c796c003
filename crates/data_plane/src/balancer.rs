//! A balancer of requests: a policy, the pods that it knows of, and the connections it has to them.

use std::{collections::BTreeSet, sync::Arc};

use api::PodId;
use engine::Time;
use policy::{Configured, Ended, Endpoint, EndpointId, Instance, PickContext, Reply, Report};

use crate::{chooser::Chooser, known_pods::KnownPod};

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
    chooser: Chooser,
    pods: Arc<[KnownPod]>,
    connected: BTreeSet<PodId>,
    /// Room for the places that are probed.
    places: Vec<usize>,
}

impl Balancer {
    /// A balancer that knows of no pod.
    pub(crate) fn new(policy: &Configured, instance: Instance) -> Self {
        Self {
            chooser: Chooser::new(policy, instance),
            pods: Arc::default(),
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
        self.pods = pods.clone();
        let endpoints = pods.iter().map(|it| {
            let new = Endpoint::new(EndpointId(it.pod.0), it.address);
            Endpoint { zone: it.zone, ..new }
        });
        self.chooser.update(endpoints, now);
        self.connected.retain(|pod| self.chooser.knows(EndpointId(pod.0)));
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
            let it = self.pods[self.chooser.pick(context)?];
            if failed_at != Some(it.pod) {
                chosen = Some(it);
                break;
            }
            self.chooser.withdraw(EndpointId(it.pod.0), context.now);
        }
        if chosen.is_none() && insists {
            chosen = self.chooser.pick(context).map(|place| self.pods[place]);
        }
        let KnownPod { pod, address, .. } = chosen?;
        let kept = !self.connected.insert(pod);
        Some(Upstream { pod, port: address.port(), kept })
    }

    /// Names the pods that are to be probed along with a request.
    pub(crate) fn probes(&mut self, context: &mut PickContext<'_>, pods: &mut Vec<PodId>) {
        self.chooser.probes(context, &mut self.places);
        pods.extend(self.places.drain(..).map(|place| self.pods[place].pod));
    }

    /// Hears what a pod says of itself.
    pub(crate) fn reported(&mut self, pod: PodId, now: Time, report: &Report) {
        let endpoint = EndpointId(pod.0);
        if self.chooser.knows(endpoint) {
            self.chooser.reported(endpoint, now, report);
        }
    }

    /// Hears how a request ended at a pod, and what the pod said of itself along with an answer, which is
    /// asked for only where the policy reads it. One that failed leaves no connection.
    pub(crate) fn ended(&mut self, ended: &Ended, report: impl FnOnce() -> Option<Report>) {
        if ended.reply == Reply::Failed {
            self.connected.remove(&PodId(ended.endpoint.0));
        }
        if self.chooser.listens() {
            let reads = ended.reply == Reply::Ok && self.chooser.reads_reports();
            let report = reads.then(report).flatten();
            self.chooser.ended(&Ended { report, ..*ended });
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Span;

    use super::*;

    /// A pod is asked what it says of itself where the policy reads it, and along with answers only.
    #[test]
    fn nobody_is_asked_for_reports_that_are_not_read() {
        for (name, reply, asked) in [
            ("tower.p2c", Reply::Ok, false),
            ("kube-proxy.random", Reply::Ok, false),
            ("c3.cubic", Reply::Ok, true),
            ("c3.cubic", Reply::ServerError, false),
            ("c3.cubic", Reply::Failed, false),
        ] {
            let policy = Configured::by_name(name).expect("it is listed");
            let mut balancer = Balancer::new(&policy, Instance::only(1));
            let (endpoint, now, latency) = (EndpointId(1), Time::ZERO, Span::ZERO);
            let mut was_asked = false;
            balancer.ended(&Ended { endpoint, now, latency, reply, report: None }, || {
                was_asked = true;
                None
            });
            assert_eq!(was_asked, asked, "{name}, {reply:?}");
        }
    }
}
