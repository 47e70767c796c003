//! The plain functions of the Deployment controller.

use std::sync::Arc;

use api::{Deployment, DeploymentStatus, IntOrPercent, IntOrString, Labels, ReplicaSet, Strategy};
use control_plane::deployment::util;

use crate::{
    case::{Case, agree},
    deployment_rolling::{deployment, replica_set},
    fields::{Fields, Problem, Read},
    intstr::int_or_string,
    moment::parse_moment,
    objects::{self, fence, replica_sets},
    pods,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestResolveFenceposts" => fenceposts(case),
        "TestNewRSNewReplicas" => new_replicas(case),
        "TestGetReplicaSetFraction" => fraction(case),
        "TestMaxUnavailable" => of_deployment(case, util::max_unavailable),
        "TestMinAvailable" => of_deployment(case, util::min_available),
        "TestMaxSurge" => of_deployment(case, util::max_surge),
        "TestFindNewReplicaSet" => find_new(case),
        "TestFindOldReplicaSets" => find_old(case),
        "TestGetReplicaCountForReplicaSets" => counts(case),
        "TestDeploymentComplete" => complete(case),
        "TestDeploymentProgressing" => progressing(case),
        "TestDeploymentTimedOut" => timed_out(case),
        "TestEqualIgnoreHash" => equal_ignore_hash(case),
        "TestReplicasAnnotationsNeedUpdate" => annotations_need_update(case),
        "TestGetNonNegativeInt32FromAnnotation" => number_from_annotation(case),
        "TestGetCondition" => get_condition(case),
        "TestSetCondition" => set_condition(case),
        "TestRemoveCondition" => remove_condition(case),
        _ => case.unknown(),
    }
}

/// A value that is no percentage is an error; here it is one of reading it, before any function.
fn fenceposts(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let read = |name| {
            let value = int_or_string(f, name)?.unwrap_or(IntOrString::Int(0));
            Ok::<_, Problem>(IntOrPercent::try_from(&value).ok())
        };
        let (surge, unavailable) = (read("maxSurge")?, read("maxUnavailable")?);
        let desired = f.int_or_zero("desired")?;
        Ok(surge.zip(unavailable).map(|(s, u)| util::resolve_fenceposts(s, u, desired)))
    })?;
    let expected = case.expected(|f| {
        let both = (f.int_or_zero("expectSurge")?, f.int_or_zero("expectUnavailable")?);
        Ok((!f.flag("expectError")?).then_some(both))
    })?;
    agree("(surge, unavailable)", &expected, &got)
}

fn new_replicas(case: &Case) -> Result<(), Problem> {
    let max_unavailable = case.fixture(|f| {
        let others = f.text_or_empty("allRSs")?;
        if !others.starts_with("one other RS with spec.replicas=5; the new RS itself is NOT in") {
            return Err(format!("fixture.allRSs is not understood: {others}"));
        }
        fence(f, "maxUnavailable")
    })?;
    let got = case.input(|f| {
        let max_surge = fence(f, "maxSurge")?;
        let strategy = match f.text_or_empty("strategyType")? {
            "RollingUpdate" => Strategy::RollingUpdate { max_surge, max_unavailable },
            "Recreate" => Strategy::Recreate,
            other => return Err(format!("no such strategy: {other}")),
        };
        let deployment = deployment(f.int_or_zero("depReplicas")?, strategy);
        let new = replica_set("new", f.int_or_zero("newRSReplicas")?, 0);
        Ok(util::new_rs_new_replicas(&deployment, &[replica_set("other", 5, 0)], &new))
    })?;
    agree("replicas", &case.expected(|f| f.int_or_zero("expected"))?, &got)
}

fn fraction(case: &Case) -> Result<(), Problem> {
    let max_unavailable = case.fixture(|f| match f.text_or_empty("strategy")? {
        "RollingUpdate" => fence(f, "maxUnavailable"),
        other => Err(format!("fixture.strategy is not understood: {other}")),
    })?;
    let got = case.input(|f| {
        let max_surge = fence(f, "deploymentMaxSurge")?;
        let strategy = Strategy::RollingUpdate { max_surge, max_unavailable };
        let mut deployment = deployment(f.int_or_zero("deploymentReplicas")?, strategy);
        deployment.status.replicas = f.int_or_zero("deploymentStatusReplicas")?;
        let mut set = ReplicaSet::clone(&replica_set("web", f.int_or_zero("rsReplicas")?, 0));
        set.meta.annotations = f.labels("rsAnnotations")?;
        Ok(util::get_replica_set_fraction(&set, &deployment))
    })?;
    agree("fraction", &case.expected(|f| f.int_or_zero("expectedFraction"))?, &got)
}

fn of_deployment(case: &Case, function: fn(&Deployment) -> i32) -> Result<(), Problem> {
    let deployment = case.input(|f| f.object("deployment", objects::deployment))?;
    agree("number", &case.expected(|f| f.int_or_zero("expected"))?, &function(&deployment))
}

/// The Deployment and the ReplicaSets to search.
fn search(f: &Fields<'_>) -> Read<(Deployment, Vec<Arc<ReplicaSet>>)> {
    Ok((f.object("deployment", objects::deployment)?, replica_sets(f, "rsList")?))
}

fn find_new(case: &Case) -> Result<(), Problem> {
    let (deployment, sets) = case.input(search)?;
    let expected = case.expected(|f| f.object_if_any("expected", objects::replica_set))?;
    let got = util::find_new_replica_set(&deployment, &sets);
    agree("ReplicaSet", &expected.as_ref(), &got.map(|set| &**set))
}

fn find_old(case: &Case) -> Result<(), Problem> {
    let (deployment, sets) = case.input(search)?;
    let (mut required, mut all) =
        case.expected(|f| Ok((replica_sets(f, "expectedRequire")?, replica_sets(f, "expected")?)))?;
    let (mut got_required, mut got_all) = util::find_old_replica_sets(&deployment, &sets);
    for list in [&mut required, &mut all, &mut got_required, &mut got_all] {
        list.sort_by_key(|set| set.meta.key());
    }
    agree("those with replicas", &required, &got_required)?;
    agree("all", &all, &got_all)
}

fn counts(case: &Case) -> Result<(), Problem> {
    let sets = case.input(|f| replica_sets(f, "sets"))?;
    case.expected(|f| {
        let spec = f.int_or_zero("expectedCount")?;
        agree("wanted", &spec, &util::get_replica_count_for_replica_sets(&sets))?;
        let actual = f.int_or_zero("expectedActual")?;
        agree("actual", &actual, &util::get_actual_replica_count_for_replica_sets(&sets))?;
        let terminating = f.int("expectedTerminating")?;
        let got = util::get_terminating_replica_count_for_replica_sets(&sets);
        agree("terminating", &terminating, &got)
    })
}

fn complete(case: &Case) -> Result<(), Problem> {
    let deployment = case.input(|f| f.object("d", objects::deployment))?;
    let got = util::deployment_complete(&deployment, &deployment.status);
    agree("complete", &case.expected(|f| f.flag("expected"))?, &got)
}

fn progressing(case: &Case) -> Result<(), Problem> {
    let (deployment, status) = case.input(|f| {
        let deployment = f.object("d", objects::deployment)?;
        Ok((deployment, f.object("newStatus", objects::deployment_status)?))
    })?;
    let got = util::deployment_progressing(&deployment, &status);
    agree("progressing", &case.expected(|f| f.flag("expected"))?, &got)
}

fn timed_out(case: &Case) -> Result<(), Problem> {
    let (deployment, now) = case.input(|f| {
        let now = parse_moment(f.needed("now", f.text("now")?)?)?;
        Ok((f.object("d", objects::deployment)?, now))
    })?;
    let got = util::deployment_timed_out(&deployment, &deployment.status, now);
    agree("timed out", &case.expected(|f| f.flag("expected"))?, &got)
}

fn equal_ignore_hash(case: &Case) -> Result<(), Problem> {
    let (a, b) = case.input(|f| {
        Ok((f.object("former", pods::pod_template)?, f.object("latter", pods::pod_template)?))
    })?;
    let expected = case.expected(|f| f.flag("expected"))?;
    agree("equal", &expected, &util::equal_ignore_hash(&a, &b))?;
    agree("equal the other way round", &expected, &util::equal_ignore_hash(&b, &a))
}

/// The Go test asks with ten desired and at most twenty.
fn annotations_need_update(case: &Case) -> Result<(), Problem> {
    let set = case.input(|f| f.object("replicaSet", objects::replica_set))?;
    let got = util::replicas_annotations_need_update(&set, 10, 20);
    agree("update needed", &case.expected(|f| f.flag("expected"))?, &got)
}

/// The Go test asks for the annotation `test`.
fn number_from_annotation(case: &Case) -> Result<(), Problem> {
    let annotations: Labels = case.input(|f| f.labels("annotations"))?;
    let got = util::get_non_negative_int32_from_annotation(&annotations, "test");
    let (error, value) = case.expected(|f| {
        let value: i32 = f.int_or_zero("expectedValue")?;
        Ok((f.text_or_empty("expectedErr")?, f.flag("expectedValid")?.then_some(value)))
    })?;
    match got {
        Err(got) if error.is_empty() || !got.contains(error) => {
            Err(format!("the error should say \"{error}\", not \"{got}\""))
        }
        Err(_) => agree("value", &value, &None),
        Ok(_) if !error.is_empty() => Err(format!("the error {error} is missing")),
        Ok(got) => agree("value", &value, &got),
    }
}

fn status(f: &Fields<'_>) -> Read<DeploymentStatus> {
    f.object("status", objects::deployment_status)
}

fn get_condition(case: &Case) -> Result<(), Problem> {
    let (status, kind) =
        case.input(|f| Ok((status(f)?, f.text_or_empty("condType")?.to_owned())))?;
    let got = util::get_deployment_condition(&status, &kind).is_some();
    agree("found", &case.expected(|f| f.flag("expected"))?, &got)
}

fn expected_status(case: &Case) -> Read<DeploymentStatus> {
    case.expected(|f| f.object("expectedStatus", objects::deployment_status))
}

fn set_condition(case: &Case) -> Result<(), Problem> {
    let (mut status, condition) =
        case.input(|f| Ok((status(f)?, f.object("cond", objects::deployment_condition)?)))?;
    util::set_deployment_condition(&mut status, condition);
    agree("status", &expected_status(case)?, &status)
}

fn remove_condition(case: &Case) -> Result<(), Problem> {
    let (mut status, kind) =
        case.input(|f| Ok((status(f)?, f.text_or_empty("condType")?.to_owned())))?;
    util::remove_deployment_condition(&mut status, &kind);
    agree("status", &expected_status(case)?, &status)
}
