//! A command line and what it prints.
//!
//! *Left out:* all commands but those of `SIMULATED`.

mod create;
pub mod describe;
mod dry_run;
mod exec;
mod expose;
mod flags;
mod get;
mod help;
mod left_out;
mod line;
pub mod programs;
mod rollout;
mod run;
mod strconv;
mod wanted;

use jiff::Timestamp;
use serde_json::Value;

use flags::{Flag, Flags};
pub use programs::{Connection, Inside, Lookup, Reverse};

use crate::object::enumeration;

/// The cluster that a command is about, at one moment.
pub trait Cluster {
    /// The moment.
    fn now(&self) -> Timestamp;

    /// All objects of a kind, in the order of their namespaces and names.
    fn objects(&self, kind: &str) -> Vec<Value>;

    /// How objects of a kind change from this moment on: when, and the object as it is then or was
    /// last. Nothing where nobody knows what comes.
    fn changes(&self, _kind: &str) -> Vec<(Timestamp, Value)> {
        Vec::new()
    }

    /// The moment after which nobody sees any more what changes.
    fn watched_until(&self) -> Timestamp {
        self.now()
    }

    /// What a container of a namespace sees, by the names of its pod and its own, or that of a new
    /// pod; `None` where there are no containers.
    fn inside<'a>(
        &'a self,
        _namespace: &'a str,
        _container: Option<(&'a str, &'a str)>,
    ) -> Option<Box<dyn Inside + 'a>> {
        None
    }
}

/// What a command prints, and how it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// To stdout.
    pub stdout: String,
    /// To stderr, after that.
    pub stderr: String,
    /// To stdout, at last.
    pub last: String,
    /// The exit code, 1 as kubectl's where something went wrong.
    pub code: u8,
}

impl Printed {
    /// Nothing but a complaint.
    fn error(text: impl Into<String>) -> Self {
        let mut printed = Self::default();
        printed.complain(&text.into());
        printed
    }

    /// Prints what another one prints, and ends as it does.
    fn append(&mut self, other: Self) {
        self.stdout.push_str(&other.stdout);
        self.stderr.push_str(&other.stderr);
        self.last.push_str(&other.last);
        self.code = other.code;
    }

    fn complain(&mut self, text: &str) {
        self.stderr.push_str(text);
        self.stderr.push('\n');
        self.code = 1;
    }
}

/// What can be done here.
pub const SIMULATED: [&str; 8] = [
    "get",
    "describe",
    "expose",
    "create service",
    "rollout status",
    "rollout history",
    "exec",
    "run",
];

/// Commands of kubectl that change the cluster.
const CHANGING: [&str; 15] = [
    "annotate",
    "apply",
    "autoscale",
    "certificate",
    "cordon",
    "delete",
    "drain",
    "edit",
    "label",
    "patch",
    "replace",
    "scale",
    "set",
    "taint",
    "uncordon",
];

/// The others: those that are simulated, and those that are said not to be.
const COMMANDS: [&str; 31] = [
    "alpha",
    "api-resources",
    "api-versions",
    "attach",
    "auth",
    "cluster-info",
    "completion",
    "config",
    "cp",
    "create",
    "debug",
    "describe",
    "diff",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "help",
    "kuberc",
    "kustomize",
    "logs",
    "options",
    "plugin",
    "port-forward",
    "proxy",
    "rollout",
    "run",
    "top",
    "version",
    "wait",
];

/// Carries out a command line, without `kubectl` in front.
#[must_use]
pub fn execute(line: &[String], cluster: &dyn Cluster) -> Printed {
    let line = line::command_first(line);
    let Some((command, rest)) = line.split_first().filter(|(first, _)| !first.starts_with('-'))
    else {
        return Printed::error(format!(
            "error: no command; the simulated cluster knows {}",
            enumeration(&SIMULATED)
        ));
    };
    match command.as_str() {
        "get" => with_flags("get", get::FLAGS, rest, |flags| get::get(flags, cluster)),
        "expose" => {
            with_flags("expose", expose::FLAGS, rest, |flags| expose::expose(flags, cluster))
        }
        "describe" => with_flags("describe", describe::FLAGS, rest, |flags| {
            describe::describe(flags, cluster)
        }),
        "create" => create::create(rest, cluster),
        "rollout" => rollout::rollout(rest, cluster),
        "exec" => {
            let (own, program) = exec::split(rest);
            with_flags("exec", exec::FLAGS, own, |flags| exec::exec(flags, program, cluster))
        }
        "run" => {
            let (own, program) = exec::split(rest);
            with_flags("run", run::FLAGS, own, |flags| run::run(flags, program, cluster))
        }
        other => Printed::error(refusal(other)),
    }
}

fn with_flags(
    command: &str,
    known: &[Flag],
    line: &[String],
    carry_out: impl FnOnce(&Flags) -> Printed,
) -> Printed {
    if line.iter().any(|word| word == "--help" || word == "-h") {
        return Printed { stdout: flags::help(command, known), ..Printed::default() };
    }
    Flags::parse(command, known, line).map_or_else(Printed::error, |flags| carry_out(&flags))
}

/// Why a command is not carried out.
fn refusal(command: &str) -> String {
    if CHANGING.contains(&command) {
        return format!(
            "error: `kubectl {command}` changes the cluster, which stands still here\n  = help: the \
             scenario's timeline is for what changes, the manifests are for what is there"
        );
    }
    if command == "wait" {
        return "error: `kubectl wait` is not simulated yet\n  = help: `rollout status` waits for a \
                rollout, `get -w` shows every change up to --until"
            .to_owned();
    }
    if COMMANDS.contains(&command) {
        return format!(
            "error: `kubectl {command}` is not simulated yet; {} are",
            enumeration(&SIMULATED)
        );
    }
    unknown_command(command)
}

/// kubectl's words, with what is at most two letters away (`SuggestionsFor`).
fn unknown_command(word: &str) -> String {
    let mut text = format!("error: unknown command \"{word}\" for \"kubectl\"");
    let all = COMMANDS.into_iter().chain(CHANGING);
    let mut alike: Vec<&str> = all
        .filter(|known| strsim::levenshtein(known, word) <= 2 || known.starts_with(word))
        .collect();
    alike.sort_unstable();
    if !alike.is_empty() {
        text.push_str("\n\nDid you mean this?");
        alike.iter().for_each(|known| text.push_str(&format!("\n\t{known}")));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Empty;

    impl Cluster for Empty {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn objects(&self, _: &str) -> Vec<Value> {
            Vec::new()
        }
    }

    #[test]
    fn a_command_that_is_not_carried_out_says_why() {
        let simulated = "get, describe, expose, create service, rollout status, rollout history, exec \
                         and run";
        let cases = [
            (
                "uncordon",
                "error: `kubectl uncordon` changes the cluster, which stands still".to_owned(),
            ),
            (
                "port-forward",
                format!("error: `kubectl port-forward` is not simulated yet; {simulated}"),
            ),
            (
                "wait",
                "error: `kubectl wait` is not simulated yet\n  = help: `rollout status`".to_owned(),
            ),
            (
                "scael",
                "error: unknown command \"scael\" for \"kubectl\"\n\nDid you mean".to_owned(),
            ),
        ];
        for (command, expected) in cases {
            let printed = execute(&[command.to_owned()], &Empty);
            assert!(printed.stderr.starts_with(&expected), "{command}: {}", printed.stderr);
            assert_eq!(printed.code, 1, "{command}");
        }
    }
}
