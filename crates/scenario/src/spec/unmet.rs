//! What changes nothing because of who chooses: policies where nobody's requests come by, and connections
//! that end beside their sender.

use std::collections::BTreeSet;

use policy::{Configured, Entry, Keyless, Level, Stage};

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
            part.field("balancing")
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
        let in_cluster =
            |part: &str, field: &str| head.spec.get("cluster")?.field(part)?.field(field);
        let scheduler = in_cluster("proxy", "scheduler");
        if let Some(item) = &scheduler
            && !clients.iter().any(|it| by_proxy(it, known))
        {
            self.unmet(item, NOBODY_BY_PROXY);
        }
        let mesh = head.spec.get("cluster").and_then(|cluster| cluster.field("mesh"));
        if let Some(item) = mesh.filter(|_| clients.iter().all(|it| it.balancing.is_none())) {
            let message = format!("{}: no client has a balancer beside its senders", item.path());
            self.report(Code::NoEffect, &item, message, NOBODY_BESIDE);
        }
        let Some(item) = head.spec.get("balancing") else { return };
        let Some(entry) = entry_of(&item) else { return };
        if let (Seat::Nodes, Some(scheduler)) = (Seat::of(entry), &scheduler) {
            self.overruled(scheduler, &item);
        }
        match (Seat::of(entry), &front, &ingress) {
            (Seat::Front, Some(own), _) => self.overruled(&item, own),
            (Seat::Front, None, _) if !by_front => self.unmet(&item, NOBODY_IN_FRONT),
            (Seat::Nodes, ..) if !clients.iter().any(|it| by_proxy(it, known)) => {
                self.unmet(&item, NOBODY_BY_PROXY);
            }
            (Seat::Senders, _, Some(own)) if !taken && by_ingress => self.overruled(&item, own),
            (Seat::Senders, ..) if !taken && !by_ingress => self.unmet(&item, NOBODY_CHOOSES),
            (Seat::Senders, ..) if !taken => {
                let level = item
                    .field("level")
                    .filter(|it| it.node.scalar_text().as_deref() == Some("connection"));
                if let Some(level) = level {
                    let message =
                        format!("{}: an Ingress controller chooses for each request", level.path());
                    self.report(Code::NoEffect, &level, message, "leave `level` out");
                }
            }
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
                    "{}: they end at the balancer beside the sender, whose `{policy}` chooses for requests",
                    connections.path()
                );
                let help = "leave them out, or have it choose for each connection, as a proxy for TCP does: \
                            write `level: connection` beside the policy";
                self.report(Code::NoEffect, &connections, message, help);
            }
        }
    }

    /// Warns of keys that nobody hashes, and of policies that hash keys where requests have none.
    pub(super) fn unused_keys(&mut self, head: &Head<'_>, clients: &[Client]) {
        let list = head.spec.get("clients").map(|list| self.list(&list)).unwrap_or_default();
        let mut said = BTreeSet::new();
        for (item, client) in list.iter().zip(clients) {
            let chooser = Chooser::of(client, head);
            let sees_keys = chooser.as_ref().is_some_and(|it| it.sees_keys);
            let hashing = chooser.as_ref().and_then(|it| hashing_keys(it.policy));
            match item.field("keys") {
                Some(keys) if client.keys > 0 => {
                    let by_layer = chooser.as_ref().is_some_and(|it| goes_by_priority(it.policy));
                    if !sees_keys || (hashing.is_none() && !by_layer) {
                        self.keys_without_use(&keys, chooser.as_ref());
                    }
                }
                _ => {}
            }
            let (Some(keyless), Some(chooser)) = (hashing, chooser) else { continue };
            if client.keys > 0 && sees_keys {
                continue;
            }
            let own = item.field("balancing");
            let Some(written) = own.filter(|_| chooser.beside).or_else(|| chooser.written(head))
            else {
                continue;
            };
            // Once for each place that it is written in.
            if said.insert(written.path()) {
                self.policy_without_keys(&written, client, (&chooser, keyless));
            }
        }
    }

    fn keys_without_use(&mut self, keys: &Item<'_>, chooser: Option<&Chooser<'_>>) {
        let (who, help) = match chooser {
            Some(it) if it.sees_keys => (
                format!("`{}` does not look at them", it.policy.entry.name),
                "leave them out, or choose a policy that hashes keys, such as envoy.ring_hash",
            ),
            _ => (
                "who chooses for connections sees no keys of requests".to_owned(),
                "leave them out, or let a policy choose for requests, such as envoy.ring_hash",
            ),
        };
        self.report(Code::NoEffect, keys, format!("{}: {who}", keys.path()), help);
    }

    fn policy_without_keys(
        &mut self,
        written: &Item<'_>,
        client: &Client,
        (chooser, keyless): (&Chooser<'_>, Keyless),
    ) {
        let how = match keyless {
            Keyless::Chance => "it chooses by chance",
            Keyless::Turns => "it chooses in turn",
            Keyless::Same => "all have the same hash",
        };
        let (path, policy, name) = (written.path(), chooser.policy.entry.name, &client.name);
        let (why, help) = match chooser.sees_keys {
            true => ("have none", format!("give `{name}` keys, such as `keys: 1000`")),
            false => (
                "are not seen by who chooses for connections",
                "choose another policy, such as one that hashes the ends of a connection"
                    .to_owned(),
            ),
        };
        let message = format!(
            "{path}: `{policy}` hashes the key of a request, and those of `{name}` {why}: {how}"
        );
        self.report(Code::NoEffect, written, message, help);
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
const NOBODY_BESIDE: &str =
    "leave it out, or let a policy choose beside senders, such as `balancing: envoy.least_request`";
const NOBODY_CHOOSES: Reason = (
    "no client takes it, as each has a `balancing` of its own or no pod to choose",
    "let a client in the cluster without `balancing` call a Service over TCP",
);

/// Who chooses for a client's requests, but for the proxies of nodes, whose policies never hash keys.
struct Chooser<'a> {
    policy: &'a Configured,
    /// Whether it chooses for requests, and so sees their keys.
    sees_keys: bool,
    /// Whether it is beside the client's senders.
    beside: bool,
    /// The part of the cluster that may have a policy of its own.
    part: &'static str,
}

impl<'a> Chooser<'a> {
    fn of(client: &'a Client, head: &'a Head<'_>) -> Option<Self> {
        let cluster = &head.cluster;
        let by = |policy, sees_keys, part| Some(Self { policy, sees_keys, beside: false, part });
        match &client.balancing {
            Some(beside) => {
                let sees_keys = beside.level == Level::Request;
                Some(Self { policy: &beside.policy, sees_keys, beside: true, part: "" })
            }
            None if !client.target.routed.is_empty() => {
                by(&cluster.ingress.policy, true, "ingress")
            }
            None if client.target.balanced => {
                by(cluster.load_balancer.policy.as_ref()?, false, "loadBalancer")
            }
            None => None,
        }
    }

    /// Where its policy is written, where that is not with the client; nowhere where it is a default.
    fn written<'n>(&self, head: &Head<'n>) -> Option<Item<'n>> {
        let part = head.spec.get("cluster").and_then(|cluster| cluster.field(self.part));
        let own = part.and_then(|part| part.field("balancing"));
        own.or_else(|| head.spec.get("balancing"))
    }
}

/// What a policy that hashes keys does without one.
fn hashing_keys(policy: &Configured) -> Option<Keyless> {
    let mut all = policy::HASHING_KEYS.iter();
    all.find_map(|(name, keyless)| (*name == policy.entry.name).then_some(*keyless))
}

/// Whether a layer goes by priorities, which may go by keys (`by_key`).
fn goes_by_priority(policy: &Configured) -> bool {
    policy.layers().any(|layer| layer.stage == Stage::Priority)
}

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
