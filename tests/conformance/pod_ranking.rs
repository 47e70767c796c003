//! Which pods count, which are available, and which are deleted first.

use api::{Pod, PodStatus};
use control_plane::replica_set::{
    availability::{
        find_min_next_pod_availability_check, is_pod_available, next_pod_availability_check,
    },
    ranking::{Gates, RankedPod, less, sort},
};
use engine::Span;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    moment::{parse_duration, parse_moment},
    pods::{self, ReadPod},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestSortingActivePodsWithRanks" => order(case),
        "TestSortingActivePods" => plain_order(case),
        "TestActivePodFiltering" => active(case),
        "TestNextPodAvailabilityCheck" => next_check(case),
        "TestFindMinNextPodAvailabilitySimpleCheck" | "TestFindMinNextPodAvailability" => {
            least_next_check(case)
        }
        "TestIsPodAvailable" => available(case),
        "TestIsPodTerminal" => terminal(case),
        _ => case.unknown(),
    }
}

/// The moment that the Go test's clock shows.
fn fixture_now(case: &Case) -> Read<i64> {
    case.fixture(|f| parse_moment(f.needed("now", f.text("now")?)?))
}

/// A pod with its rank; the Go test ranks pods alike where it does not say.
fn with_rank(f: &Fields<'_>) -> Read<(ReadPod, usize)> {
    Ok((f.object("pod", pods::pod)?, f.needed("rank", f.int::<i64>("rank")?)? as usize))
}

fn order(case: &Case) -> Result<(), Problem> {
    let now = fixture_now(case)?;
    let (a, b, gates, names) = case.input(|f| {
        let gates = Gates {
            pod_deletion_cost: !f.flag("disablePodDeletioncost")?,
            logarithmic_scale_down: !f.flag("disableLogarithmicScaleDown")?,
        };
        if let Some(lesser) = f.object_if_any("lesser", with_rank)? {
            let greater = f.needed("greater", f.object_if_any("greater", with_rank)?)?;
            return Ok((lesser, Some(greater), gates, ("lesser", "greater")));
        }
        let p1 = f.needed("p1", f.object_if_any("p1", pods::pod)?)?;
        let p2 = f.object_if_any("p2", pods::pod)?;
        Ok(((p1, 1), p2.map(|pod| (pod, 1)), gates, ("p1", "p2")))
    })?;
    let b = b.as_ref().unwrap_or(&a);
    let [a, b] = [&a, b].map(|(read, rank)| {
        let sidecar_restarts = read.sidecar_restarts;
        RankedPod { sidecar_restarts, ..RankedPod::new(&read.pod, *rank) }
    });
    let expected = case.expected(|f| {
        f.text("note")?;
        let less = |a: &str, b: &str| f.flag(&format!("less({a},{b})"));
        Ok((less(names.0, names.1)?, less(names.1, names.0)?))
    })?;
    agree("less both ways", &expected, &(less(&a, &b, now, gates), less(&b, &a, now, gates)))
}

/// `ActivePods`, the order of controllers that know neither ranks nor costs nor magnitudes.
fn plain_order(case: &Case) -> Result<(), Problem> {
    let gates = Gates { pod_deletion_cost: false, logarithmic_scale_down: false };
    let pods = case.input(|f| f.objects("pods", pods::pod))?;
    let expected = case.expected(|f| f.texts("wantOrder"))?;
    let ranked = pods.iter().map(|read| {
        let sidecar_restarts = read.sidecar_restarts;
        let ranked = RankedPod { sidecar_restarts, ..RankedPod::new(&read.pod, 1) };
        (ranked, read.pod.meta.name.to_string())
    });
    agree("order", &expected, &sort(ranked.collect(), 0, gates))
}

fn active(case: &Case) -> Result<(), Problem> {
    let pods = case.input(|f| {
        f.objects("pods", |f| {
            Ok((f.text_or_empty("podName")?.to_owned(), pod_in(f.text_or_empty("podPhase")?)?))
        })
    })?;
    let expected = case.expected(|f| f.texts("wantPodNames"))?;
    let active = pods.into_iter().filter(|(_, pod)| pod.is_active()).map(|(name, _)| name);
    agree("active pods", &expected, &active.collect())
}

fn pod_in(phase: &str) -> Read<Pod> {
    let status = PodStatus { phase: pods::phase(phase)?, ..PodStatus::default() };
    Ok(Pod {
        meta: api::Meta::default(),
        id: api::PodId::default(),
        spec: std::sync::Arc::default(),
        node_name: None,
        status,
    })
}

/// A duration, if any.
fn expected_span(case: &Case) -> Read<Option<Span>> {
    case.expected(|f| {
        let Some(text) = f.text("expected")? else { return Ok(None) };
        let nanos = u64::try_from(parse_duration(text)?).map_err(|_| "a negative duration")?;
        Ok(Some(Span::from_nanos(nanos)))
    })
}

fn next_check(case: &Case) -> Result<(), Problem> {
    let now = fixture_now(case)?;
    let (pod, seconds) =
        case.input(|f| Ok((f.object("pod", pods::pod)?.pod, f.int_or_zero("minReadySeconds")?)))?;
    agree("wait", &expected_span(case)?, &next_pod_availability_check(&pod, seconds, now))
}

fn least_next_check(case: &Case) -> Result<(), Problem> {
    let now = fixture_now(case)?;
    let (pods, seconds, delay) = case.input(|f| {
        let pods = f.objects("pods", |f| Ok(pods::pod(f)?.pod))?;
        let delay = f.int_or_zero::<i64>("statusEvaluationDelaySeconds")?;
        Ok((pods, f.int_or_zero("minReadySeconds")?, delay * 1_000_000_000))
    })?;
    // The status was evaluated at the fixture's moment, and the clock has moved on since.
    let got = find_min_next_pod_availability_check(&pods, seconds, now, now + delay);
    agree("wait", &expected_span(case)?, &got)
}

fn available(case: &Case) -> Result<(), Problem> {
    // A case without times does not depend on the clock, and says none.
    let now = case.captured_at.as_deref().map_or(Ok(0), parse_moment)?;
    let (pod, seconds) =
        case.input(|f| Ok((f.object("pod", pods::pod)?.pod, f.int_or_zero("minReadySeconds")?)))?;
    let expected = case.expected(|f| f.flag("expected"))?;
    agree("available", &expected, &is_pod_available(&pod, seconds, now))
}

fn terminal(case: &Case) -> Result<(), Problem> {
    let pod = case.input(|f| pod_in(f.text_or_empty("podPhase")?))?;
    let expected = case.expected(|f| f.flag("expected"))?;
    agree("terminal", &expected, &pod.is_terminal())
}
