//! The HOLD model: with N events pending, take the earliest and schedule another.
//!
//! One iteration is one event: a pop, an exponential draw with a mean of one second, a push. The
//! radix wheel and the heap of the standard library run side by side, so that the ratio between
//! them can be read on any machine. Each queue is used for several simulated seconds before it is
//! measured: the wheel spreads its crowded slots every 4.3 s, and a run that ends before would
//! flatter it.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use engine::{
    Distribution, EventQueue, HeapQueue, Order, RadixWheel, Random, RequestStream, Source, Span,
    Streams, Time,
};
use std::hint::black_box;

const PENDING: [u32; 3] = [1_000, 100_000, 1_000_000];
/// More than the 4.3 s after which the wheel has done everything it ever does at this load.
const WARM_UP: Time = Time::from_secs(6);

/// As large as a typical event of the model.
type Payload = [u64; 2];

fn hold(criterion: &mut Criterion) {
    for pending in PENDING {
        let mut group = criterion.benchmark_group(format!("hold/{pending}"));
        group.bench_function(BenchmarkId::from_parameter("wheel"), |bencher| {
            let mut hold = Hold::new(RadixWheel::new(), pending);
            bencher.iter(|| black_box(hold.step()));
        });
        group.bench_function(BenchmarkId::from_parameter("heap"), |bencher| {
            let mut hold = Hold::new(HeapQueue::new(), pending);
            bencher.iter(|| black_box(hold.step()));
        });
        group.finish();
    }
}

struct Hold<Q> {
    queue: Q,
    random: RequestStream,
    delay: Distribution,
}

impl<Q: EventQueue<Payload>> Hold<Q> {
    fn new(queue: Q, pending: u32) -> Self {
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

    fn step(&mut self) -> Order {
        let (order, payload) = self.queue.pop().expect("what is popped is pushed again");
        self.push(order.time(), order.source(), payload);
        order
    }

    fn push(&mut self, now: Time, source: Source, payload: Payload) {
        let time = now + self.delay.sample(&mut self.random);
        self.queue.push(Order::new(time, source, 0), payload);
    }
}

criterion_group!(benches, hold);
criterion_main!(benches);
