//! Exit codes, which scripts and pipelines rely on: 0, 1, 2, 4, 99 and 130.

use super::bench::{command, folder, rollsim, rollsim_reading, scenario, short_scenario, write};

#[test]
fn zero_says_that_all_is_well() {
    let rolling_update = scenario("rolling-update");
    for arguments in [
        &["run", &rolling_update][..],
        &["check", &rolling_update],
        &["explain"],
        &["explain", "refused.listener-closed"],
        &["explain", "RS0101"],
        &["explain", "balancing"],
        &["explain", "envoy.least_request"],
        &["explain", "cluster.controlPlane"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let ran = rollsim(arguments).ended_with(0);
        assert!(!ran.stdout.is_empty(), "{arguments:?} prints nothing");
        assert!(ran.stderr.is_empty(), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn one_says_that_the_tool_failed() {
    let folder = folder("one");
    // A file is where a folder would have to be.
    let file = write(&folder, "file", "");
    let below = format!("{file}/below");
    let path = scenario("selector-typo");
    for flag in ["--record", "--html", "--plots"] {
        let ran = rollsim(&["run", &path, flag, &below]);
        let ran = ran.ended_with(1).says(&["error: ", &file]);
        assert!(ran.stdout.is_empty(), "{flag}: a result that was not all written is none");
    }
}

#[test]
fn two_says_that_the_usage_or_the_input_is_bad() {
    let folder = folder("two");
    let broken = write(&folder, "broken.yaml", "apiVersion: v1\nkind: [");
    let typo = write(&folder, "typo.yaml", &short_scenario("  sede: 3\n"));
    for arguments in [
        &[][..],
        &["run"],
        &["walk"],
        &["run", "--seed", "x", "-"],
        &["run", "--output", "xml", "-"],
        &["run", "no-such-file.yaml"],
        &["run", &broken],
        &["run", &typo],
        &["check", &typo],
        &["explain", "refused.nothing"],
        &["schema", "everything"],
        &["completions", "dos"],
    ] {
        let ran = rollsim(arguments).ended_with(2);
        assert!(!ran.stderr.is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn four_says_that_there_is_nothing_to_run() {
    let config_map = b"apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n";
    let service = b"apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { ports: [ { port: 80 } ] }\n";
    for input in [&b""[..], b"# only a comment\n", config_map, service] {
        let ran = rollsim_reading(&["run", "-"], input).ended_with(4);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("error"), "{ran:?}");
    }
    let empty = folder("four");
    rollsim(&["run", empty.to_str().unwrap()]).ended_with(4).says(&["error"]);
}

#[test]
fn ninety_nine_says_that_an_expectation_failed_and_the_result_is_there() {
    let folder = folder("ninety-nine");
    let lines = "  expect: [ 'requests.total > 1', 'success_rate < 1%' ]\n";
    let path = write(&folder, "failing.yaml", &short_scenario(lines));
    let text = rollsim(&["run", &path]).ended_with(99);
    assert!(text.stdout.contains("success_rate < 1%"), "{}", text.stdout);
    let json = rollsim(&["run", &path, "-o", "json"]).ended_with(99);
    assert!(json.stdout.contains("\"passed\": false"), "{}", json.stdout);
    // What cannot be measured does not hold either.
    let lines = "  expect: [ 'rollout.complete == true' ]\n";
    let path = write(&folder, "unmeasured.yaml", &short_scenario(lines));
    rollsim(&["run", &path]).ended_with(99);
    // And nobody who only checks the file is told so.
    rollsim(&["check", &path]).ended_with(0);
}

/// Ctrl-C ends a run, and what was recorded until then is whole: it has an end.
#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_there_is_and_ends_with_130() {
    use std::{
        io::{Read, Write},
        process::{Command, Stdio},
    };
    let long = short_scenario("").replace("duration: 10s", "duration: 100000s");
    assert!(long.contains("100000s"), "the scenario has a duration to lengthen: {long}");
    let mut child = command(&["run", "--record", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(long.as_bytes()).expect("it reads");
    drop(stdin);
    let mut stdout = child.stdout.take().expect("it is piped");
    // Once it records, it listens for Ctrl-C.
    let mut recorded = vec![0; 1 << 16];
    stdout.read_exact(&mut recorded).expect("it records");
    let signal = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(signal.expect("there is a kill command").success());
    stdout.read_to_end(&mut recorded).expect("it ends");
    let ran = child.wait_with_output().expect("it ends");
    assert_eq!(ran.status.code(), Some(130));
    let last = recorded.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let last: serde_json::Value =
        serde_json::from_slice(last.expect("there is a line")).expect("the last line is whole");
    assert_eq!(last["record"], "Ended", "{last}");
}
