//! When a proxy syncs.

use data_plane::bounded_frequency_runner::BoundedFrequencyRunner;
use engine::{Span, Time};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// One step: what the function returns from now on, how far the clock moves, whether a run is wanted.
struct Step {
    succeeds: Option<bool>,
    advance: Span,
    run: bool,
}

fn step(fields: &Fields<'_>) -> Read<Step> {
    let succeeds = match fields.text("set")? {
        None => None,
        Some("ok") => Some(true),
        Some("err") => Some(false),
        Some(other) => return Err(format!("set: ok or err is wanted, not {other}")),
    };
    let advance = Span::from_millis(fields.int_or_zero("advance_ms")?);
    Ok(Step { succeeds, advance, run: fields.flag("run")? })
}

/// Checks a case. The function takes no time, and each step says how often it has run in all.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let (mut runner, steps) = case.input(|f| {
        let span = |name| Ok::<_, Problem>(Span::from_millis(f.needed(name, f.int(name)?)?));
        let runner =
            BoundedFrequencyRunner::new(span("min_ms")?, span("retry_ms")?, span("max_ms")?);
        Ok((runner, f.objects("steps", step)?))
    })?;
    let expected = case.expected(|f| {
        f.each("calls", |value, at| value.as_u64().ok_or_else(|| format!("{at}: a number")))
    })?;
    let mut now = Time::ZERO;
    let (mut calls, mut succeeds) = (0, true);
    let mut got = Vec::new();
    for step in steps {
        succeeds = step.succeeds.unwrap_or(succeeds);
        // Go's test clock jumps: what came due on its way runs where it stops, and so once.
        now += step.advance;
        calls += u64::from(run_if_due(&mut runner, now, succeeds));
        if step.run {
            runner.want();
            calls += u64::from(run_if_due(&mut runner, now, succeeds));
        }
        got.push(calls);
    }
    agree("runs after each step", &expected, &got)
}

fn run_if_due(runner: &mut BoundedFrequencyRunner, now: Time, succeeds: bool) -> bool {
    let begins = runner.begin(now);
    if begins {
        runner.end(now, succeeds);
    }
    begins
}
