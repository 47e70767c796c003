//! What policies look at, of all that they are told: a setting for what one does not look at changes
//! nothing.

/// The policies to which weights are all the same, whatever is set about them, but that none is to get what
/// weighs nothing.
pub static IGNORING_WEIGHTS: &[&str] = &[
    "aws.nlb",
    "azure.flow_hash",
    "bounded_load.ring",
    "c3.cubic",
    "cilium.random",
    "envoy.client_side_weighted_round_robin",
    "envoy.random",
    "finagle.p2c",
    "finagle.p2c_peak_ewma",
    "gcp.maglev",
    "grpc.least_request",
    "grpc.pick_first",
    "grpc.round_robin",
    "grpc.weighted_round_robin",
    "haproxy.first",
    "ingress-nginx.ewma",
    "ipvs.dh",
    "ipvs.lc",
    "ipvs.rr",
    "kube-proxy.iptables",
    "kube-proxy.nftables",
    "kube-proxy.random",
    "linkerd.ewma",
    "metallb.bgp",
    "metallb.l2",
    "oracle.jiq",
    "oracle.jsq",
    "oracle.least_work",
    "prequal.hcl",
    "tower.p2c",
    "traefik.p2c",
];

/// The policies that hash a request's key, and what they do where it has none.
pub static HASHING_KEYS: &[(&str, Keyless)] = &[
    ("bounded_load.ring", Keyless::Chance),
    ("envoy.maglev", Keyless::Chance),
    ("envoy.ring_hash", Keyless::Chance),
    ("grpc.ring_hash", Keyless::Chance),
    ("haproxy.uri", Keyless::Same),
    ("ingress-nginx.chash", Keyless::Same),
    ("ketama.continuum", Keyless::Same),
    ("nginx.hash", Keyless::Turns),
    ("nginx.hash_consistent", Keyless::Turns),
];

/// What becomes of requests without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyless {
    /// Each goes by chance.
    Chance,
    /// They go in turn.
    Turns,
    /// All have the same hash, and go to the same endpoint.
    Same,
}
