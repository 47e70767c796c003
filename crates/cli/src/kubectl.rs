//! `rollsim kubectl`: kubectl against the simulated cluster at a moment.

mod container;
mod stopped;

use std::io;

use ::kubectl::command::execute;
use engine::Span;
use scenario::load;

use crate::{
    args::Kubectl,
    check::{judge, report},
    disk::Disk,
    exit, output,
};
use stopped::Stopped;

/// Runs the scenario up to a moment and carries out a kubectl command line there.
pub(crate) fn kubectl(args: &Kubectl) -> io::Result<u8> {
    let loaded = load(&args.scenario, &Disk, &judge);
    let Some(scenario) = &loaded.scenario else {
        report(&loaded);
        return Ok(exit::BAD_INPUT);
    };
    let duration = scenario.duration;
    let until = args.until.unwrap_or(duration);
    for (flag, moment, least) in [("--at", args.at, Span::ZERO), ("--until", until, args.at)] {
        let problem = if moment > duration {
            format!("the scenario ends after {duration}")
        } else if moment < least {
            format!("that is before --at {least}")
        } else {
            continue;
        };
        output::warn(&format!(
            "error: {flag} {moment}: {problem}\n  = help: name a moment from {least} to {duration}"
        ));
        return Ok(exit::BAD_INPUT);
    }
    let cluster = Stopped::new(scenario, args.seed.unwrap_or(scenario.seed), args.at, until);
    let printed = execute(&args.line, &cluster);
    output::print(&printed.stdout)?;
    if !printed.stderr.is_empty() {
        output::warn(&printed.stderr);
    }
    output::print(&printed.last)?;
    Ok(printed.code)
}
