//! The cluster's DNS as kubeadm sets it up: what kubelets are told of it, and what it is told.

use api::{DnsPolicy, ResolvConf, Timestamp};
use control_plane::{
    api_server::allocation::CLUSTER_DNS,
    kubelet::resolv_conf::{ClusterDns, PodDns, for_pod},
};
use data_plane::dns::{cache::Limits, index, server};
use engine::Span;

use crate::system_objects::system_objects;

/// The cluster's zone.
pub(crate) const ZONE: &str = "cluster.local";

/// What a kubelet is told of the cluster's DNS.
pub(crate) fn cluster_dns() -> ClusterDns {
    ClusterDns { servers: vec![CLUSTER_DNS.to_string()], domain: ZONE.to_owned() }
}

/// How long NodeLocal DNSCache keeps answers of the cluster's zone (its Corefile,
/// `cluster/addons/dns/nodelocaldns`).
pub(crate) const NODE_LOCAL: Limits =
    Limits { success: Span::from_secs(30), denial: Span::from_secs(5) };

/// How the name servers answer.
pub(crate) fn name_server(rewrites_short_names: bool) -> server::Config {
    server::Config {
        rewrites_short_names,
        addresses: vec![CLUSTER_DNS],
        ..server::Config::kubeadm(ZONE)
    }
}

/// The resolv.conf of a pod of a namespace that says nothing about its DNS.
pub(crate) fn plain_resolv_conf(namespace: &str) -> ResolvConf {
    let pod =
        PodDns { namespace, policy: DnsPolicy::ClusterFirst, host_network: false, config: None };
    for_pod(&pod, &cluster_dns(), &ResolvConf::default()).0
}

/// The Services that no manifest has and every cluster does, as name servers know them.
pub(crate) fn system_services() -> Vec<index::Service> {
    // When they were stored is nothing to a name server.
    let objects = system_objects(Timestamp::default());
    index::Index::of(&objects).services().cloned().collect()
}
