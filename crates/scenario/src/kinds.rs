//! The kinds of objects Kubernetes 1.36 knows, and what a rehearsal does with each.
//!
//! Kinds that are not simulated are still read as their types, because a field that the API server
//! would drop is a mistake wherever it stands.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling,
    batch::v1 as batch, coordination::v1 as coordination, core::v1 as core,
    discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy,
    rbac::v1 as rbac, scheduling::v1 as scheduling, storage::v1 as storage,
};
use serde::de::DeserializeOwned;

use crate::{
    deserializer::{Mismatch, UnknownField, deserialize},
    kubernetes::gateway_api as gateway,
    source::At,
    yaml::Node,
};

/// What a rehearsal does with objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// They are part of the simulated cluster.
    Simulated(api::Kind),
    /// They cannot change how a rollout goes, or only by what is not simulated anyway.
    Silent,
    /// They could, and are left out: why that matters.
    LeftOut(&'static str),
    /// So are these, but they are objects of the cluster that whoever looks sees.
    Shown(api::Kind, &'static str),
}

/// What is wrong with an object of a kind that is not simulated.
pub(crate) struct Checked {
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) unknown: Vec<UnknownField>,
}

/// A kind that Kubernetes has.
pub(crate) struct KnownKind {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) treatment: Treatment,
    /// Reads an object as its type.
    pub(crate) check: fn(&Node) -> Checked,
}

fn check<T: DeserializeOwned>(root: &Node) -> Checked {
    let read = deserialize::<T>(root, |_, _| false);
    Checked { mismatches: read.mismatches, unknown: read.unknown }
}

macro_rules! kinds {
    ($($module:ident $api_version:literal { $($kind:ident: $treatment:expr),* $(,)? })*) => {
        /// Every kind that is known by its fields.
        pub(crate) const KNOWN_KINDS: &[KnownKind] = &[$($(KnownKind {
            api_version: $api_version,
            kind: stringify!($kind),
            treatment: $treatment,
            check: check::<$module::$kind>,
        }),*),*];
    };
}

use Treatment::{LeftOut, Shown, Silent, Simulated};

/// What becomes of autoscaled pods.
const STAYS: &str = "the number of replicas stays what the manifest says";

/// What becomes of backends in other namespaces.
const NO_GRANTS: &str = "an HTTPRoute leads to Services of its own namespace alone";

kinds! {
    core "v1" {
        Pod: Simulated(api::Kind::Pod),
        Service: Simulated(api::Kind::Service),
        ConfigMap: Silent,
        Secret: Silent,
        ServiceAccount: Silent,
        Namespace: Silent,
        PersistentVolume: Silent,
        PersistentVolumeClaim: Silent,
        PodTemplate: Silent,
        Event: Silent,
        Endpoints: Simulated(api::Kind::Endpoints),
        LimitRange: LeftOut("it sets no requests and refuses no pod"),
        ResourceQuota: LeftOut("it refuses no pod"),
        ReplicationController: LeftOut("it starts no pods"),
        Node: LeftOut("nodes come from `cluster.nodes` of the scenario"),
    }
    apps "apps/v1" {
        Deployment: Simulated(api::Kind::Deployment),
        ReplicaSet: LeftOut("on its own it starts no pods"),
        StatefulSet: LeftOut("it starts no pods"),
        DaemonSet: LeftOut("it starts no pods"),
        ControllerRevision: Silent,
    }
    batch "batch/v1" {
        Job: LeftOut("it starts no pods"),
        CronJob: LeftOut("it starts no pods"),
    }
    autoscaling "autoscaling/v2" {
        HorizontalPodAutoscaler: Shown(api::Kind::HorizontalPodAutoscaler, STAYS),
    }
    autoscaling_v1 "autoscaling/v1" {
        HorizontalPodAutoscaler: Shown(api::Kind::HorizontalPodAutoscaler, STAYS),
    }
    policy "policy/v1" {
        PodDisruptionBudget: Shown(
            api::Kind::PodDisruptionBudget,
            "nobody evicts pods, so nobody asks it",
        ),
    }
    networking "networking.k8s.io/v1" {
        Ingress: Simulated(api::Kind::Ingress),
        IngressClass: Silent,
        NetworkPolicy: LeftOut("it blocks no connection"),
    }
    discovery "discovery.k8s.io/v1" {
        EndpointSlice: Simulated(api::Kind::EndpointSlice),
    }
    gateway "gateway.networking.k8s.io/v1" {
        GatewayClass: Silent,
        Gateway: Simulated(api::Kind::Gateway),
        HTTPRoute: Simulated(api::Kind::HttpRoute),
        ReferenceGrant: LeftOut(NO_GRANTS),
    }
    gateway "gateway.networking.k8s.io/v1beta1" {
        GatewayClass: Silent,
        Gateway: Simulated(api::Kind::Gateway),
        HTTPRoute: Simulated(api::Kind::HttpRoute),
        ReferenceGrant: LeftOut(NO_GRANTS),
    }
    rbac "rbac.authorization.k8s.io/v1" {
        Role: Silent,
        RoleBinding: Silent,
        ClusterRole: Silent,
        ClusterRoleBinding: Silent,
    }
    scheduling "scheduling.k8s.io/v1" {
        PriorityClass: Silent,
    }
    storage "storage.k8s.io/v1" {
        StorageClass: Silent,
        VolumeAttachment: Silent,
    }
    coordination "coordination.k8s.io/v1" {
        Lease: Silent,
    }
}

/// A kind by its version and name.
pub(crate) fn known_kind(api_version: &str, kind: &str) -> Option<&'static KnownKind> {
    KNOWN_KINDS.iter().find(|known| known.api_version == api_version && known.kind == kind)
}

/// Groups whose kinds are all in [`KNOWN_KINDS`], so that another one in them is a mistake.
const WHOLE_GROUPS: [&str; 7] = [
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
];

/// Kinds of those groups that have no use in a manifest, or come with a version of their own.
const RARE_KINDS: [&str; 8] = [
    "ServiceCIDR",
    "IPAddress",
    "Binding",
    "ComponentStatus",
    "Eviction",
    "Scale",
    "TokenRequest",
    "PodGroup",
];

/// Whether nothing of this group and kind exists.
pub(crate) fn is_unknown(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    WHOLE_GROUPS.contains(&group) && !RARE_KINDS.contains(&kind)
}

/// Versions that are gone: group and version, kinds (empty for all), since when, what instead
/// (`kubernetes/website`, `reference/using-api/deprecation-guide`).
const REMOVED: &[(&str, &[&str], &str, &str)] = &[
    ("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], "1.16", "apps/v1"),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", ""),
    ("apps/v1beta1", &[], "1.16", "apps/v1"),
    ("apps/v1beta2", &[], "1.16", "apps/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", ""),
    ("batch/v1beta1", &[], "1.25", "batch/v1"),
    ("batch/v2alpha1", &[], "1.21", "batch/v1"),
    ("autoscaling/v2beta1", &[], "1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", &[], "1.26", "autoscaling/v2"),
    ("discovery.k8s.io/v1beta1", &[], "1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &[], "1.25", "events.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1alpha1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &[], "1.22", "scheduling.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &[], "1.25", "node.k8s.io/v1"),
    (
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        "1.22",
        "certificates.k8s.io/v1",
    ),
    (
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        "1.22",
        "apiextensions.k8s.io/v1",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    (
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass"],
        "1.22",
        "storage.k8s.io/v1",
    ),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[], "1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[], "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], "1.32", "flowcontrol.apiserver.k8s.io/v1"),
];

/// Since when a version is gone and what to write instead, if anything.
pub(crate) fn removed(api_version: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    let gone = REMOVED.iter().find(|(version, kinds, ..)| {
        *version == api_version && (kinds.is_empty() || kinds.contains(&kind))
    });
    gone.map(|(_, _, since, instead)| (*since, *instead))
}

/// Kinds and fields that were met and are not simulated, to be reported once each.
#[derive(Default)]
pub(crate) struct LeftOutThings {
    /// Per kind: why it matters, and where it stands.
    pub(crate) kinds: BTreeMap<&'static str, (&'static str, Vec<At>)>,
    /// Per type and field, where it stands.
    pub(crate) fields: BTreeMap<(&'static str, &'static str), LeftOutField>,
}

/// A field that is not simulated.
pub(crate) struct LeftOutField {
    /// What the simulation does instead.
    pub(crate) instead: &'static str,
    /// Where it stands, and its path there.
    pub(crate) places: Vec<(At, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_versions_are_not_known_any_more() {
        for (version, kinds, ..) in REMOVED {
            for kind in *kinds {
                assert!(known_kind(version, kind).is_none(), "{version} {kind}");
            }
        }
        assert_eq!(
            removed("extensions/v1beta1", "Ingress"),
            Some(("1.22", "networking.k8s.io/v1"))
        );
        assert_eq!(removed("apps/v1", "Deployment"), None);
    }

    #[test]
    fn only_whole_groups_can_have_unknown_kinds() {
        assert!(is_unknown("apps/v1", "Deploymnt") && is_unknown("v1", "Sevice"));
        assert!(
            !is_unknown("example.com/v1", "Thing")
                && !is_unknown("gateway.networking.k8s.io/v1", "Gateway")
        );
    }
}
