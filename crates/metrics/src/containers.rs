//! A pod's containers: when the program of each listened, and to which of them a Service leads.

use std::collections::BTreeSet;

use engine::Time;

use crate::{extent::Extent, traffic::slot};

/// Ports of pods that a Service leads to.
pub(crate) type TargetPorts = BTreeSet<u16>;

/// The containers of a pod, by their index in its spec.
#[derive(Clone, Debug, Default)]
pub(crate) struct Containers(Vec<Container>);

/// What is known of one container.
#[derive(Clone, Debug, Default)]
struct Container {
    /// The ports it ever listened on; none where it answers on any, or has not listened yet.
    ports: Vec<u16>,
    listening: bool,
    listened: bool,
    started: Option<Time>,
    /// When its program stopped to listen, until it listens again.
    closed: Option<Time>,
    /// Whether it was started anew after its program had listened.
    restarted: bool,
    /// How long its pod was listed before its program listened.
    early: Extent,
}

impl Containers {
    pub(crate) fn start(&mut self, index: u8, now: Time) {
        let container = self.at(index);
        container.started = Some(now);
        container.restarted |= container.closed.is_some();
    }

    /// A program listens; `listed` says since when rules have listed its pod.
    pub(crate) fn open(&mut self, index: u8, ports: &[u16], listed: Option<Time>, now: Time) {
        let container = self.at(index);
        for port in ports {
            if !container.ports.contains(port) {
                container.ports.push(*port);
            }
        }
        container.early = container.early(listed, now);
        (container.listening, container.listened) = (true, true);
        container.closed = None;
    }

    pub(crate) fn close(&mut self, index: u8, now: Time) {
        self.at(index).close(now);
    }

    /// The pod's address answers no more.
    pub(crate) fn disconnect(&mut self, now: Time) {
        self.0.iter_mut().for_each(|container| container.close(now));
    }

    /// Rules list the pod no more, which some had done since `listed`.
    pub(crate) fn unlist(&mut self, listed: Option<Time>, now: Time) {
        for container in &mut self.0 {
            container.early = container.early(listed, now);
        }
    }

    /// Whether any program was ever started.
    pub(crate) fn started(&self) -> bool {
        self.0.iter().any(|container| container.started.is_some())
    }

    /// Whether any program ever listened.
    pub(crate) fn listened(&self) -> bool {
        self.0.iter().any(|container| container.listened)
    }

    /// Whether any program listens.
    pub(crate) fn listening(&self) -> bool {
        self.0.iter().any(|container| container.listening)
    }

    /// Whether the program of one of them has stopped to listen, and does not again so far.
    pub(crate) fn is_closed(&self, index: u8) -> bool {
        self.0.get(usize::from(index)).is_some_and(|container| container.closed.is_some())
    }

    /// How long rules listed the pod before the programs listened that are sent to.
    pub(crate) fn early(&self, targets: &TargetPorts, listed: Option<Time>, end: Time) -> Extent {
        let mut early = Extent::default();
        for container in self.sent_to(targets) {
            early.merge(container.early(listed, end));
        }
        early
    }

    /// Whether those that are sent to were started anew after they had listened.
    pub(crate) fn restarted(&self, targets: &TargetPorts) -> bool {
        let mut sent_to = self.sent_to(targets).peekable();
        sent_to.peek().is_some() && sent_to.all(|container| container.restarted)
    }

    /// When each of those that are sent to stopped to listen, `None` where it listens or never has.
    pub(crate) fn closed(&self, targets: &TargetPorts) -> impl Iterator<Item = Option<Time>> {
        self.sent_to(targets).map(|container| container.closed)
    }

    /// When the program of one of them stopped to listen, where that one is sent to.
    pub(crate) fn closed_at(&self, index: u8, targets: &TargetPorts) -> Option<Time> {
        let container = self.0.get(usize::from(index))?;
        let is_sent_to = self.sent_to(targets).any(|other| std::ptr::eq(other, container));
        container.closed.filter(|_| is_sent_to)
    }

    /// Those that get what is sent to these ports, which are those that listen on one of them. A port on which
    /// nobody is known to listen is for one that answers on any, or that has not listened so far. Where that
    /// leaves nobody, any of them may be meant; the only container of a pod always is.
    fn sent_to(&self, targets: &TargetPorts) -> impl Iterator<Item = &Container> {
        let named = |port: &u16| self.0.iter().any(|container| container.ports.contains(port));
        let all_named = !targets.is_empty() && targets.iter().all(named);
        let leads_to = move |container: &Container| match &container.ports[..] {
            [] => !all_named,
            ports => ports.iter().any(|port| targets.contains(port)),
        };
        let anybody = self.0.len() < 2 || !self.0.iter().any(leads_to);
        self.0.iter().filter(move |container| anybody || leads_to(container))
    }

    fn at(&mut self, index: u8) -> &mut Container {
        slot(&mut self.0, usize::from(index))
    }
}

impl Container {
    fn close(&mut self, now: Time) {
        if self.listening {
            self.listening = false;
            self.closed = Some(now);
        }
    }

    /// How long its pod was listed before its program listened, until now. It counts from its start, and only
    /// until it has listened since.
    fn early(&self, listed: Option<Time>, now: Time) -> Extent {
        let waits = !self.listening && self.closed <= self.started;
        let since = listed.zip(self.started).map(|(listed, started)| listed.max(started));
        let mut early = self.early;
        if let Some(since) = since.filter(|since| waits && *since < now) {
            early.add(now.since(since));
        }
        early
    }
}
