//! `balancing`: which policy chooses, of a whole scenario, or in one place of it.

use policy::{Configured, Entry, LayerEntry, Level, Stage, Value as Setting, project};

use super::{
    item::{Fields, Item, Reading},
    misnamed::{no_layer, no_policy},
    settings::Settable,
};
use crate::{
    Beside, Client, Cluster, Code, Diagnostic, From, Target, diagnostic::did_you_mean, source::At,
    yaml::Value,
};

/// Projects whose policies choose on the nodes, for whatever comes from there.
const ON_NODES: [&str; 4] = ["kube-proxy", "ipvs", "cilium", "katran"];

/// Projects whose policies choose in front of the cluster.
const IN_FRONT: [&str; 4] = ["aws", "azure", "gcp", "metallb"];

/// Where a policy chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// In the proxy of each node.
    Nodes,
    /// Beside each sender, and in the pods of an Ingress controller.
    Senders,
    /// In the load balancers of Services, in front of the cluster.
    Front,
}

impl Seat {
    /// Where a policy chooses by nature.
    pub(super) fn of(policy: &Entry) -> Self {
        match project(policy.name) {
            project if ON_NODES.contains(&project) => Self::Nodes,
            project if IN_FRONT.contains(&project) => Self::Front,
            _ => Self::Senders,
        }
    }

    /// Where a policy of this seat is to be written.
    fn place(self) -> &'static str {
        match self {
            Self::Nodes => "a matter of the nodes' proxies: write it as `spec.balancing`",
            Self::Senders => "a matter of whoever balances requests: write it as `spec.balancing`",
            Self::Front => {
                "a matter of load balancers: write it as `spec.balancing`, or as `balancing` in \
                 `spec.cluster.loadBalancer`"
            }
        }
    }
}

/// Where in a Scenario a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// For the whole scenario.
    Scenario,
    /// For a client, or for the Ingress controller.
    Senders,
    /// For load balancers.
    LoadBalancers,
}

impl Place {
    /// Whether a policy may be written there.
    pub(crate) fn takes(self, policy: &Entry) -> bool {
        match self {
            Self::Scenario => true,
            Self::Senders => Seat::of(policy) == Seat::Senders,
            // One of a cloud, or any proxy that somebody runs in front, which sees no queue of a pod.
            Self::LoadBalancers => {
                Seat::of(policy) != Seat::Nodes && project(policy.name) != "oracle"
            }
        }
    }
}

/// What may be written beside the name of a policy.
pub(crate) const EXTRAS: [&str; 2] = ["layers", "level"];

impl Reading<'_> {
    /// A policy by its name, or `{ NAME: { … }, layers: [ … ], level: … }`.
    fn policy(&mut self, item: &Item<'_>) -> Option<Beside> {
        match item.node.scalar_text() {
            Some(name) => self.policy_named(item, &name).map(Beside::from),
            None => self.policy_as_set(item),
        }
    }

    /// A policy that may be written in a place.
    fn policy_for(&mut self, item: &Item<'_>, place: Place) -> Option<Beside> {
        let read = self.policy(item)?;
        let policy = &read.policy;
        if place.takes(policy.entry) {
            return Some(read);
        }
        let seat = Seat::of(policy.entry);
        let (what, help) = match place {
            Place::LoadBalancers if seat == Seat::Senders => (
                "a load balancer sees no queue of a pod".to_owned(),
                "choose another policy; oracles are for senders".to_owned(),
            ),
            _ => (
                format!("`{}` does not choose here", policy.entry.name),
                format!("it is {}", seat.place()),
            ),
        };
        self.report(Code::BadValue, item, format!("{}: {what}", item.path()), help);
        None
    }

    fn policy_named(&mut self, item: &Item<'_>, name: &str) -> Option<Configured> {
        let found = Configured::by_name(name);
        if found.is_none() {
            let (what, help) = no_policy(name);
            let message = format!("{}: {what}", item.path());
            self.report(Code::BadValue, item, message, help);
        }
        found
    }

    fn policy_as_set(&mut self, item: &Item<'_>) -> Option<Beside> {
        let Value::Map(_) = &item.node.value else {
            self.wrong_type(item, "the name of a policy");
            return None;
        };
        let fields = self.names(item);
        let level = fields.get("level").and_then(|level| self.level(&level));
        let mut policies = fields.each().filter(|(name, _)| !EXTRAS.contains(name));
        let (Some((name, settings)), None) = (policies.next(), policies.next()) else {
            let message = format!("{}: one policy is wanted", item.path());
            let mut names = fields.each().map(|(name, _)| name).filter(|it| !EXTRAS.contains(it));
            let meant = names.find_map(|it| Some((it, did_you_mean(it, EXTRAS)?)));
            let help = match meant {
                Some((name, meant)) => format!("for `{name}`, did you mean `{meant}`?"),
                None => {
                    "write `balancing: { envoy.least_request: { choice_count: 3 } }`".to_owned()
                }
            };
            self.report(Code::BadValue, item, message, help);
            return None;
        };
        let mut policy = self.policy_named(&settings, name)?;
        let (name, parameters) = (policy.entry.name, policy.entry.parameters);
        let set = &mut |name: &str, value: Setting<'_>| policy.set(name, value);
        self.settings(&settings, Settable { name, parameters, set });
        if let Some(layers) = fields.get("layers") {
            let mut known = Vec::new();
            for layer in self.list(&layers) {
                self.layer(&layer, &mut policy, &mut known);
            }
            self.warn_of_weights(&policy, &known);
        }
        // Only beside a sender is there a choice.
        if let (Some(Level::Request), Some(item)) = (level, fields.get("level"))
            && Seat::of(policy.entry) != Seat::Senders
        {
            let message = format!("{}: `{name}` sees connections, not requests", item.path());
            let help = "leave `level` out, or choose a policy of a sidecar or a library";
            self.report(Code::BadValue, &item, message, help);
        }
        Some(Beside { policy, level: level.unwrap_or(Level::Request) })
    }

    /// `level`: what a pod is chosen for.
    fn level(&mut self, item: &Item<'_>) -> Option<Level> {
        let choices = [("connection", Level::Connection), ("request", Level::Request)];
        self.choice(item, &choices)
    }

    /// A layer by its name, or `{ NAME: { … } }`; `known` are those before it, and where they stand.
    fn layer(
        &mut self,
        item: &Item<'_>,
        policy: &mut Configured,
        known: &mut Vec<(&'static str, At)>,
    ) {
        let (name, settings) = match item.node.scalar_text() {
            Some(name) => (name, None),
            None => {
                let fields = self.names(item);
                let mut layers = fields.each();
                let (Some((name, settings)), None) = (layers.next(), layers.next()) else {
                    let message = format!("{}: one layer is wanted", item.path());
                    self.report(Code::BadValue, item, message, "write a list of layers");
                    return;
                };
                (name.to_owned(), Some(settings))
            }
        };
        let Some(layer) = policy::layer_by_name(&name) else {
            let (what, help) = no_layer(&name);
            let message = format!("{}: {what}", item.path());
            self.report(Code::BadValue, item, message, help);
            return;
        };
        let at = settings.as_ref().unwrap_or(item).name_at();
        if let Some((name, first)) = known.iter().find(|(name, _)| *name == layer.name) {
            // A layer goes where its stage says, so a second one would only set the first anew.
            let message = format!("{}: layer `{name}` is there twice", item.path());
            let diagnostic = Diagnostic::new(Code::BadValue, message, "leave one of the two out");
            self.findings.push(diagnostic.at(at, "again").because_of(*first, "first here"));
            return;
        }
        known.push((layer.name, at));
        policy.wrap(layer);
        if let Some(settings) = settings {
            self.layer_settings(&settings, layer, policy);
        }
    }

    /// Warns of a layer that sets weights, where nothing inside goes by them.
    fn warn_of_weights(&mut self, policy: &Configured, layers: &[(&'static str, At)]) {
        let name = policy.entry.name;
        let goes_by_them = |layer: &LayerEntry| layer.name == "envoy.locality_weighted";
        if !policy::IGNORING_WEIGHTS.contains(&name) || policy.layers().any(goes_by_them) {
            return;
        }
        for layer in policy.layers().filter(|layer| layer.stage == Stage::Weight) {
            let Some((_, at)) = layers.iter().find(|(name, _)| *name == layer.name) else {
                continue;
            };
            let message = format!("`{}` sets weights, by which `{name}` does not go", layer.name);
            let help = "leave it out, or choose a policy that does, such as envoy.round_robin";
            self.findings.push(Diagnostic::new(Code::NoEffect, message, help).at(*at, ""));
        }
    }

    fn layer_settings(
        &mut self,
        item: &Item<'_>,
        layer: &'static LayerEntry,
        policy: &mut Configured,
    ) {
        let set = &mut |name: &str, value: Setting<'_>| policy.set_layer(layer.name, name, value);
        self.settings(item, Settable { name: layer.name, parameters: layer.parameters, set });
    }

    /// `balancing` of a client.
    pub(super) fn client_balancing(
        &mut self,
        fields: &Fields<'_>,
        (from, target): (Option<&From>, Option<&Target>),
    ) -> Option<Beside> {
        let item = fields.get("balancing")?;
        let beside = self.policy_for(&item, Place::Senders)?;
        let (from, target) = (from?, target?);
        if !balances_itself(from, target) {
            let message = format!("{}: this client has no pod to choose", item.path());
            let help =
                "a client in the cluster that calls a Service over TCP has; leave it out here";
            self.report(Code::BadValue, &item, message, help);
            return None;
        }
        Some(beside)
    }

    /// `balancing` of the whole scenario: of the nodes' proxies, of load balancers, or of all that balance
    /// requests. Gives back the latter.
    pub(super) fn balancing(&mut self, item: &Item<'_>, cluster: &mut Cluster) -> Option<Beside> {
        let Beside { policy, level } = self.policy(item)?;
        match Seat::of(policy.entry) {
            Seat::Nodes => cluster.proxy.policy = Some(policy),
            // What is said of the load balancers themselves holds for them.
            Seat::Front => drop(cluster.load_balancer.policy.get_or_insert(policy)),
            Seat::Senders => return Some(Beside { policy, level }),
        }
        None
    }

    /// `balancing` of the Ingress controller.
    pub(super) fn ingress_balancing(&mut self, item: &Item<'_>) -> Option<Configured> {
        let Beside { policy, level } = self.policy_for(item, Place::Senders)?;
        if level == Level::Connection {
            let message =
                format!("{}: an Ingress controller chooses for each request", item.path());
            self.report(Code::BadValue, item, message, "leave `level` out");
        }
        Some(policy)
    }

    /// `balancing` of load balancers: one of a cloud, or any proxy that somebody runs in front.
    pub(super) fn front_balancing(&mut self, item: &Item<'_>) -> Option<Configured> {
        let Beside { policy, .. } = self.policy_for(item, Place::LoadBalancers)?;
        let level =
            item.field("level").filter(|it| it.node.scalar_text().as_deref() == Some("request"));
        // Of a policy of a cloud that is said already.
        if let Some(level) = level.filter(|_| Seat::of(policy.entry) == Seat::Senders) {
            let message = format!("{}: a load balancer chooses for each connection", level.path());
            self.report(Code::BadValue, &level, message, "leave `level` out");
        }
        Some(policy)
    }

    /// `mesh` of the cluster.
    pub(super) fn mesh(&mut self, item: &Item<'_>, target: &mut crate::Mesh) {
        let fields = self.fields(item, &["debounce", "debounceMax", "push"], &[]);
        self.set_span(&fields, "debounce", &mut target.debounce);
        self.set_span(&fields, "debounceMax", &mut target.debounce_max);
        match fields.get("debounceMax") {
            Some(most) if target.debounce_max < target.debounce => {
                let (path, debounce) = (most.path(), target.debounce);
                let message = format!("{path}: it is less than `debounce`, which is {debounce}");
                self.report(Code::BadValue, &most, message, "raise it, or lower `debounce`");
            }
            Some(_) => {}
            // Who wants to wait for longer means that.
            None => target.debounce_max = target.debounce_max.max(target.debounce),
        }
        self.set_distribution(&fields, "push", &mut target.push);
    }
}

/// Whether a client's senders can choose a pod themselves: they are in the cluster, and the target is a
/// Service whose pods are known.
pub(super) fn balances_itself(from: &From, target: &Target) -> bool {
    *from != From::Outside && target.protocol == api::Protocol::Tcp && target.backend.is_some()
}

/// Has all clients that can balance themselves, and do not say how, do it like this; whether there are
/// any.
pub(super) fn balance_all(clients: &mut [Client], beside: &Beside) -> bool {
    let mut any = false;
    for client in clients {
        if client.balancing.is_none() && balances_itself(&client.from, &client.target) {
            client.balancing = Some(beside.clone());
            any = true;
        }
    }
    any
}
