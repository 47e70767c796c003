//! The clock never goes back, and no stage of a pod's life comes before the one it needs.

use std::collections::{BTreeMap, BTreeSet};

use api::PodId;
use engine::Time;
use record::Record;

use crate::books::Books;

/// Stages of a pod's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Created,
    Scheduled,
    Started,
    Listening,
    Ready,
    DeletionRequested,
    Terminated,
    Exited,
    SandboxRemoved,
    Gone,
}

/// The pod and the stage a record is about, with the stage it needs before.
fn stage(record: &Record) -> Option<(PodId, Stage, Option<Stage>)> {
    Some(match record {
        Record::PodCreated { pod, .. } => (*pod, Stage::Created, None),
        Record::PodScheduled { pod, .. } => (*pod, Stage::Scheduled, Some(Stage::Created)),
        Record::ContainerStarted { pod, .. } => (*pod, Stage::Started, Some(Stage::Scheduled)),
        Record::ListenerOpened { pod, .. } => (*pod, Stage::Listening, Some(Stage::Started)),
        Record::PodReady { pod } => (*pod, Stage::Ready, Some(Stage::Started)),
        Record::PodDeletionRequested { pod, .. } => {
            (*pod, Stage::DeletionRequested, Some(Stage::Created))
        }
        Record::ContainerTerminated { pod, .. } => (*pod, Stage::Terminated, Some(Stage::Started)),
        Record::ContainerExited { pod, .. } => (*pod, Stage::Exited, Some(Stage::Started)),
        Record::SandboxRemoved { pod } => (*pod, Stage::SandboxRemoved, Some(Stage::Scheduled)),
        Record::PodGone { pod } => (*pod, Stage::Gone, Some(Stage::DeletionRequested)),
        _ => return None,
    })
}

/// What is wrong with the order of things.
pub(crate) fn complaints(books: &Books, records: &[(Time, Record)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut reached: BTreeMap<PodId, BTreeSet<Stage>> = BTreeMap::new();
    let mut now = Time::ZERO;
    for (time, record) in records {
        if *time < now {
            complaints.push(format!("{record:?} at {time}, after one at {now}"));
        }
        now = *time;
        let Some((pod, stage, needed)) = stage(record) else { continue };
        if !books.pods.contains_key(&pod) {
            complaints.push(format!("{record:?}: there never was such a pod"));
        }
        let reached = reached.entry(pod).or_default();
        // A pod that no node has yet is not asked to end: it is gone at once.
        let needed = needed.filter(|_| stage != Stage::Gone || reached.contains(&Stage::Scheduled));
        if needed.is_some_and(|needed| !reached.contains(&needed)) {
            complaints.push(format!("{record:?} at {now} without {needed:?} before it"));
        }
        // The network of a pod goes beside the object, and may be the later one.
        if reached.contains(&Stage::Gone) && stage != Stage::SandboxRemoved {
            complaints.push(format!("{record:?} at {now}, when the pod was gone"));
        }
        let once = matches!(stage, Stage::Created | Stage::Scheduled | Stage::DeletionRequested);
        if !reached.insert(stage) && once {
            complaints.push(format!("{record:?} at {now}, a second time"));
        }
    }
    if !matches!(records.last(), Some((_, Record::Ended))) {
        complaints.push("the stream does not end with Ended".to_owned());
    }
    complaints
}
