//! The help names what works, and mistakes are answered with what was meant.

use super::bench::{rollsim, rollsim_reading, short_scenario};

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
    let cases: [(&[&str], &str); 8] = [
        (&["runn", "x"], "'run'"),
        (&["chek", "x"], "'check'"),
        (&["run", "--sede", "1", "x"], "'--seed'"),
        (&["run", "-o", "jsn", "x"], "'json'"),
        (&["explain", "refused.listener-close"], "refused.listener-closed"),
        (&["explain", "envoy.least_requests"], "did you mean `envoy.least_request`?"),
        (&["explain", "envoy.slow_strat"], "did you mean `envoy.slow_start`?"),
        (&["explain", "balanceing"], "did you mean `balancing`?"),
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

const LEAST_REQUEST: &str = "\
envoy.least_request: the best of a few by active requests; turns by weight and
load where weights differ

It balances requests, each by itself; beside a sender also connections, with
`level: connection`.
When endpoints change, who stays keeps its active requests; turns by weight
begin anew.

What can be set, and its default
  choice_count         2 (a whole number from 2)
                       How many endpoints are compared.
  selection_method     N_CHOICES (one of N_CHOICES, FULL_SCAN)
                       Whether to compare a few that are drawn, or all.
  active_request_bias  1 (a number from 0)
                       How much active requests reduce a weight, where weights
                       differ.

In a Scenario
  balancing: { envoy.least_request: { choice_count: 2 } }
";

const PICK_FIRST: &str = "\
grpc.pick_first: one endpoint for all calls, until its connection breaks or it
leaves the list

It balances connections: all requests over one go to one endpoint.
When endpoints change, the endpoint that is in use is kept, as long as it is in
the list.

What can be set, and its default
  shuffle_address_list  false (true or false)
                        Whether the addresses are put in a random order, the
                        heavy ones rather to the front.

In a Scenario
  balancing: { grpc.pick_first: { shuffle_address_list: false } }
";

const SLOW_START: &str = "\
envoy.slow_start: a new endpoint's weight grows steadily, from a tenth

It is a layer, which goes around any policy.

What can be set, and its default
  slow_start_window   1m (a duration)
                      How long an endpoint is new; Envoy has no default.
  aggression          1 (a number from 0.001)
                      How fast the weight grows at first: 1 is a straight line,
                      more is faster.
  min_weight_percent  10 (a number from 0 to 100)
                      What it begins with, in percent of its weight.
  step                1s (a duration)
                      How often weights are worked out; Envoy does it whenever
                      it chooses.

In a Scenario
  balancing: { envoy.least_request: {}, layers: [{ envoy.slow_start: { slow_start_window: 1m } }] }
";

#[test]
fn policies_and_layers_are_explained() {
    let cases = [
        ("envoy.least_request", LEAST_REQUEST),
        ("grpc.pick_first", PICK_FIRST),
        ("envoy.slow_start", SLOW_START),
    ];
    for (name, wanted) in cases {
        assert_eq!(rollsim(&["explain", name]).ended_with(0).stdout, wanted);
    }
}

#[test]
fn a_project_is_explained_by_what_it_has() {
    let envoy = rollsim(&["explain", "envoy"]).ended_with(0).stdout;
    for name in ["envoy.least_request", "envoy.slow_start"] {
        assert!(envoy.contains(&format!("\n  {name} ")), "{envoy}");
    }
    assert!(!envoy.contains("haproxy."), "{envoy}");
}

/// All are listed, and what is said to be a line of a Scenario is one.
#[test]
fn each_policy_and_layer_is_listed_and_its_line_is_read() {
    let list = rollsim(&["explain", "balancing"]).ended_with(0).stdout;
    let mut seen = 0;
    for name in list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()) {
        let page = rollsim(&["explain", name]).ended_with(0).stdout;
        let line = page.split("\nIn a Scenario\n").nth(1).expect("it says how it is written");
        let text = short_scenario(line);
        let ran = rollsim_reading(&["check", "-"], text.as_bytes());
        assert!(ran.code == 0, "{line}{}", ran.stderr);
        seen += 1;
    }
    assert!(seen > 70, "{list}");
}
