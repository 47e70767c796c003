//! Random streams: repeatable, separate, even.

use engine::{Random, Streams};

fn draws(mut random: impl Random) -> Vec<u64> {
    (0..4).map(|_| random.next_u64()).collect()
}

/// Golden values: a change here changes every fingerprint, so it must be meant.
#[test]
fn streams_are_the_same_on_every_machine() {
    let streams = Streams::new(1);
    assert_eq!(draws(streams.named("arrivals")), GOLDEN_NAMED);
    assert_eq!(draws(streams.requests("workload").request(7)), GOLDEN_REQUEST);
}

const GOLDEN_NAMED: [u64; 4] =
    [9217662563180001504, 4931378864472707915, 18328915879724203156, 7409171426221005598];
const GOLDEN_REQUEST: [u64; 4] =
    [6270917997148420684, 11608023342420711059, 7469152010714379600, 16995067146486671001];

#[test]
fn a_stream_depends_on_seed_and_name_only() {
    let streams = Streams::new(1);
    let alone = draws(streams.named("a"));
    let _ = draws(streams.named("b"));
    assert_eq!(draws(streams.named("a")), alone);
    assert_ne!(draws(streams.named("b")), alone);
    assert_ne!(draws(Streams::new(2).named("a")), alone);
}

#[test]
fn requests_have_streams_of_their_own() {
    let requests = Streams::new(1).requests("workload");
    let firsts: std::collections::BTreeSet<u64> =
        (0..100_000).map(|number| requests.request(number).next_u64()).collect();
    assert_eq!(firsts.len(), 100_000);
}

#[test]
fn two_draws_at_once_are_the_next_two() {
    let (mut one, mut two) = (Streams::new(1).named("a"), Streams::new(1).named("a"));
    let two: &mut dyn Random = &mut two;
    for n in 1..1000 {
        assert_eq!(two.two_below(n), [one.below(n), one.below(n)]);
        assert_eq!(two.next_two_u64(), (one.next_u64(), one.next_u64()));
    }
}

/// Chi-squared over a thousand cells: of the streams' own draws, and of first draws of many
/// requests, which must look independent too.
#[test]
fn draws_are_even() {
    let streams = Streams::new(3);
    let requests = streams.requests("cells");
    let mut named = streams.named("cells");
    let mut cells = [[0_u32; 1000]; 2];
    for number in 0..1_000_000 {
        cells[0][named.below(1000) as usize] += 1;
        cells[1][requests.request(number).below(1000) as usize] += 1;
    }
    for cells in cells {
        let squares: f64 = cells
            .iter()
            .map(|&n| {
                let d = f64::from(n) - 1000.0;
                d * d / 1000.0
            })
            .sum();
        // Mean 999 and standard deviation 44.7; five of them.
        assert!((squares - 999.0).abs() < 224.0, "{squares}");
    }
}

#[test]
fn a_unit_is_above_zero_and_up_to_one() {
    let mut random = Streams::new(1).named("unit");
    let mean = (0..100_000).map(|_| random.unit()).inspect(|u| assert!(*u > 0.0 && *u <= 1.0));
    let mean = mean.sum::<f64>() / 100_000.0;
    // Five standard errors of 1/√12/√n.
    assert!((mean - 0.5).abs() < 0.0046, "{mean}");
}
