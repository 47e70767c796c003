//! Keys of requests: whether anybody hashes them, and whether those who hash keys have any.

use std::collections::BTreeSet;

use policy::{Configured, Keyless, Level, Stage};

use super::{
    Head,
    item::{Item, Reading},
};
use crate::{Client, Code};

impl Reading<'_> {
    /// Warns of keys that nobody hashes, and of policies that hash keys where requests have none.
    pub(super) fn unused_keys(&mut self, head: &Head<'_>, clients: &[Client]) {
        let list = head.spec.get("clients").map(|list| self.list(&list)).unwrap_or_default();
        let mut said = BTreeSet::new();
        for (item, client) in list.iter().zip(clients) {
            let chooser = Chooser::of(client, head);
            let sees_keys = chooser.as_ref().is_some_and(|it| it.sees_keys);
            let hashing = chooser.as_ref().and_then(|it| hashing_keys(it.policy));
            let by_layer = chooser.as_ref().is_some_and(|it| goes_by_priority(it.policy));
            let in_use = sees_keys && (hashing.is_some() || by_layer);
            if let Some(keys) = item.field("keys").filter(|_| client.keys > 0 && !in_use) {
                self.keys_without_use(&keys, chooser.as_ref());
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
}

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
