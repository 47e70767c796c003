//! Which proxies list which pods, and how long they did after it was no longer true.

mod differ;
mod outage;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ops::RangeInclusive,
    sync::Arc,
};

use api::{NodeId, PodId, ServiceId};
use engine::Time;
use record::ClientId;

use self::differ::{Change, Differ};
pub(crate) use self::outage::{Outage, outages_in_words};
use crate::{
    containers::TargetPorts,
    extent::Extent,
    pods::{Pod, Pods},
};

/// The rules in force everywhere, and the gaps they left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    rules: BTreeMap<(ServiceId, Proxy), Rule>,
    /// Every pod that any slice or rule of a Service ever had.
    ever: BTreeSet<(ServiceId, PodId)>,
    /// Services that clients call, and by whose rules.
    called: BTreeSet<(ServiceId, Way)>,
    outages: BTreeMap<(ServiceId, Way), Outage>,
    /// The ports of pods that a Service ever led to.
    targets: BTreeMap<ServiceId, TargetPorts>,
    /// How long pods had been ready when a Service's load balancer began to send to them.
    found: BTreeMap<ServiceId, Extent>,
    differ: Differ,
}

/// Who chooses pods, each by a list of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proxy {
    /// A node's rules.
    Node(NodeId),
    /// The load balancer of the Service, which sends to pods.
    Balancer,
    /// A worker of the Ingress controller, by its number.
    Ingress(u32),
    /// A sidecar beside a sender of a client, by its number.
    Sidecar(ClientId, u32),
}

/// How a client comes to the pods of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// By the rules of a node.
    Rules,
    /// By a load balancer that sends to pods.
    Balancer,
    /// By the Ingress controller.
    Ingress,
    /// By sidecars beside its senders. Before any has come up nobody chooses, so nothing is listed.
    Sidecars,
}

impl Proxy {
    /// How those come whom it chooses for.
    fn way(self) -> Way {
        match self {
            Self::Node(_) => Way::Rules,
            Self::Balancer => Way::Balancer,
            Self::Ingress(_) => Way::Ingress,
            Self::Sidecar(..) => Way::Sidecars,
        }
    }
}

/// What one of them lists of one Service.
#[derive(Clone, Debug, Default)]
struct Rule {
    pods: Arc<[PodId]>,
    /// Most rules are never behind, so they hold no more than a pointer for it.
    lag: Option<Box<Lag>>,
}

/// How far rules were behind the pods.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lag {
    /// Dropped so long after the pod's program stopped to listen, or kept until it listened again.
    pub(crate) after_close: Extent,
    /// Dropped so long after the pod's address stopped to answer.
    pub(crate) after_unreachable: Extent,
}

impl Lag {
    /// Both together.
    pub(crate) fn merged(mut self, other: Self) -> Self {
        self.after_close.merge(other.after_close);
        self.after_unreachable.merge(other.after_unreachable);
        self
    }
}

impl Listing {
    /// A client calls `service`.
    pub(crate) fn call(&mut self, service: ServiceId, way: Way, pods: &mut Pods, now: Time) {
        if !self.called.insert((service, way)) {
            return;
        }
        let rules = self.rules.range(of_service(service));
        let rules = rules.filter(|((_, proxy), _)| proxy.way() == way).map(|(_, rule)| rule);
        for pod in rules.flat_map(|rule| rule.pods.iter()) {
            pods.at(*pod).call(now);
        }
    }

    /// Whether any client calls `service` that way.
    pub(crate) fn is_called(&self, service: ServiceId, way: Way) -> bool {
        self.called.contains(&(service, way))
    }

    /// A slice or rule of `service` has `pod`; says whether for the first time.
    pub(crate) fn mention(&mut self, service: ServiceId, pod: PodId) -> bool {
        self.ever.insert((service, pod))
    }

    /// The called Services that ever had a pod.
    pub(crate) fn called_services(&self, pod: PodId) -> impl Iterator<Item = ServiceId> {
        let called: BTreeSet<ServiceId> = self.called.iter().map(|(service, _)| *service).collect();
        called.into_iter().filter(move |service| self.ever.contains(&(*service, pod)))
    }

    /// A Service leads to these ports of its pods.
    pub(crate) fn lead(&mut self, service: ServiceId, ports: impl Iterator<Item = u16>) {
        self.targets.entry(service).or_default().extend(ports);
    }

    /// The ports of pods that some Services ever led to.
    pub(crate) fn targets(&self, services: impl Iterator<Item = ServiceId>) -> TargetPorts {
        let targets = services.filter_map(|service| self.targets.get(&service));
        targets.flatten().copied().collect()
    }

    /// Somebody chooses among these pods of a Service from now on.
    pub(crate) fn list(
        &mut self,
        (service, proxy): (ServiceId, Proxy),
        listed: &Arc<[PodId]>,
        pods: &mut Pods,
        now: Time,
    ) -> Change {
        let way = proxy.way();
        let called = self.called.contains(&(service, way));
        let rule = self.rules.entry((service, proxy));
        // A rule that is put in force for the first time was not among the empty ones.
        let was_empty = matches!(&rule, Entry::Occupied(rule) if rule.get().pods.is_empty());
        let rule = rule.or_default();
        let before = std::mem::replace(&mut rule.pods, Arc::clone(listed));
        let change = self.differ.change(&before, listed);
        let targets = self.targets.entry(service).or_default();
        rule.apply(&change, pods, targets, (called, now));
        if way == Way::Balancer {
            let found = self.found.entry(service).or_default();
            for pod in change.added.iter().filter_map(|id| pods.get(*id)) {
                // Who was ready before the beginning shows nothing: both were at that moment.
                if let Some(since) = pod.ready_since.filter(|since| *since > Time::ZERO) {
                    found.add(now.since(since));
                }
            }
        }
        // A sidecar lists nothing when its sender has gone, too, and that is no outage.
        if way != Way::Sidecars {
            let outage = self.outages.entry((service, way)).or_default();
            outage.change(was_empty, listed.is_empty(), now);
        }
        change
    }

    /// A Service is deleted: from now on nobody is to have pods of it.
    pub(crate) fn end(&mut self, service: ServiceId, now: Time) {
        for ((of, _), outage) in &mut self.outages {
            if *of == service {
                outage.end(now);
            }
        }
    }

    /// How long pods of a Service had been ready when its load balancer began to send to them.
    pub(crate) fn found(&self, service: ServiceId) -> Extent {
        self.found.get(&service).copied().unwrap_or_default()
    }

    /// A program of a pod listens again: proxies that kept the pod for it were wrong until now.
    pub(crate) fn reopened(&mut self, (id, container): (PodId, u8), pods: &Pods, now: Time) {
        let Some(pod) = pods.get(id) else { return };
        let nowhere = TargetPorts::new();
        for ((service, _), rule) in &mut self.rules {
            if rule.pods.contains(&id) {
                let targets = self.targets.get(service).unwrap_or(&nowhere);
                if let Some(closed) = pod.containers.closed_at(container, targets) {
                    rule.lag.get_or_insert_default().after_close.add(now.since(closed));
                }
            }
        }
    }

    /// The run ended: what is still listed counts as listed until now.
    pub(crate) fn finish(&mut self, pods: &Pods, now: Time) {
        let nowhere = TargetPorts::new();
        for ((service, _), rule) in &mut self.rules {
            let targets = self.targets.get(service).unwrap_or(&nowhere);
            for pod in Arc::clone(&rule.pods).iter().filter_map(|id| pods.get(*id)) {
                rule.drop(pod, targets, now);
            }
        }
        self.outages.values_mut().for_each(|outage| outage.close(now));
    }

    /// How far some of those who choose pods of some Services were behind, together.
    pub(crate) fn lag(
        &self,
        services: impl Iterator<Item = ServiceId>,
        of: impl Fn(Proxy) -> bool,
    ) -> Lag {
        let rules = services.flat_map(|service| self.rules.range(of_service(service)));
        let rules = rules.filter(|((_, proxy), _)| of(*proxy));
        let lags = rules.filter_map(|(_, rule)| rule.lag.as_deref());
        lags.fold(Lag::default(), |sum, lag| sum.merged(*lag))
    }

    /// When there were no pods of a Service for those who come that way; `None` where nobody ever chose
    /// any for them.
    pub(crate) fn outage(&self, service: ServiceId, way: Way) -> Option<&Outage> {
        self.outages.get(&(service, way))
    }

    /// Whether any pod was ever in a rule for `service`.
    pub(crate) fn ever_had_pods(&self, service: ServiceId) -> bool {
        self.ever.range((service, PodId(0))..=(service, PodId(u32::MAX))).next().is_some()
    }
}

impl Rule {
    /// Tells the pods of a change.
    fn apply(
        &mut self,
        change: &Change,
        pods: &mut Pods,
        targets: &TargetPorts,
        (called, now): (bool, Time),
    ) {
        for id in &change.added {
            pods.at(*id).list(called, now);
        }
        for id in &change.dropped {
            let pod = pods.at(*id);
            pod.unlist(called, now);
            self.drop(pod, targets, now);
        }
    }

    /// It lists `pod` no more, or the run ended.
    fn drop(&mut self, pod: &Pod, targets: &TargetPorts, now: Time) {
        let past = |since: &Time| *since < now;
        for closed in pod.containers.closed(targets).flatten().filter(past) {
            self.lag.get_or_insert_default().after_close.add(now.since(closed));
        }
        if let Some(unreachable) = pod.unreachable.filter(past) {
            self.lag.get_or_insert_default().after_unreachable.add(now.since(unreachable));
        }
    }
}

/// The keys of a Service's rules.
fn of_service(service: ServiceId) -> RangeInclusive<(ServiceId, Proxy)> {
    (service, Proxy::Node(NodeId(0)))..=(service, Proxy::Sidecar(ClientId(u32::MAX), u32::MAX))
}

#[cfg(test)]
mod tests {
    use engine::Span;

    use super::*;

    const SERVICE: ServiceId = ServiceId(0);

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    fn ids(pods: &[u32]) -> Arc<[PodId]> {
        pods.iter().map(|id| PodId(*id)).collect()
    }

    #[test]
    fn what_a_node_lists_too_long_is_its_lag() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        let key = |node| (SERVICE, Proxy::Node(NodeId(node)));
        for node in 0..2 {
            listing.list(key(node), &ids(&[0, 1]), &mut pods, at(0));
        }
        pods.at(PodId(0)).open(0, &[80], at(0));
        pods.at(PodId(0)).close(0, at(1_000));
        let dropped = |pod| Change { added: Vec::new(), dropped: vec![PodId(pod)] };
        assert_eq!(listing.list(key(0), &ids(&[1]), &mut pods, at(1_500)), dropped(0));
        assert_eq!(listing.list(key(1), &ids(&[1]), &mut pods, at(2_200)), dropped(0));
        let lag = listing.lag([SERVICE].into_iter(), |_| true);
        let range = (Span::from_millis(500), Span::from_millis(1_200));
        assert_eq!(lag.after_close.range(), Some(range));
        assert_eq!(lag.after_unreachable.range(), None);
        let lag = listing.lag([SERVICE].into_iter(), |proxy| proxy == Proxy::Node(NodeId(1)));
        assert_eq!(lag.after_close.range(), Some((range.1, range.1)));
        let lag = listing.lag([ServiceId(1)].into_iter(), |_| true);
        assert_eq!(lag.after_close.range(), None);
    }

    #[test]
    fn what_a_rule_keeps_is_no_change() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        let mut program = |listed: &[u32]| {
            listing.list((SERVICE, Proxy::Node(NodeId(0))), &ids(listed), &mut pods, at(0))
        };
        let change = |added: &[u32], dropped: &[u32]| Change {
            added: ids(added).to_vec(),
            dropped: ids(dropped).to_vec(),
        };
        assert_eq!(program(&[0, 1]), change(&[0, 1], &[]));
        assert_eq!(program(&[1, 2]), change(&[2], &[0]));
        assert_eq!(program(&[1, 2]), change(&[], &[]));
        assert_eq!(program(&[]), change(&[], &[1, 2]));
    }

    #[test]
    fn a_sidecar_that_has_gone_lists_nothing_which_is_no_outage() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        listing.call(SERVICE, Way::Sidecars, &mut pods, at(0));
        listing.list((SERVICE, Proxy::Node(NodeId(0))), &ids(&[0]), &mut pods, at(0));
        for (sidecar, listed, time) in [(0, &[0][..], 1), (1, &[0], 2), (0, &[], 3), (1, &[], 4)] {
            listing.list(
                (SERVICE, Proxy::Sidecar(ClientId(0), sidecar)),
                &ids(listed),
                &mut pods,
                at(time),
            );
        }
        // The node's rules list it all along, and nobody calls it by them.
        assert_eq!(pods.at(PodId(0)).called(at(9)), [(at(1), at(4))]);
        assert!(listing.outage(SERVICE, Way::Sidecars).is_none());
    }

    #[test]
    fn an_outage_lasts_while_any_node_has_no_pods() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        listing.call(SERVICE, Way::Rules, &mut pods, at(0));
        let mut program = |node, listed: &[u32], time| {
            listing.list((SERVICE, Proxy::Node(NodeId(node))), &ids(listed), &mut pods, at(time));
        };
        program(0, &[1], 0);
        program(1, &[1], 0);
        program(0, &[], 100);
        program(1, &[], 200);
        program(0, &[2], 300);
        program(1, &[2], 450);
        program(1, &[], 900);
        listing.finish(&pods, at(1_000));
        let outage =
            listing.outage(SERVICE, Way::Rules).expect("rules of the Service were in force");
        assert_eq!((outage.count, outage.total), (2, Span::from_millis(450)));
        assert_eq!(outage.longest, Some((at(100), at(450))));
    }
}
