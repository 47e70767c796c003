//! Every scenario of the folder `scenarios/`: what it expects of itself, its fingerprint, and the
//! fact that it is there to show.
//!
//! The facts are of three kinds: those that hold in every run, which are asserted of each of many
//! seeds; those that hold on average, which are held against a confidence interval over the seeds;
//! and those that are computed from one part of the record stream and found in another.

mod arithmetic;
mod balance;
mod balancing_headlines;
mod balancing_numbers;
mod changes;
mod every_scenario;
mod exposure;
mod files;
mod fingerprints;
mod flows;
mod front_doors;
mod http_route;
mod ideal;
mod kept_connections;
mod lines;
mod lists;
mod manifests;
mod mistakes;
mod pod_targets;
mod rehearsal;
mod seeds;
mod start_up;
mod stickiness;
mod termination;
mod traffic;
mod zones;
