//! Changes of the size of a Deployment that were no part of a rollout, folded from writes of
//! ReplicaSets and Deployments: how long it took to have what was asked for.

use std::{collections::BTreeMap, sync::Arc};

use engine::Time;

use crate::measures::Scaling;

/// All of them, in order of start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scalings {
    all: Vec<Scaling>,
    /// The one that a Deployment is in.
    current: BTreeMap<usize, usize>,
}

impl Scalings {
    /// A Deployment is to have another number of pods, or some where it was not there before. One that is
    /// not complete yet never will be.
    pub(crate) fn start(
        &mut self,
        deployment: usize,
        name: &Arc<str>,
        (from, to): (Option<i32>, i32),
        now: Time,
    ) {
        if from == Some(to) {
            return;
        }
        self.supersede(deployment);
        self.current.insert(deployment, self.all.len());
        let deployment = Arc::clone(name);
        self.all.push(Scaling { deployment, from, to, start: now, end: None, superseded: false });
    }

    /// A Deployment's status says that all it is to have is there.
    pub(crate) fn complete(&mut self, deployment: usize, now: Time) {
        if let Some(place) = self.current.remove(&deployment) {
            self.all[place].end = Some(now);
        }
    }

    /// Something else begins: another size, or a rollout.
    pub(crate) fn supersede(&mut self, deployment: usize) {
        if let Some(place) = self.current.remove(&deployment) {
            self.all[place].superseded = true;
        }
    }

    pub(crate) fn finish(self) -> Vec<Scaling> {
        self.all
    }
}
