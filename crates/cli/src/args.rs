//! The command line.

use std::path::{Path, PathBuf};

use ::kubectl::command::SIMULATED;
use clap::{Parser, Subcommand, ValueEnum, error::ErrorKind};
use engine::Span;

use crate::{exit, output};

/// Rehearse a Kubernetes rollout before you ship it: how many requests fail, why, and which line
/// of which manifest would have saved them.
#[derive(Debug, Parser)]
#[command(name = "rollsim", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// When to use colour; `auto` is on a terminal that wants it (NO_COLOR and CLICOLOR are minded).
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Args {
    /// Parses the process's arguments, or exits as clap does.
    pub(crate) fn parse() -> ParsedArgs {
        let Self { color, verb } = <Self as Parser>::try_parse().unwrap_or_else(|error| {
            // Who names a file where a verb belongs wants to run it.
            let first = std::env::args().nth(1).filter(|first| Path::new(first).exists());
            let file = first.filter(|_| error.kind() == ErrorKind::InvalidSubcommand);
            let Some(file) = file else { error.exit() };
            let _ = error.print();
            output::warn(&format!("\n  tip: to rehearse it, write `rollsim run {file}`"));
            std::process::exit(i32::from(exit::BAD_INPUT))
        });
        ParsedArgs { color, verb }
    }
}

/// What was asked for.
pub(crate) struct ParsedArgs {
    pub(crate) color: ColorChoice,
    pub(crate) verb: Verb,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    // Sentences about the values would make `--help` list them one a line.
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Makes it the choice for everything that is printed.
    pub(crate) fn write_global(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

const AFTER_RUN_HELP: &str = "\
Exit codes: 0 all expectations held, or there were none, whatever failed · 99 one did not hold · \
1 the tool failed · 2 bad usage or input · 4 nothing to run · 130 interrupted";

const AFTER_HELP: &str = "\
Exit codes: 0 all well · 1 the tool failed · 2 bad usage or input · 4 nothing to run · \
99 an expectation failed · 130 interrupted

Examples:
  rollsim run scenarios/rolling-update.yaml
  rollsim run k8s/                      plain manifests: a restart under a default load
  helm template . | rollsim run -       what a chart makes
  rollsim run scenario.yaml --html report.html --plots out/
  rollsim compare scenario.yaml --vary cluster.proxy.mode=iptables,nftables
  rollsim kubectl -s scenario.yaml --at 45s get pods -o wide";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Rehearse a scenario, or plain manifests, and report.
    Run(Run),
    /// Say what is wrong with scenarios and manifests, without running them.
    Check(Check),
    /// Run a scenario with several values of a field, and say which differences are real.
    Compare(Compare),
    /// Explain a cause of failure, a diagnostic code, a load-balancing policy or a field.
    Explain(Explain),
    /// Look at the simulated cluster at a moment, as kubectl shows it.
    Kubectl(Kubectl),
    /// Print the JSON Schema of the Scenario document, for editors and other programs.
    #[command(after_help = AFTER_SCHEMA_HELP)]
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// `rollsim run`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_RUN_HELP)]
pub(crate) struct Run {
    /// A scenario file, or files and folders of manifests; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Apply this file or folder to the manifests at 30s, instead of restarting every Deployment; may be
    /// given several times. For manifests without a Scenario: that has a timeline.
    #[arg(long, value_name = "PATH")]
    pub(crate) apply: Vec<String>,
    /// What to print: a report for people, or one object for programs.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Format,
    /// Use this seed instead of the scenario's.
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Write what happened, one fact a line (NDJSON); `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Write the figures as SVG and PNG into a folder, which is made if it is missing.
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub(crate) plots: Option<PathBuf>,
    /// Write the report as one offline page; its folder is made if it is missing.
    #[arg(long, value_name = "FILE", value_parser = named)]
    pub(crate) html: Option<PathBuf>,
    /// Do not look for a change that would help, which takes further runs.
    #[arg(long)]
    pub(crate) no_advice: bool,
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// A folder, there or not.
fn folder(path: &str) -> Result<PathBuf, &'static str> {
    match named(path)? {
        path if path.is_file() => Err("this is a file; there are several figures: name a folder"),
        path => Ok(path),
    }
}

/// A path that has to be a name: standard output is the result's already.
fn named(path: &str) -> Result<PathBuf, &'static str> {
    match path {
        "-" => Err("this cannot go to standard output, where the result goes; give a name"),
        _ => Ok(PathBuf::from(path)),
    }
}

/// A format of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// `rollsim check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Scenario files, or files and folders of manifests; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Apply this file or folder to the manifests at 30s, instead of restarting every Deployment; may be
    /// given several times. For manifests without a Scenario: that has a timeline.
    #[arg(long, value_name = "PATH")]
    pub(crate) apply: Vec<String>,
}

/// `rollsim compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_COMPARE_HELP)]
pub(crate) struct Compare {
    /// A scenario file, or files and folders of manifests with one; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// A field of the Scenario, by its path below `spec`, and the values it is to have in turn; given
    /// several times, all combinations.
    #[arg(long, required = true, value_name = "FIELD=VALUE,VALUE")]
    pub(crate) vary: Vec<String>,
    /// Run each variant under so many seeds, the same for all.
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub(crate) seeds: u64,
    /// Use this as the first seed instead of the scenario's.
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Hold the others against the variant with this value, instead of the first; with several
    /// fields, their values with commas between them.
    #[arg(long, value_name = "VALUE")]
    pub(crate) against: Option<String>,
    /// Run each variant with every client's rate of requests multiplied by each of these.
    #[arg(long, value_name = "FACTOR,FACTOR", value_delimiter = ',', value_parser = load_factor)]
    pub(crate) load: Vec<f64>,
    /// What to print: a report for people, or one object for programs.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Format,
    /// Write the figures as SVG and PNG into a folder, which is made if it is missing.
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub(crate) plots: Option<PathBuf>,
}

const AFTER_COMPARE_HELP: &str = "\
Variants meet the same arrivals under the same seed, so differences are looked at seed by seed. \
Real are those that are more than chance at 95 %, for all of them together. Expectations of the \
scenario are left alone.

Values are YAML as it would stand behind the field; commas within brackets or quotes part nothing, \
`null` leaves the field out. Items of a list go by their `name`.

Exit codes: 0 all well, whatever failed or differs · 1 the tool failed · 2 bad usage or input · \
4 nothing to run · 130 interrupted

Examples:
  rollsim compare scenario.yaml --vary cluster.proxy.mode=iptables,nftables,ipvs
  rollsim compare scenario.yaml --vary clients.shop.connections=perRequest,http2 --load 0.5,1,1.5 --plots out/
  rollsim compare scenario.yaml --vary 'images[\"web:v1\"].concurrency=4,8' --seeds 30 -o json";

fn load_factor(text: &str) -> Result<f64, &'static str> {
    let factor: Option<f64> = text.trim().parse().ok();
    let factor = factor.filter(|factor| (0.001..=1000.0).contains(factor));
    factor.ok_or("a factor is a number from 0.001 to 1000, such as 0.5")
}

const AFTER_EXPLAIN_HELP: &str = "\
Examples:
  rollsim explain refused.listener-closed   why requests failed, and what helps
  rollsim explain RS0101                    what a finding means
  rollsim explain balancing                 all load-balancing policies
  rollsim explain envoy.least_request       what one does, and what can be set
  rollsim explain cluster.controlPlane      a field of a Scenario, and those below it";

/// `rollsim kubectl`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_KUBECTL_HELP)]
pub(crate) struct Kubectl {
    /// The scenario file, or files and folders of manifests.
    #[arg(short, long, required = true, value_name = "PATH")]
    pub(crate) scenario: Vec<String>,
    /// The moment: how long after the scenario's beginning.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub(crate) at: Span,
    /// Where `-w` and `rollout status` stop to wait; the scenario's end where it is not said.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Span>,
    /// Use this seed instead of the scenario's.
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    // The text is made of the commands that there are.
    #[arg(
        help = format!("What one would type after `kubectl`: {}", SIMULATED.join(", ")),
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub(crate) line: Vec<String>,
}

const AFTER_KUBECTL_HELP: &str = "\
Output and exit codes are kubectl's.

Examples:
  rollsim kubectl -s scenarios/rolling-update.yaml --at 32s get pods -o wide
  rollsim kubectl -s scenarios/rolling-update.yaml --at 32s get deploy,rs,svc,endpointslices
  rollsim kubectl -s scenarios/rolling-update.yaml --at 29s get pods -w
  rollsim kubectl -s scenarios/rolling-update.yaml --at 32s rollout status deployment/web";

const AFTER_SCHEMA_HELP: &str = "\
It is JSON Schema, draft 2020-12. An editor that knows YAML completes and checks a scenario by it, \
if the first line of the file says where it is:
  # yaml-language-server: $schema=scenario.schema.json

`rollsim check` finds more: what fields mean together, and with the manifests.

Example:
  rollsim schema > scenario.schema.json";

/// `rollsim explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_EXPLAIN_HELP)]
pub(crate) struct Explain {
    /// A cause such as `refused.listener-closed`, a family of them such as `refused`, a code such
    /// as RS0101, a policy or a layer such as `envoy.least_request`, a project of these such as
    /// `envoy`, or a field of a Scenario such as `cluster.controlPlane`; `balancing` lists policies
    /// and layers. If absent, causes and codes are listed.
    #[arg(value_name = "CAUSE|CODE|POLICY|FIELD")]
    pub(crate) what: Option<String>,
}
