//! The resolv.conf that a kubelet writes for a pod (`pkg/kubelet/network/dns`).
//!
//! Where Kubernetes' order of options is a map's, here the first mention of an option is its place.
//!
//! *Left out:* the node's file being read anew for each pod, and a kubelet told to use none.

use api::{DnsPolicy, PodDnsConfig, ResolvConf};

/// Nameservers that a C library reads; more are cut off.
const MAX_NAMESERVERS: usize = 3;
/// Search domains that a pod may have; more are cut off.
const MAX_SEARCHES: usize = 32;
/// Characters that all search domains may have together, with the blanks between them.
const MAX_SEARCH_CHARACTERS: usize = 2048;
/// Characters of one domain; a longer one made some C libraries abort.
const MAX_DOMAIN_CHARACTERS: usize = 253;
/// Bytes of a resolv.conf that a kubelet reads.
const MAX_FILE_BYTES: usize = 10 << 20;

/// Where a pod's settings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodDnsType {
    /// The cluster's DNS.
    Cluster,
    /// The node.
    Host,
    /// The pod alone.
    None,
}

impl PodDnsType {
    /// Where a pod with this policy gets its settings from.
    #[must_use]
    pub fn of(policy: DnsPolicy, host_network: bool) -> Self {
        match policy {
            DnsPolicy::None => Self::None,
            DnsPolicy::Default => Self::Host,
            DnsPolicy::ClusterFirst if host_network => Self::Host,
            DnsPolicy::ClusterFirst | DnsPolicy::ClusterFirstWithHostNet => Self::Cluster,
        }
    }
}

/// What a kubelet was told about DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterDns {
    /// The addresses of the cluster's DNS.
    pub servers: Vec<String>,
    /// The cluster's domain, empty if it has none.
    pub domain: String,
}

/// The part of a pod that decides on its DNS.
#[derive(Clone, Copy, Debug)]
pub struct PodDns<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its policy.
    pub policy: DnsPolicy,
    /// Whether it is on its node's network.
    pub host_network: bool,
    /// What it adds.
    pub config: Option<&'a PodDnsConfig>,
}

/// Reads a resolv.conf.
///
/// # Errors
///
/// If it is too long, or a `nameserver` has no address.
pub fn parse(text: &str) -> Result<ResolvConf, String> {
    if text.len() > MAX_FILE_BYTES {
        return Err("the read limit is reached".to_owned());
    }
    let mut conf = ResolvConf::default();
    for line in text.split('\n') {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                let server = words.next().ok_or("nameserver list is empty ")?;
                conf.nameservers.push(server.to_owned());
            }
            // A later line replaces an earlier one.
            Some("search") => {
                let domains = words.filter(|domain| *domain != ".");
                conf.searches =
                    domains.map(|d| d.strip_suffix('.').unwrap_or(d).to_owned()).collect();
            }
            Some("options") => words.for_each(|word| set_option(&mut conf.options, word)),
            _ => {}
        }
    }
    Ok(conf)
}

/// Sets an option in place of one with the same name.
fn set_option(options: &mut Vec<String>, option: &str) {
    let name = |option: &str| option.split(':').next().unwrap_or_default().to_owned();
    match options.iter_mut().find(|have| name(have) == name(option)) {
        Some(have) => option.clone_into(have),
        None => options.push(option.to_owned()),
    }
}

/// Adds a pod's options to those there are.
#[must_use]
pub fn merge_options(existing: &[String], added: &[(String, Option<String>)]) -> Vec<String> {
    let mut options = Vec::new();
    for option in existing {
        set_option(&mut options, option.strip_suffix(':').unwrap_or(option));
    }
    for (name, value) in added {
        match value.as_deref().filter(|value| !value.is_empty()) {
            Some(value) => set_option(&mut options, &format!("{name}:{value}")),
            None => set_option(&mut options, name),
        }
    }
    options
}

/// A pod's settings within the limits, and what the kubelet warns of.
#[must_use]
pub fn for_pod(
    pod: &PodDns<'_>,
    cluster: &ClusterDns,
    host: &ResolvConf,
) -> (ResolvConf, Vec<String>) {
    let mut conf = match PodDnsType::of(pod.policy, pod.host_network) {
        PodDnsType::None => ResolvConf::default(),
        // A kubelet that was told of no cluster DNS falls back to the node's.
        PodDnsType::Cluster if !cluster.servers.is_empty() => ResolvConf {
            nameservers: cluster.servers.clone(),
            searches: cluster_searches(pod.namespace, &cluster.domain, &host.searches),
            options: vec!["ndots:5".to_owned()],
        },
        PodDnsType::Cluster | PodDnsType::Host => host.clone(),
    };
    if let Some(config) = pod.config {
        conf.nameservers = without_duplicates(&conf.nameservers, &config.nameservers);
        conf.searches = without_duplicates(&conf.searches, &config.searches);
        conf.options = merge_options(&conf.options, &config.options);
    }
    let (nameservers, few) = fit_nameservers(&conf.nameservers);
    let (searches, short) = fit_searches(&conf.searches);
    let conf = ResolvConf { nameservers, searches, options: conf.options };
    (conf, few.into_iter().chain(short).collect())
}

/// The search domains of a pod that asks the cluster's DNS.
fn cluster_searches(namespace: &str, domain: &str, host: &[String]) -> Vec<String> {
    if domain.is_empty() {
        return host.to_vec();
    }
    let service = format!("svc.{domain}");
    let own = [format!("{namespace}.{service}"), service, domain.to_owned()];
    without_duplicates(&own, host)
}

fn without_duplicates(first: &[String], second: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in first.iter().chain(second) {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
    all
}

/// The nameservers that are used, and the warning if some are not.
#[must_use]
pub fn fit_nameservers(nameservers: &[String]) -> (Vec<String>, Option<String>) {
    let used = nameservers[..nameservers.len().min(MAX_NAMESERVERS)].to_vec();
    let warning = (used.len() < nameservers.len()).then(|| {
        format!(
            "Nameserver limits were exceeded, some nameservers have been omitted, \
             the applied nameserver line is: {}",
            used.join(" ")
        )
    });
    (used, warning)
}

/// The search domains that are used, and the warning if some are not.
#[must_use]
pub fn fit_searches(searches: &[String]) -> (Vec<String>, Option<String>) {
    let first = searches.iter().take(MAX_SEARCHES);
    let fitting = first.filter(|domain| domain.len() <= MAX_DOMAIN_CHARACTERS);
    let mut used: Vec<String> = fitting.cloned().collect();
    while used.join(" ").len() > MAX_SEARCH_CHARACTERS {
        used.pop();
    }
    let warning = (used.len() < searches.len()).then(|| {
        format!(
            "Search Line limits were exceeded, some search paths have been omitted, \
             the applied search line is: {}",
            used.join(" ")
        )
    });
    (used, warning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_without_settings_asks_the_cluster() {
        let cluster =
            ClusterDns { servers: vec!["10.96.0.10".into()], domain: "cluster.local".into() };
        let host = parse("nameserver 8.8.8.8\nsearch example.org cluster.local\n").expect("valid");
        let policy = DnsPolicy::ClusterFirst;
        let mut pod = PodDns { namespace: "shop", policy, host_network: false, config: None };
        let (conf, warnings) = for_pod(&pod, &cluster, &host);
        assert!(warnings.is_empty());
        assert_eq!(
            conf.to_string(),
            "search shop.svc.cluster.local svc.cluster.local cluster.local example.org\n\
             nameserver 10.96.0.10\noptions ndots:5\n"
        );
        pod.host_network = true;
        assert_eq!(for_pod(&pod, &cluster, &host).0, host);
    }

    #[test]
    fn a_kubelet_without_cluster_dns_uses_the_nodes() {
        let host = parse("nameserver 8.8.8.8").expect("valid");
        let policy = DnsPolicy::ClusterFirst;
        let pod = PodDns { namespace: "shop", policy, host_network: false, config: None };
        assert_eq!(for_pod(&pod, &ClusterDns::default(), &host).0, host);
    }
}
