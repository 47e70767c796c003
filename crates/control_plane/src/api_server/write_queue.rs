//! The writes that wait for the API server: it carries out one after another, first come first
//! served.
//!
//! etcd puts all writes into one order, and a control plane has only so many processors. A call on its
//! own does not show it. A burst does: each pod of a ReplicaSet's batch is followed by its binding,
//! its statuses and the controllers' Event objects about it, and so the next batch comes the later the larger
//! this one was.
//!
//! *Left out:* reads, which a cache answers; what a user writes, who goes ahead at once; Event objects of
//! kubelets; leases and heartbeats, which are the same at all times and so are part of an API call's own
//! time; priority and fairness, which a control plane of this load does not come to. A status that
//! waits here is what it is when its turn comes.

use std::collections::VecDeque;

use engine::{Distribution, Source, Stream, Streams};

use crate::{
    Cx,
    event::{Event, class},
};

/// The API server's queue.
#[derive(Debug)]
pub struct WriteQueue {
    /// How long it is busy with one.
    write_time: Distribution,
    delays: Stream,
    busy: bool,
    waiting: VecDeque<Event>,
}

impl WriteQueue {
    /// An idle API server that is busy with a write for so long.
    #[must_use]
    pub fn new(write_time: Distribution, streams: &Streams) -> Self {
        let delays = streams.named("api-server/write-time");
        Self { write_time, delays, busy: false, waiting: VecDeque::new() }
    }

    /// The event whose turn it is as this one happens: itself, if it writes nothing or the API server
    /// is idle. Otherwise it comes when those before it are done.
    pub fn turn(&mut self, event: Event, cx: &mut Cx<'_>) -> Option<Event> {
        let next = match event {
            Event::WriteDone => {
                self.busy = false;
                self.waiting.pop_front()?
            }
            event if event.writes() == 0 || self.write_time.is_zero() => return Some(event),
            event if self.busy => {
                self.waiting.push_back(event);
                return None;
            }
            event => event,
        };
        self.busy = true;
        let mut done = cx.now;
        for _ in 0..next.writes() {
            done += self.write_time.sample(&mut self.delays);
        }
        cx.agenda.at(done, Source { class: class::API_SERVER, entity: 0 }, Event::WriteDone);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use api::{Key, NodeId, PodId};
    use engine::{Agenda, Context, Span, Time};
    use record::{Discard, Recorder};

    use super::*;
    use crate::{event::ControllerId, kubelet, scheduler, scheduler::Binding};

    const CONTROLLER: ControllerId = ControllerId(0);

    fn call(index: u16) -> Event {
        Event::Call { controller: CONTROLLER, worker: 0, index }
    }

    /// Which of the events that happen at these milliseconds are carried out when.
    fn carried_out(write_ms: u64, events: Vec<(u64, Event)>) -> Vec<(u64, String)> {
        let write_time = Distribution::Constant(Span::from_millis(write_ms));
        let mut queue = WriteQueue::new(write_time, &Streams::new(1));
        let mut agenda = Agenda::<Event>::new();
        for (millis, event) in events {
            let source = Source { class: class::CONTROLLER, entity: 0 };
            agenda.at(Time::from_nanos(millis * 1_000_000), source, event);
        }
        let mut carried_out = Vec::new();
        while let Some((now, event)) = agenda.pop() {
            let recorder: &mut dyn Recorder = &mut Discard;
            let mut cx = Context { now, agenda: &mut agenda, recorder };
            if let Some(event) = queue.turn(event, &mut cx) {
                let what = match event {
                    Event::Call { index, .. } => format!("call {index}"),
                    Event::Answered { .. } => "answer".to_owned(),
                    Event::Kubelet { .. } => "status".to_owned(),
                    Event::Scheduler(_) => "binding".to_owned(),
                    other => panic!("{other:?} was not planned"),
                };
                carried_out.push((now.as_nanos() / 1_000_000, what));
            }
        }
        carried_out
    }

    #[test]
    fn writes_are_carried_out_one_after_another_and_the_rest_waits_for_nobody() {
        let status = Event::Kubelet { node: NodeId(0), event: kubelet::Event::Report(PodId(0)) };
        let binding =
            Binding { pod: Key::new("default", "web"), uid: "web".into(), node: "node-1".into() };
        let binding = scheduler::Event::Bind { binding: Box::new(binding) };
        let events = vec![
            (0, call(1)),
            (1, call(2)),
            (2, status),
            (3, Event::Answered { controller: CONTROLLER, worker: 0 }),
            (20, call(3)),
            (21, Event::Scheduler(binding)),
            (22, call(4)),
        ];
        let what = |moments: Vec<(u64, &str)>| -> Vec<(u64, String)> {
            moments.into_iter().map(|(at, what)| (at, what.to_owned())).collect()
        };
        let queued = [(0, "call 1"), (3, "answer"), (5, "call 2"), (10, "status")];
        let late = [(20, "call 3"), (25, "binding"), (35, "call 4")];
        let expected = what(queued.into_iter().chain(late).collect());
        assert_eq!(carried_out(5, events.clone()), expected, "a binding takes two turns");
        let at_once: Vec<u64> = carried_out(0, events).into_iter().map(|(at, _)| at).collect();
        assert_eq!(at_once, [0, 1, 2, 3, 20, 21, 22], "nobody waits where a write takes no time");
    }
}
