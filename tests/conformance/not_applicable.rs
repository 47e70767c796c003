//! Cases of functions that have no counterpart here, each with the reason.

use crate::case::Case;

/// A row: the file, the test, the case (`*` for all, `word*`, `*word` or `*word*` for some), why.
type Listed = (&'static str, &'static str, &'static str, &'static str);

const LISTED: &[Listed] = &[
    (
        "coredns_kubernetes",
        "TestExternal",
        "*",
        "the plugin k8s_external serves a zone of its own for load balancers; no cluster here has it",
    ),
    (
        "coredns_kubernetes",
        "TestParseRequest",
        "*cluster1*",
        "zones of several clusters (the Multi-Cluster Services API): there is one cluster here",
    ),
    (
        "endpointslice_utils",
        "TestGetEndpointPorts",
        "*AppProtocol*",
        "appProtocol is handed through to proxies that read it, and none of the simulated ones does",
    ),
    (
        "endpointslice_utils",
        "TestFindPort",
        "invalid ContainerPort",
        "port numbers are 1 to 65535 here: no API server stores a pod with port -1",
    ),
    (
        "kubectl_expose",
        "TestExposeOverride",
        "*",
        "`kubectl expose --overrides` patches JSON, and it is said that it is not simulated",
    ),
    (
        "kubectl_helpers",
        "TestMapBasedSelectorForObject",
        "#6",
        "a Deployment of extensions/v1beta1, whose selector was defaulted: no server has that version",
    ),
    ("kubectl_helpers", "TestDaemonSetStatusViewerStatus", "*", NO_SUCH_WORKLOAD),
    ("kubectl_helpers", "TestStatefulSetStatusViewerStatus", "*", NO_SUCH_WORKLOAD),
    (
        "pdb",
        "TestInvalidSelectors/*",
        "*",
        "a selector of labels that cannot be: the manifest with it is refused",
    ),
    ("pdb", "TestStalePodDisruption", "*", NOBODY_EVICTS),
    ("pdb", "TestUpdateDisruptedPods", "*", NOBODY_EVICTS),
    (
        "kubelet_status",
        "TestGeneratePodInitializedCondition",
        "*",
        "there are no init containers, so no condition says that they are done",
    ),
    (
        "replicaset",
        "TestCalculateStatusConditions",
        "*",
        "there is no quota and no admission, so pods are never refused and ReplicaFailure never set",
    ),
    (
        "replicaset",
        "TestPodControllerLookup",
        "*",
        "who may adopt a pod without an owner: every simulated pod has the owner that made it",
    ),
    ("topology_hints", "Test_getGivingAndReceivingZones", "*", TOPOLOGY_MODE),
    ("topology_hints", "Test_getHintsByZone", "*", TOPOLOGY_MODE),
    ("topology_hints", "TestSetNodes", "*", TOPOLOGY_MODE),
    ("topology_hints", "Test_getTotalReadyEndpoints", "*", TOPOLOGY_MODE),
    ("topology_hints", "TestAddHints", "*", TOPOLOGY_MODE),
    ("topology_hints", "Test_redistributeHints", "*", TOPOLOGY_MODE),
];

/// Why pods that are being evicted are not counted.
const NOBODY_EVICTS: &str = "nobody evicts pods, so none is on its way out by eviction";

/// Why rules of other workloads are not checked.
const NO_SUCH_WORKLOAD: &str =
    "DaemonSets and StatefulSets are not simulated; their manifests are named by a warning";

/// Why hints by zone and processor are not checked.
const TOPOLOGY_MODE: &str = "hints by `topology-mode` share endpoints out by the zones' processors; the annotation is not \
     simulated, and a warning says so";

/// The list, and which of its rows have been of use.
pub(crate) struct NotApplicable {
    used: Vec<bool>,
}

impl NotApplicable {
    /// The list, unused.
    pub(crate) fn new() -> Self {
        Self { used: vec![false; LISTED.len()] }
    }

    /// Whether a case is listed.
    pub(crate) fn covers(&mut self, file: &str, case: &Case) -> bool {
        let found = LISTED.iter().position(|(listed, test, name, _)| {
            *listed == file && matches(test, &case.test) && matches(name, &case.name)
        });
        if let Some(row) = found {
            self.used[row] = true;
        }
        found.is_some()
    }

    /// Rows that matched no case: each is a failure, since it hides nothing and may come to.
    pub(crate) fn unmatched(&self) -> impl Iterator<Item = String> {
        let rows = LISTED.iter().zip(&self.used).filter(|(_, used)| !**used);
        rows.map(|((file, test, name, why), _)| {
            format!("not_applicable.rs: no case for {file} {test} \"{name}\" ({why})")
        })
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() < 2 => true,
        (Some(rest), Some(_)) => text.contains(rest.trim_end_matches('*')),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => text == pattern,
    }
}

#[test]
fn patterns_match_ends_and_middles() {
    for (pattern, text, expected) in [
        ("*", "anything", true),
        ("#1", "#1", true),
        ("#1", "#12", false),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("*b*", "abc", true),
        ("*d*", "abc", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
