//! What must hold after every event: written against the objects, not against the code that
//! writes them.
//!
//! Checked in debug builds after every event that can change an object; the conservation of
//! requests at the end of every run.

use std::collections::BTreeMap;

use api::{Deployment, Kind, Object, ReplicaSet, Strategy, Uid};
use control_plane::{ControlPlane, deployment::util};
use data_plane::DataPlane;
use scenario::{Action, States, Step};

use crate::Event;

/// What is watched over a run.
#[derive(Debug, Default)]
pub(crate) struct Invariants {
    /// Whether the timeline does nothing but change templates: only then do the fences of a
    /// rolling update hold at every moment.
    plain: bool,
    /// How each Deployment replaced pods when it was first seen; `None` once that has changed, for then
    /// there may be pods that the present strategy would not have let come to be.
    strategies: BTreeMap<Uid, Option<Strategy>>,
    /// Deployments that were complete when the scenario began, and have since been undisturbed.
    fenced: BTreeMap<Uid, Fenced>,
}

/// A Deployment whose fences are watched.
#[derive(Debug, Default)]
struct Fenced {
    /// Pods that were ready once; one that is not ready any more, and was not deleted, means that
    /// something else than the rollout is at work.
    ready: std::collections::BTreeSet<Uid>,
}

/// Whether an event may change an object.
pub(crate) fn may_break(event: &Event) -> bool {
    match event {
        Event::DataPlane(_) => false,
        Event::ControlPlane(event) => !matches!(**event, control_plane::Event::Watch { .. }),
        Event::Begin | Event::Step(_) => true,
    }
}

/// Every request that arrived has ended, is under way, or had nobody to send it.
pub(crate) fn requests_conserved(data_plane: &DataPlane) {
    let in_flight: u64 = data_plane.in_flight().iter().map(|(_, count)| count).sum();
    let (arrived, finished, unsent) =
        (data_plane.arrived(), data_plane.finished(), data_plane.unsent());
    assert_eq!(arrived, finished + in_flight + unsent, "requests were lost or made up");
}

impl Invariants {
    pub(crate) fn new(timeline: &[Step]) -> Self {
        let is_plain = |action: &Action| {
            matches!(
                action,
                Action::SetTemplate { .. }
                    | Action::ApplyDeployment { states: States { replicas: false, .. }, .. }
            )
        };
        let plain = timeline.iter().all(|step| is_plain(&step.action));
        Self { plain, ..Self::default() }
    }

    pub(crate) fn begin(&mut self, control_plane: &ControlPlane) {
        if !self.plain {
            return;
        }
        for deployment in deployments(control_plane) {
            if util::deployment_complete(deployment, &deployment.status) {
                self.fenced.insert(deployment.meta.uid.clone(), Fenced::default());
            }
        }
    }

    pub(crate) fn check(&mut self, control_plane: &ControlPlane) {
        for deployment in deployments(control_plane) {
            let (uid, strategy) = (&deployment.meta.uid, deployment.spec.strategy);
            let known = self.strategies.entry(uid.clone()).or_insert(Some(strategy));
            *known = known.filter(|known| *known == strategy);
            if known.is_none() {
                self.fenced.remove(uid);
                continue;
            }
            check_surge(deployment, control_plane, self.plain);
            if let Some(fenced) = self.fenced.get_mut(uid)
                && !fenced.check_available(deployment, control_plane)
            {
                self.fenced.remove(uid);
            }
        }
    }
}

/// Never more pods are asked for than `replicas + maxSurge`.
fn check_surge(deployment: &Deployment, control_plane: &ControlPlane, plain: bool) {
    let Strategy::RollingUpdate { .. } = deployment.spec.strategy else { return };
    if !plain {
        return;
    }
    let asked: i32 = sets_of(deployment, control_plane).map(|set| set.spec.replicas).sum();
    let most = deployment.spec.replicas + util::max_surge(deployment);
    assert!(
        asked <= most,
        "{}: {asked} pods are asked for, at most {most} may be",
        deployment.meta.key()
    );
}

impl Fenced {
    /// Never fewer pods are ready than `replicas − maxUnavailable`. Says whether that still has to
    /// hold: a pod that became unready by itself may leave fewer.
    fn check_available(&mut self, deployment: &Deployment, control_plane: &ControlPlane) -> bool {
        let Strategy::RollingUpdate { .. } = deployment.spec.strategy else { return false };
        let mut available = 0;
        for set in sets_of(deployment, control_plane) {
            for pod in control_plane.pods_of(&set.meta.uid) {
                if pod.meta.is_terminating() {
                    continue;
                }
                if pod.is_ready() {
                    available += 1;
                    self.ready.insert(pod.meta.uid.clone());
                } else if self.ready.contains(&pod.meta.uid) {
                    return false;
                }
            }
        }
        let least = util::min_available(deployment);
        assert!(
            available >= least,
            "{}: {available} pods are ready, at least {least} must be",
            deployment.meta.key()
        );
        true
    }
}

fn deployments(control_plane: &ControlPlane) -> impl Iterator<Item = &Deployment> {
    control_plane.api().list(Kind::Deployment).filter_map(|object| match object {
        Object::Deployment(deployment) => Some(&**deployment),
        _ => None,
    })
}

fn sets_of<'a>(
    deployment: &'a Deployment,
    control_plane: &'a ControlPlane,
) -> impl Iterator<Item = &'a ReplicaSet> {
    control_plane
        .api()
        .list(Kind::ReplicaSet)
        .filter_map(|object| match object {
            Object::ReplicaSet(set) => Some(&**set),
            _ => None,
        })
        .filter(|set| set.meta.owner.as_ref().is_some_and(|owner| owner.uid == deployment.meta.uid))
}
