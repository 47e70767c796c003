//! What is asked of several kinds (`pkg/polymorphichelpers`).
//!
//! *Left out:* DaemonSets and StatefulSets.

use crate::{Object, table::tabbed};

/// What a Deployment's rollout waits for, and whether it is done.
///
/// # Errors
/// It has given up.
pub fn rollout_status(deployment: Object<'_>) -> Result<(String, bool), String> {
    let name = deployment.name();
    let status = deployment.at("status");
    if deployment.number("metadata.generation") > status.number("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let mut conditions = status.list("conditions");
    let progressing = conditions.find(|condition| condition.text("type") == "Progressing");
    if progressing.is_some_and(|it| it.text("reason") == "ProgressDeadlineExceeded") {
        return Err(format!("deployment \"{name}\" exceeded its progress deadline"));
    }
    let (updated, replicas, available) = (
        status.number("updatedReplicas"),
        status.number("replicas"),
        status.number("availableReplicas"),
    );
    let waits = |for_what: String| {
        format!("Waiting for deployment \"{name}\" rollout to finish: {for_what}\n")
    };
    Ok(match deployment.some_number("spec.replicas") {
        Some(wanted) if updated < wanted => {
            (waits(format!("{updated} out of {wanted} new replicas have been updated...")), false)
        }
        _ if replicas > updated => {
            let old = replicas - updated;
            (waits(format!("{old} old replicas are pending termination...")), false)
        }
        _ if available < updated => {
            (waits(format!("{available} of {updated} updated replicas are available...")), false)
        }
        _ => (format!("deployment \"{name}\" successfully rolled out\n"), true),
    })
}

/// The revisions that a Deployment's ReplicaSets are of, with why each was made.
#[must_use]
pub fn rollout_history(deployment: Object<'_>, sets: &[Object<'_>]) -> String {
    let annotation = |set: Object<'_>, name: &str| {
        set.entries("metadata.annotations")
            .iter()
            .find(|(key, _)| *key == name)
            .map(|it| it.1.to_owned())
    };
    let mut revisions: Vec<(i64, String)> = sets
        .iter()
        .filter_map(|set| {
            let revision = annotation(*set, "deployment.kubernetes.io/revision")?.parse().ok()?;
            let cause = annotation(*set, "kubernetes.io/change-cause");
            Some((revision, cause.unwrap_or_else(|| "<none>".to_owned())))
        })
        .collect();
    revisions.sort_unstable();
    let mut rows = vec![vec!["REVISION".to_owned(), "CHANGE-CAUSE".to_owned()]];
    rows.extend(revisions.into_iter().map(|(revision, cause)| vec![revision.to_string(), cause]));
    format!("deployment.apps/{} \n{}\n", deployment.name(), tabbed(&rows))
}
