//! The two choices of tower, by pending requests.

use crate::{
    Entry, Level,
    block::{Choice, Outstanding, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "tower.p2c",
    summary: "the better of two by pending requests",
    level: Level::Request,
    on_change: "who stays keeps its pending requests; who is new has none",
    parameters: &[],
    build: |_, _| Box::new(TowerP2c::new(Sampling::Distinct, Outstanding::default())),
};

/// **What it does** Two different endpoints are drawn, and the one with fewer pending requests is
/// picked, the first where both have as many.
///
/// **Where it is used** Clients that are built with tower, `balance::p2c::Balance` over
/// `load::PendingRequests`, for each request.
///
/// **What it needs to know** The list, and which of its own requests are pending.
///
/// **When it goes wrong** With many clients of few requests each it is little better than chance.
/// Weights are ignored.
///
/// **Reference** `tower/src/balance/p2c/service.rs`, `tower/src/load/pending_requests.rs` of tower.
pub type TowerP2c = Choice<Outstanding>;
