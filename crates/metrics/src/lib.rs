//! Records to measures: what a run did, in numbers, and why it did it, in words.
//!
//! This crate knows nothing of the model. It sees the record stream and nothing else, folds it in
//! one pass with [`Collector`], and hands out [`Measures`] together with the reasons not to trust
//! them. [`Expectation`] holds a measure against a threshold. Nothing here draws or prints.
//!
//! | module | what |
//! |---|---|
//! | [`measures`] | the numbers |
//! | [`expectation`] | `success_rate >= 99.9%`, read and held against the numbers |
//! | `quantity` | what an expectation can be about |
//! | `syntax`, `bound` | how one is written |
//! | [`comparison`] | several variants under the same seeds: means, and which differences are real |
//! | [`words`] | numbers as a sentence has them |
//! | `collector` | the fold: one record in, one state changed |
//! | `clock` | times count from `ScenarioBegan` |
//! | `traffic`, `pod_tallies` | requests to counts, latencies and series; those of each pod |
//! | `pods`, `containers` | the lives of pods; when each of their programs listened |
//! | `listing` | which proxies list which pods, and for how long too long |
//! | `rollouts`, `windows` | the steps of rollouts, and which requests fall into them |
//! | `scalings` | other changes of Deployments' sizes |
//! | `summary`, `balance`, `even_share` | from the fold to the numbers |
//! | `explain`, `hindrance`, `warnings` | from the numbers to sentences |
//!
//! *Left out:* intervals within a run. Those of a comparison are over runs under several seeds.

mod balance;
mod bound;
mod clock;
mod collector;
pub mod comparison;
mod containers;
mod even_share;
pub mod expectation;
mod explain;
mod extent;
mod hindrance;
mod kept_connections;
mod listing;
pub mod measures;
mod pod_tallies;
mod pods;
mod quantity;
mod rollouts;
mod scalings;
mod summary;
mod syntax;
mod traffic;
mod warnings;
mod windows;
pub mod words;

pub use collector::Collector;
pub use comparison::{Comparison, Difference, Estimate, Measure, Trial};
pub use expectation::{Expectation, ExpectationError, Verdict};
pub use measures::{
    Balance, BySecond, ClientMeasures, Connections, Counts, Explanation, Lookups, Measures,
    PodMeasures, PodState, Rollout, Scaling, Second, ServiceBalance, Traffic,
};
