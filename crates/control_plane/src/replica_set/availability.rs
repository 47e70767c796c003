//! When a ready pod counts as available (`pkg/api/v1/pod/util.go`, `pkg/controller/controller_utils.go`).
//!
//! Moments are nanoseconds of the API server's clock. Since a pod's Ready condition has a time of
//! whole seconds, a pod is available up to a second sooner than `minReadySeconds` after it got ready.

use api::Pod;
use engine::Span;

/// Whether a pod has been ready for `minReadySeconds`. A ready pod that does not say since when is
/// available only if that is 0.
#[must_use]
pub fn is_pod_available(pod: &Pod, min_ready_seconds: u32, now: i64) -> bool {
    if !pod.is_ready() || min_ready_seconds == 0 {
        return pod.is_ready();
    }
    available_at(pod, min_ready_seconds).is_some_and(|at| at <= now)
}

/// How long until a ready pod is available; `None` where it is already, or no time will make it so.
#[must_use]
pub fn next_pod_availability_check(pod: &Pod, min_ready_seconds: u32, now: i64) -> Option<Span> {
    if !pod.is_ready() || min_ready_seconds == 0 {
        return None;
    }
    let wait = available_at(pod, min_ready_seconds)?.saturating_sub(now);
    (wait > 0).then(|| Span::from_nanos(wait.unsigned_abs()))
}

/// How long until the next of these pods is available, asked `now` by somebody who looked at the
/// pods for the last time at `evaluated`: a pod that has become available since is due at once.
#[must_use]
pub fn find_min_next_pod_availability_check<'a>(
    pods: impl IntoIterator<Item = &'a Pod>,
    min_ready_seconds: u32,
    evaluated: i64,
    now: i64,
) -> Option<Span> {
    let passed = Span::from_nanos(now.saturating_sub(evaluated).max(0).unsigned_abs());
    pods.into_iter()
        .filter_map(|pod| next_pod_availability_check(pod, min_ready_seconds, evaluated))
        .min()
        .map(|wait| wait.saturating_sub(passed))
}

fn available_at(pod: &Pod, min_ready_seconds: u32) -> Option<i64> {
    let since = pod.status.ready.as_ref()?.last_transition_time?;
    Some(since.as_nanos().saturating_add(i64::from(min_ready_seconds) * 1_000_000_000))
}

#[cfg(test)]
mod tests {
    use api::{Timestamp, pod::ReadyCondition};

    use super::{super::tests::pod, *};

    const SECOND: i64 = 1_000_000_000;

    fn ready_since(seconds: i64) -> Pod {
        let mut pod = pod("a");
        let since = Some(Timestamp(seconds));
        pod.status.ready = Some(ReadyCondition {
            status: true,
            last_transition_time: since,
            ..ReadyCondition::default()
        });
        pod
    }

    #[test]
    fn the_boundary_belongs_to_the_available() {
        let pod = ready_since(100);
        assert!(is_pod_available(&pod, 0, 0));
        assert!(!is_pod_available(&pod, 5, 105 * SECOND - 1));
        assert!(is_pod_available(&pod, 5, 105 * SECOND));
    }

    #[test]
    fn the_next_check_is_when_the_first_becomes_available() {
        let pods = [ready_since(100), ready_since(98), ready_since(90), pod("unready")];
        let check = |evaluated: i64, now: i64| {
            find_min_next_pod_availability_check(&pods, 5, evaluated, now)
        };
        assert_eq!(check(101 * SECOND, 101 * SECOND), Some(Span::from_secs(2)));
        assert_eq!(check(101 * SECOND, 102 * SECOND), Some(Span::from_secs(1)));
        assert_eq!(check(101 * SECOND, 109 * SECOND), Some(Span::ZERO));
        assert_eq!(check(105 * SECOND, 105 * SECOND), None);
    }
}
