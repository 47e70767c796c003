//! The clock and the events to come.

use crate::{EventQueue, Order, RadixWheel, Source, Time};
use std::marker::PhantomData;

/// The simulation's clock and its future events.
///
/// The clock moves only when an event is taken out, and never back. Events of one moment come in
/// the order of their [`Source`]; those of one source come in the order they were scheduled.
pub struct Agenda<E, Q: EventQueue<E> = RadixWheel<E>> {
    queue: Q,
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
        assert!(queue.next_time().is_none(), "the agenda numbers all events, so it starts empty");
        let (now, counters) = (Time::ZERO, Counters::default());
        Self { queue, now, len: 0, counters, events: PhantomData }
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
    #[inline(always)]
    pub fn at(&mut self, time: Time, source: Source, event: E) {
        assert!(time >= self.now, "{source:?} schedules for {time} at {}", self.now);
        let counter = self.counters.next(source);
        self.queue.push(Order::new(time, source, counter), event);
        self.len += 1;
    }

    /// Takes out the next event and moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        let (order, event) = self.queue.pop()?;
        assert!(order.time() >= self.now, "{order:?} comes after {}", self.now);
        self.now = order.time();
        self.len -= 1;
        Some((self.now, event))
    }

    /// When the next event happens.
    #[inline]
    pub fn next_time(&mut self) -> Option<Time> {
        self.queue.next_time()
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
#[derive(Default)]
struct Counters {
    classes: Vec<Vec<u32>>,
}

impl Counters {
    /// Entities are numbered densely, so a table serves them; this bounds it should they not be.
    /// Those beyond share a counter, which still grows for each of them.
    const ENTITIES_MAX: usize = 1 << 22;

    #[inline]
    fn next(&mut self, source: Source) -> u32 {
        let class = usize::from(source.class);
        let entity = (source.entity as usize).min(Self::ENTITIES_MAX - 1);
        let known = self.classes.get_mut(class).and_then(|entities| entities.get_mut(entity));
        let counter = match known {
            Some(counter) => counter,
            None => self.grow(class, entity),
        };
        let next = *counter;
        *counter = next.wrapping_add(1);
        next
    }

    #[cold]
    fn grow(&mut self, class: usize, entity: usize) -> &mut u32 {
        if self.classes.len() <= class {
            self.classes.resize_with(class + 1, Vec::new);
        }
        let entities = &mut self.classes[class];
        if entities.len() <= entity {
            entities.resize(entity + 1, 0);
        }
        &mut entities[entity]
    }
}
