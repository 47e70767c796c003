//! `pdb`: what a PodDisruptionBudget allows.

use std::collections::BTreeMap;

use api::{
    IntOrPercent, Pod, PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus,
};
use control_plane::disruption::{self, ControllerAndScale};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    intstr::int_or_string,
    objects, pods,
};

/// Workloads by their ids: which workload each is one of, if any, and how many pods it is to have.
type Workloads = BTreeMap<String, (Option<String>, i32)>;

/// Checks a case: some assert all four numbers, others what is allowed alone.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let (budget, pods, workloads) = case.input(|f| {
        let mut all = Workloads::new();
        for name in ["rcs", "rss", "statefulsets", "deployments"] {
            all.extend(f.objects(name, workload)?);
        }
        Ok((f.object("pdb", budget)?, f.objects("pods", pod)?, all))
    })?;
    let got = disruption::status(&budget, &pods, |pod| scale_of(pod, &workloads));
    let (expected, all) = case.expected(|f| {
        let all = f.value("expectedPods").is_some();
        Ok((status(f)?, all))
    })?;
    let got = match all {
        true => got,
        false => PodDisruptionBudgetStatus {
            disruptions_allowed: got.disruptions_allowed,
            ..PodDisruptionBudgetStatus::default()
        },
    };
    agree("the status", &expected, &got)
}

fn scale_of(pod: &Pod, workloads: &Workloads) -> Option<ControllerAndScale> {
    let uid = &*pod.meta.owner.as_ref()?.uid.0;
    let (owner, scale) = workloads.get(uid)?;
    let above = owner.as_ref().and_then(|owner| Some((owner, workloads.get(owner)?.1)));
    let (uid, scale) = above.map_or((uid, *scale), |(owner, scale)| (owner.as_str(), scale));
    Some(ControllerAndScale { uid: uid.into(), scale })
}

fn status(f: &Fields<'_>) -> Read<PodDisruptionBudgetStatus> {
    Ok(PodDisruptionBudgetStatus {
        disruptions_allowed: f.int_or_zero("disruptionsAllowed")?,
        current_healthy: f.int_or_zero("currentHealthy")?,
        desired_healthy: f.int_or_zero("desiredHealthy")?,
        expected_pods: f.int_or_zero("expectedPods")?,
    })
}

fn budget(f: &Fields<'_>) -> Read<PodDisruptionBudget> {
    // Its status is of before; what was evicted is listed as not applicable.
    f.ignore(&["apiVersion", "kind", "status"]);
    let bound = |f: &Fields<'_>, name: &str| -> Read<Option<IntOrPercent>> {
        let written = int_or_string(f, name)?;
        written.map(|it| IntOrPercent::try_from(&it).map_err(|e| e.to_string())).transpose()
    };
    let spec = f.object("spec", |f| {
        Ok(PodDisruptionBudgetSpec {
            min_available: bound(f, "minAvailable")?,
            max_unavailable: bound(f, "maxUnavailable")?,
            selector: f.object_if_any("selector", objects::label_selector)?,
            unhealthy_pod_eviction_policy: None,
        })
    })?;
    let meta = f.object("metadata", objects::meta)?;
    Ok(PodDisruptionBudget { meta, spec, status: PodDisruptionBudgetStatus::default() })
}

fn pod(f: &Fields<'_>) -> Read<Pod> {
    Ok(pods::pod(f)?.pod)
}

/// A workload's id, with its owner's and its scale.
fn workload(f: &Fields<'_>) -> Read<(String, (Option<String>, i32))> {
    f.ignore(&["apiVersion", "kind", "status"]);
    let meta = f.object("metadata", objects::meta)?;
    let scale = f.object("spec", |f| {
        f.ignore(&["selector", "serviceName", "template", "updateStrategy", "strategy"]);
        f.int_or_zero("replicas")
    })?;
    let owner = meta.owner.map(|owner| owner.uid.0.to_string());
    Ok((meta.uid.0.to_string(), (owner, scale)))
}
