//! The two choices of Finagle, by load.

use crate::{
    Entry, Level,
    block::{Choice, Outstanding, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "finagle.p2c",
    summary: "the better of two by pending requests",
    level: Level::Request,
    on_change: "who stays keeps its pending requests; who is new has none",
    parameters: &[],
    build: |_, _| Box::new(FinagleP2c::new(Sampling::Distinct, Outstanding::default())),
};

/// **What it does** Two different endpoints are drawn, and the one with fewer pending requests is
/// picked, the first where both have as many.
///
/// **Where it is used** Finagle's clients, `Balancers.p2c`, for each request.
///
/// **What it needs to know** The list, and which of its own requests are pending. Finagle would
/// rather take one that is open than one that is not; here every endpoint of the list is open.
///
/// **When it goes wrong** With many clients of few requests each it is little better than chance.
/// Weights are ignored.
///
/// **Reference** `loadbalancer/p2c/P2CPick.scala`, `loadbalancer/LeastLoaded.scala` of Finagle.
pub type FinagleP2c = Choice<Outstanding>;
