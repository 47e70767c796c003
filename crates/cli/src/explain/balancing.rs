//! What is said of policies and of the layers around them: the catalogue as help.

use policy::{CATALOGUE, Entry, LAYERS, LayerEntry, Level, Parameter, project};

use super::{WIDTH, lines, wrapped};

/// The word that all of them are listed under, as it is written in a Scenario.
const ALL: &str = "balancing";

/// What a word stands for: one of them, those of a project or of a name, what can be set, or all.
pub(super) fn explanation(what: &str) -> Option<String> {
    if what.strip_prefix("spec.").unwrap_or(what) == ALL {
        return Some(list());
    }
    let one = policy::by_name(what).map(of_policy);
    one.or_else(|| policy::layer_by_name(what).map(of_layer))
        .or_else(|| listed(&format!("Policies and layers of {what}"), |it| project(it) == what))
        .or_else(|| {
            let is_called = |name: &str| name.split_once('.').is_some_and(|(_, it)| it == what);
            listed(&format!("Policies and layers that are called {what}"), is_called)
        })
        .or_else(|| of_parameter(what))
}

/// The words that have an explanation.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    let layers = LAYERS.iter().map(|entry| entry.name);
    let names = CATALOGUE.iter().map(|entry| entry.name).chain(layers);
    names.flat_map(|name| [name, project(name)]).chain([ALL])
}

/// The policies and layers of such names, if there are any.
fn listed(title: &str, is_one: impl Fn(&str) -> bool + Copy) -> Option<String> {
    let policies = CATALOGUE.iter().map(|entry| (entry.name, entry.summary));
    let layers = LAYERS.iter().map(|entry| (entry.name, entry.summary));
    let rows = table(policies.chain(layers).filter(|(name, _)| is_one(name)));
    (!rows.is_empty()).then(|| format!("{title}\n{rows}"))
}

/// What can be set under a name: `choice_count`, of whatever has it, or `envoy.least_request.choice_count`.
fn of_parameter(what: &str) -> Option<String> {
    let policies = CATALOGUE.iter().map(|entry| (entry.name, entry.parameters));
    let all = policies.chain(LAYERS.iter().map(|entry| (entry.name, entry.parameters)));
    let all = all.flat_map(|(of, parameters)| parameters.iter().map(move |it| (of, it)));
    let is_meant = |of: &str, name: &str| {
        what == name || what.strip_prefix(of).is_some_and(|it| it.strip_prefix('.') == Some(name))
    };
    let found = all.filter(|(of, it)| is_meant(of, it.name)).map(|(of, parameter)| {
        let Parameter { name, summary, kind } = parameter;
        let said = wrapped(&format!("{of}: {summary}"));
        format!("{said}\n  {name}: {} ({})\n", kind.default(), kind.range())
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

fn list() -> String {
    let mut text = "Load-balancing policies\n".to_owned();
    let projects = CATALOGUE.chunk_by(|one, next| project(one.name) == project(next.name));
    for entries in projects {
        text += &format!("\n{}\n", project(entries[0].name));
        text += &table(entries.iter().map(|entry| (entry.name, entry.summary)));
    }
    text += "\nLayers around a policy, from the inside out\n";
    text += &table(LAYERS.iter().map(|entry| (entry.name, entry.summary)));
    text + "\n`rollsim explain envoy.least_request` says what can be set about one of them\n"
}

/// A line each, the names as wide as the longest.
fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let width = rows.clone().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.map(|(name, summary)| format!("  {name:width$}  {summary}\n")).collect()
}

fn of_policy(entry: &Entry) -> String {
    let level = match entry.level {
        Level::Connection => "It balances connections: all requests over one go to one endpoint.",
        Level::Request => {
            "It balances requests, each by itself; beside a sender also connections, with\n\
             `level: connection`."
        }
    };
    let change = format!("When endpoints change, {}.", entry.on_change);
    let mut text = title(entry.name, entry.summary);
    text += &format!("\n{level}\n{}\n", wrapped(&change));
    text += &settable(entry.parameters);
    text + &in_a_scenario(&format!("balancing: {}", written(entry.name, entry.parameters)))
}

fn of_layer(entry: &LayerEntry) -> String {
    let mut text = title(entry.name, entry.summary);
    text += "\nIt is a layer, which goes around any policy.\n";
    text += &settable(entry.parameters);
    let layer = written(entry.name, entry.parameters);
    text + &in_a_scenario(&format!("balancing: {{ envoy.least_request: {{}}, layers: [{layer}] }}"))
}

fn title(name: &str, summary: &str) -> String {
    format!("{}\n", wrapped(&format!("{name}: {summary}")))
}

/// What can be set, with what it is where nobody says.
fn settable(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return "\nNothing can be set about it.\n".to_owned();
    }
    let width = parameters.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let mut text = "\nWhat can be set, and its default\n".to_owned();
    for Parameter { name, summary, kind } in parameters {
        text += &format!("  {name:width$}  {} ({})\n", kind.default(), kind.range());
        // Behind a long name is room for a few words still.
        for line in lines(summary, WIDTH.saturating_sub(width + 4).max(WIDTH / 2)) {
            text += &format!("  {:width$}  {line}\n", "");
        }
    }
    text
}

fn in_a_scenario(line: &str) -> String {
    format!("\nIn a Scenario\n  {line}\n")
}

/// A policy or a layer as it is written, with the first of what can be set as it is anyway.
fn written(name: &str, parameters: &[Parameter]) -> String {
    let Some(first) = parameters.first() else { return name.to_owned() };
    format!("{{ {name}: {{ {}: {} }} }}", first.name, first.kind.default())
}
