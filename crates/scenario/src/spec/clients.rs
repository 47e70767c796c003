//! `spec.clients`: who sends requests, where to and how often.

use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

use api::Labels;
use engine::Span;

use super::{
    Known,
    item::{Fields, Item, Reading},
};
use crate::{
    Arrivals, Client, Code, From, NameCache, Node, Retries, diagnostic::suggest,
    kubernetes::parse_labels, rate,
};

/// More clients than these are no scenario any more.
pub(crate) const MOST_CLIENTS: usize = 1000;
/// More requests than these take hours to simulate, whoever sends them.
pub(crate) const MOST_REQUESTS: f64 = 1e9;
/// How long a client waits by default.
pub(crate) const DEFAULT_TIMEOUT: Span = Span::from_secs(1);
/// Families of causes after which a client can try again.
const RETRIABLE: [&str; 3] = ["refused", "reset", "timeout"];

/// What a client does about failures by default: nothing.
pub(crate) fn no_retries() -> Retries {
    Retries { attempts: 1, on: Vec::new() }
}

impl Reading<'_> {
    /// `spec.clients`.
    pub(super) fn clients(&mut self, item: &Item<'_>, known: &Known<'_>) -> Vec<Client> {
        let items = self.list(item);
        if items.len() > MOST_CLIENTS {
            let message = format!("{}: more than {MOST_CLIENTS} clients", item.path());
            self.report(Code::BadValue, item, message, "let one client stand for several");
            return Vec::new();
        }
        let mut names = BTreeSet::new();
        items.iter().filter_map(|item| self.client(item, known, &mut names)).collect()
    }

    /// A client; `None` where it lacks something, which is then reported.
    fn client(
        &mut self,
        item: &Item<'_>,
        known: &Known<'_>,
        names: &mut BTreeSet<String>,
    ) -> Option<Client> {
        const FIELDS: [&str; 10] = [
            "name",
            "from",
            "target",
            "arrivals",
            "balancing",
            "keys",
            "connections",
            "timeout",
            "retries",
            "dns",
        ];
        const PLANNED: [&str; 3] = ["users", "thinkTime", "trace"];
        let fields = self.fields(item, &FIELDS, &PLANNED);
        let name = self.need(&fields, "name").and_then(|item| self.client_name(&item, names));
        let (from, address) = match fields.get("from") {
            Some(item) => match self.outside_address(&item) {
                Some(address) => (Some(From::Outside), address),
                None => (self.from(&item, known), None),
            },
            None => (Some(From::Node(None)), None),
        };
        // Without knowing from where, a short name cannot be looked up.
        let target = match (&from, self.need(&fields, "target")) {
            (Some(from), Some(item)) => self.target(&item, from, known),
            _ => None,
        };
        let arrivals = self.need(&fields, "arrivals").and_then(|item| self.arrivals(&item, known));
        let connections = self.connections(&fields, target.as_ref());
        let balancing = self.client_balancing(&fields, (from.as_ref(), target.as_ref()));
        let keys = fields.get("keys").and_then(|item| self.small(&item, 1..=1_000_000_000));
        let timeout = self.timeout(&fields);
        let retries = fields.get("retries").map_or_else(no_retries, |item| self.retries(&item));
        let name_cache =
            fields.get("dns").map_or_else(NameCache::default, |item| self.name_cache(&item));
        Some(Client {
            name: name?,
            from: from?,
            address,
            target: target?,
            arrivals: arrivals?,
            timeout,
            retries,
            balancing,
            keys: keys.unwrap_or(0),
            connections,
            name_cache,
        })
    }

    fn arrivals(&mut self, item: &Item<'_>, known: &Known<'_>) -> Option<Arrivals> {
        let help =
            "write constant(200/s), poisson(200/s) or, in quotes, \"steps(0s: 100/s, 30s: 500/s)\"";
        let arrivals = self.parse(item, help, rate::arrivals)?;
        let most = arrivals.most_per_second() * known.duration.as_secs_f64();
        if known.duration < Span::MAX && most > MOST_REQUESTS {
            let message =
                format!("{}: these may be more than {MOST_REQUESTS:e} requests", item.path());
            self.report(Code::BadValue, item, message, "lower the rate, or shorten `duration`");
        }
        Some(arrivals)
    }

    fn client_name(&mut self, item: &Item<'_>, names: &mut BTreeSet<String>) -> Option<String> {
        let name = self.text(item)?;
        if name.is_empty() || name.len() > 63 {
            let message = format!("{}: a name has 1 to 63 characters", item.path());
            self.report(Code::BadValue, item, message, "write a short name");
            return None;
        }
        if !names.insert(name.clone()) {
            let message = format!("there is another client `{name}`");
            self.report(Code::BadValue, item, message, "give each client its own name");
        }
        Some(name)
    }

    fn timeout(&mut self, fields: &Fields<'_>) -> Span {
        let Some(item) = fields.get("timeout") else { return DEFAULT_TIMEOUT };
        let timeout = self.span(&item).unwrap_or(DEFAULT_TIMEOUT);
        if timeout == Span::ZERO {
            let message = format!("{}: a client that does not wait gets no answer", item.path());
            self.report(Code::BadValue, &item, message, "write a timeout such as 1s");
        }
        timeout
    }

    fn retries(&mut self, item: &Item<'_>) -> Retries {
        let fields =
            self.fields(item, &["attempts", "on"], &["backoff", "budget", "perTryTimeout"]);
        let attempts = self.need(&fields, "attempts");
        let attempts = attempts.and_then(|item| self.small(&item, 1..=100)).unwrap_or(1);
        // A request that was refused or reset was not served; one that timed out may have been.
        let mut on = vec!["refused".to_owned(), "reset".to_owned()];
        if let Some(item) = fields.get("on") {
            on.clear();
            for item in self.list(&item) {
                let choices = RETRIABLE.map(|family| (family, family));
                on.extend(self.choice(&item, &choices).map(str::to_owned));
            }
        }
        Retries { attempts, on }
    }

    /// `{ outside: 203.0.113.7 }`; `None` where it is something else.
    fn outside_address(&mut self, item: &Item<'_>) -> Option<Option<Ipv4Addr>> {
        if !item.has("outside") {
            return None;
        }
        let fields = self.fields(item, &["outside"], &[]);
        let Some(item) = fields.get("outside") else { return Some(None) };
        let Some(text) = self.text(&item) else { return Some(None) };
        let address = text.parse().ok();
        if address.is_none() {
            let message = format!("{}: `{text}` is no address of IPv4", item.path());
            self.report(Code::BadValue, &item, message, "write one such as 203.0.113.7");
        }
        Some(address)
    }

    /// `node`, `outside`, `{ node: node-2 }` or `{ pods: app=shop, namespace: x }`.
    fn from(&mut self, item: &Item<'_>, known: &Known<'_>) -> Option<From> {
        if let Some(word) = item.node.scalar_text() {
            if word == "node" {
                return Some(From::Node(None));
            }
            if word == "outside" {
                return Some(From::Outside);
            }
            let message = format!("{}: unknown choice `{word}`", item.path());
            let help = "write node, outside, { outside: 203.0.113.7 }, { node: node-2 } or { pods: app=shop }";
            self.report(Code::BadValue, item, message, help);
            return None;
        }
        let fields = self.fields(item, &["node", "pods", "namespace"], &["zone", "ingress"]);
        match (fields.get("node"), fields.get("pods")) {
            (Some(node), None) => {
                let name = self.text(&node)?;
                self.known_node(&node, &name, &known.cluster.nodes)
                    .then(|| From::Node(Some(name.into())))
            }
            (None, Some(_)) => {
                let (namespace, labels) = self.pods(&fields, known)?;
                Some(From::Pods { namespace, labels })
            }
            _ => {
                let message = format!("{}: one of `node` and `pods` is wanted", item.path());
                let help = "write { node: node-2 } or { pods: app=shop }";
                self.report(Code::BadValue, item, message, help);
                None
            }
        }
    }

    fn known_node(&mut self, item: &Item<'_>, name: &str, nodes: &[Node]) -> bool {
        let found = nodes.iter().any(|node| *node.name == *name);
        if !found {
            let help = suggest(name, "node", nodes.iter().map(|node| &*node.name));
            self.report(Code::UnknownNode, item, format!("there is no node `{name}`"), help);
        }
        found
    }

    /// The fields `pods` and `namespace` of a mapping.
    pub(super) fn pods(
        &mut self,
        fields: &Fields<'_>,
        known: &Known<'_>,
    ) -> Option<(Arc<str>, Labels)> {
        let namespace = match fields.get("namespace") {
            Some(item) => self.text(&item)?,
            None => "default".to_owned(),
        };
        let item = self.need(fields, "pods")?;
        let labels = self.parse(&item, "write labels such as app=shop,tier=web", |text| {
            parse_labels(text).map_err(|(offset, message)| rate::Refusal::new(offset, message))
        })?;
        self.somebody_there(&item, &namespace, &labels, known).then(|| (namespace.into(), labels))
    }

    /// Complains where no pod has these labels.
    pub(super) fn somebody_there(
        &mut self,
        item: &Item<'_>,
        namespace: &str,
        labels: &Labels,
        known: &Known<'_>,
    ) -> bool {
        let found = known.may_select(namespace, labels);
        if !found {
            let shown = crate::objects::show_labels(labels);
            let message = format!("no pod of namespace `{namespace}` has {shown}");
            let help = known.objects.help_of_selector(known.applied, namespace, labels);
            self.report(Code::NobodyThere, item, message, help);
        }
        found
    }
}
