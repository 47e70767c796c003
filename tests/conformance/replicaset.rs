//! The ReplicaSet controller.

use std::{collections::BTreeSet, sync::Arc};

use api::{Change, Object, Pod, ReplicaSet, ReplicaSetStatus, Verb};
use control_plane::{
    informer::Informers,
    replica_set::{
        indirectly_related_pods, pods_to_delete, replica_sets_with_same_controller,
        slow_start_batch, status::calculate_status,
    },
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    moment::parse_moment,
    objects::{self, replica_sets},
    pods,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestSlowStartBatch" => batches(case),
        "TestGetPodsToDelete" => victims(case),
        "TestGetReplicaSetsWithSameController" => kin(case),
        "TestRelatedPodsLookup" => related(case),
        "TestCalculateStatus" => status(case),
        _ => case.unknown(),
    }
}

fn pods(f: &Fields<'_>, name: &str) -> Read<Vec<Arc<Pod>>> {
    f.objects(name, |f| Ok(Arc::new(pods::pod(f)?.pod)))
}

/// The moment of the recording, where times matter.
fn now(case: &Case) -> Read<i64> {
    case.captured_at.as_deref().map_or(Ok(0), parse_moment)
}

/// Calls fail from the `callLimit`-th on, and a batch in which one fails is the last.
fn batches(case: &Case) -> Result<(), Problem> {
    let size = case.fixture(|f| f.int_or_zero::<u16>("initialBatchSize"))?;
    let (count, limit) = case.input(|f| {
        Ok((f.int_or_zero::<u16>("count")?, usize::from(f.int_or_zero::<u16>("callLimit")?)))
    })?;
    let mut called = 0;
    for batch in slow_start_batch((0..count).collect(), size.into()) {
        called += batch.len();
        if called > limit {
            break;
        }
    }
    let got = (called, called.min(limit), called > limit);
    let expected = case.expected(|f| {
        let fails = f.object_if_any("expectedErr", |f| f.text("error"))?.is_some();
        let called: u16 = f.int_or_zero("expectedCallCnt")?;
        let succeeded: u16 = f.int_or_zero("expectedSuccesses")?;
        Ok((called.into(), succeeded.into(), fails))
    })?;
    agree("(calls, successes, fails)", &expected, &got)
}

/// Where the case names no related pods, the pods have no kin but each other.
fn victims(case: &Case) -> Result<(), Problem> {
    let (pods, related, count) = case.input(|f| {
        let all = pods(f, "pods")?;
        let given = f.value("relatedPods").is_some();
        let related = if given { pods(f, "relatedPods")? } else { all.clone() };
        Ok((all, related, f.int_or_zero::<u16>("diff")?))
    })?;
    let borrowed: Vec<&Arc<Pod>> = pods.iter().collect();
    let related: Vec<&Arc<Pod>> = related.iter().collect();
    let got = pods_to_delete(&borrowed, &related, count.into(), now(case)?);
    let names = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let expected = case.expected(|f| self::pods(f, "expectedPodsToDelete"))?;
    agree(
        "pods to delete",
        &names(expected.iter().map(|pod| pod.meta.name.to_string()).collect()),
        &names(got.iter().map(|pod| pod.meta.name.to_string()).collect()),
    )
}

/// Informers that have heard of these objects.
fn informers(objects: impl IntoIterator<Item = Object>) -> Informers {
    let mut informers = Informers::default();
    for object in objects {
        informers.observe(&Change { verb: Verb::Added, object });
    }
    informers
}

fn kin(case: &Case) -> Result<(), Problem> {
    let (set, sets) =
        case.input(|f| Ok((f.object("rs", objects::replica_set)?, replica_sets(f, "rss")?)))?;
    let informers = informers(sets.into_iter().map(Object::ReplicaSet));
    let names = |sets: &mut dyn Iterator<Item = &Arc<ReplicaSet>>| -> BTreeSet<String> {
        sets.map(|set| set.meta.key().to_string()).collect()
    };
    let expected = case.expected(|f| replica_sets(f, "expectedRSs"))?;
    let got = names(&mut replica_sets_with_same_controller(&set, &informers));
    agree("ReplicaSets", &names(&mut expected.iter()), &got)
}

fn related(case: &Case) -> Result<(), Problem> {
    let (set, sets, pods) = case.input(|f| {
        let set = f.object("rs", objects::replica_set)?;
        Ok((set, replica_sets(f, "rss")?, pods(f, "pods")?))
    })?;
    let sets = sets.into_iter().map(Object::ReplicaSet);
    let informers = informers(sets.chain(pods.into_iter().map(Object::Pod)));
    let expected: BTreeSet<String> =
        case.expected(|f| Ok(f.texts("expectedPodNames")?.into_iter().collect()))?;
    let got = indirectly_related_pods(&set, &informers);
    agree("pods", &expected, &got.iter().map(|pod| pod.meta.name.to_string()).collect())
}

fn status(case: &Case) -> Result<(), Problem> {
    let now = now(case)?;
    let got = case.input(|f| {
        let set = f.object("replicaset", objects::replica_set)?;
        let active = pods(f, "activePods")?;
        let terminating = pods(f, "terminatingPods")?.len();
        let gate = f.flag("enableDeploymentReplicaSetTerminatingReplicas")?;
        // The same code serves ReplicationControllers, which never tell.
        let told = f.object("controllerFeatures", |f| {
            Ok(gate && f.flag_if_any("EnableStatusTerminatingReplicas")?.unwrap_or(true))
        })?;
        let active: Vec<&Arc<Pod>> = active.iter().collect();
        Ok(calculate_status(&set, &active, told.then_some(terminating), now))
    })?;
    let expected: ReplicaSetStatus =
        case.expected(|f| f.object("expectedReplicaSetStatus", objects::replica_set_status))?;
    agree("status", &expected, &got)
}
