//! `SERVICE.NAMESPACE.ZONE`: the short name that courses teach and CoreDNS does not know.
//!
//! A Corefile makes it resolve with a rewrite rule, by default here:
//! `rewrite name regex ([^.]+)\.([^.]+)\.cluster\.local {1}.{2}.svc.cluster.local answer auto`.

use super::name::Name;

/// What the rule makes of a name; `None` of a name that it is not about: one of more or fewer labels,
/// or one that means something without it.
#[must_use]
pub fn short_name(name: &Name, zone: &Name) -> Option<Name> {
    let before = name.lower().before(zone)?.to_owned();
    let (service, namespace) = before.split_once('.')?;
    let own = matches!(namespace, "svc" | "pod") || (service, namespace) == ("ns", "dns");
    let short = !own && !service.is_empty() && !namespace.is_empty() && !namespace.contains('.');
    short.then(|| name.zone_as_asked(zone).below(&format!("{service}.{namespace}.svc")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_and_its_namespace_before_the_zone_are_rewritten() {
        let zone = Name::of("cluster.local");
        let rewritten = |name: &str| short_name(&Name::of(name), &zone);
        let longer = Name::of("web.default.svc.cluster.local");
        assert_eq!(rewritten("web.default.cluster.local"), Some(longer));
        for name in [
            "cluster.local",
            "web.cluster.local",
            "web.default.svc.cluster.local",
            "default.svc.cluster.local",
            "default.pod.cluster.local",
            "ns.dns.cluster.local",
            "a.web.default.cluster.local",
            "web.default.example.com",
        ] {
            assert_eq!(rewritten(name), None, "{name}");
        }
    }
}
