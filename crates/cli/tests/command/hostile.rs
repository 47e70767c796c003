//! Input that nobody means well with gets an answer, and soon.

use std::{process::Stdio, sync::mpsc, thread, time::Duration};

use super::bench::{MANIFESTS, Ran, command, folder, short_scenario, write};

/// Far more than any of them takes, on the slowest machine too.
const SOON: Duration = Duration::from_secs(30);

/// Runs the command, which must end soon.
fn answer(arguments: &[&str]) -> Ran {
    let mut command = command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary is there");
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(SOON);
    let output = output.unwrap_or_else(|_| panic!("{arguments:?}: no answer in {SOON:?}"));
    drop(waiter.join());
    Ran::of(output.expect("it ends"))
}

/// An alias of an alias of an alias, each nine times.
fn billion_laughs() -> String {
    let mut text = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for (name, last) in ('b'..='j').zip('a'..='i') {
        let aliases = vec![format!("*{last}"); 9].join(", ");
        text += &format!("{name}: &{name} [{aliases}]\n");
    }
    text
}

fn texts() -> Vec<(&'static str, String)> {
    let manifests = |from: &str, to: &str| {
        assert!(MANIFESTS.contains(from), "{from}");
        MANIFESTS.replace(from, to)
    };
    vec![
        ("billion-laughs", billion_laughs()),
        ("deep", "[".repeat(100_000)),
        ("deeper", "a: {".repeat(100_000)),
        ("indented", (0..2_000).map(|n| " ".repeat(n) + "a:\n").collect()),
        ("documents", "---\n".repeat(50_000)),
        ("one-line", "x".repeat(4 << 20)),
        ("keys", (0..100_000).map(|n| format!("k{n}: 1\n")).collect()),
        ("recursion", "a: &a [*a]\n".to_owned()),
        ("controls", "apiVersion: \u{1}\u{7f}\u{85}\u{feff}\n".to_owned()),
        ("right-to-left", "kind: \u{202e}tnemyolpeD\napiVersion: apps/v1\n".to_owned()),
        ("replicas", manifests("replicas: 2", "replicas: 2147483647")),
        ("more-replicas", manifests("replicas: 2", "replicas: 99999999999999999999")),
        ("negative", manifests("replicas: 2", "replicas: -1")),
        ("port", manifests("containerPort: 8080", "containerPort: 65536")),
        ("period", manifests("periodSeconds: 2", "periodSeconds: 2147483647")),
        ("duration", short_scenario("").replace("10s", "999999999999h")),
        ("rate", short_scenario("").replace("50/s", "1e308/s")),
        ("no-rate", short_scenario("").replace("50/s", "nan/s")),
        ("start", short_scenario("").replace("start: 1s", "start: 1e300s")),
        ("heavy-tail", short_scenario("").replace("start: 1s", "start: 'pareto(1s, shape=0.01)'")),
        ("nodes", short_scenario("  cluster: { nodes: { count: 4294967295 } }\n")),
        ("manifests", short_scenario("  manifests: [ ., .., /, ../../.. ]\n")),
        ("itself", short_scenario("  manifests: [ itself.yaml ]\n")),
        ("devices", short_scenario("  manifests: [ /dev/zero, /dev/tty, /proc/self/mem ]\n")),
    ]
}

#[test]
fn hostile_texts_are_answered_soon_and_without_a_panic() {
    let folder = folder("hostile");
    for (name, text) in texts() {
        let path = write(&folder, &format!("{name}.yaml"), &text);
        for verb in ["check", "run"] {
            let ran = answer(&[verb, &path]);
            assert!([0, 2, 4].contains(&ran.code), "{verb} {name}: {ran:?}");
            // An answer that nobody can read is none.
            assert!(ran.stderr.len() < 200_000, "{verb} {name}: {} bytes", ran.stderr.len());
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let folder = folder("bytes");
    let path = folder.join("bytes.yaml");
    let name = path.to_str().unwrap();
    for bytes in [&b"\xff\xfe\x00a"[..], b"a: \xc3\x28\n", b"\x00\x00\x00"] {
        std::fs::write(&path, bytes).unwrap();
        answer(&["run", name]).ended_with(2).says(&["error", name]);
    }
}

/// A folder that has itself in it, by a link.
#[cfg(unix)]
#[test]
fn a_circle_of_links_ends() {
    let folder = folder("circle");
    std::os::unix::fs::symlink(&folder, folder.join("again")).unwrap();
    let ran = answer(&["run", folder.to_str().unwrap()]);
    assert!([2, 4].contains(&ran.code), "{ran:?}");
}

/// Names come from files that somebody else wrote: they must not reach the terminal as commands.
#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let folder = folder("escapes");
    let evil = "metadata: { name: \"web\\e[2J\\e]0;owned\\a\" }";
    let texts = [
        MANIFESTS.replace("metadata: { name: web }", evil),
        short_scenario("").replace("metadata: { name: short }", evil),
        short_scenario("").replace("name: shop", "name: \"shop\\e[2J\""),
        short_scenario("  description: \"\\e[2J\"\n"),
        short_scenario("  \"\\e[2J\": 1\n"),
        short_scenario("  expect: [ \"\\e[2J > 1\" ]\n"),
    ];
    for (index, text) in texts.iter().enumerate() {
        let path = write(&folder, &format!("{index}.yaml"), text);
        for arguments in [&["run", &path][..], &["check", &path], &["run", &path, "-o", "json"]] {
            let ran = answer(&[arguments, &["--color", "never"]].concat());
            let bad = |c: char| c.is_control() && c != '\n';
            assert!(!ran.stdout.contains(bad), "{arguments:?} {index}: {:?}", ran.stdout);
            assert!(!ran.stderr.contains(bad), "{arguments:?} {index}: {:?}", ran.stderr);
        }
    }
}
