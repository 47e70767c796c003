//! `rollsim compare`: the same scenario with other values, under the same seeds.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use metrics::{Comparison, Trial, comparison::Runs, words};
use policy::Level;
use report::ComparisonReport;
use scenario::{
    Client, Code, Connections, Diagnostic, Loaded, Scenario, Sources, Style, Variant, Variation,
    load_variant, render,
};

use crate::{
    args::{Compare, Format},
    attendant::Attendant,
    check::judge,
    disk::Kept,
    exit, output,
    rehearsal::rehearse,
    run::{TOOL, about_ending, line_of, not_run, nothing_to_run, text_style},
    side_by_side::side_by_side,
};

/// Fewer seeds than these are no comparison: one pair says nothing about chance.
const FEWEST_SEEDS: u64 = 2;

/// What is to be run.
struct Plan {
    variants: Vec<Variant>,
    settings: Vec<Vec<(String, String)>>,
    against: usize,
    /// The first variant as it was read, for what is said about all.
    first: Scenario,
    /// Ascending.
    loads: Vec<f64>,
    /// By load, and for each by variant.
    scenarios: Vec<Scenario>,
    seeds: Vec<u64>,
    /// About the files and the options.
    warnings: Vec<String>,
}

/// Runs every variant under every seed, and says which differences are real.
pub(crate) fn compare(args: &Compare) -> io::Result<u8> {
    let plan = match plan(args) {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let attendant = Attendant::new();
    let runs = run_all(&plan, &attendant);
    attendant.leave();
    let done = runs.first().map_or(0, |runs| runs.trials.len()) as u64;
    let interrupted = attendant.interrupted();
    if interrupted && done < FEWEST_SEEDS {
        output::warn("error: interrupted before every variant had run under two seeds");
        return Ok(exit::INTERRUPTED);
    }
    let names = plan.variants.iter().map(|variant| variant.name().to_owned()).collect();
    let comparison = Comparison::of(names, plan.against, runs);
    let mut warnings = plan.warnings;
    if interrupted {
        warnings.push(format!("interrupted: this is over the first {done} seeds"));
    }
    let report = ComparisonReport {
        tool: TOOL,
        scenario: &plan.first.name,
        description: &plan.first.description,
        settings: plan.settings,
        comparison: &comparison,
        warnings,
    };
    print(args, &report)?;
    Ok(if interrupted { exit::INTERRUPTED } else { exit::ALL_WELL })
}

fn print(args: &Compare, report: &ComparisonReport<'_>) -> io::Result<()> {
    if let Some(folder) = &args.plots {
        for figure in report::comparison_figures(report) {
            let path = |ending: &str| folder.join(format!("{}.{ending}", figure.name));
            output::write(&path("svg"), figure.svg.as_bytes())?;
            output::write(&path("png"), &report::png(&figure.svg))?;
        }
    }
    match args.output {
        Format::Text => output::print(&report::comparison::text(report, text_style())),
        Format::Json => output::print_bytes(report::comparison::json(report).as_bytes()),
    }
}

/// What is to be run, or the code to exit with once it was said what is wrong.
fn plan(args: &Compare) -> Result<Plan, u8> {
    let variation = Variation::read(&args.vary).map_err(|unvaried| {
        output::warn(&render(&unvaried.diagnostics, &unvaried.sources, stderr_style()));
        exit::BAD_INPUT
    })?;
    let against = match &args.against {
        None => 0,
        Some(values) => variation
            .named(values)
            .map_err(|help| refuse(&format!("no variant is called `{values}`"), &help))?,
    };
    let variants = variation.variants();
    let (read, mut warnings) = read_all(args, &variation, &variants)?;
    warnings.extend(about_connections(&variants, &read));
    let loads = loads(&args.load)?;
    let mut scenarios = Vec::new();
    for load in &loads {
        for scenario in &read {
            let at_load = scenario.at_load(*load);
            scenarios.push(at_load.ok_or_else(|| {
                let message = format!("at {load} times the load there are too many requests");
                refuse(&message, "write smaller factors behind `--load`")
            })?);
        }
    }
    let first = read.into_iter().next().expect("there are variants");
    let seed = args.seed.unwrap_or(first.seed);
    let Some(end) = seed.checked_add(args.seeds) else {
        let message = format!("there are not {} seeds from {seed} on", args.seeds);
        return Err(refuse(&message, "write a smaller `--seed`"));
    };
    Ok(Plan {
        settings: variants.iter().map(|variant| variation.settings(variant)).collect(),
        seeds: (seed..end).collect(),
        variants,
        against,
        first,
        loads,
        scenarios,
        warnings,
    })
}

/// Reads every variant; what several of them have wrong is said once.
fn read_all(
    args: &Compare,
    variation: &Variation,
    variants: &[Variant],
) -> Result<(Vec<Scenario>, Vec<String>), u8> {
    let files = Kept::default();
    let (mut scenarios, mut warnings, mut said) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut refused = None;
    let load = |variant| load_variant(&args.paths, &files, &judge, variation, variant);
    let mut all: Vec<Loaded> = variants.iter().map(load).collect();
    leave_to_others(&mut all);
    for mut loaded in all {
        let line = |found: &_, sources: &Sources| line_of(found, sources);
        let sources = &loaded.sources;
        loaded.diagnostics.retain(|found| said.insert(line(found, sources)));
        warnings.extend(loaded.diagnostics.iter().map(|found| line(found, sources)));
        if !loaded.diagnostics.is_empty() {
            output::warn(&render(&loaded.diagnostics, &loaded.sources, stderr_style()));
        }
        match ready(&loaded) {
            Ok(()) => scenarios.extend(loaded.scenario),
            Err(code) => refused = refused.or(Some(code)),
        }
    }
    match refused {
        None => Ok((scenarios, warnings)),
        Some(code) => Err(code),
    }
}

/// Takes out that a setting of the files counts for nothing with some of the variants, where it does count
/// with another. What the variants say themselves is not taken out.
fn leave_to_others(all: &mut [Loaded]) {
    let place = |found: &Diagnostic, sources: &Sources| {
        let place = found.place(sources).filter(|_| found.code == Code::NoEffect)?;
        (place.file != Variation::NAME).then_some((place.file, place.line, place.column))
    };
    let mut counts = BTreeMap::new();
    for loaded in all.iter() {
        let places = loaded.diagnostics.iter().filter_map(|it| place(it, &loaded.sources));
        for place in places.collect::<BTreeSet<_>>() {
            *counts.entry(place).or_insert(0) += 1;
        }
    }
    let variants = all.len();
    for Loaded { diagnostics, sources, .. } in all {
        diagnostics.retain(|it| place(it, sources).is_none_or(|it| counts[&it] == variants));
    }
}

/// How requests of a client come by connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connects {
    /// Its senders keep some, as it says.
    ByItself,
    /// The balancers beside its senders keep some.
    ByBalancer,
    /// Each request opens one.
    EachTime,
}

fn connects(client: &Client) -> Connects {
    let level = client.balancing.as_ref().map(|beside| beside.level);
    match (level, client.connections) {
        (Some(Level::Request), _) => Connects::ByBalancer,
        (Some(Level::Connection) | None, Connections::PerRequest) => Connects::EachTime,
        _ => Connects::ByItself,
    }
}

/// What to say where the connections of a client are kept by others, or not at all, in some variants: with the
/// policy, that differs too.
fn about_connections(variants: &[Variant], scenarios: &[Scenario]) -> Option<String> {
    let has = |scenario: &Scenario, name: &str, how: Connects| {
        let mut clients = scenario.clients.iter();
        clients.any(|client| client.name == name && connects(client) == how)
    };
    let ways = [Connects::ByBalancer, Connects::ByItself, Connects::EachTime];
    let in_use = |name: &str| {
        let is = |how: &Connects| scenarios.iter().any(|scenario| has(scenario, name, *how));
        ways.into_iter().filter(is).collect::<Vec<_>>()
    };
    let clients = scenarios.iter().flat_map(|scenario| &scenario.clients);
    let mut names = clients.map(|client| client.name.as_str());
    // What the variants themselves say of connections is no surprise.
    let by_policy = |name: &&str| {
        let said = |scenario: &Scenario| {
            let mut clients = scenario.clients.iter();
            clients.find(|client| client.name == **name).map(|client| client.connections)
        };
        scenarios.windows(2).all(|pair| said(&pair[0]) == said(&pair[1])) && in_use(name).len() > 1
    };
    let name = names.find(by_policy)?;
    let part = |how: Connects| {
        let all = variants.iter().zip(scenarios).filter(|(_, scenario)| has(scenario, name, how));
        let variants: Vec<&str> = all.map(|(variant, _)| variant.name()).collect();
        let variants = words::names(&variants, "variant");
        match how {
            Connects::ByBalancer => format!(
                "with {variants} the balancers beside the senders of {name} keep their connections to pods"
            ),
            Connects::ByItself => format!("with {variants} those of {name} lead to pods"),
            Connects::EachTime => format!("with {variants} each request opens one"),
        }
    };
    let parts: Vec<String> = in_use(name).into_iter().map(part).collect();
    Some(format!("{}: part of a difference in latency is that", parts.join(", and ")))
}

/// Whether there is something to run, or the code to exit with.
fn ready(loaded: &Loaded) -> Result<(), u8> {
    match &loaded.scenario {
        None => Err(not_run(loaded)),
        Some(scenario) if nothing_to_run(scenario) => Err(exit::NOTHING_TO_RUN),
        Some(_) => Ok(()),
    }
}

/// The factors in ascending order, each once.
fn loads(asked: &[f64]) -> Result<Vec<f64>, u8> {
    if asked.is_empty() {
        return Ok(vec![1.0]);
    }
    let mut loads = asked.to_vec();
    loads.sort_by(f64::total_cmp);
    match loads.windows(2).find(|pair| pair[0].to_bits() == pair[1].to_bits()) {
        Some(pair) => {
            let message = format!("the load {} is there twice", pair[0]);
            Err(refuse(&message, "leave one of the two out"))
        }
        None => Ok(loads),
    }
}

/// All runs, by load and variant. After Ctrl-C they are those of the seeds that every variant was
/// run under.
fn run_all(plan: &Plan, attendant: &Attendant) -> Vec<Runs> {
    // All of one seed come before the next, so that Ctrl-C leaves whole pairs.
    let (each, jobs) = (plan.scenarios.len(), plan.scenarios.len() * plan.seeds.len());
    let trials = side_by_side(jobs, |job| {
        attendant.say(&format!("run {} of {jobs}", job + 1));
        run_one(&plan.scenarios[job % each], plan.seeds[job / each], attendant)
    });
    let whole = |seed: &&[Option<Trial>]| seed.iter().all(Option::is_some);
    let seeds: Vec<&[Option<Trial>]> = trials.chunks(each).take_while(whole).collect();
    let runs = |place: usize| Runs {
        variant: place % plan.variants.len(),
        load: plan.loads[place / plan.variants.len()],
        trials: seeds.iter().filter_map(|seed| seed[place].clone()).collect(),
    };
    (0..each).map(runs).collect()
}

/// One run; nothing where Ctrl-C ended it.
fn run_one(scenario: &Scenario, seed: u64, attendant: &Attendant) -> Option<Trial> {
    if attendant.interrupted() {
        return None;
    }
    let (measures, ending) = rehearse(scenario, seed, attendant, None);
    let mut trial = Trial::of(seed, &measures);
    trial.warnings.extend(about_ending(ending));
    (!ending.interrupted).then_some(trial)
}

/// Says what is wrong with the usage.
fn refuse(message: &str, help: &str) -> u8 {
    output::warn(&format!("error: {message}\n  = help: {help}"));
    exit::BAD_INPUT
}

fn stderr_style() -> Style {
    if output::stderr_in_colour() { Style::Ansi } else { Style::Plain }
}
