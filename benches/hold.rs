//! The HOLD model: with N events pending, take the earliest and schedule another.
//!
//! A step is one event: a pop, an exponential draw with a mean of one second, a push.

use engine::{Distribution, EventQueue, Order, Random, RequestStream, Source, Span, Streams, Time};

/// More than the 4.3 s after which the wheel has done everything it ever does at this load: it
/// spreads its crowded slots that often, and a run that ends before would flatter it.
const WARM_UP: Time = Time::from_secs(6);

/// As large as the model's events.
type Payload = [u64; 2];

/// A queue that always holds the same number of events.
pub(crate) struct Hold<Q> {
    queue: Q,
    random: RequestStream,
    delay: Distribution,
}

impl<Q: EventQueue<Payload>> Hold<Q> {
    /// A queue with so many events, after several simulated seconds of use.
    pub(crate) fn new(queue: Q, pending: u32) -> Self {
        let random = Streams::new(1).requests("hold").request(0);
        let delay = Distribution::Exponential { mean: Span::from_secs(1) };
        let mut hold = Self { queue, random, delay };
        for entity in 0..pending {
            let payload = [u64::from(entity), hold.random.next_u64()];
            hold.push(Time::ZERO, Source::new(0, entity), payload);
        }
        while hold.step().time() < WARM_UP {}
        hold
    }

    /// One event.
    pub(crate) fn step(&mut self) -> Order {
        let (order, payload) = self.queue.pop().expect("what is popped is pushed again");
        self.push(order.time(), order.source(), payload);
        order
    }

    fn push(&mut self, now: Time, source: Source, payload: Payload) {
        let time = now + self.delay.sample(&mut self.random);
        self.queue.push(Order::new(time, source, 0), payload);
    }
}
