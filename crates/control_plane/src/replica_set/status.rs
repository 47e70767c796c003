//! The status of a ReplicaSet (`pkg/controller/replicaset/replica_set_utils.go`).

use std::sync::Arc;

use api::{Pod, ReplicaSet, ReplicaSetStatus, selector::matches_all};

use super::availability::is_pod_available;

/// What the status is to say: `active` pods are counted, `terminating` ones only told, and not even
/// that (`None`) before Kubernetes 1.35. `now` is in nanoseconds of the API server's clock.
#[must_use]
pub fn calculate_status(
    set: &ReplicaSet,
    active: &[&Arc<Pod>],
    terminating: Option<usize>,
    now: i64,
) -> ReplicaSetStatus {
    let count =
        |counts: &dyn Fn(&Pod) -> bool| active.iter().filter(|pod| counts(pod)).count() as i32;
    let min_ready_seconds = set.spec.min_ready_seconds;
    ReplicaSetStatus {
        replicas: active.len() as i32,
        fully_labeled_replicas: count(&|pod| {
            matches_all(&set.spec.template.labels, &pod.meta.labels)
        }),
        ready_replicas: count(&Pod::is_ready),
        available_replicas: count(&|pod| is_pod_available(pod, min_ready_seconds, now)),
        terminating_replicas: terminating.map(|count| count as i32),
        observed_generation: set.meta.generation,
    }
}
