//! What changes nothing because of who chooses: policies where nobody's requests come by, and connections
//! that end beside their sender.

use policy::{Entry, Level};

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
