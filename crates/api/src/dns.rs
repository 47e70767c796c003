//! What a pod's manifest says about its DNS, and what its containers find in resolv.conf.

use std::fmt;

/// `dnsPolicy` of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DnsPolicy {
    /// The cluster's DNS, except for a pod on its node's network.
    #[default]
    ClusterFirst,
    /// The cluster's DNS in any case.
    ClusterFirstWithHostNet,
    /// What the node has.
    Default,
    /// Nothing but the pod's `dnsConfig`.
    None,
}

impl DnsPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// If Kubernetes has none of that name.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "ClusterFirst" => Ok(Self::ClusterFirst),
            "ClusterFirstWithHostNet" => Ok(Self::ClusterFirstWithHostNet),
            "Default" => Ok(Self::Default),
            "None" => Ok(Self::None),
            other => Err(format!("invalid DNSPolicy={other}")),
        }
    }
}

/// `dnsConfig` of a pod: what is added to its policy's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodDnsConfig {
    /// More nameservers.
    pub nameservers: Vec<String>,
    /// More search domains.
    pub searches: Vec<String>,
    /// Options, each with a value if it has one.
    pub options: Vec<(String, Option<String>)>,
}

/// What a resolv.conf says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// Whom to ask, in this order.
    pub nameservers: Vec<String>,
    /// What to append to a name that is not complete.
    pub searches: Vec<String>,
    /// Options like `ndots:5`.
    pub options: Vec<String>,
}

impl ResolvConf {
    /// How many dots a name needs to be tried as it is before anything is appended: `ndots`, 1 where
    /// nothing is said (resolv.conf(5)), and 15 at most, as C libraries have it.
    #[must_use]
    pub fn ndots(&self) -> usize {
        let written = self.options.iter().find_map(|option| option.strip_prefix("ndots:"));
        written.and_then(|ndots| ndots.parse().ok()).unwrap_or(1).min(15)
    }
}

impl fmt::Display for ResolvConf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.searches.is_empty() {
            writeln!(f, "search {}", self.searches.join(" "))?;
        }
        for server in &self.nameservers {
            writeln!(f, "nameserver {server}")?;
        }
        if !self.options.is_empty() {
            writeln!(f, "options {}", self.options.join(" "))?;
        }
        Ok(())
    }
}
