//! `balancing`: policies and layers, made of the catalogue.

use policy::{Kind, LAYERS, LayerEntry, Parameter, Value as Setting};
use serde_json::Value;

use super::{
    form::{
        Form, any_of, boolean, choice, constant, defined, field, filled, integer, integer_from,
        list, mapping, number, written,
    },
    value::duration,
};
use crate::spec::{EXTRAS, Place};

/// The form of a policy in a place.
pub(super) fn policy_in(place: Place) -> Form {
    defined(name_of(place))
}

/// The name of that form among the definitions.
fn name_of(place: Place) -> &'static str {
    match place {
        Place::Scenario => "policy",
        Place::Senders => "policyOfSenders",
        Place::LoadBalancers => "policyOfLoadBalancers",
    }
}

/// A policy by its name, or as it is set, with layers around it.
fn definition(place: Place) -> Form {
    let entries = policy::CATALOGUE.iter().copied().filter(|entry| place.takes(entry));
    let named = entries.clone().map(|it| constant(it.name).says(&sentence(it.summary)));
    let set = entries.map(|it| filled(it.name, defined(it.name), &sentence(it.summary)));
    let layers = list(defined("layer"));
    let layers = field("layers", layers, "What goes around the policy, in any order.");
    let level = choice(&["connection", "request"]);
    let level = field(
        "level",
        level,
        "What a balancer beside a sender chooses a pod for; only there is it a choice. For each request \
         where nothing is said, as a proxy for HTTP does; for each connection, as a proxy for TCP does.",
    );
    let as_set = mapping(set.chain([layers, level])).with_one_besides(EXTRAS);
    any_of([any_of(named), as_set])
        .says("Which policy chooses, by the name people know it by.")
        .such_as(&["envoy.least_request"])
}

/// Policies, layers and what can be set about each, by the names that others refer to.
pub(super) fn definitions() -> impl Iterator<Item = (&'static str, Form)> {
    let places = [Place::Scenario, Place::Senders, Place::LoadBalancers];
    let places = places.into_iter().map(|place| (name_of(place), definition(place)));
    let policies = policy::CATALOGUE.iter().map(|it| (it.name, it.summary, it.parameters));
    let layers = LAYERS.iter().map(|it| (it.name, it.summary, it.parameters));
    let settings = policies.chain(layers);
    let settings = settings.map(|(name, summary, parameters)| {
        (name, settings_of(parameters).says(&sentence(summary)))
    });
    places.chain([("layer", layer())]).chain(settings)
}

/// A layer by its name, or as it is set.
fn layer() -> Form {
    let named = LAYERS.iter().map(|it| constant(it.name).says(&sentence(it.summary)));
    let set = |it: &&'static LayerEntry| filled(it.name, defined(it.name), &sentence(it.summary));
    let as_set = mapping(LAYERS.iter().map(set)).with_one_field();
    any_of([any_of(named), as_set]).says("A layer around a policy.")
}

/// What can be set; an empty mapping, or nothing, takes all defaults.
fn settings_of(parameters: &'static [Parameter]) -> Form {
    let setting = |it: &'static Parameter| {
        field(it.name, form_of(it.kind), it.summary).or(default_of(it.kind))
    };
    mapping(parameters.iter().map(setting)).or_null()
}

fn form_of(kind: Kind) -> Form {
    match kind {
        Kind::Integer { min, .. } if kind.is_open() => integer_from(min),
        Kind::Integer { min, max, .. } => integer(min..=max),
        Kind::Number { min, .. } if kind.is_open() => number(min),
        Kind::Number { min, max, .. } => number(min).up_to(max),
        Kind::Duration { .. } => duration(),
        Kind::Flag { .. } => boolean(),
        Kind::Choice { of } => choice(of),
    }
}

fn default_of(kind: Kind) -> Value {
    match kind.default() {
        Setting::Integer(number) => number.into(),
        Setting::Number(number) => written(number),
        Setting::Duration(span) => span.to_string().into(),
        Setting::Flag(flag) => flag.into(),
        Setting::Choice(word) => word.into(),
    }
}

/// A phrase of the catalogue as a sentence.
fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
