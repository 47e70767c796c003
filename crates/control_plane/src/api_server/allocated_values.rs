//! What a Service keeps that is applied again: addresses and ports that it was given and does not say
//! itself (`patchAllocatedValues` of `pkg/registry/core/service/strategy.go`).
//!
//! `kubectl apply` sends what changed in the file since it was applied last. Ports are told apart by
//! their numbers there, so that a port keeps its node port which the file never had. A port with
//! another number is a new one to kubectl; the API server finds its node port by its name.
//!
//! *Left out:* which fields were in the file that was applied last. A node port that another port asks
//! for goes to that one, also where it was given by chance and Kubernetes would call it a duplicate.

use std::collections::BTreeSet;

use api::{Service, ServicePort, ServiceSpec};

/// Gives a Service what the one that it replaces was given, as far as its type still needs that.
pub(super) fn keep(new: &mut Service, old: &Service) {
    let (new, old) = (&mut new.spec, &old.spec);
    let unsaid = new.cluster_ip.is_none() && !new.headless;
    if unsaid && old.kind.has_addresses() && new.kind.has_addresses() {
        (new.cluster_ip, new.headless) = (old.cluster_ip, old.headless);
    }
    if old.kind.has_node_ports() && new.kind.has_node_ports() {
        keep_node_ports(new, old);
    }
    if old.needs_health_check() && new.needs_health_check() && new.health_check_node_port.is_none()
    {
        new.health_check_node_port = old.health_check_node_port;
    }
}

fn keep_node_ports(new: &mut ServiceSpec, old: &ServiceSpec) {
    let asked: BTreeSet<u16> = new.ports.iter().filter_map(|port| port.node_port).collect();
    let number = |port: &ServicePort| (port.port, port.protocol);
    for port in new.ports.iter_mut().filter(|port| port.node_port.is_none()) {
        let before = old.ports.iter().find(|before| number(before) == number(port));
        let kept = before.and_then(|before| before.node_port);
        port.node_port = kept.filter(|kept| !asked.contains(kept));
    }
    let mut used: BTreeSet<u16> = new.ports.iter().filter_map(|port| port.node_port).collect();
    for port in new.ports.iter_mut().filter(|port| port.node_port.is_none()) {
        let before = old.ports.iter().find(|before| before.name == port.name);
        let kept = before.and_then(|before| before.node_port);
        port.node_port = kept.filter(|kept| used.insert(*kept));
    }
}

#[cfg(test)]
mod tests;
