//! Rollouts, folded from writes of ReplicaSets and Deployments and from what became of pods.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::ServiceId;
use engine::Time;

use crate::{
    measures::{Counts, Rollout},
    pods::Standing,
};

/// All Deployments and their rollouts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollouts {
    deployments: Vec<Deployment>,
    rollouts: Vec<Unfinished>,
}

/// What is known of a Deployment, whether it rolls or not.
#[derive(Clone, Debug, Default)]
struct Deployment {
    name: Arc<str>,
    /// Whether it is there: created, and not deleted.
    exists: bool,
    replica_sets: BTreeMap<Arc<str>, ReplicaSet>,
    pods: u32,
    available: u32,
    leaving: u32,
    /// Services that ever had one of its pods.
    services: Vec<ServiceId>,
    /// Its last rollout, until that has settled.
    current: Option<usize>,
}

#[derive(Clone, Debug)]
struct ReplicaSet {
    image: Arc<str>,
    revision: u32,
    replicas: i32,
}

/// A rollout while it is being folded, with ReplicaSets by name.
#[derive(Clone, Debug)]
struct Unfinished {
    deployment: usize,
    rollout: Rollout,
    parts: BTreeSet<Arc<str>>,
    steps: Vec<(Time, BTreeMap<Arc<str>, i32>)>,
}

/// What a `ReplicaSetScaled` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale<'a> {
    pub(crate) replica_set: &'a Arc<str>,
    pub(crate) image: &'a Arc<str>,
    pub(crate) revision: u32,
    pub(crate) replicas: i32,
}

/// What changed for the windows in which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A rollout began.
    Began(usize),
    /// A rollout's window ended.
    Ended(usize),
}

impl Rollouts {
    /// The place of a Deployment, by name.
    pub(crate) fn deployment(&mut self, name: &Arc<str>) -> usize {
        let known = self.deployments.iter().position(|deployment| deployment.name == *name);
        known.unwrap_or_else(|| {
            let name = Arc::clone(name);
            self.deployments.push(Deployment { name, ..Deployment::default() });
            self.deployments.len() - 1
        })
    }

    /// The rollout that a Deployment is in, and when it started.
    pub(crate) fn current(&self, deployment: usize) -> Option<(usize, Time)> {
        let current = self.deployments[deployment].current?;
        Some((current, self.rollouts[current].rollout.start))
    }

    /// A Service has a pod of the Deployment; says whether that is news.
    pub(crate) fn serve(&mut self, deployment: usize, service: ServiceId) -> bool {
        let services = &mut self.deployments[deployment].services;
        let news = !services.contains(&service);
        if news {
            services.push(service);
        }
        news
    }

    /// The Deployments that want no pods.
    pub(crate) fn without_replicas(&self) -> Vec<Arc<str>> {
        let wants_none = |it: &&Deployment| it.replica_sets.values().all(|set| set.replicas <= 0);
        let there = self.deployments.iter().filter(|it| it.exists);
        there.filter(wants_none).map(|it| Arc::clone(&it.name)).collect()
    }

    /// The Services whose pods a rollout replaces.
    pub(crate) fn services(&self, rollout: usize) -> &[ServiceId] {
        &self.deployments[self.rollouts[rollout].deployment].services
    }

    /// A pod template changed.
    pub(crate) fn start(
        &mut self,
        deployment: usize,
        (from, to): (&Arc<str>, &Arc<str>),
        now: Time,
    ) -> Vec<Turn> {
        let place = self.rollouts.len();
        let owner = &mut self.deployments[deployment];
        let mut turns = Vec::new();
        if let Some(before) = owner.current.replace(place) {
            self.rollouts[before].rollout.superseded = Some(now);
            turns.push(Turn::Ended(before));
        }
        turns.push(Turn::Began(place));
        let sized = owner.replica_sets.iter().filter(|(_, set)| set.replicas > 0);
        self.rollouts.push(Unfinished {
            deployment,
            parts: sized.map(|(name, _)| Arc::clone(name)).collect(),
            steps: Vec::new(),
            rollout: Rollout {
                deployment: Arc::clone(&owner.name),
                from: Arc::clone(from),
                to: Arc::clone(to),
                start: now,
                end: None,
                settled: None,
                superseded: None,
                deleted: None,
                deadline_exceeded: false,
                steps: Vec::new(),
                pods_max: owner.pods,
                available_min: owner.available,
                requests: Counts::default(),
            },
        });
        turns
    }

    /// `spec.replicas` of a ReplicaSet was written. Gives back how many pods the Deployment was to have
    /// before, nothing if it is new, and is to have now, where that is part of no rollout.
    pub(crate) fn scale(
        &mut self,
        deployment: usize,
        scale: Scale<'_>,
        now: Time,
    ) -> Option<(Option<i32>, i32)> {
        let owner = &mut self.deployments[deployment];
        let size = |owner: &Deployment| owner.replica_sets.values().map(|set| set.replicas).sum();
        let before = owner.exists.then(|| size(owner));
        owner.exists = true;
        let Scale { replica_set, image, revision, replicas } = scale;
        owner.replica_sets.insert(
            Arc::clone(replica_set),
            ReplicaSet { image: Arc::clone(image), revision, replicas },
        );
        let rolling = owner.current.filter(|current| !self.rollouts[*current].rollout.complete());
        let Some(current) = rolling.map(|current| &mut self.rollouts[current]) else {
            return Some((before, size(owner)));
        };
        current.parts.insert(Arc::clone(replica_set));
        let sized = owner
            .replica_sets
            .iter()
            .filter(|(name, set)| set.replicas > 0 || current.parts.contains(*name));
        let sizes = sized.map(|(name, set)| (Arc::clone(name), set.replicas)).collect();
        current.steps.push((now, sizes));
        None
    }

    /// A Deployment was deleted, and with it what it was to have. A rollout that had not settled is over.
    pub(crate) fn delete(&mut self, deployment: usize, now: Time) -> Option<Turn> {
        let owner = &mut self.deployments[deployment];
        owner.exists = false;
        for set in owner.replica_sets.values_mut() {
            set.replicas = 0;
        }
        let current = owner.current.take()?;
        self.rollouts[current].rollout.deleted = Some(now);
        Some(Turn::Ended(current))
    }

    /// A Deployment's status was written.
    pub(crate) fn write_status(
        &mut self,
        deployment: usize,
        complete: bool,
        deadline_exceeded: bool,
        now: Time,
    ) -> Option<Turn> {
        let current = self.deployments[deployment].current?;
        let unfinished = &mut self.rollouts[current];
        unfinished.rollout.deadline_exceeded |= deadline_exceeded;
        // A controller that has not seen the new template yet may still call the old one complete;
        // the first thing it does on seeing it is to write a ReplicaSet.
        if complete && !unfinished.steps.is_empty() && unfinished.rollout.end.is_none() {
            unfinished.rollout.end = Some(now);
        }
        self.settle(deployment, now)
    }

    /// A pod of a Deployment counts for something else than before.
    pub(crate) fn change(
        &mut self,
        deployment: usize,
        before: Standing,
        after: Standing,
        now: Time,
    ) -> Option<Turn> {
        let owner = &mut self.deployments[deployment];
        shift(&mut owner.pods, before.counted, after.counted);
        shift(&mut owner.available, before.available, after.available);
        shift(&mut owner.leaving, before.leaving, after.leaving);
        let current = owner.current?;
        let rollout = &mut self.rollouts[current].rollout;
        if !rollout.complete() {
            rollout.pods_max = rollout.pods_max.max(owner.pods);
            rollout.available_min = rollout.available_min.min(owner.available);
        }
        self.settle(deployment, now)
    }

    /// The counts of a rollout's requests.
    #[inline]
    pub(crate) fn requests(&mut self, rollout: usize) -> &mut Counts {
        &mut self.rollouts[rollout].rollout.requests
    }

    pub(crate) fn finish(self) -> Vec<Rollout> {
        let deployments = self.deployments;
        let finish = |unfinished: Unfinished| {
            let sets = &deployments[unfinished.deployment].replica_sets;
            unfinished.finish(sets)
        };
        self.rollouts.into_iter().map(finish).collect()
    }

    fn settle(&mut self, deployment: usize, now: Time) -> Option<Turn> {
        let owner = &mut self.deployments[deployment];
        let current = owner.current?;
        let rollout = &mut self.rollouts[current].rollout;
        if !rollout.complete() || owner.leaving > 0 {
            return None;
        }
        rollout.settled = Some(now);
        owner.current = None;
        Some(Turn::Ended(current))
    }
}

impl Unfinished {
    fn finish(mut self, sets: &BTreeMap<Arc<str>, ReplicaSet>) -> Rollout {
        let image = |name: &Arc<str>| sets.get(name).map(|set| Arc::clone(&set.image));
        let key = |name: &Arc<str>| {
            let set = &sets[name];
            let shared = self.parts.iter().filter(|part| image(part) == image(name)).count() > 1;
            match shared {
                true => format!("{}#{}", set.image, set.revision),
                false => set.image.to_string(),
            }
        };
        let sizes = |sizes: &BTreeMap<Arc<str>, i32>| {
            sizes.iter().map(|(name, replicas)| (key(name), *replicas)).collect()
        };
        self.rollout.steps = self.steps.iter().map(|(time, step)| (*time, sizes(step))).collect();
        self.rollout
    }
}

fn shift(count: &mut u32, before: bool, after: bool) {
    *count = *count + u32::from(after) - u32::from(before);
}
