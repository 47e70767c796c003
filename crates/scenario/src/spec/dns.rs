//! `spec.cluster.dns` and `dns` of a client: how names are answered, and how long answers are kept.

use engine::Span;

use super::{
    cluster::set,
    item::{Item, Reading},
};
use crate::{Code, Dns, NameCache, rate::Refusal};

/// The rewrite rule that makes `SERVICE.NAMESPACE.cluster.local` resolve.
const SHORT_NAMES: &str = "short-names";

/// The longest time to live that CoreDNS' plugin `kubernetes` takes.
const LONGEST_TTL: Span = Span::from_secs(3600);

impl Reading<'_> {
    /// `spec.cluster.dns`.
    pub(super) fn dns(&mut self, item: &Item<'_>, target: &mut Dns) {
        let known = ["latency", "loss", "rewrites", "ttl", "cache", "nodeLocal"];
        let fields = self.fields(item, &known, &["ndots", "replicas"]);
        self.set_distribution(&fields, "latency", &mut target.latency);
        if let Some(item) = fields.get("loss") {
            set(&mut target.loss, self.parse(&item, "write a share such as 1%", share));
        }
        if let Some(item) = fields.get("rewrites") {
            self.rewrites(&item, &mut target.rewrites);
        }
        if let Some(item) = fields.get("ttl")
            && let Some(ttl) = self.span(&item)
        {
            if ttl > LONGEST_TTL {
                let message = format!("{}: CoreDNS takes 0s to {LONGEST_TTL}", item.path());
                self.report(Code::BadValue, &item, message, "write 30s, as kubeadm does");
            }
            target.ttl = ttl;
        }
        if let Some(item) = fields.get("cache") {
            match item.node.scalar_text().as_deref() {
                Some("off" | "false") => target.cache = Span::ZERO,
                _ => set(&mut target.cache, self.span(&item)),
            }
        }
        if let Some(item) = fields.get("nodeLocal") {
            set(&mut target.node_local, self.boolean(&item));
        }
    }

    /// Only the rule that is there by default can be had, or none.
    fn rewrites(&mut self, item: &Item<'_>, target: &mut bool) {
        let rules = self.list(item);
        *target = false;
        for rule in rules {
            if self.text(&rule).as_deref() == Some(SHORT_NAMES) {
                *target = true;
                continue;
            }
            let message = format!("{}: this rule is not there yet", rule.path());
            let help = format!("write [{SHORT_NAMES}], which is the default, or [] for none");
            self.report(Code::NotYet, &rule, message, &help);
        }
    }

    /// `dns` of a client.
    pub(super) fn name_cache(&mut self, item: &Item<'_>) -> NameCache {
        let fields = self.fields(item, &["cache"], &["ndots"]);
        let choices = [
            ("none", NameCache::None),
            ("ttl", NameCache::Ttl),
            ("jvm", NameCache::Jvm),
            ("forever", NameCache::Forever),
        ];
        let cache = fields.get("cache").and_then(|item| self.choice(&item, &choices));
        cache.unwrap_or_default()
    }
}

/// A share of all, `1%` or `0.01`, less than all.
fn share(text: &str) -> Result<f64, Refusal> {
    let (number, hundred) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().map(|number| number / hundred);
    share.ok().filter(|share| (0.0..1.0).contains(share)).ok_or_else(|| {
        Refusal::new(0, format!("{text:?} is not a share from 0% to less than 100%"))
    })
}
