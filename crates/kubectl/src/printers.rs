//! A kind's columns, and the cells of an object (`pkg/printers/internalversion/printers.go`).
//!
//! *Left out:* kinds that no simulated cluster has.

mod autoscaling;
mod endpoints;
mod gateway;
mod networking;
mod node;
mod pod;
mod service;
mod workload;

use jiff::Timestamp;

pub(crate) use self::{node::roles, service::load_balancer};

use crate::Object;

/// A column of a kind's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub name: &'static str,
    /// Whether `-o wide` alone shows it.
    pub wide: bool,
}

/// What prints a kind.
pub struct Printer {
    /// `kind` of its objects.
    pub kind: &'static str,
    /// The columns, those of `-o wide` last.
    pub columns: &'static [Column],
    /// The cells of an object, one for each column.
    pub cells: fn(Object<'_>, &Options) -> Vec<String>,
}

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The moment from which ages count.
    pub now: Timestamp,
    /// `-o wide`.
    pub wide: bool,
}

/// All kinds that can be printed.
pub const PRINTERS: &[Printer] = &[
    service::SERVICE,
    endpoints::ENDPOINTS,
    endpoints::ENDPOINT_SLICE,
    pod::POD,
    workload::DEPLOYMENT,
    workload::REPLICA_SET,
    node::NODE,
    autoscaling::HORIZONTAL_POD_AUTOSCALER,
    autoscaling::POD_DISRUPTION_BUDGET,
    networking::INGRESS,
    networking::INGRESS_CLASS,
    networking::SERVICE_CIDR,
    gateway::GATEWAY,
    gateway::HTTP_ROUTE,
];

/// What prints objects of a kind.
#[must_use]
pub fn printer(kind: &str) -> Option<&'static Printer> {
    PRINTERS.iter().find(|printer| printer.kind == kind)
}

impl Printer {
    /// The columns that are shown.
    #[must_use]
    pub fn shown(&self, wide: bool) -> Vec<Column> {
        self.columns.iter().filter(|column| wide || !column.wide).copied().collect()
    }

    /// The cells of an object that are shown.
    #[must_use]
    pub fn row(&self, object: Object<'_>, options: &Options) -> Vec<String> {
        let cells = (self.cells)(object, options).into_iter().zip(self.columns);
        cells.filter(|(_, column)| options.wide || !column.wide).map(|(cell, _)| cell).collect()
    }
}

const fn always(name: &'static str) -> Column {
    Column { name, wide: false }
}

const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// The first entries of a list, and how many more there are.
fn first_few(all: &[String], most: usize) -> String {
    let shown = all[..all.len().min(most)].join(",");
    match all.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}
