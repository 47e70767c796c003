//! Everything drawn, for every shape of run: well-formed, the same twice, and left in the target
//! folder (`target/tmp/report/`) for people to look at.

#[path = "example/mod.rs"]
mod example;
#[path = "example/report.rs"]
mod reports;

use std::{fs, path::PathBuf};

use metrics::Measures;
use rollsim_report::{Style, figures, html, json, png, text};

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    folder
}

fn write(name: String, bytes: impl AsRef<[u8]>) {
    fs::write(folder().join(name), bytes).expect("the target folder can be written to");
}

fn check(name: &str, measures: &Measures, concluded: bool) {
    let report = || if concluded { reports::report(measures) } else { reports::bare(measures) };
    for figure in figures(&report()) {
        let pixels = png(&figure.svg);
        assert!(pixels.starts_with(b"\x89PNG"));
        write(format!("{name}-{}.svg", figure.name), &figure.svg);
        write(format!("{name}-{}.png", figure.name), pixels);
    }
    assert_eq!(figures(&report()), figures(&report()));
    assert_eq!(html(&report()), html(&report()));
    write(format!("{name}.html"), html(&report()));
    write(format!("{name}.json"), json(&report()));
    let plain = text(&report(), Style::PLAIN);
    assert_eq!(plain, text(&report(), Style::PLAIN));
    write(format!("{name}.txt"), plain);
    let colour = text(&report(), Style { ansi: true, width: 110 });
    write(format!("{name}.ansi.txt"), colour);
}

#[test]
fn a_rolling_update() {
    check("rolling", &example::rolling_update(), true);
}

#[test]
fn many_pods() {
    check("many", &example::many_pods(), true);
}

#[test]
fn long_names() {
    check("long", &example::long_names(), true);
}

#[test]
fn one_pod_and_no_failure() {
    check("quiet", &example::quiet(), false);
}

#[test]
fn no_request_at_all() {
    check("nothing", &example::nothing(), false);
}

#[test]
fn a_busy_hour() {
    check("busy", &example::busy_hour(), true);
}
