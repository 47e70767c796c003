//! What changes nothing because of who chooses: policies where nobody's requests come by, and connections
//! that end beside their sender.

use std::collections::BTreeSet;

use policy::{Entry, Keyless, Level};

use super::{
    Head, Known,
    balancing::Seat,
    item::{Item, Reading},
};
use crate::{Client, Code, Connections, Diagnostic, Targets, yaml::Value};

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
        let proxy = head.spec.get("cluster").and_then(|cluster| cluster.field("proxy"));
        let scheduler = proxy.and_then(|proxy| proxy.field("scheduler"));
        if let (Seat::Nodes, Some(scheduler)) = (Seat::of(entry), scheduler) {
            self.overruled(&scheduler, &item);
        }
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

    /// Warns of `connections` of clients beside whose senders a pod is chosen for each request: they end there,
    /// and lead to no pod.
    pub(super) fn ended_connections(&mut self, head: &Head<'_>, clients: &[Client]) {
        let Some(list) = head.spec.get("clients") else { return };
        for (item, client) in self.list(&list).iter().zip(clients) {
            let Some(beside) = &client.balancing else { continue };
            let kept = matches!(client.connections, Connections::Kept(_));
            let Some(connections) = item.field("connections").filter(|_| kept) else { continue };
            if beside.level == Level::Request {
                let policy = beside.policy.entry.name;
                let message = format!(
                    "{}: they end beside the sender, where `{policy}` chooses a pod for each request",
                    connections.path()
                );
                let help = format!(
                    "leave them out, or have it choose for each connection, as a proxy for TCP does: \
                     `balancing: {{ {policy}: {{}}, level: connection }}`"
                );
                self.report(Code::NoEffect, &connections, message, help);
            }
        }
    }

    /// Warns of policies that hash keys, for clients whose requests have none.
    pub(super) fn keyless_requests(&mut self, head: &Head<'_>, clients: &[Client]) {
        let spec = head.spec.get("balancing");
        let ingress = head.spec.get("cluster").and_then(|cluster| cluster.field("ingress"));
        let of_ingress = ingress.and_then(|ingress| ingress.field("balancing")).or(spec.clone());
        let list = head.spec.get("clients").map(|list| self.list(&list)).unwrap_or_default();
        let mut said = BTreeSet::new();
        for (item, client) in list.iter().zip(clients).filter(|(_, client)| client.keys == 0) {
            let (policy, written) = match (&client.balancing, client.target.routed.is_empty()) {
                (Some(beside), _) => (&beside.policy, item.field("balancing").or(spec.clone())),
                (None, false) => (&head.cluster.ingress.policy, of_ingress.clone()),
                (None, true) => continue,
            };
            let hashing = policy::HASHING_KEYS.iter().find(|(name, _)| *name == policy.entry.name);
            let (Some((name, keyless)), Some(written)) = (hashing, written) else { continue };
            // Once for each place that it is written in.
            if !said.insert(written.path()) {
                continue;
            }
            let how = match keyless {
                Keyless::Chance => "it chooses by chance",
                Keyless::Turns => "it chooses in turn",
                Keyless::Same => "one pod gets all",
            };
            let message = format!(
                "{}: `{name}` hashes the key of a request, and those of `{}` have none: {how}",
                written.path(),
                client.name
            );
            let help = format!("give `{}` keys, such as `keys: 1000`", client.name);
            self.report(Code::NoEffect, &written, message, help);
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
