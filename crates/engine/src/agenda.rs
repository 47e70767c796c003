//! The clock and the events to come.

use crate::{EventQueue, Lane, Order, RadixWheel, Source, Time, lanes::Lanes};
use std::marker::PhantomData;

/// The simulation's clock and its future events.
///
/// The clock moves only when an event is taken out, and never back. Events of one moment come in
/// the order of their [`Source`]; those of one source come in the order they were scheduled.
pub struct Agenda<E, Q: EventQueue<E> = RadixWheel<E>> {
    queue: Q,
    lanes: Lanes<E>,
    now: Time,
    len: usize,
    counters: Counters,
    events: PhantomData<fn(E) -> E>,
}

impl<E> Agenda<E> {
    /// An agenda at time zero without events.
    pub fn new() -> Self {
        Self::with_queue(RadixWheel::new())
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E, Q: EventQueue<E>> Agenda<E, Q> {
    /// An agenda at time zero that keeps its events in `queue`, which must be empty.
    pub fn with_queue(mut queue: Q) -> Self {
        assert!(queue.peek().is_none(), "the agenda numbers all events, so it starts empty");
        let (now, counters) = (Time::ZERO, Counters::default());
        Self { queue, lanes: Lanes::new(), now, len: 0, counters, events: PhantomData }
    }

    /// The present moment: the time of the event taken out last.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Schedules an event for `source` at `time`, which may be now.
    ///
    /// # Panics
    ///
    /// When `time` has passed.
    // It and what it calls are inlined always: an event then goes from the processor's registers to
    // its place. Handed on in memory, it would be written and read again at once, piece by piece.
    #[inline(always)]
    pub fn at(&mut self, time: Time, source: Source, event: E) {
        let order = self.enter(time, source);
        self.queue.push(order, event);
    }

    /// The same, for an event that comes last of its lane so far, as it does where all events of a
    /// lane are scheduled after the same span. It is a hint, which saves time and changes nothing.
    #[inline(always)]
    pub fn in_lane(&mut self, lane: Lane, time: Time, source: Source, event: E) {
        let order = self.enter(time, source);
        if let Err(event) = self.lanes.push(lane, order, event) {
            self.queue_after_all(order, event);
        }
    }

    /// Queues an event that did not come last of its lane.
    // On its own, so that the way into a lane saves no registers for it.
    #[inline(never)]
    fn queue_after_all(&mut self, order: Order, event: E) {
        self.queue.push(order, event);
    }

    #[inline(always)]
    fn enter(&mut self, time: Time, source: Source) -> Order {
        assert!(time >= self.now, "{source:?} schedules for {time} at {}", self.now);
        self.len += 1;
        Order::new(time, source, self.counters.next(source))
    }

    /// Takes out the next event and moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_until(Time::MAX)
    }

    /// The same, if that event does not happen later than `until`.
    #[inline]
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, E)> {
        let (queued, of_lane) = (self.queue.peek().unwrap_or(Order::MAX), self.lanes.peek());
        if queued.min(of_lane).time() > until {
            return None;
        }
        let next = if of_lane < queued { self.lanes.pop() } else { self.queue.pop() };
        let (order, event) = next?;
        assert!(order.time() >= self.now, "{order:?} comes after {}", self.now);
        self.now = order.time();
        self.len -= 1;
        Some((self.now, event))
    }

    /// When the next event happens.
    #[inline]
    pub fn next_time(&mut self) -> Option<Time> {
        let queued = self.queue.peek().unwrap_or(Order::MAX);
        (self.len > 0).then(|| queued.min(self.lanes.peek()).time())
    }

    /// How many events are still to come.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing more will happen.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// How many events each source has had, for the last part of an [`Order`].
///
/// A counter a source, rather than one for all, keeps one entity's numbers the same whatever the
/// others do. It wraps at 2²⁴, which is harmless: it only orders events of one source at one
/// moment, so the worst is that two such events, scheduled on either side of the wrap, change
/// places, in every repetition of the run alike and unseen by any other source.
struct Counters {
    /// By class and entity. Every class has its list, so that none has to be looked for.
    classes: Box<[Vec<u32>; CLASSES]>,
}

/// So many classes there can be: their numbers have eight bits.
const CLASSES: usize = 1 << u8::BITS;

impl Default for Counters {
    fn default() -> Self {
        Self { classes: Box::new([const { Vec::new() }; CLASSES]) }
    }
}

impl Counters {
    /// Entities are numbered densely, so a table serves them; this bounds it should they not be.
    /// Those beyond share a counter, which still grows for each of them.
    const ENTITIES_MAX: usize = 1 << 22;

    #[inline]
    fn next(&mut self, source: Source) -> u32 {
        let entities = &mut self.classes[usize::from(source.class)];
        let counter = match entities.get_mut(source.entity as usize) {
            Some(counter) => counter,
            None => Self::grow(entities, source.entity as usize),
        };
        let next = *counter;
        *counter = next.wrapping_add(1);
        next
    }

    #[cold]
    fn grow(entities: &mut Vec<u32>, entity: usize) -> &mut u32 {
        let entity = entity.min(Self::ENTITIES_MAX - 1);
        if entities.len() <= entity {
            entities.resize(entity + 1, 0);
        }
        &mut entities[entity]
    }
}
