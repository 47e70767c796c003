//! What is said of a rollout and of another change of size, in the terminal and on the page alike.

use metrics::{Rollout, Scaling};

use crate::number::{many, seconds};

/// How it ended, in words.
pub(crate) fn ending(rollout: &Rollout) -> String {
    let settled = rollout.settled.map(|at| seconds(at.since(rollout.start).as_secs_f64()));
    match (rollout.duration(), settled) {
        (Some(took), Some(settled)) => {
            format!("complete after {}, settled after {settled}", seconds(took.as_secs_f64()))
        }
        (Some(took), None) => format!("complete after {}", seconds(took.as_secs_f64())),
        (None, _) if rollout.superseded.is_some() => "superseded by the next one".to_owned(),
        (None, _) if rollout.deleted.is_some() => {
            "not complete when the Deployment was deleted".to_owned()
        }
        (None, _) if rollout.deadline_exceeded => "progress deadline exceeded".to_owned(),
        (None, _) => "not complete".to_owned(),
    }
}

/// How many replicas a Deployment had and was to have, in words.
pub(crate) fn sizes(scaling: &Scaling) -> String {
    match scaling.from {
        Some(from) => format!("{from} → {} replicas", scaling.to),
        None => format!("created with {}", many(u64::from(scaling.to.unsigned_abs()), "replica")),
    }
}

/// How a change of size ended, in words.
pub(crate) fn end_of_scaling(scaling: &Scaling) -> String {
    match scaling.duration() {
        Some(took) => format!("complete after {}", seconds(took.as_secs_f64())),
        None if scaling.superseded => "superseded by the next change".to_owned(),
        None => "not complete".to_owned(),
    }
}

/// The versions in its steps, the old one first and the new one last.
pub(crate) fn versions(rollout: &Rollout) -> Vec<&str> {
    let mut versions: Vec<&str> =
        rollout.steps.iter().flat_map(|(_, sizes)| sizes.keys()).map(String::as_str).collect();
    versions.sort_unstable_by_key(|version| {
        let place = if version.starts_with(&*rollout.from) {
            0
        } else if version.starts_with(&*rollout.to) {
            2
        } else {
            1
        };
        (place, *version)
    });
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::Time;

    use super::*;

    #[test]
    fn a_change_of_size_ends_in_one_of_three_ways() {
        let scaling = |end: Option<u64>, superseded| Scaling {
            deployment: Arc::from("default/web"),
            from: Some(3),
            to: 30,
            start: Time::from_secs(10),
            end: end.map(Time::from_secs),
            superseded,
        };
        assert_eq!(end_of_scaling(&scaling(Some(22), false)), "complete after 12 s");
        assert_eq!(end_of_scaling(&scaling(None, true)), "superseded by the next change");
        assert_eq!(end_of_scaling(&scaling(None, false)), "not complete");
    }
}
