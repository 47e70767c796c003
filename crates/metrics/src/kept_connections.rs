//! The connections of a client that are open, by pod.

use std::collections::BTreeMap;

use api::PodId;

use crate::Connections;

/// The connections that a client keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptConnections {
    opened: u64,
    open: BTreeMap<PodId, u64>,
}

impl KeptConnections {
    pub(crate) fn open(&mut self, pod: PodId) {
        self.opened += 1;
        *self.open.entry(pod).or_default() += 1;
    }

    pub(crate) fn close(&mut self, pod: PodId) {
        let open = self.open.entry(pod).or_default();
        *open = open.saturating_sub(1);
    }

    pub(crate) fn measures(&self) -> Connections {
        Connections {
            opened: self.opened,
            open: self.open.values().sum(),
            most_to_a_pod: self.open.values().copied().max().unwrap_or(0),
        }
    }
}
