//! The fences of plain rollouts: never more pods asked for than `replicas + maxSurge`, and never
//! fewer available than `replicas − maxUnavailable`.
//!
//! They hold while nothing but the rollout is at work, so a pod that becomes unready by itself ends
//! the watch over its Deployment's lower fence.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::PodId;
use engine::Time;
use record::Record;

use crate::{
    books::{Books, app_of},
    random_scenario::{Fences, RandomScenario},
};

/// One Deployment under watch.
struct Watch {
    name: String,
    replicas: u64,
    fences: Fences,
    sizes: BTreeMap<Arc<str>, i32>,
    ready: BTreeSet<PodId>,
    deleted: BTreeSet<PodId>,
    /// Whether the lower fence has to hold.
    settled: bool,
}

impl Watch {
    fn resize(&mut self, set: &Arc<str>, size: i32) -> Option<String> {
        self.sizes.insert(Arc::clone(set), size);
        let asked: i32 = self.sizes.values().sum();
        let most = self.replicas + self.fences.surge;
        (asked as u64 > most).then(|| format!("{} asks for {asked} pods of {most}", self.name))
    }

    fn leave(&mut self, pod: PodId) -> Option<String> {
        self.ready.remove(&pod);
        let least = self.replicas.saturating_sub(self.fences.unavailable);
        let ready = self.ready.len() as u64;
        (self.settled && ready < least)
            .then(|| format!("{} has {ready} pods ready, not {least}", self.name))
    }

    fn fold(&mut self, record: &Record) -> Option<String> {
        match record {
            Record::ReplicaSetScaled { replica_set, replicas, .. } => {
                self.resize(replica_set, *replicas)
            }
            Record::PodReady { pod } => {
                if !self.deleted.contains(pod) {
                    self.ready.insert(*pod);
                }
                None
            }
            Record::PodDeletionRequested { pod, .. } => {
                self.deleted.insert(*pod);
                self.leave(*pod)
            }
            Record::PodUnready { pod } => {
                self.settled &= self.deleted.contains(pod);
                self.leave(*pod)
            }
            _ => None,
        }
    }
}

/// Whose a record is.
fn app(books: &Books, record: &Record) -> Option<usize> {
    match record {
        Record::ReplicaSetScaled { deployment, .. } => Some(app_of(deployment)),
        Record::PodReady { pod }
        | Record::PodDeletionRequested { pod, .. }
        | Record::PodUnready { pod } => books.pods.get(pod).copied(),
        _ => None,
    }
}

/// Where fences were broken.
pub(crate) fn complaints(
    random: &RandomScenario,
    books: &Books,
    records: &[(Time, Record)],
) -> Vec<String> {
    if !random.plain {
        return Vec::new();
    }
    let mut watches: BTreeMap<usize, Watch> = BTreeMap::new();
    for (index, app) in random.apps.iter().enumerate() {
        let Some(fences) = app.fences else { continue };
        let watch = Watch {
            name: format!("app-{index}"),
            replicas: app.replicas,
            fences,
            sizes: BTreeMap::new(),
            ready: BTreeSet::new(),
            deleted: BTreeSet::new(),
            settled: false,
        };
        watches.insert(index, watch);
    }
    let mut complaints = Vec::new();
    for (now, record) in records {
        if matches!(record, Record::ScenarioBegan) {
            for watch in watches.values_mut() {
                watch.settled = watch.ready.len() as u64 == watch.replicas;
            }
        }
        let watch = app(books, record).and_then(|app| watches.get_mut(&app));
        let complaint = watch.and_then(|watch| watch.fold(record));
        complaints.extend(complaint.map(|complaint| format!("{now}: {complaint}")));
    }
    complaints
}
