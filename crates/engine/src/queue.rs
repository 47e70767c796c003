//! The pending events, and the plainest way to keep them.

use crate::Order;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The events that have not happened yet, earliest first.
///
/// A queue gives back events by their [`Order`] alone. It has no clock: [`Agenda`](crate::Agenda)
/// has. Nobody asks a queue to forget an event; who no longer wants one ignores it when it comes.
pub trait EventQueue<E> {
    /// Adds an event. Its time must not be before that of the last event popped.
    fn push(&mut self, order: Order, event: E);

    /// Takes the earliest event out, if there is any.
    fn pop(&mut self) -> Option<(Order, E)>;

    /// The order of the earliest event, if there is any. The queue may get ready to give it out.
    fn peek(&mut self) -> Option<Order>;
}

/// The queue of the standard library: slower than [`RadixWheel`](crate::RadixWheel) with many
/// events, but obviously right, so it is the oracle of tests and the baseline of benches.
pub struct HeapQueue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
}

impl<E> HeapQueue<E> {
    /// A queue without events.
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new() }
    }
}

impl<E> Default for HeapQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> EventQueue<E> for HeapQueue<E> {
    fn push(&mut self, order: Order, event: E) {
        self.heap.push(Reverse(Entry { order, event }));
    }

    fn pop(&mut self) -> Option<(Order, E)> {
        self.heap.pop().map(|Reverse(entry)| (entry.order, entry.event))
    }

    fn peek(&mut self) -> Option<Order> {
        self.heap.peek().map(|Reverse(entry)| entry.order)
    }
}

/// An event and its place. Entries compare by place only.
pub(crate) struct Entry<E> {
    pub(crate) order: Order,
    pub(crate) event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order)
    }
}
