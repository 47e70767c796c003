//! A command line and what it prints.
//!
//! *Left out:* all commands but `get`, `describe`, `expose`, `create service`, `rollout status`, `rollout
//! history`, `exec` and `run`.

mod create;
pub mod describe;
mod dry_run;
mod exec;
mod expose;
mod flags;
mod get;
pub mod programs;
mod rollout;
mod wanted;

use jiff::Timestamp;
use serde_json::Value;

use flags::Flags;
pub use programs::{Connection, Inside, Lookup};

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
    /// To stderr.
    pub stderr: String,
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
        self.code = other.code;
    }

    fn complain(&mut self, text: &str) {
        self.stderr.push_str(text);
        self.stderr.push('\n');
        self.code = 1;
    }
}

/// What can be done here.
const SIMULATED: &str =
    "get, describe, expose, create service, rollout status, rollout history, exec and run";

/// Commands of kubectl that change the cluster.
const CHANGING: [&str; 11] = [
    "annotate",
    "apply",
    "autoscale",
    "cordon",
    "delete",
    "drain",
    "edit",
    "label",
    "patch",
    "scale",
    "set",
];

/// The others, for a hint where one is mistyped and to tell those that are not there yet.
const COMMANDS: [&str; 11] = [
    "api-resources",
    "create",
    "describe",
    "exec",
    "explain",
    "expose",
    "get",
    "logs",
    "rollout",
    "run",
    "top",
];

/// Carries out a command line, without `kubectl` in front.
#[must_use]
pub fn execute(line: &[String], cluster: &dyn Cluster) -> Printed {
    let Some((command, rest)) = line.split_first() else {
        return Printed::error(format!(
            "error: no command; the simulated cluster knows {SIMULATED}"
        ));
    };
    match command.as_str() {
        "get" => Flags::parse("get", get::FLAGS, rest)
            .map_or_else(Printed::error, |flags| get::get(&flags, cluster)),
        "expose" => Flags::parse("expose", expose::FLAGS, rest)
            .map_or_else(Printed::error, |flags| expose::expose(&flags, cluster)),
        "describe" => Flags::parse("describe", describe::FLAGS, rest)
            .map_or_else(Printed::error, |flags| describe::describe(&flags, cluster)),
        "create" => create::create(rest, cluster),
        "rollout" => rollout::rollout(rest, cluster),
        "exec" => {
            let (own, program) = exec::split(rest);
            Flags::parse("exec", exec::EXEC_FLAGS, own)
                .map_or_else(Printed::error, |flags| exec::exec(&flags, program, cluster))
        }
        "run" => {
            let (own, program) = exec::split(rest);
            Flags::parse("run", exec::RUN_FLAGS, own)
                .map_or_else(Printed::error, |flags| exec::run(&flags, program, cluster))
        }
        known if CHANGING.contains(&known) => Printed::error(format!(
            "error: `kubectl {known}` changes the cluster, which stands still here\n  = help: the \
             scenario's timeline is for what changes, the manifests are for what is there"
        )),
        known if COMMANDS.contains(&known) => Printed::error(format!(
            "error: `kubectl {known}` is not simulated yet; {SIMULATED} are"
        )),
        unknown => Printed::error(unknown_command(unknown)),
    }
}

fn unknown_command(word: &str) -> String {
    let mut text = format!("error: unknown command \"{word}\" for \"kubectl\"");
    let all = COMMANDS.into_iter().chain(CHANGING);
    let alike: Vec<&str> = all.filter(|known| strsim::levenshtein(known, word) <= 2).collect();
    if !alike.is_empty() {
        text.push_str("\n\nDid you mean this?");
        alike.iter().for_each(|known| text.push_str(&format!("\n\t{known}")));
        text.push('\n');
    }
    text
}
