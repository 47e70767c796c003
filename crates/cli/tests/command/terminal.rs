//! What it is like in a pipe: the same bytes, no colour unless asked for, and no complaint when the
//! reader has gone.

use std::{
    io::{BufRead, BufReader},
    process::{Output, Stdio},
};

use super::bench::{Ran, command, folder, rollsim, scenario, short_scenario, write};

const ESCAPE: char = '\u{1b}';

#[test]
fn the_same_input_is_the_same_output_byte_for_byte() {
    let path = scenario("rolling-update");
    for format in ["text", "json"] {
        let run = || rollsim(&["run", &path, "-o", format]).ended_with(0);
        let (once, twice) = (run(), run());
        assert_eq!((once.stdout, once.stderr), (twice.stdout, twice.stderr), "{format}");
    }
}

#[test]
fn there_is_no_colour_in_a_pipe_unless_it_is_asked_for() {
    let folder = folder("colour");
    let good = scenario("selector-typo");
    let bad = write(&folder, "bad.yaml", &short_scenario("  sede: 3\n"));
    // A variable of the environment, flags, whether there is colour.
    let cases: [(Option<&str>, &[&str], bool); 6] = [
        (None, &[], false),
        (Some("NO_COLOR"), &[], false),
        (Some("CLICOLOR_FORCE"), &[], true),
        (None, &["--color", "never"], false),
        (Some("CLICOLOR_FORCE"), &["--color", "never"], false),
        (None, &["--color", "always"], true),
    ];
    for (variable, flags, coloured) in cases {
        for path in [&good, &bad] {
            let mut command = command(&[&["run", path.as_str()], flags].concat());
            command.envs(variable.map(|name| (name, "1"))).stdin(Stdio::null());
            let ran = Ran::of(command.output().expect("the binary is there"));
            let found = ran.stdout.contains(ESCAPE) || ran.stderr.contains(ESCAPE);
            assert_eq!(found, coloured, "{variable:?} {flags:?} {path}");
        }
    }
}

/// What programs read and what goes to files is never coloured.
#[test]
fn json_and_records_have_no_colour_whatever_is_asked_for() {
    let path = scenario("selector-typo");
    for arguments in [&["-o", "json"][..], &["--record", "-"]] {
        let ran = rollsim(&[&["run", &path, "--color", "always"], arguments].concat());
        assert!(!ran.ended_with(0).stdout.contains(ESCAPE), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let path = scenario("rolling-update");
    let completions = ["completions", "bash"];
    let cases: [&[&str]; 5] = [
        // Megabytes, which no pipe holds.
        &["run", &path, "--record", "-"],
        &["run", &path, "-o", "json"],
        &["run", &path],
        &completions,
        &["schema"],
    ];
    for arguments in cases {
        let mut command = command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary is there");
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        reader.read_line(&mut line).expect("there is a first line");
        drop(reader);
        let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
        assert_eq!(status.code(), Some(0), "{arguments:?}");
        assert!(stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        assert!(!line.is_empty(), "{arguments:?}");
    }
}

/// Progress is for terminals; in a log it would be noise.
#[test]
fn a_run_that_goes_well_says_nothing_beside_its_result() {
    let ran = rollsim(&["run", &scenario("rolling-update")]).ended_with(0);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}
