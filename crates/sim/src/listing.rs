//! What an API server would list at the moment: what is stored, the cluster's own Services, and the
//! objects that nobody here acts on, with what would be in their status.
//!
//! *Left out:* the status that would follow from metrics, for there are none; a budget's and an
//! autoscaler's conditions and generations.

use std::sync::Arc;

use api::{
    Deployment, HorizontalPodAutoscaler, Key, Kind, Object, Pod, PodDisruptionBudget, ReplicaSet,
};
use control_plane::disruption::{self, ControllerAndScale};
use engine::Time;

use crate::{World, system_objects::system_objects};

impl World {
    /// All objects of a kind, in the order of their names.
    #[must_use]
    pub fn listed(&self, kind: Kind) -> Vec<Object> {
        let mut listed: Vec<Object> = self.objects(kind).cloned().collect();
        for object in self.beside(kind) {
            // A manifest may have one of the cluster's own names.
            if !listed.iter().any(|known| known.key() == object.key()) {
                listed.push(object);
            }
        }
        listed.sort_by_cached_key(Object::key);
        listed
    }

    /// Those that are in no store.
    fn beside(&self, kind: Kind) -> impl Iterator<Item = Object> {
        let set_up = self.timestamp(Time::ZERO);
        let api = self.control_plane.api();
        let bystanders = self.initial.bystanders.iter();
        let bystanders = bystanders.filter(|it| !api.was_deleted(&it.meta().namespace));
        let bystanders = bystanders.map(move |object| {
            let mut object = object.clone();
            object.meta_mut().creation_timestamp = Some(set_up);
            match &mut object {
                Object::PodDisruptionBudget(budget) => self.judge(Arc::make_mut(budget)),
                Object::HorizontalPodAutoscaler(scaler) => self.count(Arc::make_mut(scaler)),
                _ => {}
            }
            object
        });
        let all = bystanders.chain(system_objects(set_up));
        all.filter(move |object| object.kind() == kind)
    }

    /// What the disruption controller would say of a budget.
    fn judge(&self, budget: &mut PodDisruptionBudget) {
        let pods = self.objects(Kind::Pod).filter_map(|object| match object {
            Object::Pod(pod) => Some(&**pod),
            _ => None,
        });
        budget.status = disruption::status(budget, pods, |pod| self.workload_of(pod));
    }

    /// The Deployment whose pod it is, or the ReplicaSet of one without.
    fn workload_of(&self, pod: &Pod) -> Option<ControllerAndScale> {
        let set = self.replica_set(&pod.meta.namespace, &pod.meta.owner.as_ref()?.name)?;
        let owner = set.meta.owner.as_ref();
        let deployment = owner.and_then(|owner| self.deployment(&set.meta.namespace, &owner.name));
        Some(match deployment {
            Some(it) => ControllerAndScale { uid: it.meta.uid.clone(), scale: it.spec.replicas },
            None => ControllerAndScale { uid: set.meta.uid.clone(), scale: set.spec.replicas },
        })
    }

    /// How many pods the target of an autoscaler has: all that is known without metrics.
    fn count(&self, scaler: &mut HorizontalPodAutoscaler) {
        let target = &scaler.spec.scale_target;
        let deployment = self.deployment(&scaler.meta.namespace, &target.name);
        let deployment = deployment.filter(|_| target.kind == "Deployment");
        scaler.current_replicas = deployment.map_or(0, |it| it.status.replicas);
    }

    fn deployment(&self, namespace: &str, name: &str) -> Option<&Deployment> {
        let key = Key::new(namespace, name);
        self.objects(Kind::Deployment).find_map(|object| match object {
            Object::Deployment(it) if it.meta.key() == key => Some(&**it),
            _ => None,
        })
    }

    fn replica_set(&self, namespace: &str, name: &str) -> Option<&ReplicaSet> {
        let key = Key::new(namespace, name);
        self.objects(Kind::ReplicaSet).find_map(|object| match object {
            Object::ReplicaSet(it) if it.meta.key() == key => Some(&**it),
            _ => None,
        })
    }
}
