//! Endpoints, the older form of EndpointSlices.

use std::{net::IpAddr, sync::Arc};

use crate::{Meta, SlicePort};

/// `v1` Endpoints: addresses that stand for the Service of the same name.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Endpoints {
    /// Metadata.
    pub meta: Meta,
    /// Their subsets.
    pub subsets: Vec<EndpointSubset>,
}

/// Addresses that share their ports.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EndpointSubset {
    /// Those that are ready.
    pub addresses: Vec<EndpointAddress>,
    /// Those that are not.
    pub not_ready_addresses: Vec<EndpointAddress>,
    /// Their ports.
    pub ports: Vec<SlicePort>,
}

/// An address of a subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAddress {
    /// The address.
    pub ip: IpAddr,
    /// `hostname`.
    pub hostname: Option<Arc<str>>,
    /// `nodeName`.
    pub node_name: Option<Arc<str>>,
}

impl EndpointAddress {
    /// An address of which nothing else is known.
    #[must_use]
    pub fn new(ip: IpAddr) -> Self {
        Self { ip, hostname: None, node_name: None }
    }
}
