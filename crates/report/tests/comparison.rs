//! What is shown of a comparison: the whole text, the whole object, and the figures.

use std::{fs, path::PathBuf};

use metrics::{Comparison, Measure, Trial, comparison::Runs};
use rollsim_report::{ComparisonReport, Style, comparison, comparison_figures, png};

/// A run with its success rate, failed requests, mean and p99 latency and max/share.
fn trial(seed: u64, variant: usize, numbers: [f64; 5]) -> Trial {
    let measures = [
        Measure::SuccessRate,
        Measure::Failed,
        Measure::LatencyMean,
        Measure::LatencyP99,
        Measure::MaxOverShare,
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
    insta::assert_snapshot!(comparison::text(&report(&comparison), Style::PLAIN), @r"
    two-choices   3 variants   seeds 1 to 4

    MEASURE        VARIANT                    MEAN       95% INTERVAL
    success rate   kube-proxy.random           99%           99 to 99
                   envoy.least_request         99%           99 to 99
                   envoy.random                99%           99 to 99
    failed         kube-proxy.random         104.0      98.6 to 109.4
                   envoy.least_request       105.0      99.6 to 110.4
                   envoy.random               96.0      90.6 to 101.4   best
    mean latency   kube-proxy.random      54.00 ms     48.64 to 59.36
                   envoy.least_request    49.05 ms     43.90 to 54.20   best
                   envoy.random           49.95 ms     49.74 to 50.16
    p99 latency    kube-proxy.random     229.00 ms   223.64 to 234.36
                   envoy.least_request   179.00 ms   173.64 to 184.36   best
                   envoy.random          225.15 ms   224.53 to 225.77
    max/share      kube-proxy.random          1.40       1.40 to 1.40
                   envoy.least_request        1.10       1.10 to 1.10   best
                   envoy.random               1.40       1.40 to 1.40

    DIFFERENCES FROM kube-proxy.random
    MEASURE       VARIANT                  MEAN      95% INTERVAL  CHANCE  REAL
    success rate  envoy.least_request      0 pp            0 to 0    100%
                  envoy.random             0 pp            0 to 0    100%
    failed        envoy.least_request        +1          +1 to +1   <0.1%  worse
                  envoy.random               -8         -19 to +3   26.3%
    mean latency  envoy.least_request  -4.95 ms    -5.16 to -4.74   <0.1%  better
                  envoy.random          -4.1 ms      -9.2 to +1.1   26.3%
    p99 latency   envoy.least_request    -50 ms        -50 to -50   <0.1%  better
                  envoy.random          -3.9 ms      -9.8 to +2.1   26.3%
    max/share     envoy.least_request    -0.300  -0.300 to -0.300   <0.1%  better
                  envoy.random                0            0 to 0    100%

    Differences are means over pairs of runs under the same seed. CHANCE is how
    likely one so large would be without a real cause, adjusted for how many differ
    under any seed (Holm); REAL are those of at most 5%. 4 seeds tell little from
    chance: `--seeds 20` tells more.

    warning: app.yaml:3: a warning [RS0013]

    envoy.least_request has more failed requests than kube-proxy.random by 1, a
    lower mean latency by 4.95 ms (4.74 to 5.16), a lower p99 latency by 50 ms and a
    lower max/share of the load by 0.300 over 4 seeds; in success rate they are the
    same under every seed.
    No difference between envoy.random and kube-proxy.random is distinguishable from
    chance over 4 seeds; in success rate and max/share of the load they are the same
    under every seed.
    ");
}

/// Names that a table would cut to the same get numbers, everywhere and with a legend.
#[test]
fn long_names_that_look_alike_are_numbered() {
    let names =
        ["{envoy.least_request: {choice_count: 5}}", "{envoy.least_request: {choice_count: 6}}"];
    let first = names[0].replace("count: 5", "count: 5, selection_method: N_CHOICES");
    let alike = [&*first.replace('5', "4"), &first];
    let text = |names: &[&str]| {
        let comparison = compared(names, &[1.0]);
        comparison::text(&report(&comparison), Style { width: 80, ansi: false })
    };
    let numbered = text(&alike);
    for words in
        ["VARIANTS\n  #1  {envoy", "  #2  {envoy", "DIFFERENCES FROM #1", "\n#2 has more failed"]
    {
        assert!(numbered.contains(words), "{words}:\n{numbered}");
    }
    assert!(!text(&["ipvs.lc", names[1]]).contains('#'));
}

/// Who answers fewer requests is fast with those it answers.
#[test]
fn latencies_of_fewer_answers_are_said_to_be_so() {
    let mut comparison = compared(&["a", "b"], &[1.0]);
    for (runs, rate) in comparison.runs.iter_mut().zip([0.99, 0.5]) {
        for trial in &mut runs.trials {
            trial.values.insert(Measure::SuccessRate, rate);
        }
    }
    let comparison = Comparison::of(comparison.variants, 0, comparison.runs);
    let text = comparison::text(&report(&comparison), Style { width: 200, ansi: false });
    let words = "; latencies are of answered requests alone, of which it has fewer.";
    assert!(text.contains(words), "{text}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the object is shown whole")]
fn json_of_two_variants() {
    let comparison = compared(&["a", "b"], &[1.0]);
    insta::assert_snapshot!(comparison::json(&report(&comparison)), @r#"
    {
      "schemaVersion": 1,
      "tool": "rollsim 0.1.0",
      "scenario": "two-choices",
      "description": "",
      "seeds": [1, 2, 3, 4],
      "loads": [1.0],
      "against": "a",
      "confidence": 0.95,
      "measures": [{
        "name": "success_rate",
        "better": "higher"
      }, {
        "name": "failed",
        "better": "lower"
      }, {
        "name": "latency_mean_ms",
        "better": "lower"
      }, {
        "name": "latency_p99_ms",
        "better": "lower"
      }, {
        "name": "max_over_share",
        "better": "lower"
      }],
      "variants": [{
        "name": "a",
        "load": 1.0,
        "fields": {
          "balancing": "a"
        },
        "fingerprints": ["0000000000000001", "0000000000000002", "0000000000000003", "0000000000000004"],
        "measures": {
          "failed": {
            "mean": 104.0,
            "low": 98.64314463728584,
            "high": 109.35685536271416,
            "best": true,
            "values": [100.0, 108.0, 103.0, 105.0]
          },
          "latency_mean_ms": {
            "mean": 54.00000000000001,
            "low": 48.64314463728585,
            "high": 59.356855362714164,
            "best": false,
            "values": [50.00000000000001, 58.00000000000001, 53.00000000000001, 55.00000000000001]
          },
          "latency_p99_ms": {
            "mean": 229.00000000000003,
            "low": 223.64314463728587,
            "high": 234.35685536271419,
            "best": false,
            "values": [225.00000000000003, 233.00000000000003, 228.00000000000003, 230.00000000000003]
          },
          "max_over_share": {
            "mean": 1.4,
            "low": 1.4,
            "high": 1.4,
            "best": false,
            "values": [1.4, 1.4, 1.4, 1.4]
          },
          "success_rate": {
            "mean": 0.99,
            "low": 0.99,
            "high": 0.99,
            "best": false,
            "values": [0.99, 0.99, 0.99, 0.99]
          }
        }
      }, {
        "name": "b",
        "load": 1.0,
        "fields": {
          "balancing": "b"
        },
        "fingerprints": ["0000000100000001", "0000000100000002", "0000000100000003", "0000000100000004"],
        "measures": {
          "failed": {
            "mean": 105.0,
            "low": 99.64314463728584,
            "high": 110.35685536271416,
            "best": false,
            "values": [101.0, 109.0, 104.0, 106.0]
          },
          "latency_mean_ms": {
            "mean": 49.05000000000001,
            "low": 43.89794148676849,
            "high": 54.202058513231535,
            "best": true,
            "values": [45.20000000000001, 52.900000000000006, 48.10000000000001, 50.00000000000001]
          },
          "latency_p99_ms": {
            "mean": 179.00000000000003,
            "low": 173.64314463728587,
            "high": 184.35685536271419,
            "best": true,
            "values": [175.00000000000003, 183.00000000000003, 178.00000000000003, 180.00000000000003]
          },
          "max_over_share": {
            "mean": 1.1,
            "low": 1.1,
            "high": 1.1,
            "best": true,
            "values": [1.1, 1.1, 1.1, 1.1]
          },
          "success_rate": {
            "mean": 0.99,
            "low": 0.99,
            "high": 0.99,
            "best": false,
            "values": [0.99, 0.99, 0.99, 0.99]
          }
        }
      }],
      "differences": [{
        "variant": "b",
        "load": 1.0,
        "measure": "success_rate",
        "mean": 0.0,
        "low": 0.0,
        "high": 0.0,
        "pairs": 4,
        "p": 1.0,
        "p_adjusted": 1.0,
        "real": false
      }, {
        "variant": "b",
        "load": 1.0,
        "measure": "failed",
        "mean": 1.0,
        "low": 1.0,
        "high": 1.0,
        "pairs": 4,
        "p": 0.0,
        "p_adjusted": 0.0,
        "real": true
      }, {
        "variant": "b",
        "load": 1.0,
        "measure": "latency_mean_ms",
        "mean": -4.949999999999999,
        "low": -5.1554260256760545,
        "high": -4.744573974323944,
        "pairs": 4,
        "p": 4.887339214887376e-6,
        "p_adjusted": 4.887339214887376e-6,
        "real": true
      }, {
        "variant": "b",
        "load": 1.0,
        "measure": "latency_p99_ms",
        "mean": -50.0,
        "low": -50.0,
        "high": -50.0,
        "pairs": 4,
        "p": 0.0,
        "p_adjusted": 0.0,
        "real": true
      }, {
        "variant": "b",
        "load": 1.0,
        "measure": "max_over_share",
        "mean": -0.2999999999999998,
        "low": -0.2999999999999998,
        "high": -0.2999999999999998,
        "pairs": 4,
        "p": 0.0,
        "p_adjusted": 0.0,
        "real": true
      }],
      "sentences": ["b has more failed requests than a by 1, a lower mean latency by 4.95 ms (4.74 to 5.16), a lower p99 latency by 50 ms and a lower max/share of the load by 0.300 over 4 seeds; in success rate they are the same under every seed."],
      "warnings": ["app.yaml:3: a warning [RS0013]"]
    }
    "#);
}

#[test]
fn under_several_loads_each_sentence_says_which() {
    let comparison = compared(&["a", "b"], &[0.5, 1.0]);
    let text = comparison::text(&report(&comparison), Style::PLAIN);
    let sentences = text.rsplit("\n\n").next().expect("there are sentences");
    insta::assert_snapshot!(sentences, @r"
    At 0.5 times the load, b has more failed requests than a by 1, a lower mean
    latency by 1.06 ms (0.86 to 1.27), a lower p99 latency by 11.1 ms and a lower
    max/share of the load by 0.300 over 4 seeds; in success rate they are the same
    under every seed.
    At the scenario's own load, b has more failed requests than a by 1, a lower mean
    latency by 4.95 ms (4.74 to 5.16), a lower p99 latency by 50 ms and a lower
    max/share of the load by 0.300 over 4 seeds; in success rate they are the same
    under every seed.
    ");
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
