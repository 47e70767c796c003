//! The help names what works, and mistakes are answered with what was meant.

use super::bench::rollsim;

/// Verbs that are planned; help names each when it is there and not before.
const ALL_VERBS: [&str; 10] = [
    "run",
    "check",
    "compare",
    "sweep",
    "report",
    "explain",
    "kubectl",
    "lab",
    "schema",
    "completions",
];

/// The verbs that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.split("Commands:\n").nth(1).expect("it lists commands");
    let lines = commands.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn help_names_only_verbs_that_work_and_all_of_them() {
    let help = rollsim(&["--help"]).ended_with(0).stdout;
    let listed = listed(&help);
    assert!(listed.contains(&"run".to_owned()) && listed.contains(&"check".to_owned()), "{help}");
    for verb in ALL_VERBS {
        let ran = rollsim(&[verb, "--help"]);
        if listed.iter().any(|name| name == verb) {
            let ran = ran.ended_with(0);
            assert!(ran.stdout.contains(&format!("rollsim {verb}")), "{}", ran.stdout);
        } else {
            ran.ended_with(2);
            let mentioned = help.contains(&format!("rollsim {verb}"));
            assert!(!mentioned, "help shows `{verb}`, which is not there:\n{help}");
        }
    }
}

/// Every flag of `run --help` is one that `run` takes: what it complains of is never the flag.
#[test]
fn help_names_only_flags_that_work() {
    let help = rollsim(&["run", "--help"]).ended_with(0).stdout;
    let words = help.split(|c: char| c.is_whitespace() || "`,[]<>=".contains(c));
    let mut flags: Vec<&str> = words.filter(|word| word.starts_with("--")).collect();
    flags.sort_unstable();
    flags.dedup();
    assert!(flags.contains(&"--seed") && flags.contains(&"--record"), "{flags:?}");
    for flag in flags {
        let ran = rollsim(&["run", flag]);
        assert!(!ran.stderr.contains("unexpected argument"), "{flag}: {}", ran.stderr);
    }
}

#[test]
fn the_examples_of_the_help_are_commands_it_takes() {
    let help = rollsim(&["--help"]).ended_with(0).stdout;
    let examples = help.split("Examples:\n").nth(1).expect("it has examples");
    let mut count = 0;
    for line in examples.lines() {
        let Some(start) = line.find("rollsim ") else { continue };
        // Beside a command stands what it does, two blanks away at least.
        let command = line[start..].split("  ").next().expect("there is a first part");
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        // The files are not here, which is found out after the usage was.
        let ran = rollsim(&arguments);
        assert!(!ran.stderr.contains("Usage:"), "{command}: {}", ran.stderr);
        count += 1;
    }
    assert!(count >= 3, "{help}");
}

#[test]
fn a_mistake_is_answered_with_what_was_meant() {
    // Arguments, and what is proposed.
    let cases: [(&[&str], &str); 5] = [
        (&["runn", "x"], "'run'"),
        (&["chek", "x"], "'check'"),
        (&["run", "--sede", "1", "x"], "'--seed'"),
        (&["run", "-o", "jsn", "x"], "'json'"),
        (&["explain", "refused.listener-close"], "refused.listener-closed"),
    ];
    for (arguments, meant) in cases {
        let ran = rollsim(arguments).ended_with(2).says(&["error", meant]);
        assert!(ran.stdout.is_empty(), "{arguments:?}: {}", ran.stdout);
    }
}

#[test]
fn a_family_of_causes_is_explained_whole_and_what_is_near_nothing_gets_no_suggestion() {
    let family = rollsim(&["explain", "refused"]).ended_with(0).stdout;
    for cause in ["refused.no-endpoints\n", "refused.listener-closed\n", "refused.wrong-port\n"] {
        assert!(family.contains(cause), "{family}");
    }
    assert!(!family.contains("timeout.slow\n"), "{family}");
    rollsim(&["explain", "refusd"]).ended_with(2).says(&["did you mean `refused`?"]);
    let nonsense = rollsim(&["explain", "nonsense"]).ended_with(2);
    assert!(!nonsense.stderr.contains("did you mean"), "{}", nonsense.stderr);
}
