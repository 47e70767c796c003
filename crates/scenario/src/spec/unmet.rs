//! Policies that no client meets: each sits where nobody's requests come by.

use policy::Entry;

use super::{
    Head, Known,
    balancing::Seat,
    item::{Item, Reading},
};
use crate::{Client, Code, Diagnostic, Targets, yaml::Value};

impl Reading<'_> {
    /// Warns of each policy of the scenario and of the cluster that nobody's requests come by. Whether
    /// a client took the scenario's own is known already.
    pub(super) fn unmet_policies(
        &mut self,
        head: &Head<'_>,
        known: &Known<'_>,
        clients: &[Client],
        taken: bool,
    ) {
        let of_cluster = |part: &str| {
            let part = head.spec.get("cluster")?.field(part)?;
            part.field("balancing").filter(|item| !matches!(item.node.value, Value::Null))
        };
        let (front, ingress) = (of_cluster("loadBalancer"), of_cluster("ingress"));
        let by_front = clients.iter().any(|client| client.target.balanced);
        let by_ingress = clients.iter().any(|client| !client.target.routed.is_empty());
        if let Some(item) = &front
            && !by_front
        {
            self.unmet(item, NOBODY_IN_FRONT);
        }
        if let Some(item) = &ingress
            && !by_ingress
        {
            self.unmet(item, NOBODY_BY_RULE);
        }
        let Some(item) = head.spec.get("balancing") else { return };
        let Some(entry) = entry_of(&item) else { return };
        match (Seat::of(entry), &front, &ingress) {
            (Seat::Front, Some(own), _) => self.overruled(&item, own),
            (Seat::Front, None, _) if !by_front => self.unmet(&item, NOBODY_IN_FRONT),
            (Seat::Nodes, ..) if !clients.iter().any(|it| by_proxy(it, known)) => {
                self.unmet(&item, NOBODY_BY_PROXY);
            }
            (Seat::Senders, _, Some(own)) if !taken && by_ingress => self.overruled(&item, own),
            (Seat::Senders, ..) if !taken && !by_ingress => self.unmet(&item, NOBODY_CHOOSES),
            _ => {}
        }
    }

    fn unmet(&mut self, item: &Item<'_>, (why, help): (&str, &str)) {
        let message = format!("{}: {why}, so this policy chooses nothing", item.path());
        self.report(Code::NoEffect, item, message, help);
    }

    fn overruled(&mut self, item: &Item<'_>, own: &Item<'_>) {
        let message =
            format!("{}: no client meets this policy: `{}` overrules it", item.path(), own.path());
        let diagnostic = Diagnostic::new(Code::NoEffect, message, "leave one of the two out");
        self.findings.push(diagnostic.at(item.at(), "").because_of(own.at(), "this one counts"));
    }
}

/// Why nobody meets a policy, and what to write.
type Reason = (&'static str, &'static str);

const NOBODY_IN_FRONT: Reason = (
    "no client comes by a load balancer",
    "let a client come by one: `from: outside`, to a port of a Service of type LoadBalancer",
);
const NOBODY_BY_RULE: Reason = (
    "no client comes by an Ingress or an HTTPRoute",
    "let a client come by one: `from: outside`, to a host of its rules",
);
const NOBODY_BY_PROXY: Reason = (
    "no client's connections pass the proxy of a node",
    "let a client that does not balance requests itself call a Service that is not headless",
);
const NOBODY_CHOOSES: Reason = (
    "no client takes it, as each has a `balancing` of its own or no pod to choose",
    "let a client in the cluster without `balancing` call a Service over TCP",
);

/// Whether a client's connections pass the proxy of a node.
fn by_proxy(client: &Client, known: &Known<'_>) -> bool {
    let to_pods = client.target.balanced && known.cluster.load_balancer.targets == Targets::Pods;
    let service = known.service(&client.target.service);
    let headless = service.is_some_and(|written| written.object.spec.headless);
    client.balancing.is_none() && client.target.routed.is_empty() && !headless && !to_pods
}

/// The policy that is written somewhere, if it is one.
fn entry_of(item: &Item<'_>) -> Option<&'static Entry> {
    match &item.node.value {
        Value::Map(entries) => entries.iter().find_map(|entry| policy::by_name(&entry.key)),
        _ => policy::by_name(&item.node.scalar_text()?),
    }
}
