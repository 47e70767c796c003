//! Which proxies list which pods, and how long they did after it was no longer true.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ops::RangeInclusive,
    sync::Arc,
};

use api::{NodeId, PodId, ServiceId};
use engine::{Span, Time};

use crate::{
    extent::Extent,
    pods::{Pod, Pods},
    traffic::slot,
    words,
};

/// The rules in force everywhere, and the gaps they left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    rules: BTreeMap<(ServiceId, NodeId), Rule>,
    /// Every pod that any slice or rule of a Service ever had.
    ever: BTreeSet<(ServiceId, PodId)>,
    /// Services that clients call by the nodes' rules, and those that they call by a load balancer.
    called: BTreeSet<(ServiceId, Way)>,
    outages: BTreeMap<ServiceId, Outage>,
    /// What load balancers send to pods by.
    balancers: BTreeMap<ServiceId, Balancer>,
    /// Per pod the number of the list that had it last: tells added and dropped from kept.
    marks: Vec<u64>,
    lists: u64,
}

/// How a client comes to the pods of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// By the rules of a node.
    Rules,
    /// By a load balancer that sends to pods.
    Balancer,
}

/// What a Service's load balancer sends to pods by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Balancer {
    rule: Rule,
    /// When it had none.
    pub(crate) outage: Outage,
    /// How long pods had been ready when it began to send to them.
    pub(crate) found: Extent,
}

impl Balancer {
    /// How far it was behind the pods.
    pub(crate) fn lag(&self) -> Lag {
        self.rule.lag.as_deref().copied().unwrap_or_default()
    }
}

/// One node's rules for one Service.
#[derive(Clone, Debug, Default)]
struct Rule {
    pods: Arc<[PodId]>,
    /// Most rules are never behind, so they hold no more than a pointer for it.
    lag: Option<Box<Lag>>,
}

/// Pods that a rule did not list before, and pods that it lists no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) added: Vec<PodId>,
    pub(crate) dropped: Vec<PodId>,
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

/// When a Service had no pods in some node's rules.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outage {
    empty_nodes: u32,
    since: Option<Time>,
    /// The longest stretch.
    pub(crate) longest: Option<(Time, Time)>,
    /// All stretches together.
    pub(crate) total: Span,
    /// How many stretches.
    pub(crate) count: u32,
}

impl Listing {
    /// A client calls `service`.
    pub(crate) fn call(&mut self, service: ServiceId, way: Way, pods: &mut Pods, now: Time) {
        if !self.called.insert((service, way)) {
            return;
        }
        let nodes = self.rules.range(every_node(service)).map(|(_, rule)| rule);
        let balancer = self.balancers.get(&service).map(|balancer| &balancer.rule);
        let (nodes, balancer) = match way {
            Way::Rules => (Some(nodes), None),
            Way::Balancer => (None, balancer),
        };
        let rules = nodes.into_iter().flatten().chain(balancer);
        for pod in rules.flat_map(|rule| rule.pods.iter()) {
            pods.at(*pod).call(now);
        }
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

    /// Puts a node's rules for a Service in force.
    pub(crate) fn program(
        &mut self,
        (service, node): (ServiceId, NodeId),
        listed: &Arc<[PodId]>,
        pods: &mut Pods,
        now: Time,
    ) -> Change {
        let called = self.called.contains(&(service, Way::Rules));
        let (marks, lists) = (&mut self.marks, &mut self.lists);
        let rule = self.rules.entry((service, node));
        // A rule that is put in force for the first time was not among the empty ones.
        let was_empty = matches!(&rule, Entry::Occupied(rule) if rule.get().pods.is_empty());
        let rule = rule.or_default();
        let change = rule.replace(listed, (marks, lists));
        rule.apply(&change, pods, (called, now));
        self.outages.entry(service).or_default().change(was_empty, listed.is_empty(), now);
        change
    }

    /// Puts in force what a Service's load balancer sends to.
    pub(crate) fn balance(
        &mut self,
        service: ServiceId,
        listed: &Arc<[PodId]>,
        pods: &mut Pods,
        now: Time,
    ) -> Change {
        let called = self.called.contains(&(service, Way::Balancer));
        let known = self.balancers.contains_key(&service);
        let balancer = self.balancers.entry(service).or_default();
        let was_empty = known && balancer.rule.pods.is_empty();
        let change = balancer.rule.replace(listed, (&mut self.marks, &mut self.lists));
        for pod in change.added.iter().filter_map(|id| pods.get(*id)) {
            // Who was ready before the beginning shows nothing: both were at that moment.
            if let Some(since) = pod.ready_since.filter(|since| *since > Time::ZERO) {
                balancer.found.add(now.since(since));
            }
        }
        balancer.rule.apply(&change, pods, (called, now));
        balancer.outage.change(was_empty, listed.is_empty(), now);
        change
    }

    /// What a Service's load balancer sent to.
    pub(crate) fn balancer(&self, service: ServiceId) -> Option<&Balancer> {
        self.balancers.get(&service)
    }

    /// The pod's program listens again: proxies that kept it were wrong until now.
    pub(crate) fn reopened(&mut self, id: PodId, closed: Time, now: Time) {
        let balancers = self.balancers.values_mut().map(|balancer| &mut balancer.rule);
        let rules = self.rules.values_mut().chain(balancers);
        for rule in rules.filter(|rule| rule.pods.contains(&id)) {
            rule.lag.get_or_insert_default().after_close.add(now.since(closed));
        }
    }

    /// The run ended: what is still listed counts as listed until now.
    pub(crate) fn finish(&mut self, pods: &Pods, now: Time) {
        let balancers = self.balancers.values_mut().map(|balancer| &mut balancer.rule);
        for rule in self.rules.values_mut().chain(balancers) {
            for pod in Arc::clone(&rule.pods).iter().filter_map(|id| pods.get(*id)) {
                rule.drop(pod, now);
            }
        }
        let outages = self.balancers.values_mut().map(|balancer| &mut balancer.outage);
        for outage in self.outages.values_mut().chain(outages) {
            outage.close(now);
        }
    }

    /// How far the rules of some Services were behind, on some nodes, together.
    pub(crate) fn lag(
        &self,
        services: impl Iterator<Item = ServiceId>,
        on: impl Fn(NodeId) -> bool,
    ) -> Lag {
        let mut sum = Lag::default();
        let rules = services.flat_map(|service| self.rules.range(every_node(service)));
        for lag in
            rules.filter(|((_, node), _)| on(*node)).filter_map(|(_, rule)| rule.lag.as_ref())
        {
            sum = sum.merged(**lag);
        }
        sum
    }

    /// When a Service had no pods.
    pub(crate) fn outage(&self, service: ServiceId) -> Option<&Outage> {
        self.outages.get(&service)
    }

    /// Whether any pod was ever in a rule for `service`.
    pub(crate) fn ever_had_pods(&self, service: ServiceId) -> bool {
        self.ever.range((service, PodId(0))..=(service, PodId(u32::MAX))).next().is_some()
    }
}

impl Rule {
    /// Lists these from now on. Gives back what changed by it.
    fn replace(
        &mut self,
        listed: &Arc<[PodId]>,
        (marks, lists): (&mut Vec<u64>, &mut u64),
    ) -> Change {
        let before = std::mem::replace(&mut self.pods, Arc::clone(listed));
        Change {
            added: missing(&before, listed, marks, lists),
            dropped: missing(listed, &before, marks, lists),
        }
    }

    /// Tells the pods of a change.
    fn apply(&mut self, change: &Change, pods: &mut Pods, (called, now): (bool, Time)) {
        for id in &change.added {
            pods.at(*id).list(called, now);
        }
        for id in &change.dropped {
            let pod = pods.at(*id);
            pod.unlist(called, now);
            self.drop(pod, now);
        }
    }

    /// It lists `pod` no more, or the run ended.
    fn drop(&mut self, pod: &Pod, now: Time) {
        let past = |since: &Time| *since < now;
        let (closed, unreachable) = (pod.closed.filter(past), pod.unreachable.filter(past));
        if closed.is_none() && unreachable.is_none() {
            return;
        }
        let lag = self.lag.get_or_insert_default();
        for (since, extent) in
            [(closed, &mut lag.after_close), (unreachable, &mut lag.after_unreachable)]
        {
            if let Some(since) = since {
                extent.add(now.since(since));
            }
        }
    }
}

/// The keys of a Service's rules.
fn every_node(service: ServiceId) -> RangeInclusive<(ServiceId, NodeId)> {
    (service, NodeId(0))..=(service, NodeId(u32::MAX))
}

/// The pods that `list` has and `other` has not, each once, in time proportional to both.
fn missing(other: &[PodId], list: &[PodId], marks: &mut Vec<u64>, lists: &mut u64) -> Vec<PodId> {
    *lists += 1;
    for id in other {
        *slot(marks, id.0 as usize) = *lists;
    }
    let mut first = |id: &PodId| {
        let mark = slot(marks, id.0 as usize);
        std::mem::replace(mark, *lists) != *lists
    };
    list.iter().copied().filter(|id| first(id)).collect()
}

impl Outage {
    fn change(&mut self, was_empty: bool, is_empty: bool, now: Time) {
        match (was_empty, is_empty) {
            (false, true) => {
                self.empty_nodes += 1;
                self.since = self.since.or(Some(now));
            }
            (true, false) => {
                self.empty_nodes -= 1;
                if self.empty_nodes == 0 {
                    self.close(now);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, now: Time) {
        let Some(since) = self.since.take() else { return };
        if since == now {
            return;
        }
        self.total += now.since(since);
        self.count += 1;
        if self.longest.is_none_or(|(from, to)| to.since(from) < now.since(since)) {
            self.longest = Some((since, now));
        }
    }
}

/// When some Services were without pods: the longest stretch, and all of them together.
pub(crate) fn outages_in_words(outages: &[&Outage]) -> String {
    let longest = outages.iter().filter_map(|outage| outage.longest);
    let Some((from, to)) = longest.max_by_key(|(from, to)| to.since(*from)) else {
        return String::new();
    };
    let stretches: u32 = outages.iter().map(|outage| outage.count).sum();
    let total = outages.iter().fold(Span::ZERO, |total, outage| total + outage.total);
    let longest = format!("{} ({})", words::span(to.since(from)), words::stretch(from, to));
    match stretches {
        1 => format!(" for {longest}"),
        _ => format!(
            " in {stretches} stretches of {} together, the longest of {longest}",
            words::span(total)
        ),
    }
}

#[cfg(test)]
mod tests {
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
        let key = |node| (SERVICE, NodeId(node));
        for node in 0..2 {
            listing.program(key(node), &ids(&[0, 1]), &mut pods, at(0));
        }
        pods.at(PodId(0)).open(0, &[80], at(0));
        pods.at(PodId(0)).close(0, at(1_000));
        let dropped = |pod| Change { added: Vec::new(), dropped: vec![PodId(pod)] };
        assert_eq!(listing.program(key(0), &ids(&[1]), &mut pods, at(1_500)), dropped(0));
        assert_eq!(listing.program(key(1), &ids(&[1]), &mut pods, at(2_200)), dropped(0));
        let lag = listing.lag([SERVICE].into_iter(), |_| true);
        let range = (Span::from_millis(500), Span::from_millis(1_200));
        assert_eq!(lag.after_close.range(), Some(range));
        assert_eq!(lag.after_unreachable.range(), None);
        let lag = listing.lag([SERVICE].into_iter(), |node| node == NodeId(1));
        assert_eq!(lag.after_close.range(), Some((range.1, range.1)));
        let lag = listing.lag([ServiceId(1)].into_iter(), |_| true);
        assert_eq!(lag.after_close.range(), None);
    }

    #[test]
    fn what_a_rule_keeps_is_no_change() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        let mut program =
            |listed: &[u32]| listing.program((SERVICE, NodeId(0)), &ids(listed), &mut pods, at(0));
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
    fn an_outage_lasts_while_any_node_has_no_pods() {
        let (mut listing, mut pods) = (Listing::default(), Pods::default());
        listing.call(SERVICE, Way::Rules, &mut pods, at(0));
        let mut program = |node, listed: &[u32], time| {
            listing.program((SERVICE, NodeId(node)), &ids(listed), &mut pods, at(time));
        };
        program(0, &[1], 0);
        program(1, &[1], 0);
        program(0, &[], 100);
        program(1, &[], 200);
        program(0, &[2], 300);
        program(1, &[2], 450);
        program(1, &[], 900);
        listing.finish(&pods, at(1_000));
        let outage = listing.outage(SERVICE).expect("rules of the Service were in force");
        assert_eq!((outage.count, outage.total), (2, Span::from_millis(450)));
        assert_eq!(outage.longest, Some((at(100), at(450))));
    }
}
