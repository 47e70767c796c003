//! The radix wheel: a queue whose cost hardly depends on how many events wait in it.
//!
//! An [`Order`] is read as sixteen digits of eight bits: eight of time, then class, entity and
//! counter. A *block* of level `k` is a run of orders that differ in their lower `k` digits only.
//!
//! ```text
//!            last order of the bottom
//!                      v
//!  ────────────────────┬────────┬────────┬────────┬─────────────── · · · ──┬─────────
//!   popped │  bottom   │ level k, digits above the last's          level k+1 …
//!  ────────────────────┴────────┴────────┴────────┴─────────────── · · · ──┴─────────
//!            sorted      slots: each holds one block, unsorted
//! ```
//!
//! The *bottom* is a small sorted array with everything up to the end of one block. Every later
//! event lies in the slot of the highest digit in which it differs from that end, so earlier
//! levels and lower slots come first. When the bottom runs out, the first slot becomes the new
//! bottom: sorted at once where it is short, else spread a level down first. When the bottom grows
//! too long, its block is narrowed a level and what no longer belongs goes back to the slots.
//!
//! An event is therefore moved a few times whatever the load. Nothing is tuned to the times at
//! hand, and ties cannot hurt: many events of one moment are told apart by the digits below.

use crate::queue::Entry;
use crate::{EventQueue, Order, Time};
use std::cmp::Reverse;
use std::mem;

/// The event queue of every run.
///
/// It gives exactly the order of [`HeapQueue`](crate::HeapQueue). In steady state it allocates
/// nothing, apart from slots so crowded that keeping their buffers would waste memory. It
/// occupies some 130 KiB before the first event.
pub struct RadixWheel<E> {
    /// Everything up to `last`, latest first, so that the earliest is popped off the end.
    bottom: Vec<Entry<E>>,
    /// The end of the bottom's block: its digits below `level` are all ones.
    last: Order,
    /// The level of the bottom's block. No occupied slot is on a lower level.
    level: usize,
    slots: Slots<E>,
    /// The time of the last event popped.
    now: Time,
}

/// A slot of one chunk is sorted; a longer one is spread a level down first.
const CHUNK: usize = 32;
/// A bottom this long takes one more by insertion; a longer one is narrowed.
const BOTTOM_MAX: usize = 64;

impl<E> RadixWheel<E> {
    /// A queue without events.
    pub fn new() -> Self {
        let bottom = Vec::with_capacity(BOTTOM_MAX + 1);
        Self { bottom, last: Order::MAX, level: LEVELS, slots: Slots::new(), now: Time::ZERO }
    }

    /// Makes the first occupied slot the bottom. The bottom is empty before, and after only where
    /// no event is left.
    fn refill(&mut self) {
        debug_assert!(self.bottom.is_empty());
        while let Some((level, digit)) = self.slots.first() {
            if self.slots.try_pour(level, digit, &mut self.bottom) {
                self.bottom.sort_unstable_by_key(|entry| Reverse(entry.order));
                self.last = block_end(self.bottom[0].order, level);
                self.level = level;
                return;
            }
            self.slots.spread(level, digit);
        }
        // Nothing is left, so the block may be everything: a short queue is just a sorted array.
        (self.last, self.level) = (Order::MAX, LEVELS);
    }

    /// Puts an event into the bottom, which it belongs to.
    fn insert(&mut self, entry: Entry<E>) {
        // Most of what belongs here is due soon, so the search begins at the earliest.
        let later = self.bottom.iter().rposition(|other| other.order > entry.order);
        self.bottom.insert(later.map_or(0, |place| place + 1), entry);
        while self.bottom.len() > BOTTOM_MAX && self.level > 0 {
            self.narrow();
        }
    }

    /// Cuts the bottom's block down to the first occupied block one level below.
    fn narrow(&mut self) {
        let earliest = self.bottom.last().expect("a bottom that is too long is not empty").order;
        // An event may come before the block: at the present moment, but for a lower class than
        // the event popped last. It stays, and the block must not follow it backwards, because
        // the slots are placed by the block's upper digits.
        let first = earliest.max(block_start(self.last, self.level));
        self.level -= 1;
        self.last = block_end(first, self.level);
        let later = self.bottom.partition_point(|entry| entry.order > self.last);
        for entry in self.bottom.drain(..later) {
            self.slots.put(self.level, entry);
        }
    }
}

impl<E> Default for RadixWheel<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> EventQueue<E> for RadixWheel<E> {
    #[inline(always)]
    fn push(&mut self, order: Order, event: E) {
        assert!(order.time() >= self.now, "{order:?} is before {}, which has passed", self.now);
        let entry = Entry { order, event };
        if order > self.last {
            self.slots.put(highest_difference(order, self.last), entry);
        } else {
            self.insert(entry);
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<(Order, E)> {
        if self.bottom.is_empty() {
            self.refill();
        }
        let Entry { order, event } = self.bottom.pop()?;
        assert!(order.time() >= self.now, "{order:?} comes after {}", self.now);
        self.now = order.time();
        Some((order, event))
    }

    #[inline]
    fn peek(&mut self) -> Option<Order> {
        if self.bottom.is_empty() {
            self.refill();
        }
        self.bottom.last().map(|entry| entry.order)
    }
}

const DIGIT_BITS: usize = 8;
const DIGITS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 128 / DIGIT_BITS;
/// Occupancy is kept in words of this many slots.
const WORD_BITS: usize = 64;

/// The slots of all levels, and which of them are occupied.
struct Slots<E> {
    slots: Box<[Slot<E>]>,
    /// A bit for each slot.
    occupied: [[u64; DIGITS / WORD_BITS]; LEVELS],
    /// A bit for each level with an occupied slot.
    levels: u32,
    /// Empty chunks, the one used last on top, so that the next to use it finds it in the cache.
    spare: Vec<Vec<Entry<E>>>,
}

/// One block's events, in no order, in chunks of [`CHUNK`].
struct Slot<E> {
    /// The chunk that takes the next event; empty only where the slot is.
    open: Vec<Entry<E>>,
    full: Vec<Vec<Entry<E>>>,
}

impl<E> Slots<E> {
    fn new() -> Self {
        let slot = || Slot { open: Vec::new(), full: Vec::new() };
        let slots = std::iter::repeat_with(slot).take(LEVELS * DIGITS).collect();
        let occupied = [[0; DIGITS / WORD_BITS]; LEVELS];
        Self { slots, occupied, levels: 0, spare: Vec::new() }
    }

    #[inline(always)]
    fn put(&mut self, level: usize, entry: Entry<E>) {
        let digit = digit(entry.order, level);
        let slot = &mut self.slots[level * DIGITS + digit];
        if slot.open.len() == CHUNK {
            let chunk = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK));
            slot.full.push(mem::replace(&mut slot.open, chunk));
        }
        slot.open.push(entry);
        self.occupied[level][digit / WORD_BITS] |= 1 << (digit % WORD_BITS);
        self.levels |= 1 << level;
    }

    /// The occupied slot that comes before all others: its level and its digit.
    #[inline]
    fn first(&self) -> Option<(usize, usize)> {
        let level = (self.levels != 0).then(|| self.levels.trailing_zeros() as usize)?;
        let words = &self.occupied[level];
        let word = words.iter().position(|&word| word != 0).expect("the level is occupied");
        Some((level, word * WORD_BITS + words[word].trailing_zeros() as usize))
    }

    /// Pours a slot into the bottom, unless it should be spread first.
    #[inline]
    fn try_pour(&mut self, level: usize, digit: usize, bottom: &mut Vec<Entry<E>>) -> bool {
        let slot = &mut self.slots[level * DIGITS + digit];
        if level > 0 && !slot.full.is_empty() {
            return false;
        }
        mem::swap(bottom, &mut slot.open);
        if !slot.full.is_empty() {
            bottom.extend(slot.full.drain(..).flatten());
        }
        self.vacate(level, digit);
        true
    }

    /// Spreads a slot over those one level down.
    fn spread(&mut self, level: usize, digit: usize) {
        let index = level * DIGITS + digit;
        while let Some(mut chunk) = self.slots[index].full.pop() {
            for entry in chunk.drain(..) {
                self.put(level - 1, entry);
            }
            self.spare.push(chunk);
        }
        let mut open = mem::take(&mut self.slots[index].open);
        for entry in open.drain(..) {
            self.put(level - 1, entry);
        }
        self.slots[index].open = open;
        self.vacate(level, digit);
    }

    /// Notes that a slot has become empty.
    fn vacate(&mut self, level: usize, digit: usize) {
        let words = &mut self.occupied[level];
        let word = &mut words[digit / WORD_BITS];
        *word &= !(1 << (digit % WORD_BITS));
        // The first test spares the processor from reading all words just after writing one.
        if *word == 0 && *words == [0; DIGITS / WORD_BITS] {
            self.levels &= !(1 << level);
        }
    }
}

/// The digit of an order at a level.
#[inline]
fn digit(order: Order, level: usize) -> usize {
    let half = if level < LEVELS / 2 { order.bits() } else { order.bits() >> 64 };
    (half as u64 >> (level % (LEVELS / 2) * DIGIT_BITS)) as usize % DIGITS
}

/// The level of the highest digit in which two different orders differ.
#[inline]
fn highest_difference(a: Order, b: Order) -> usize {
    (a.bits() ^ b.bits()).ilog2() as usize / DIGIT_BITS
}

/// The first order of the block of a level that an order lies in.
fn block_start(order: Order, level: usize) -> Order {
    Order::from_bits(order.bits() & !lower_digits(level))
}

/// The last order of the block of a level that an order lies in.
fn block_end(order: Order, level: usize) -> Order {
    Order::from_bits(order.bits() | lower_digits(level))
}

/// Ones in all digits below a level.
fn lower_digits(level: usize) -> u128 {
    u128::MAX.checked_shr((128 - level * DIGIT_BITS) as u32).unwrap_or(0)
}
