//! Which pods a ReplicaSet deletes first (`ActivePodsWithRanks` in `pkg/controller/controller_utils.go`).
//!
//! The order is not a strict one: ages are compared only roughly and ties go to the smaller uid, so
//! that of three pods each may come before the next. [`sort`] copes with that.

use std::cmp::Reverse;

use api::{Phase, Pod, Timestamp, Uid};

/// Annotation with what it costs to delete a pod, compared with others of its ReplicaSet.
pub const POD_DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Feature gates of the order, both on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// `PodDeletionCost`: whether the annotation counts.
    pub pod_deletion_cost: bool,
    /// `LogarithmicScaleDown`: whether ages are compared by their order of magnitude only.
    pub logarithmic_scale_down: bool,
}

impl Default for Gates {
    fn default() -> Self {
        Self { pod_deletion_cost: true, logarithmic_scale_down: true }
    }
}

/// What of a pod counts for the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedPod<'a> {
    /// Its uid, which breaks ties.
    pub uid: &'a Uid,
    /// Whether it is bound to a node.
    pub assigned: bool,
    /// Its phase.
    pub phase: Phase,
    /// Whether it is ready, and since when; the inner `None` where nobody said.
    pub ready: Option<Option<Timestamp>>,
    /// Its deletion cost.
    pub deletion_cost: i32,
    /// How many active pods of its kin are on its node.
    pub rank: usize,
    /// The most restarts of one of its regular containers.
    pub restarts: u32,
    /// The most restarts of one of its sidecars.
    pub sidecar_restarts: u32,
    /// When it was created; `None` where nobody said.
    pub created: Option<Timestamp>,
}

impl<'a> RankedPod<'a> {
    /// A pod beside `rank` active pods of its kin on its node.
    #[must_use]
    pub fn new(pod: &'a Pod, rank: usize) -> Self {
        let ready = pod.status.ready.as_ref().filter(|condition| condition.status);
        let restarts = pod.status.containers.iter().map(|container| container.restart_count);
        Self {
            uid: &pod.meta.uid,
            assigned: pod.node_name.is_some(),
            phase: pod.status.phase,
            ready: ready.map(|condition| condition.last_transition_time),
            deletion_cost: deletion_cost(pod),
            rank,
            restarts: restarts.max().unwrap_or(0),
            sidecar_restarts: 0,
            created: pod.meta.creation_timestamp,
        }
    }
}

/// The annotated cost, 0 where it is absent or no number of 32 bits.
///
/// The API server refuses a plus sign and leading zeros, and so those count as 0 here.
fn deletion_cost(pod: &Pod) -> i32 {
    let Some(text) = pod.meta.annotations.get(POD_DELETION_COST) else { return 0 };
    let valid = text == "0" || text.starts_with(|first| matches!(first, '-' | '1'..='9'));
    text.parse().ok().filter(|_| valid).unwrap_or(0)
}

/// Whether `a` is deleted before `b`, at `now` in nanoseconds of the API server's clock.
#[must_use]
pub fn less(a: &RankedPod<'_>, b: &RankedPod<'_>, now: i64, gates: Gates) -> bool {
    // Not yet bound goes before bound, Pending before Unknown before Running, not ready before
    // ready, cheap before dear, crowded before lonely.
    let coarse = |pod: &RankedPod<'_>| {
        let cost = if gates.pod_deletion_cost { pod.deletion_cost } else { 0 };
        (pod.assigned, phase_order(pod.phase), pod.ready.is_some(), cost, Reverse(pod.rank))
    };
    if coarse(a) != coarse(b) {
        return coarse(a) < coarse(b);
    }
    // Ready for a shorter time goes first: it has had less time to warm up and fewer clients.
    if let (Some(a_ready), Some(b_ready)) = (a.ready, b.ready)
        && a_ready != b_ready
    {
        return younger((a_ready, a.uid), (b_ready, b.uid), now, gates);
    }
    let restarts = |pod: &RankedPod<'_>| (pod.restarts, pod.sidecar_restarts);
    if restarts(a) != restarts(b) {
        return restarts(a) > restarts(b);
    }
    a.created != b.created && younger((a.created, a.uid), (b.created, b.uid), now, gates)
}

fn phase_order(phase: Phase) -> u8 {
    match phase {
        Phase::Pending => 0,
        Phase::Unknown => 1,
        Phase::Running => 2,
        // Kubernetes' table has no row for them: only active pods are ranked.
        Phase::Succeeded | Phase::Failed => 0,
    }
}

/// Whether `a` is the younger; a moment that nobody said is the youngest of all.
fn younger(
    (a, a_uid): (Option<Timestamp>, &Uid),
    (b, b_uid): (Option<Timestamp>, &Uid),
    now: i64,
    gates: Gates,
) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() };
    if !gates.logarithmic_scale_down {
        return a > b;
    }
    let (a, b) = (magnitude(a, now), magnitude(b, now));
    if a == b { a_uid < b_uid } else { a < b }
}

/// The order of magnitude of an age: the whole part of the binary logarithm of its nanoseconds,
/// and −1 for what is not past.
fn magnitude(since: Timestamp, now: i64) -> i64 {
    now.saturating_sub(since.as_nanos()).checked_ilog2().map_or(-1, i64::from)
}

/// Sorts so that what is deleted first is first, and gives back what came with each pod.
///
/// Each pod in turn is put behind those that do not come after it. The sorts of the standard
/// library may panic where the order is inconsistent, as this one is.
#[must_use]
pub fn sort<T>(pods: Vec<(RankedPod<'_>, T)>, now: i64, gates: Gates) -> Vec<T> {
    let mut sorted: Vec<(RankedPod<'_>, T)> = Vec::with_capacity(pods.len());
    for pod in pods {
        let place = sorted.partition_point(|(other, _)| !less(&pod.0, other, now, gates));
        sorted.insert(place, pod);
    }
    sorted.into_iter().map(|(_, with)| with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000 * 1_000_000_000;

    fn running<'a>(uid: &'a Uid, ready_for: i64, created_for: i64) -> RankedPod<'a> {
        let ago = |seconds: i64| Some(Timestamp(1_000_000 - seconds));
        RankedPod {
            uid,
            assigned: true,
            phase: Phase::Running,
            ready: Some(ago(ready_for)),
            deletion_cost: 0,
            rank: 1,
            restarts: 0,
            sidecar_restarts: 0,
            created: ago(created_for),
        }
    }

    #[track_caller]
    fn check_first(first: &RankedPod<'_>, second: &RankedPod<'_>) {
        assert!(less(first, second, NOW, Gates::default()), "{first:?} before {second:?}");
        assert!(!less(second, first, NOW, Gates::default()), "{second:?} not before {first:?}");
    }

    #[test]
    fn each_criterion_comes_before_the_next() {
        let uid = Uid::from("a");
        let plain = || running(&uid, 100, 200);
        let crowded = || RankedPod { rank: 2, ..plain() };
        let cheap = || RankedPod { deletion_cost: -1, rank: 1, ..plain() };
        let unready = || RankedPod { ready: None, deletion_cost: 9, ..plain() };
        let unknown = || RankedPod { phase: Phase::Unknown, ..plain() };
        let pending = || RankedPod { phase: Phase::Pending, ..plain() };
        let unassigned = || RankedPod { assigned: false, ..plain() };
        check_first(&crowded(), &plain());
        check_first(&cheap(), &crowded());
        check_first(&unready(), &cheap());
        check_first(&unknown(), &unready());
        check_first(&pending(), &unknown());
        check_first(&unassigned(), &pending());
    }

    #[test]
    fn ages_are_compared_by_magnitude_and_then_by_uid() {
        let (a, b) = (Uid::from("a"), Uid::from("b"));
        check_first(&running(&b, 10, 10), &running(&a, 1000, 1000));
        check_first(&running(&a, 1000, 1000), &running(&b, 900, 900));
        let exact = Gates { logarithmic_scale_down: false, ..Gates::default() };
        assert!(less(&running(&b, 900, 900), &running(&a, 1000, 1000), NOW, exact));
    }

    #[test]
    fn restarts_come_before_creation() {
        let uid = Uid::from("a");
        let restarted = RankedPod { sidecar_restarts: 1, ..running(&uid, 100, 100_000) };
        check_first(&restarted, &running(&uid, 100, 200));
        check_first(&RankedPod { restarts: 1, ..running(&uid, 100, 100_000) }, &restarted);
        check_first(&running(&uid, 100, 200), &running(&uid, 100, 100_000));
    }

    #[test]
    fn the_cost_is_a_plain_number_of_32_bits() {
        for (text, cost) in
            [("7", 7), ("-7", -7), ("0", 0), ("+7", 0), ("07", 0), ("much", 0), ("2147483648", 0)]
        {
            let mut pod = super::super::tests::pod("a");
            pod.meta.annotations.insert(POD_DELETION_COST.into(), text.into());
            assert_eq!(deletion_cost(&pod), cost, "{text}");
        }
    }
}
