//! One step of a rolling update.

use std::sync::Arc;

use api::{
    Deployment, DeploymentSpec, DeploymentStatus, Meta, ReplicaSet, ReplicaSetSpec,
    ReplicaSetStatus, Strategy,
};
use control_plane::deployment::rolling;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    objects::fence,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestDeploymentController_reconcileNewReplicaSet" => new_replica_set(case),
        "TestDeploymentController_reconcileOldReplicaSets" => old_replica_sets(case),
        "TestDeploymentController_cleanupUnhealthyReplicas" => unhealthy_replicas(case),
        "TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate" => scale_down_old(case),
        _ => case.unknown(),
    }
}

/// A Deployment of so many replicas; the fences are partly the case's, partly the fixture's.
pub(crate) fn deployment(replicas: i32, strategy: Strategy) -> Deployment {
    Deployment {
        meta: Meta::new("default", "foo"),
        spec: DeploymentSpec { replicas, strategy, ..DeploymentSpec::default() },
        status: DeploymentStatus::default(),
    }
}

/// A ReplicaSet of so many replicas, so many of them available.
pub(crate) fn replica_set(name: &str, replicas: i32, available: i32) -> Arc<ReplicaSet> {
    Arc::new(ReplicaSet {
        meta: Meta { uid: name.into(), ..Meta::new("default", name) },
        spec: ReplicaSetSpec { replicas, ..ReplicaSetSpec::default() },
        status: ReplicaSetStatus { available_replicas: available, ..ReplicaSetStatus::default() },
    })
}

/// The Deployment that input and fixture describe together.
fn described(case: &Case, f: &Fields<'_>) -> Read<Deployment> {
    let (surge, unavailable, replicas) = case.fixture(|fixture| {
        if let Some(strategy) = fixture.text("strategy")?
            && strategy != "RollingUpdate"
        {
            return Err(format!("fixture.strategy is not understood: {strategy}"));
        }
        let either =
            |name| if f.value(name).is_some() { fence(f, name) } else { fence(fixture, name) };
        let replicas = match f.int("deploymentReplicas")? {
            Some(replicas) => replicas,
            None => fixture.needed("deploymentReplicas", fixture.int("deploymentReplicas")?)?,
        };
        Ok((either("maxSurge")?, either("maxUnavailable")?, replicas))
    })?;
    let strategy = Strategy::RollingUpdate { max_surge: surge, max_unavailable: unavailable };
    Ok(deployment(replicas, strategy))
}

fn new_replica_set(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let deployment = described(case, f)?;
        let new = replica_set("foo-new", f.int_or_zero("newReplicas")?, 0);
        let old = replica_set("foo-old", f.int_or_zero("oldReplicas")?, 0);
        let all = [new.clone(), old];
        Ok(rolling::reconcile_new_replica_set(&deployment, &all, &new))
    })?;
    let expected = case.expected(|f| {
        let replicas = f.int_or_zero::<i32>("expectedNewReplicas")?;
        Ok(f.flag("scaleExpected")?.then_some(replicas))
    })?;
    agree("scaled to", &expected, &got)
}

/// What the old ReplicaSet is scaled to; nothing where it is left alone, and then the table's
/// number means nothing.
fn expected_old(case: &Case) -> Read<Option<i32>> {
    case.expected(|f| {
        let replicas = f.int_or_zero("expectedOldReplicas")?;
        Ok(f.flag("scaleExpected")?.then_some(replicas))
    })
}

fn scaled_to((after, taken): (Vec<Arc<ReplicaSet>>, i32)) -> Option<i32> {
    (taken > 0).then(|| after.iter().map(|set| set.spec.replicas).sum())
}

fn old_replica_sets(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let deployment = described(case, f)?;
        let (ready_new, ready_old) =
            (f.int_or_zero("readyPodsFromNewRS")?, f.int_or_zero("readyPodsFromOldRS")?);
        let new = replica_set("foo-new", f.int_or_zero("newReplicas")?, ready_new);
        let old = [replica_set("foo-old", f.int_or_zero("oldReplicas")?, ready_old)];
        let all = [old[0].clone(), new.clone()];
        Ok(rolling::reconcile_old_replica_sets(&deployment, &all, &old, Some(&new)))
    })?;
    agree("scaled to", &expected_old(case)?, &scaled_to(got))
}

fn unhealthy_replicas(case: &Case) -> Result<(), Problem> {
    let (_, taken) = case.input(|f| {
        described(case, f)?;
        let (replicas, ready) = (f.int_or_zero("oldReplicas")?, f.int_or_zero("readyPods")?);
        let unhealthy: i32 = f.int_or_zero("unHealthyPods")?;
        agree("oldReplicas and readyPods leave unHealthyPods", &unhealthy, &(replicas - ready))?;
        let old = [replica_set("foo", replicas, ready)];
        let most = f.int_or_zero("maxCleanupCount")?;
        Ok(rolling::cleanup_unhealthy_replicas(&old, most).unwrap_or((old.to_vec(), 0)))
    })?;
    agree("taken", &case.expected(|f| f.int_or_zero("cleanupCountExpected"))?, &taken)
}

fn scale_down_old(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let deployment = described(case, f)?;
        let ready = f.int_or_zero("readyPods")?;
        let old = [replica_set("foo", f.int_or_zero("oldReplicas")?, ready)];
        Ok(rolling::scale_down_old_replica_sets_for_rolling_update(&deployment, &old, &old))
    })?;
    agree("scaled to", &expected_old(case)?, &scaled_to(got))
}
