//! The `rollsim` command: arguments, files, the terminal and exit codes, and nothing else.
//!
//! It is the only place that opens files and prints. stdout is the result and is the same bytes for
//! the same input; stderr has what is said about the input, and how far a run has come.
//!
//! | module | what |
//! |---|---|
//! | `args` | the command line, one definition a flag |
//! | `disk` | files for the scenario reader |
//! | `output` | stdout that ends quietly when its reader has gone, and files |
//! | `run`, `check`, `compare`, `explain`, `kubectl` | the verbs |
//! | `rehearsal` | one run: a scenario in, measures out |
//! | `attendant` | who attends a run: the progress line, and Ctrl-C |
//! | `side_by_side` | many runs on all processors |
//! | `trials` | changed scenarios, run to see whether a change helps |
//! | `exit` | exit codes |

mod args;
mod attendant;
mod check;
mod compare;
mod disk;
mod exit;
mod explain;
mod kubectl;
mod output;
mod rehearsal;
mod run;
mod side_by_side;
mod trials;

use std::process::ExitCode;

use args::{Args, Verb};
use clap::CommandFactory;

fn main() -> ExitCode {
    let args = Args::parse();
    args.color.write_global();
    let result = match args.verb {
        Verb::Run(run) => run::run(&run),
        Verb::Check(check) => check::check(&check),
        Verb::Compare(compare) => compare::compare(&compare),
        Verb::Explain(explain) => explain::explain(&explain),
        Verb::Kubectl(kubectl) => kubectl::kubectl(&kubectl),
        Verb::Schema => output::print(&scenario::schema()).map(|()| exit::ALL_WELL),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "rollsim", &mut script);
            output::print_bytes(&script).map(|()| exit::ALL_WELL)
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::warn(&format!("error: {failure}"));
            ExitCode::from(exit::FAILED)
        }
    }
}
