//! Distributions: what is drawn has the mean and the quantiles that are stated, and what is
//! printed is read back.

use engine::{Distribution, Random, Span, Streams};
use proptest::prelude::*;

const SAMPLES: usize = 40_000;

/// Any distribution with moments that samples can be held to.
fn distributions() -> impl Strategy<Value = Distribution> {
    let span = || (1_000_u64..10_000_000_000).prop_map(Span::from_nanos);
    prop_oneof![
        span().prop_map(Distribution::Constant),
        span().prop_map(|mean| Distribution::Exponential { mean }),
        (span(), span()).prop_map(|(a, b)| Distribution::Uniform { low: a.min(b), high: a.max(b) }),
        (span(), 1.0..6.0_f64).prop_map(|(median, factor)| Distribution::LogNormal {
            median,
            p99: median.mul_f64(factor),
        }),
        (span(), 4.5..9.0_f64).prop_map(|(minimum, shape)| Distribution::Pareto { minimum, shape }),
    ]
}

fn samples(distribution: &Distribution, seed: u64) -> Vec<f64> {
    let mut random = Streams::new(seed).named("samples");
    (0..SAMPLES).map(|_| distribution.sample(&mut random).as_nanos() as f64).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_mean_of_many_is_the_mean(distribution in distributions(), seed: u64) {
        let drawn = samples(&distribution, seed);
        let mean = drawn.iter().sum::<f64>() / SAMPLES as f64;
        let square = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let error = (square / SAMPLES as f64 / SAMPLES as f64).sqrt();
        let stated = distribution.mean().expect("these have one").as_nanos() as f64;
        // Six standard errors and the rounding to nanoseconds.
        prop_assert!((mean - stated).abs() <= 6.0 * error + 1.0, "{distribution}: {mean}");
    }

    #[test]
    fn quantiles_are_exceeded_as_often_as_stated(distribution in distributions(), seed: u64) {
        prop_assume!(!matches!(distribution, Distribution::Constant(_)));
        let drawn = samples(&distribution, seed);
        for p in [0.1, 0.5, 0.9, 0.99] {
            let quantile = distribution.quantile(p).as_nanos() as f64;
            let within = drawn.iter().filter(|x| **x <= quantile).count() as f64;
            let error = (p * (1.0 - p) * SAMPLES as f64).sqrt();
            let expected = p * SAMPLES as f64;
            prop_assert!((within - expected).abs() < 6.0 * error, "{distribution} at {p}");
        }
    }

    #[test]
    fn what_is_printed_is_read_back(distribution in distributions()) {
        prop_assert_eq!(distribution.to_string().parse(), Ok(distribution));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9(),=. ]{0,24}") {
        let _ = text.parse::<Distribution>();
    }
}

#[test]
fn every_sample_takes_one_number() {
    let all = [
        "20ms",
        "exp(20ms)",
        "uniform(1ms, 5ms)",
        "lognormal(20ms, p99=90ms)",
        "pareto(10ms, shape=2.5)",
    ];
    for text in all {
        let distribution: Distribution = text.parse().expect(text);
        let mut random = Streams::new(1).named("one");
        let mut other = random.clone();
        distribution.sample(&mut random);
        other.next_u64();
        assert_eq!(random.next_u64(), other.next_u64(), "{text}");
    }
}

#[test]
fn errors_point_into_the_text() {
    let cases = [
        ("gauss(1ms)", 0, "unknown distribution"),
        ("exp()", 4, "a duration is missing"),
        ("exp(20)", 6, "needs a unit"),
        ("exp(-1ms)", 4, "cannot be negative"),
        ("uniform(5ms, 1ms)", 13, "less than the lower end"),
        ("lognormal(20ms, 90ms)", 0, "is written lognormal(20ms, p99=90ms)"),
        ("pareto(10ms, shape=NaN)", 19, ""),
        ("pareto(10ms, shape=0)", 19, ""),
        ("NaN", 0, "unknown distribution"),
        ("exp(20ms", 0, "is written exp(20ms)"),
    ];
    for (text, offset, part) in cases {
        let error = text.parse::<Distribution>().expect_err(text);
        assert_eq!(error.offset(), offset, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}
