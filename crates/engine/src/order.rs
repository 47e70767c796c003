//! The total order of events.

use crate::Time;
use std::cmp::Ordering;
use std::fmt;

/// Who an event is for.
///
/// Events of one moment are ordered by their source, never by who scheduled first, so adding an
/// entity or moving a line of code cannot reorder the others. What a class stands for is the
/// model's to say; entities of a class are numbered densely from zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source {
    /// The kind of entity. Lower classes go first.
    pub class: u8,
    /// The number of the entity within its class. Lower numbers go first.
    pub entity: u32,
}

impl Source {
    /// The entity numbered `entity` of the class `class`.
    pub const fn new(class: u8, entity: u32) -> Self {
        Self { class, entity }
    }
}

/// The place of one event among all events: time, then class, then entity, then counter.
///
/// ```text
///  127            64 63    56 55      24 23        0
///  | time, 64 bits  | class  |  entity  |  counter |
/// ```
///
/// The 128 bits are kept as two words, so that an event beside them is not padded to 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    time: Time,
    tie: u64,
}

impl Order {
    /// The counter has this many bits; higher ones are cut off.
    pub const COUNTER_BITS: u32 = 24;

    /// The last order of all.
    pub(crate) const MAX: Self = Self { time: Time::MAX, tie: u64::MAX };

    /// The `counter`th event for `source`, to happen at `time`. Only the lower
    /// [`COUNTER_BITS`](Self::COUNTER_BITS) of the counter are kept.
    pub const fn new(time: Time, source: Source, counter: u32) -> Self {
        let class = (source.class as u64) << 56;
        let entity = (source.entity as u64) << Self::COUNTER_BITS;
        let counter = counter & ((1 << Self::COUNTER_BITS) - 1);
        Self { time, tie: class | entity | counter as u64 }
    }

    /// When the event happens.
    pub const fn time(self) -> Time {
        self.time
    }

    /// Who the event is for.
    pub const fn source(self) -> Source {
        Source::new((self.tie >> 56) as u8, (self.tie >> Self::COUNTER_BITS) as u32)
    }

    /// How many events the source had before this one, modulo 2²⁴.
    pub const fn counter(self) -> u32 {
        self.tie as u32 & ((1 << Self::COUNTER_BITS) - 1)
    }

    /// All of it as one number, which compares as the order does.
    pub const fn bits(self) -> u128 {
        (self.time.as_nanos() as u128) << 64 | self.tie as u128
    }

    /// The order whose [`bits`](Self::bits) these are.
    pub(crate) const fn from_bits(bits: u128) -> Self {
        Self { time: Time::from_nanos((bits >> 64) as u64), tie: bits as u64 }
    }
}

/// Compares the two words as one number: a subtraction with borrow instead of two branches.
impl Ord for Order {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits().cmp(&other.bits())
    }
}

impl PartialOrd for Order {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { class, entity } = self.source();
        write!(f, "{} {class}/{entity}#{}", self.time, self.counter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(nanos: u64, class: u8, entity: u32, counter: u32) {
            let order = Order::new(Time::from_nanos(nanos), Source::new(class, entity), counter);
            prop_assert_eq!(order.time().as_nanos(), nanos);
            prop_assert_eq!(order.source(), Source::new(class, entity));
            prop_assert_eq!(order.counter(), counter % (1 << 24));
            prop_assert_eq!(Order::from_bits(order.bits()), order);
        }

        #[test]
        fn time_class_entity_and_counter_decide_in_turn(
            a in (0_u64..3, 0_u8..3, 0_u32..3, 0_u32..3),
            b in (0_u64..3, 0_u8..3, 0_u32..3, 0_u32..3),
        ) {
            let pack = |(nanos, class, entity, counter)| {
                Order::new(Time::from_nanos(nanos), Source::new(class, entity), counter)
            };
            prop_assert_eq!(pack(a).cmp(&pack(b)), a.cmp(&b));
        }
    }
}
