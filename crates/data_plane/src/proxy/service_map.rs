//! The ports of all Services, and what changed since rules were last written
//! (`pkg/proxy/servicechangetracker.go`).
//!
//! *Left out:* the counters of changes for metrics.

use std::collections::{BTreeMap, BTreeSet};

use api::Key;

use super::service_port::{ServiceFacts, ServicePort, ServicePortName};

/// The address family of a proxy: a node has one proxy for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    #[default]
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// Ports by name.
pub type ServiceMap = BTreeMap<ServicePortName, ServicePort>;

/// The ports of a Service that a proxy of a family serves: none for a headless Service, one without
/// an address of that family, or one that is only a name.
#[must_use]
pub fn service_to_service_map(key: &Key, service: &ServiceFacts, family: Family) -> ServiceMap {
    let ipv6 = family == Family::Ipv6;
    let cluster_ip = service.cluster_ips.iter().find(|ip| ip.is_ipv6() == ipv6);
    let Some(cluster_ip) = cluster_ip.filter(|_| !service.external_name) else {
        return ServiceMap::new();
    };
    let ports = service.ports.iter().map(|port| {
        let name = ServicePortName {
            service: key.clone(),
            port: port.name.clone(),
            protocol: port.protocol,
        };
        (name, ServicePort::new(service, port, *cluster_ip))
    });
    ports.collect()
}

/// A Service's ports before and after.
#[derive(Clone, Debug, Default)]
struct Change {
    previous: ServiceMap,
    current: ServiceMap,
}

/// Collects changes of Services until rules are written.
#[derive(Clone, Debug, Default)]
pub struct ServiceChangeTracker {
    family: Family,
    changes: BTreeMap<Key, Change>,
}

impl ServiceChangeTracker {
    /// A tracker without changes.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { family, changes: BTreeMap::new() }
    }

    /// Takes in a change; whether anything is to be written. What was before is that of the first
    /// of several changes, so that one that is taken back leaves nothing to do.
    pub fn update(
        &mut self,
        key: &Key,
        previous: Option<&ServiceFacts>,
        current: Option<&ServiceFacts>,
    ) -> bool {
        let family = self.family;
        let ports = |service: Option<&ServiceFacts>| {
            service.map(|service| service_to_service_map(key, service, family)).unwrap_or_default()
        };
        let change = self
            .changes
            .entry(key.clone())
            .or_insert_with(|| Change { previous: ports(previous), ..Change::default() });
        change.current = ports(current);
        if change.previous == change.current {
            self.changes.remove(key);
        }
        !self.changes.is_empty()
    }

    /// Brings a map up to date; the Services that changed.
    pub fn apply(&mut self, map: &mut ServiceMap) -> BTreeSet<Key> {
        let changes = std::mem::take(&mut self.changes);
        for change in changes.values() {
            map.retain(|name, _| !change.previous.contains_key(name));
            map.extend(change.current.clone());
        }
        changes.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::service_port::PortFacts, *};

    #[test]
    fn what_is_taken_back_leaves_nothing_to_do() {
        let key = Key::new("ns", "svc");
        let with_port = |port| ServiceFacts {
            cluster_ips: vec![[172, 30, 0, 1].into()],
            ports: vec![PortFacts { port, ..PortFacts::default() }],
            ..ServiceFacts::default()
        };
        let (old, new) = (with_port(80), with_port(81));
        let mut tracker = ServiceChangeTracker::new(Family::Ipv4);
        let mut map = ServiceMap::new();
        assert!(tracker.update(&key, None, Some(&old)));
        assert_eq!(tracker.apply(&mut map).len(), 1);
        assert!(tracker.update(&key, Some(&old), Some(&new)));
        assert!(!tracker.update(&key, Some(&new), Some(&old)));
        assert!(tracker.apply(&mut map).is_empty());
        assert!(tracker.update(&key, Some(&old), None));
        tracker.apply(&mut map);
        assert!(map.is_empty());
    }
}
