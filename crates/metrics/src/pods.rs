//! Pods' lives, folded from what was recorded of them.

use std::{collections::BTreeSet, sync::Arc};

use api::{Labels, NodeId, PodId, runtime_interface::ProbeKind};
use engine::{Span, Time};

use crate::{
    containers::{Containers, TargetPorts},
    extent::Extent,
    measures::PodState,
    traffic::slot,
};

/// All pods, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pods {
    pods: Vec<Pod>,
    order: Vec<PodId>,
}

/// What is known of one pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pod {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) labels: Labels,
    pub(crate) version: Arc<str>,
    pub(crate) node: Option<NodeId>,
    /// The name and the place of its Deployment.
    pub(crate) deployment: Option<(Arc<str>, usize)>,
    pub(crate) life: Vec<(Time, PodState)>,
    pub(crate) gone: Option<Time>,
    /// Why no node took it, until one does.
    pub(crate) unschedulable: Option<Arc<str>>,
    pub(crate) containers: Containers,
    /// The ports it ever listened on.
    pub(crate) ports: Vec<u16>,
    /// Whether one of its programs answers on any port.
    any_port: bool,
    /// Probes that failed at some time, and the ports they ask at.
    pub(crate) failed_probes: BTreeSet<(ProbeKind, Option<u16>)>,
    ready: bool,
    pub(crate) was_ready: bool,
    /// When it was ready for the first time.
    pub(crate) ready_since: Option<Time>,
    pub(crate) deleted: Option<Time>,
    /// When its address stopped to answer.
    pub(crate) unreachable: Option<Time>,
    terminated: Option<Time>,
    killed: bool,
    /// Whether a fault of the scenario crashed it.
    pub(crate) faulted: bool,
    pub(crate) exits: Exits,
    /// What its Deployment takes it for.
    pub(crate) told: Standing,
    /// How many (node, Service) have rules that list it; then those of Services that are called.
    listed_by: u32,
    called_by: u32,
    listed_since: Option<Time>,
    called_since: Option<Time>,
    called: Vec<(Time, Time)>,
}

/// How a pod's program ended with requests in hand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exits {
    /// Requests lost.
    pub(crate) lost: u64,
    /// From SIGTERM to where its program let go of its requests of its own accord.
    pub(crate) after_sigterm: Extent,
    /// From SIGTERM to an end by SIGKILL.
    pub(crate) by_sigkill: Extent,
    /// Ends that nobody asked for.
    pub(crate) crashes: u32,
    /// Those of them that a fault of the scenario made.
    pub(crate) by_fault: u32,
}

/// What a pod counts for in its Deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// It exists and is not being deleted.
    pub(crate) counted: bool,
    /// Besides, it is ready.
    pub(crate) available: bool,
    /// It is being deleted or gone, but not yet both gone and forgotten by every proxy.
    pub(crate) leaving: bool,
}

impl Pods {
    pub(crate) fn create(&mut self, id: PodId, pod: Pod, now: Time) {
        let place = self.at(id);
        *place = pod;
        place.life.push((now, PodState::Pending));
        self.order.push(id);
    }

    pub(crate) fn at(&mut self, id: PodId) -> &mut Pod {
        slot(&mut self.pods, id.0 as usize)
    }

    pub(crate) fn get(&self, id: PodId) -> Option<&Pod> {
        self.pods.get(id.0 as usize)
    }

    /// In order of creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        self.order.iter().map(|id| (*id, &self.pods[id.0 as usize]))
    }
}

impl Pod {
    pub(crate) fn standing(&self) -> Standing {
        let ended = self.deleted.is_some() || self.gone.is_some();
        let counted = !self.life.is_empty() && !ended;
        Standing {
            counted,
            available: counted && self.ready,
            leaving: ended && !(self.gone.is_some() && self.listed_by == 0),
        }
    }

    /// The place of its Deployment.
    pub(crate) fn place(&self) -> Option<usize> {
        self.deployment.as_ref().map(|(_, place)| *place)
    }

    pub(crate) fn start(&mut self, container: u8, now: Time) {
        self.containers.start(container, now);
        (self.terminated, self.killed) = (None, false);
        // A container that starts has a network, be it a new one after its node came back.
        self.unreachable = None;
        self.relive(now);
    }

    pub(crate) fn open(&mut self, container: u8, ports: &[u16], now: Time) {
        self.any_port |= ports.is_empty();
        for port in ports {
            if !self.ports.contains(port) {
                self.ports.push(*port);
            }
        }
        self.containers.open(container, ports, self.awaited(), now);
        self.relive(now);
    }

    /// Since when rules have listed it, for as long as its programs may come to listen.
    fn awaited(&self) -> Option<Time> {
        self.listed_since.filter(|_| self.gone.is_none())
    }

    /// How long it was listed before the programs listened that are sent to, up to the end of the run.
    pub(crate) fn early(&self, targets: &TargetPorts, end: Time) -> Extent {
        self.containers.early(targets, self.awaited(), end)
    }

    /// A port on which it never listened though it did on others.
    pub(crate) fn unheard(&self, port: Option<u16>) -> Option<u16> {
        let heard =
            |port: &u16| !self.containers.listened() || self.any_port || self.ports.contains(port);
        port.filter(|port| !heard(port))
    }

    pub(crate) fn close(&mut self, container: u8, now: Time) {
        self.containers.close(container, now);
        self.relive(now);
    }

    pub(crate) fn terminate(&mut self, now: Time) {
        self.terminated = Some(now);
    }

    pub(crate) fn kill(&mut self) {
        self.killed = true;
    }

    /// A program ended, by a fault of the scenario if one began at this very moment.
    pub(crate) fn exit(&mut self, container: u8, in_flight: u32, (now, fault): (Time, bool)) {
        self.faulted |= fault && self.terminated.is_none();
        if in_flight > 0 {
            self.exits.lost += u64::from(in_flight);
            match self.terminated {
                Some(asked) if self.killed => self.exits.by_sigkill.add(now.since(asked)),
                Some(asked) => self.exits.after_sigterm.add(now.since(asked)),
                None => {
                    self.exits.crashes += 1;
                    self.exits.by_fault += u32::from(fault);
                }
            }
        }
        self.close(container, now);
    }

    /// A request that it worked on was cut off. Where SIGTERM was sent and no program ended with
    /// requests in hand, they were let go of at SIGTERM, which may be some time before the end.
    pub(crate) fn cut_off(&mut self) {
        if self.terminated.is_some()
            && self.exits.lost == 0
            && self.exits.after_sigterm.count() == 0
        {
            self.exits.after_sigterm.add(Span::ZERO);
        }
    }

    /// How long each of the programs that are sent to refused connections: from the end of listening until
    /// the pod's address went.
    pub(crate) fn refused_for(&self, targets: &TargetPorts) -> impl Iterator<Item = Option<Span>> {
        self.containers.closed(targets).map(|closed| {
            let (closed, unreachable) = (closed?, self.unreachable?);
            (closed < unreachable).then(|| unreachable.since(closed))
        })
    }

    pub(crate) fn set_ready(&mut self, ready: bool, now: Time) {
        self.ready = ready;
        self.ready_since = self.ready_since.or(ready.then_some(now));
        self.was_ready |= ready;
        self.relive(now);
    }

    pub(crate) fn delete(&mut self, now: Time) {
        self.deleted = self.deleted.or(Some(now));
        self.relive(now);
    }

    pub(crate) fn disconnect(&mut self, now: Time) {
        self.unreachable = self.unreachable.or(Some(now));
        self.containers.disconnect(now);
        self.relive(now);
    }

    pub(crate) fn vanish(&mut self, now: Time) {
        self.disconnect(now);
        self.gone = Some(now);
    }

    /// One more node's rules list it.
    pub(crate) fn list(&mut self, called: bool, now: Time) {
        self.listed_by += 1;
        self.listed_since = self.listed_since.or(Some(now));
        if called {
            self.call(now);
        }
    }

    /// One of them belongs to a Service that is called.
    pub(crate) fn call(&mut self, now: Time) {
        self.called_by += 1;
        self.called_since = self.called_since.or(Some(now));
    }

    /// One node's rules list it no more.
    pub(crate) fn unlist(&mut self, called: bool, now: Time) {
        assert!(self.listed_by > 0, "{} was listed before it was dropped", self.name);
        self.listed_by -= 1;
        if self.listed_by == 0 {
            self.containers.unlist(self.awaited(), now);
            self.listed_since = None;
        }
        if called {
            self.called_by -= 1;
            if self.called_by == 0 {
                let since = self.called_since.take().expect("a listed pod has been since a time");
                if since < now {
                    self.called.push((since, now));
                }
            }
        }
    }

    /// When rules of called Services listed it.
    pub(crate) fn called(&self, end: Time) -> Vec<(Time, Time)> {
        let open = self.called_since.filter(|since| *since < end).map(|since| (since, end));
        self.called.iter().copied().chain(open).collect()
    }

    /// When its life shows it ready.
    pub(crate) fn ready(&self, end: Time) -> Vec<(Time, Time)> {
        let ends = self.life.iter().skip(1).map(|(time, _)| *time);
        let ends = ends.chain([self.gone.unwrap_or(end)]);
        let stretches = self.life.iter().zip(ends);
        let ready = stretches.filter(|((_, state), _)| *state == PodState::Ready);
        ready.map(|((start, _), end)| (*start, end)).collect()
    }

    /// Notes the state it is in now, where that is another one.
    fn relive(&mut self, now: Time) {
        let state = self.state();
        match self.life.last_mut() {
            Some((_, last)) if *last == state => {}
            Some((time, last)) if *time == now => *last = state,
            _ => self.life.push((now, state)),
        }
        // Two changes at one moment can end where the stretch before them was.
        if let [.., (_, before), (_, last)] = self.life[..]
            && before == last
        {
            self.life.pop();
        }
    }

    fn state(&self) -> PodState {
        if self.containers.listened() && !self.containers.listening() {
            PodState::Closed
        } else if self.deleted.is_some() {
            PodState::Terminating
        } else if self.ready {
            PodState::Ready
        } else if self.was_ready {
            PodState::Unready
        } else if self.containers.started() {
            PodState::Starting
        } else {
            PodState::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn a_life_has_its_stretches_in_order_and_without_gaps() {
        let mut pods = Pods::default();
        pods.create(PodId(3), Pod::default(), at(0));
        let pod = pods.at(PodId(3));
        pod.start(0, at(1_000));
        pod.open(0, &[80], at(3_000));
        pod.set_ready(true, at(3_500));
        pod.set_ready(false, at(5_000));
        pod.set_ready(true, at(6_000));
        pod.delete(at(8_000));
        pod.close(0, at(8_100));
        pod.exit(0, 0, (at(8_200), false));
        pod.vanish(at(9_000));
        let expected = [
            (0, PodState::Pending),
            (1_000, PodState::Starting),
            (3_500, PodState::Ready),
            (5_000, PodState::Unready),
            (6_000, PodState::Ready),
            (8_000, PodState::Terminating),
            (8_100, PodState::Closed),
        ];
        assert_eq!(pod.life, expected.map(|(time, state)| (at(time), state)));
        let ready = [(at(3_500), at(5_000)), (at(6_000), at(8_000))];
        assert_eq!(pod.ready(at(60_000)), ready);
    }

    #[test]
    fn changes_at_one_moment_leave_one_stretch() {
        let mut pods = Pods::default();
        pods.create(PodId(0), Pod::default(), at(0));
        let pod = pods.at(PodId(0));
        pod.start(0, at(0));
        pod.open(0, &[80], at(0));
        pod.set_ready(true, at(0));
        assert_eq!(pod.life, [(at(0), PodState::Ready)]);
        pod.set_ready(false, at(5));
        pod.set_ready(true, at(5));
        assert_eq!(pod.life, [(at(0), PodState::Ready)]);
    }

    #[test]
    fn listed_time_is_the_union_over_nodes() {
        let mut pod = Pod::default();
        pod.list(true, at(1_000));
        pod.list(false, at(1_500));
        pod.list(true, at(2_000));
        pod.unlist(true, at(3_000));
        pod.unlist(true, at(4_000));
        assert_eq!(pod.called(at(9_000)), [(at(1_000), at(4_000))]);
        pod.list(true, at(8_000));
        assert_eq!(pod.called(at(9_000)), [(at(1_000), at(4_000)), (at(8_000), at(9_000))]);
        assert!(!pod.standing().leaving);
        pod.vanish(at(9_000));
        assert!(pod.standing().leaving, "gone, but still listed");
    }
}
