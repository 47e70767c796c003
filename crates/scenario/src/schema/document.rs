//! The document itself, and `spec`.

use super::{
    balancing::policy_in,
    form::{
        Form, any_mapping, constant, defined, field, integer, list, mapping, mapping_to, required,
        text,
    },
    value::{duration, subdomain},
};
use crate::{
    document::SCENARIO_VERSION,
    spec::{self, Place},
};

/// A document of kind Scenario.
pub(super) fn scenario() -> Form {
    mapping([
        required("apiVersion", constant(SCENARIO_VERSION), "The version of this format."),
        required("kind", constant("Scenario"), "The kind of the document."),
        field("metadata", metadata(), "What the results are called, and notes."),
        required("spec", spec(), "How a rollout is rehearsed."),
    ])
    .says("A rehearsal: how programs behave, who calls them, what happens when, what is expected.")
}

fn metadata() -> Form {
    let notes = "For people and other programs; not used.";
    mapping([
        field("name", subdomain(), "What the results are called."),
        field("labels", any_mapping(), notes),
        field("annotations", any_mapping(), notes),
    ])
}

fn spec() -> Form {
    let seed = "Where all randomness comes from; `--seed` overrides it.";
    mapping([
        field("description", text(), "What it shows, in a sentence; printed with the result."),
        field("seed", integer(0..=i64::MAX as u64), seed).or(1),
        field("duration", duration(), "How long is simulated, after the set-up; up to 168h.")
            .or(spec::DEFAULT_DURATION.to_string()),
        field("manifests", list(text()), "Files and folders beside this file."),
        field("cluster", defined("cluster"), "The cluster."),
        field("balancing", policy_in(Place::Scenario), "Which policy chooses pods."),
        field("images", mapping_to(defined("image")), "How the programs in images behave."),
        field(
            "clients",
            list(defined("client")).at_most(spec::MOST_CLIENTS),
            "Who sends requests.",
        ),
        field("timeline", list(defined("step")).at_most(spec::MOST_STEPS), "What happens when."),
        field("expect", list(expectation()), "Thresholds; one that does not hold fails the run."),
    ])
}

fn expectation() -> Form {
    let meaning = "A threshold: a scope where it is not about the whole run, a quantity, a \
                   comparison, a bound in the quantity's unit.";
    text().says(meaning).such_as(&[
        "success_rate >= 99.9%",
        "failed{cause=refused} == 0",
        "client(shop) latency.p99 < 200ms",
        "during(rollout) success_rate >= 99%",
        "rollout.complete == true",
    ])
}
