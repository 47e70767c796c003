//! The name of a container's host, and `/etc/hosts`, which the kubelet writes
//! (`managedHostsFileContent` of `pkg/kubelet/kubelet_pods.go`).
//!
//! *Left out:* `hostAliases`.

use std::net::IpAddr;

use crate::{Object, object::or};

/// The cluster's zone.
const ZONE: &str = "cluster.local";

const HEAD: &str = "\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
";

/// What a pod calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The domain that it is in; empty of most.
    domain: String,
}

impl Host {
    /// The host that a pod is: of its own name or its `hostname`, in the domain of its `subdomain`.
    #[must_use]
    pub fn of(pod: Object<'_>) -> Self {
        let domain = match pod.text("spec.subdomain") {
            "" => String::new(),
            subdomain => format!("{subdomain}.{}.svc.{ZONE}", pod.namespace()),
        };
        Self { name: or(pod.text("spec.hostname"), pod.name()).to_owned(), domain }
    }

    /// One that has nothing but its name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), domain: String::new() }
    }

    /// `/etc/hosts`, where it has that address.
    pub(super) fn file(&self, address: IpAddr) -> String {
        let Self { name, domain } = self;
        let full = if domain.is_empty() { String::new() } else { format!("{name}.{domain}\t") };
        format!("{HEAD}{address}\t{full}{name}\n")
    }
}

/// Whether a name is one of the cluster's, were there such a thing.
pub(super) fn is_inside(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == ZONE || name.strip_suffix(ZONE).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_finds_its_own_name_in_its_hosts() {
        let plain = json!({ "metadata": { "name": "web-1", "namespace": "shop" } });
        let mut named = plain.clone();
        named["spec"] = json!({ "hostname": "a", "subdomain": "db" });
        let address = IpAddr::from([10, 128, 0, 2]);
        for (pod, line) in [
            (plain, "10.128.0.2\tweb-1\n"),
            (named, "10.128.0.2\ta.db.shop.svc.cluster.local\ta\n"),
        ] {
            let file = Host::of(Object::new(&pod)).file(address);
            assert!(file.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
            assert_eq!(file.strip_prefix(HEAD), Some(line));
        }
    }

    #[test]
    fn a_name_is_inside_the_cluster_or_not() {
        for (name, inside) in [
            ("web.default.svc.cluster.local", true),
            ("cluster.local.", true),
            ("notcluster.local", false),
            ("google.com", false),
        ] {
            assert_eq!(is_inside(name), inside, "{name}");
        }
    }
}
