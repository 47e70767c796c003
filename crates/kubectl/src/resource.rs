//! What kinds are called on a command line: `deployments`, `deployment`, `deploy`.

use crate::object::enumeration;

/// A kind of objects as a command line names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the API.
    pub plural: &'static str,
    /// One of them.
    pub singular: &'static str,
    /// For people in a hurry; empty where there is none.
    pub short: &'static str,
    /// `kind` of its objects.
    pub kind: &'static str,
    /// Its API group; empty for the core.
    pub group: &'static str,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

const fn resource(
    names: [&'static str; 3],
    kind: &'static str,
    group: &'static str,
    namespaced: bool,
) -> Resource {
    let [plural, singular, short] = names;
    Resource { plural, singular, short, kind, group, namespaced }
}

/// Those that a cluster is asked for.
pub const RESOURCES: &[Resource] = &[
    resource(["nodes", "node", "no"], "Node", "", false),
    resource(["pods", "pod", "po"], "Pod", "", true),
    resource(["services", "service", "svc"], "Service", "", true),
    resource(["endpoints", "endpoints", "ep"], "Endpoints", "", true),
    resource(["endpointslices", "endpointslice", ""], "EndpointSlice", "discovery.k8s.io", true),
    resource(["deployments", "deployment", "deploy"], "Deployment", "apps", true),
    resource(["replicasets", "replicaset", "rs"], "ReplicaSet", "apps", true),
    resource(
        ["horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"],
        "HorizontalPodAutoscaler",
        "autoscaling",
        true,
    ),
    resource(
        ["poddisruptionbudgets", "poddisruptionbudget", "pdb"],
        "PodDisruptionBudget",
        "policy",
        true,
    ),
    resource(["ingresses", "ingress", "ing"], "Ingress", "networking.k8s.io", true),
    resource(["gateways", "gateway", "gtw"], "Gateway", "gateway.networking.k8s.io", true),
    resource(["httproutes", "httproute", ""], "HTTPRoute", "gateway.networking.k8s.io", true),
];

/// Kinds that every cluster has and that are not simulated: plural, singular, and for people in a hurry.
const NOT_SIMULATED: [[&str; 3]; 22] = [
    ["configmaps", "configmap", "cm"],
    ["cronjobs", "cronjob", "cj"],
    ["customresourcedefinitions", "customresourcedefinition", "crd"],
    ["daemonsets", "daemonset", "ds"],
    ["events", "event", "ev"],
    ["ingressclasses", "ingressclass", ""],
    ["jobs", "job", ""],
    ["leases", "lease", ""],
    ["limitranges", "limitrange", "limits"],
    ["namespaces", "namespace", "ns"],
    ["networkpolicies", "networkpolicy", "netpol"],
    ["persistentvolumeclaims", "persistentvolumeclaim", "pvc"],
    ["persistentvolumes", "persistentvolume", "pv"],
    ["podtemplates", "podtemplate", ""],
    ["priorityclasses", "priorityclass", "pc"],
    ["replicationcontrollers", "replicationcontroller", "rc"],
    ["resourcequotas", "resourcequota", "quota"],
    ["roles", "role", ""],
    ["secrets", "secret", ""],
    ["serviceaccounts", "serviceaccount", "sa"],
    ["statefulsets", "statefulset", "sts"],
    ["storageclasses", "storageclass", "sc"],
];

/// What is said of a word that names none of [`RESOURCES`]: kubectl's words where no cluster would know
/// it either.
#[must_use]
pub fn unknown(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let known = |names: &[&str; 3]| !lower.is_empty() && names.contains(&lower.as_str());
    match NOT_SIMULATED.iter().find(|names| known(names)) {
        Some([plural, ..]) => {
            let simulated: Vec<&str> = RESOURCES.iter().map(|it| it.plural).collect();
            format!(
                "error: {plural} are not simulated\n  = help: there are {}",
                enumeration(&simulated)
            )
        }
        None => format!("error: the server doesn't have a resource type \"{word}\""),
    }
}

/// What `all` stands for, in kubectl's order.
const ALL: [&str; 5] =
    ["pods", "services", "deployments", "replicasets", "horizontalpodautoscalers"];

impl Resource {
    /// The kind that a word names: plural, singular or short, with or without its group.
    #[must_use]
    pub fn named(word: &str) -> Option<&'static Self> {
        let lower = word.to_ascii_lowercase();
        let (name, group) = lower.split_once('.').unwrap_or((&lower, ""));
        RESOURCES.iter().find(|it| {
            let known = [it.plural, it.singular, it.short];
            known.contains(&name) && !name.is_empty() && (group.is_empty() || it.is_in(group))
        })
    }

    /// `apps`, or `v1.apps`.
    fn is_in(&self, group: &str) -> bool {
        group == self.group || group.split_once('.').is_some_and(|(_, rest)| rest == self.group)
    }

    /// `deployments.apps`, as errors say it.
    #[must_use]
    pub fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

/// The kinds in a list such as `deploy,svc`, or the word that names none.
///
/// # Errors
/// The first word that names no kind.
pub fn parse_list(words: &str) -> Result<Vec<&'static Resource>, String> {
    let words = words.split(',').flat_map(|word| match word {
        "all" => ALL.to_vec(),
        word => vec![word],
    });
    words.map(|word| Resource::named(word).ok_or_else(|| word.to_owned())).collect()
}
