//! Maglev, as Google Cloud's passthrough load balancers have it.

use std::sync::Arc;

use engine::Time;

use crate::{
    Endpoint, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{
        Maglev, Tables,
        flow_hash::{Tuple, flow_hash},
        open_places,
    },
    envoy::maglev::table,
};

/// The smaller size of the paper.
const SIZE: usize = 65_537;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "gcp.maglev",
    summary: "consistent hash of a connection, or of its addresses only",
    level: Level::Connection,
    on_change: "the table is built anew, the same on every machine: 1/n of new connections move \
                and a few more; connections stay where they are",
    parameters: &[Parameter {
        name: "sessionAffinity",
        summary: "What is hashed: addresses, ports and protocol; both addresses; or these and the \
                  protocol.",
        kind: Kind::Choice {
            of: &["NONE", "CLIENT_IP", "CLIENT_IP_PROTO", "CLIENT_IP_PORT_PROTO"],
        },
    }],
    build: |settings, _| Box::new(GcpMaglev::new(settings)),
};

/// **What it does** A table of slots that the backends share evenly; a connection goes to the
/// backend of the slot of its hash.
///
/// **Where it is used** Google Cloud's external passthrough Network Load Balancers: Services of
/// type `LoadBalancer` on GKE.
///
/// **What it needs to know** The backends that are healthy, and the connection. The paper says how
/// the table is filled; its hashes are not public, and Envoy's xxHash64 of the address and the
/// kernel's `jhash` of the connection stand in. Weights do not count, but for 0.
///
/// **When it goes wrong** Few connections: backends have shares as by chance. With an affinity, a
/// gateway with many clients behind it has one backend.
///
/// **Reference** Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer; Cloud
/// Load Balancing, backend service-based external passthrough Network Load Balancers: session
/// affinity.
#[derive(Clone, Debug)]
pub struct GcpMaglev {
    tuple: Tuple,
    table: Arc<Maglev>,
    tables: Tables,
}

impl GcpMaglev {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let tuple = match settings.choice("sessionAffinity") {
            "CLIENT_IP" => Tuple::Two,
            "CLIENT_IP_PROTO" => Tuple::Three,
            _ => Tuple::Five,
        };
        Self { tuple, table: Arc::default(), tables: settings.tables() }
    }
}

impl Policy for GcpMaglev {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.table = self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let mut backends: Vec<(&str, f64)> =
                names.iter().map(|name| (name.as_str(), 0.0)).collect();
            let open = open_places(endpoints);
            open.iter().for_each(|place| backends[*place].1 = 1.0 / open.len() as f64);
            table(&backends, SIZE)
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.table.find(flow_hash(&context.flow, self.tuple, 0).into())
    }
}
