//! What is shown of a comparison: the whole text, the whole object, and the figures.

use std::{fs, path::PathBuf};

use metrics::{Comparison, Measure, Trial, comparison::Runs};
use rollsim_report::{ComparisonReport, Style, comparison, comparison_figures, png};

/// A run with its success rate, failed requests, mean and p99 latency and max/mean.
fn trial(seed: u64, variant: usize, numbers: [f64; 5]) -> Trial {
    let measures = [
        Measure::SuccessRate,
        Measure::Failed,
        Measure::LatencyMean,
        Measure::LatencyP99,
        Measure::MaxOverMean,
    ];
    Trial {
        seed,
        fingerprint: format!("{variant:08x}{seed:08x}"),
        values: measures.into_iter().zip(numbers).collect(),
        warnings: Vec::new(),
    }
}

/// Four seeds whose runs differ widely, and their pairs little.
fn runs(variant: usize, load: f64) -> Runs {
    let spread = [0.0, 8.0, 3.0, 5.0];
    let trials = (1..).zip(spread).map(|(seed, noise)| {
        let wobble = [0.0, 0.2, -0.1, 0.1][seed as usize % 4];
        let queue = load / (1.4 - load);
        let numbers = match variant {
            0 => [0.99, 100.0 + noise, 20.0 * queue + noise, 90.0 * queue + noise, 1.4],
            1 => [0.99, 101.0 + noise, 18.0 * queue + noise + wobble, 70.0 * queue + noise, 1.1],
            _ => [0.99, 100.0 - noise, 20.0 * queue - wobble, 90.0 * queue + 3.0 * wobble, 1.4],
        };
        trial(seed, variant, numbers)
    });
    Runs { variant, load, trials: trials.collect() }
}

fn compared(names: &[&str], loads: &[f64]) -> Comparison {
    let runs = loads.iter().flat_map(|load| (0..names.len()).map(|place| runs(place, *load)));
    let runs = runs.collect();
    Comparison::of(names.iter().map(|name| (*name).to_owned()).collect(), 0, runs)
}

fn report(comparison: &Comparison) -> ComparisonReport<'_> {
    let setting = |name: &String| vec![("balancing".to_owned(), name.clone())];
    ComparisonReport {
        tool: "rollsim 0.1.0",
        scenario: "two-choices",
        description: "",
        settings: comparison.variants.iter().map(setting).collect(),
        comparison,
        warnings: vec!["app.yaml:3: a warning [RS0013]".to_owned()],
    }
}

#[test]
fn text_at_eighty_columns() {
    let names = ["kube-proxy.random", "envoy.least_request", "envoy.random"];
    let comparison = compared(&names, &[1.0]);
    insta::assert_snapshot!(comparison::text(&report(&comparison), Style::PLAIN), @"");
}

#[test]
fn json_of_two_variants() {
    let comparison = compared(&["a", "b"], &[1.0]);
    insta::assert_snapshot!(comparison::json(&report(&comparison)), @"");
}

#[test]
fn under_several_loads_each_sentence_says_which() {
    let comparison = compared(&["a", "b"], &[0.5, 1.0]);
    let text = comparison::text(&report(&comparison), Style::PLAIN);
    let sentences = text.rsplit("\n\n").next().expect("there are sentences");
    insta::assert_snapshot!(sentences, @"");
    assert!(text.contains("AT 0.5 TIMES THE LOAD\nMEASURE"), "{text}");
}

/// Drawn for every shape, the same twice, and left for people to look at.
#[test]
fn figures_of_points_and_of_curves() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let long = ["{ envoy.least_request: { choice_count: 3, active_request_bias: 1.0 } }", "<b>&"];
    let many: Vec<String> = (0..9).map(|place| format!("variant-{place}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases: [(&str, &[&str], &[f64]); 4] = [
        ("points", &["kube-proxy.random", "envoy.least_request", "envoy.random"], &[1.0]),
        ("long", &long, &[1.0]),
        ("curves", &["kube-proxy.random", "envoy.least_request"], &[0.3, 0.5, 0.7, 0.9, 1.2]),
        ("many", &many, &[0.3, 0.9, 1.3, 1.38]),
    ];
    for (name, variants, loads) in cases {
        let comparison = compared(variants, loads);
        let figures = comparison_figures(&report(&comparison));
        assert_eq!(figures, comparison_figures(&report(&comparison)));
        let names: Vec<&str> = figures.iter().map(|figure| figure.name).collect();
        assert_eq!(names, ["compare-latency", "compare-balance"]);
        for figure in figures {
            let pixels = png(&figure.svg);
            assert!(pixels.starts_with(b"\x89PNG"));
            let path = |ending| folder.join(format!("{}-{name}.{ending}", figure.name));
            fs::write(path("png"), pixels).expect("it can be written");
            fs::write(path("svg"), &figure.svg).expect("it can be written");
        }
    }
}
