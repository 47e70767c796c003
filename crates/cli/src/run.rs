//! `rollsim run`: rehearse and report.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use metrics::{Measures, Verdict};
use record::{JsonLines, Recorder};
use report::Report;
use scenario::{Code, Diagnostic, Loaded, Scenario, Severity, Sources, load_applying};
use sim::Ending;

use crate::{
    args::{Format, Run},
    attendant::Attendant,
    check::{judge, report as report_diagnostics},
    disk::Disk,
    exit, output,
    rehearsal::rehearse,
    trials,
};

pub(crate) const TOOL: &str = concat!("rollsim ", env!("CARGO_PKG_VERSION"));

/// Columns of the text report: what a terminal has at least.
const WIDTH: usize = 80;

/// Rehearses what the paths hold.
pub(crate) fn run(args: &Run) -> io::Result<u8> {
    let loaded = load_applying(&args.paths, &args.apply, &Disk, &judge);
    report_diagnostics(&loaded);
    let Some(scenario) = &loaded.scenario else { return Ok(not_run(&loaded)) };
    if nothing_to_run(scenario) {
        return Ok(exit::NOTHING_TO_RUN);
    }
    let seed = args.seed.unwrap_or(scenario.seed);
    let attendant = Attendant::new();
    attendant.say("rehearsing");
    let (measures, ending) = rehearse_recorded(scenario, seed, &attendant, args.record.as_deref())?;
    let report = assemble(&loaded, scenario, seed, (&measures, ending), &attendant, args);
    attendant.leave();
    write_files(args, &report)?;
    match args.output {
        _ if args.record.as_deref() == Some(Path::new("-")) => {}
        Format::Text => output::print(&report::text(&report, text_style()))?,
        Format::Json => output::print_bytes(report::json(&report).as_bytes())?,
    }
    let held = report.verdicts.iter().all(|verdict| verdict.passed);
    Ok(match held {
        _ if attendant.interrupted() => exit::INTERRUPTED,
        true => exit::ALL_WELL,
        false => exit::EXPECTATION_FAILED,
    })
}

/// Whether nothing would happen in a run; then it is said.
pub(crate) fn nothing_to_run(scenario: &Scenario) -> bool {
    let nothing = scenario.deployments.is_empty() && scenario.clients.is_empty();
    if nothing {
        output::warn(
            "error: there is nothing to run: no Deployment, and nobody who sends requests\n  \
             = help: name a scenario file, or a folder with Deployments and Services",
        );
    }
    nothing
}

/// Files in which there is nothing are another matter than files with mistakes in them.
pub(crate) fn not_run(loaded: &Loaded) -> u8 {
    let errors = loaded.diagnostics.iter().filter(|it| it.severity() == Severity::Error);
    match errors.map(|it| it.code).all(|code| code == Code::NothingThere) {
        true => exit::NOTHING_TO_RUN,
        false => exit::BAD_INPUT,
    }
}

/// Colour is taken off again where nobody wants it.
pub(crate) fn text_style() -> report::Style {
    report::Style { ansi: true, width: WIDTH }
}

fn rehearse_recorded(
    scenario: &Scenario,
    seed: u64,
    attendant: &Attendant,
    record: Option<&Path>,
) -> io::Result<(Measures, Ending)> {
    let Some(path) = record else { return Ok(rehearse(scenario, seed, attendant, None)) };
    let sink: Box<dyn Write> = if path == Path::new("-") {
        Box::new(io::stdout().lock())
    } else {
        output::make_folder_of(path)?;
        Box::new(File::create(path).map_err(|error| output::named(path, &error))?)
    };
    let mut lines = JsonLines::new(BufWriter::new(sink), sim::BEGIN);
    let result = rehearse(scenario, seed, attendant, Some(&mut lines as &mut dyn Recorder));
    match lines.finish() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output::named(path, &error)),
        _ => Ok(result),
    }
}

fn assemble<'a>(
    loaded: &Loaded,
    scenario: &'a Scenario,
    seed: u64,
    (measures, ending): (&'a Measures, Ending),
    attendant: &Attendant,
    args: &Run,
) -> Report<'a> {
    let mut warnings = warnings(ending);
    let advice = if args.no_advice || ending.interrupted {
        Vec::new()
    } else if let Some(too_long) = trials::too_long(measures, ending) {
        warnings.push(too_long);
        Vec::new()
    } else {
        trials::advise(scenario, &loaded.sources, seed, measures, attendant)
    };
    Report {
        tool: TOOL,
        inputs: inputs(args),
        scenario: &scenario.name,
        description: &scenario.description,
        seed,
        measures,
        verdicts: verdicts(scenario, measures),
        advice,
        warnings,
        about_files: loaded.diagnostics.iter().map(|it| line_of(it, &loaded.sources)).collect(),
        interrupted: ending.interrupted,
    }
}

/// The arguments that name files to read.
fn inputs(args: &Run) -> Vec<String> {
    let applied = args.apply.iter().flat_map(|path| ["--apply", path.as_str()]);
    let paths = args.paths.iter().map(String::as_str);
    paths.chain(applied).map(str::to_owned).collect()
}

fn verdicts(scenario: &Scenario, measures: &Measures) -> Vec<Verdict> {
    let parse =
        |text: &str| metrics::Expectation::parse(text).expect("the scenario reader had it judged");
    scenario.expect.iter().map(|expected| parse(&expected.text).check(measures)).collect()
}

fn warnings(ending: Ending) -> Vec<String> {
    let interrupted = "interrupted: these are the results until then".to_owned();
    let interrupted = ending.interrupted.then_some(interrupted);
    interrupted.into_iter().chain(about_ending(ending)).collect()
}

/// What a run's ending says about its numbers.
pub(crate) fn about_ending(ending: Ending) -> Vec<String> {
    let mut warnings = Vec::new();
    if !ending.settled {
        warnings.push(
            "not every Deployment was complete when the scenario began: the cluster had five \
             minutes to set up"
                .to_owned(),
        );
    }
    if ending.unsent > 0 {
        warnings.push(format!(
            "{} could not be sent: no pod of the client was running",
            metrics::words::many(ending.unsent, "request")
        ));
    }
    warnings
}

/// What was found about the input, on one line.
pub(crate) fn line_of(found: &Diagnostic, sources: &Sources) -> String {
    let place = found.place(sources);
    let place = place.map_or_else(String::new, |place| format!("{}:{}: ", place.file, place.line));
    format!("{place}{} [{}]", found.message, found.code)
}

fn write_files(args: &Run, report: &Report<'_>) -> io::Result<()> {
    if let Some(folder) = &args.plots {
        for figure in report::figures(report) {
            let path = |ending: &str| folder.join(format!("{}.{ending}", figure.name));
            output::write(&path("svg"), figure.svg.as_bytes())?;
            output::write(&path("png"), &report::png(&figure.svg))?;
        }
    }
    match &args.html {
        Some(path) => output::write(path, report::html(report).as_bytes()),
        None => Ok(()),
    }
}
