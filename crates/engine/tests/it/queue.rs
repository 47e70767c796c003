//! Both queues against an ordered set, over random operations.
//!
//! The pop order of a HOLD run alone once hid a real fault in a wheel of this kind: a block that
//! was narrowed backwards. So the operations here are chosen to be nasty: ties, zero delays,
//! classes below the one popped last, bursts that overflow the bottom, and times far ahead.

use engine::{
    EventQueue, HeapQueue, Order, RadixWheel, Random, RequestStream, Source, Span, Streams, Time,
};
use std::collections::BTreeSet;

const SEEDS: u64 = 40;
const OPERATIONS: u32 = 60_000;

/// How far ahead events are pushed in one phase of a run.
fn delay(phase: u64, random: &mut RequestStream) -> Span {
    let (choice, bits) = (random.below(100), 1 + random.below(62));
    let nanos = match phase % 6 {
        0 => 0,
        1 => random.below_u64(4),
        2 => random.below_u64(1 << bits),
        3 if choice < 90 => 1_000_000,
        3 => 10_000_000_000,
        4 => (random.below_u64(50)) * 10_000_000,
        _ => random.below_u64(1_000_000_000),
    };
    Span::from_nanos(nanos)
}

fn check(queue: &mut impl EventQueue<u64>, seed: u64) {
    let mut random = Streams::new(seed).requests("operations").request(0);
    let mut oracle: BTreeSet<(Order, u64)> = BTreeSet::new();
    let mut now = Time::ZERO;
    let mut phase = 0;
    let mut counter = 0;
    for operation in 0..OPERATIONS {
        if operation % 500 == 0 {
            phase = random.below_u64(12);
        }
        // Odd phases grow, even ones shrink, so that the bottom overflows and runs dry.
        let push = oracle.is_empty() || random.below(100) < if phase % 2 == 0 { 42 } else { 62 };
        if push {
            let source = Source::new(random.below(4) as u8, random.below(3));
            let order = Order::new(now + delay(phase, &mut random), source, counter);
            counter += 1;
            queue.push(order, u64::from(counter));
            oracle.insert((order, u64::from(counter)));
        } else {
            let expected = oracle.pop_first();
            assert_eq!(queue.peek(), expected.map(|(order, _)| order), "seed {seed}");
            let popped = queue.pop();
            assert_eq!(popped, expected, "seed {seed}, operation {operation}");
            now = popped.map_or(now, |(order, _)| order.time());
        }
    }
    while let Some(expected) = oracle.pop_first() {
        assert_eq!(queue.pop(), Some(expected), "seed {seed}, at the end");
    }
    assert_eq!((queue.pop(), queue.peek()), (None, None));
}

#[test]
fn the_wheel_gives_the_order_of_a_set() {
    for seed in 0..SEEDS {
        check(&mut RadixWheel::new(), seed);
    }
}

#[test]
fn the_heap_gives_the_order_of_a_set() {
    for seed in 0..4 {
        check(&mut HeapQueue::new(), seed);
    }
}

#[test]
#[should_panic(expected = "has passed")]
fn the_past_cannot_be_pushed() {
    let mut queue = RadixWheel::new();
    let source = Source::new(0, 0);
    queue.push(Order::new(Time::from_secs(2), source, 0), ());
    queue.pop();
    queue.push(Order::new(Time::from_secs(1), source, 1), ());
}
