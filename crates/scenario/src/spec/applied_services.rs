//! What the timeline does to Services, gone through before the run: what the API server is certain to
//! refuse is said at its line.
//!
//! Addresses and node ports that the cluster gives by chance are not known here; who asks for one of
//! those is refused during the run.

use std::{collections::BTreeMap, net::IpAddr};

use api::{Key, Kind, Service};

use super::{Known, timeline::Planned};
use crate::{
    Action, Code, Diagnostic, closing::Closing, diagnostic::Findings, kubernetes::StoredService,
    objects::Written, source::At,
};

/// What only one Service can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Address(IpAddr),
    NodePort(u16),
}

/// A Service that is there.
struct There {
    stored: StoredService,
    /// What it states or has stated, and where.
    claims: Vec<(Claim, At)>,
}

/// Says what is certain to be refused of the Services that steps apply.
pub(super) fn check(planned: &[Planned], known: &Known<'_>, findings: &mut Findings) {
    let applied = || known.applied.values().flat_map(|objects| &objects.services);
    let mut there: BTreeMap<Key, There> = BTreeMap::new();
    for written in &known.objects.services {
        if let Some(stored) = StoredService::new(written) {
            let claims = stated(written).map(|(claim, _, at)| (claim, at)).collect();
            there.insert(written.object.meta.key(), There { stored, claims });
        }
    }
    let mut closing = Closing::default();
    for Planned { step, .. } in planned {
        for (namespace, _) in closing.due(step.at) {
            there.retain(|key, _| key.namespace != namespace);
        }
        match &step.action {
            Action::Delete { kind: Kind::Service, key } => drop(there.remove(key)),
            Action::DeleteNamespace { namespace } => closing.begin(namespace, step.at),
            Action::ApplyService { service, manifest } => {
                // One that is applied with several `-n` stands for several.
                let key = service.meta.key();
                let mut applied = applied().filter(|written| written.applied() == *manifest);
                if let Some(written) = applied.find(|written| written.object.meta.key() == key) {
                    apply(written, &mut there, findings);
                }
            }
            _ => {}
        }
    }
}

fn apply(written: &Written<Service>, there: &mut BTreeMap<Key, There>, findings: &mut Findings) {
    let key = written.object.meta.key();
    let before = there.get(&key);
    let (stored, problems) = match before {
        Some(before) => before.stored.replace(written),
        None => (StoredService::new(written), Findings::default()),
    };
    let refused = problems.any_error() | conflicts(written, there, findings);
    findings.append(problems, |_| true);
    let Some(stored) = stored.filter(|_| !refused) else { return };
    let mut claims: Vec<(Claim, At)> = stated(written).map(|(claim, _, at)| (claim, at)).collect();
    let kept = before.into_iter().flat_map(|before| &before.claims);
    claims.extend(kept.filter(|(claim, _)| match claim {
        Claim::Address(address) => stored.address() == Some(*address),
        Claim::NodePort(number) => stored.node_ports().any(|it| it == *number),
    }));
    there.insert(key, There { stored, claims });
}

/// What a Service states that only one can have: with the path of the field, and where it is.
fn stated(written: &Written<Service>) -> impl Iterator<Item = (Claim, String, At)> {
    let spec = &written.object.spec;
    let address = spec.cluster_ip.map(|it| (Claim::Address(it), "spec.clusterIP".to_owned()));
    let ports = spec.ports.iter().enumerate().filter_map(|(index, port)| {
        let path = format!("spec.ports[{index}].nodePort");
        Some((Claim::NodePort(port.node_port?), path))
    });
    let claims = address.into_iter().chain(ports);
    claims.map(|(claim, path)| {
        let at = written.at(&path);
        (claim, path, at)
    })
}

/// Says what another Service has; whether there is something.
fn conflicts(
    written: &Written<Service>,
    there: &BTreeMap<Key, There>,
    findings: &mut Findings,
) -> bool {
    let key = written.object.meta.key();
    let mut any = false;
    for (claim, path, at) in stated(written) {
        let mut others = there.iter().filter(|(other, _)| **other != key);
        let taken = others.find_map(|(other, service)| {
            let (_, at) = service.claims.iter().find(|(theirs, _)| *theirs == claim)?;
            Some((other, *at))
        });
        let Some((other, theirs)) = taken else { continue };
        any = true;
        let message = match claim {
            Claim::Address(address) => format!(
                "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: \
                 provided IP is already allocated"
            ),
            Claim::NodePort(number) => {
                format!("{path}: Invalid value: {number}: provided port is already allocated")
            }
        };
        let help = match claim {
            Claim::Address(_) => "state an address that no Service has then, or none",
            Claim::NodePort(_) => "state a node port that no Service has then, or none",
        };
        let taken = format!("Service `{other}` has it when this is applied");
        let diagnostic = Diagnostic::new(Code::BadValue, message, help);
        findings.push(diagnostic.at(at, "taken already").because_of(theirs, taken));
    }
    any
}
