//! The event queue on its own, in the HOLD model.
//!
//! The radix wheel and the heap of the standard library run side by side, so that the ratio between
//! them can be read on any machine.

mod hold;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use engine::{HeapQueue, RadixWheel};
use hold::Hold;
use std::hint::black_box;

const PENDING: [u32; 3] = [1_000, 100_000, 1_000_000];

fn queue(criterion: &mut Criterion) {
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

criterion_group!(benches, queue);
criterion_main!(benches);
