//! A user's commands: what kubectl sends for each, and what it says where that is refused.
//!
//! *Left out:* the name of the file in what `kubectl apply` says of an internal error and of a namespace that is
//! being deleted; of what it merges,
//! fields of a template that an undo brought back and neither file says, which stay in a cluster, and the
//! time of a restart that stood in the file before, which goes there.

use std::sync::Arc;

use api::{Deployment, Key, Kind, Labels, Object, PodTemplate, Service};

use super::ControlPlane;
use crate::{Cx, api_server::objection::Objection, deployment::util, namespace};

/// The annotation that `kubectl rollout restart` sets.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A kubectl command that changes something.
#[derive(Clone, Debug)]
pub enum Command {
    /// `set image`: container names and their images, in order; `*` is every container.
    SetImage(Key, Vec<(String, Arc<str>)>),
    /// `rollout restart`.
    Restart(Key),
    /// `rollout undo`, to a revision or to the one before the newest.
    Undo(Key, Option<u64>),
    /// `rollout pause`, or with `false` `rollout resume`.
    Pause(Key, bool),
    /// `scale`.
    Scale(Key, i32),
    /// `apply` of a Deployment.
    ApplyDeployment {
        /// As the file has it.
        deployment: Box<Deployment>,
        /// Whether one that is there gets the file's replicas.
        replicas: bool,
        /// Whether it is held as the file has it.
        paused: bool,
    },
    /// `apply` of a Service.
    ApplyService(Box<Service>),
    /// `delete deployment` or `delete service`.
    Delete(Kind, Key),
    /// `delete namespace`.
    DeleteNamespace(Arc<str>),
    /// `delete pod -l`: all running pods of a namespace with these labels.
    DeletePods(Arc<str>, Labels),
}

impl ControlPlane {
    /// What kubectl prints where a command is refused as things stand; `None` where it is not.
    #[must_use]
    pub fn refusal(&self, command: &Command) -> Option<String> {
        let missing = |kind, key| self.api.objection_to_key(kind, key);
        let objection = match command {
            Command::ApplyService(service) => self.api.objection(service),
            Command::Delete(kind, key) => missing(*kind, key),
            Command::SetImage(key, _)
            | Command::Restart(key)
            | Command::Undo(key, _)
            | Command::Pause(key, _)
            | Command::Scale(key, _) => missing(Kind::Deployment, key),
            Command::ApplyDeployment { deployment, .. } => {
                self.api.objection_to_new(Kind::Deployment, &deployment.meta.key())
            }
            Command::DeleteNamespace(name) => self.api.objection_to_deletion_of_namespace(name),
            Command::DeletePods(..) => None,
        };
        let server = objection.as_ref().map(Objection::to_string);
        server.or_else(|| self.own_refusal(command).map(|text| format!("error: {text}")))
    }

    /// What kubectl refuses itself, in the state that the Deployment is in.
    fn own_refusal(&self, command: &Command) -> Option<String> {
        match command {
            Command::Restart(key) => self.deployment(key)?.spec.paused.then(|| {
                format!(
                    "deployments.apps \"{}\" can't restart paused deployment (run rollout resume \
                     first)",
                    key.name
                )
            }),
            Command::Undo(key, revision) => self.undo_refusal(key, *revision),
            Command::SetImage(key, images) => {
                let there = &self.deployment(key)?.spec.template.spec.containers;
                let known = |name: &str| name == "*" || there.iter().any(|it| *it.name == *name);
                let unknown = images.iter().find(|(name, _)| !known(name));
                unknown.map(|(name, _)| format!("unable to find container named {name:?}"))
            }
            Command::Pause(key, paused) => {
                let state = if *paused { "already paused" } else { "not paused" };
                let is_so = self.deployment(key)?.spec.paused == *paused;
                is_so.then(|| format!("deployments.apps \"{}\" is {state}", key.name))
            }
            _ => None,
        }
    }

    fn undo_refusal(&self, key: &Key, revision: Option<u64>) -> Option<String> {
        match (self.template_of_revision(key, revision), revision) {
            (None, Some(revision)) => {
                Some(format!("unable to find specified revision {revision} in history"))
            }
            (None, None) => {
                Some(format!("no rollout history found for deployment \"{}\"", key.name))
            }
            (Some(_), _) => self.deployment(key)?.spec.paused.then(|| {
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout \
                 resume' and try again"
                    .to_owned()
            }),
        }
    }

    /// Does what a command asks for.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn carry_out(&mut self, command: Command, cx: &mut Cx<'_>) {
        match command {
            Command::SetImage(key, images) => {
                self.edit(&key, cx, |deployment| {
                    Arc::make_mut(&mut deployment.spec.template.spec).set_images(&images);
                });
            }
            Command::Restart(key) => {
                // The date only has to be another one than before.
                let date = cx.now.to_string();
                self.edit(&key, cx, |deployment| {
                    let annotations = &mut deployment.spec.template.annotations;
                    annotations.insert(RESTARTED_AT.to_owned(), date);
                });
            }
            Command::Undo(key, revision) => {
                let template = self.template_of_revision(&key, revision);
                let template = template.expect("it was refused where there is none");
                self.edit(&key, cx, |deployment| deployment.spec.template = template);
            }
            Command::Pause(key, paused) => self.edit(&key, cx, |it| it.spec.paused = paused),
            Command::Scale(key, replicas) => self.edit(&key, cx, |it| it.spec.replicas = replicas),
            Command::ApplyDeployment { deployment, replicas, paused } => {
                self.apply_deployment(*deployment, (replicas, paused), cx);
            }
            Command::ApplyService(service) => self.apply_service(*service, cx),
            Command::Delete(kind, key) => self.delete(kind, &key, cx),
            Command::DeleteNamespace(name) => {
                let (key, at) = (namespace::key(&name), cx.now + namespace::DELETION_GRACE_PERIOD);
                // To delete it once more changes nothing.
                if self.api.delete_namespace(&name) {
                    self.manager.look_at(self.namespaces, &key, at, cx);
                }
            }
            Command::DeletePods(namespace, labels) => {
                for (key, _) in self.running_pods(&namespace, &labels) {
                    self.delete(Kind::Pod, &key, cx);
                }
            }
        }
    }

    /// Changes a Deployment; whatever else was written meanwhile stays.
    fn edit(&mut self, key: &Key, cx: &mut Cx<'_>, edit: impl FnOnce(&mut Deployment)) {
        let mut deployment =
            self.deployment(key).expect("it was refused where there is none").clone();
        edit(&mut deployment);
        let object = Object::Deployment(Arc::new(deployment));
        self.api.update(object, cx).expect("the copy is of this very moment");
    }

    /// A new Deployment is created; one that is there becomes this, but for what other commands set and
    /// no file says.
    fn apply_deployment(
        &mut self,
        deployment: Deployment,
        (replicas, paused): (bool, bool),
        cx: &mut Cx<'_>,
    ) {
        let key = deployment.meta.key();
        if self.deployment(&key).is_none() {
            self.create(Object::Deployment(Arc::new(deployment)), cx);
            return;
        }
        self.edit(&key, cx, |stored| {
            let Deployment { meta, spec, .. } = deployment;
            (stored.meta.labels, stored.meta.annotations) = (meta.labels, meta.annotations);
            let before = std::mem::replace(&mut stored.spec, spec);
            if !replicas {
                stored.spec.replicas = before.replicas;
            }
            if !paused {
                stored.spec.paused = before.paused;
            }
            if let Some(date) = before.template.annotations.get(RESTARTED_AT) {
                let annotations = &mut stored.spec.template.annotations;
                annotations.entry(RESTARTED_AT.to_owned()).or_insert_with(|| date.clone());
            }
        });
    }

    /// A new Service is created; one that is there becomes this.
    fn apply_service(&mut self, mut service: Service, cx: &mut Cx<'_>) {
        let stored = self.api.get(Kind::Service, &service.meta.key());
        let stored = match stored.map(|stored| stored.meta().clone()) {
            None => self.api.create(Object::Service(Arc::new(service)), cx),
            Some(meta) => {
                let api::Meta { labels, annotations, .. } = service.meta;
                service.meta = api::Meta { labels, annotations, ..meta };
                self.api.update(Object::Service(Arc::new(service)), cx)
            }
        };
        stored.expect("it was refused where it cannot be stored");
    }

    /// Deletes an object, a pod with its own grace period.
    fn delete(&mut self, kind: Kind, key: &Key, cx: &mut Cx<'_>) {
        let stored = self.api.get(kind, key).expect("it was refused where there is none");
        let uid = stored.meta().uid.clone();
        self.api.delete(kind, key, &uid, None, cx).expect("it is there");
    }

    fn deployment(&self, key: &Key) -> Option<&Deployment> {
        match self.api.get(Kind::Deployment, key)? {
            Object::Deployment(deployment) => Some(deployment),
            _ => None,
        }
    }

    /// The template of a Deployment's revision, or of the one before its newest.
    fn template_of_revision(&self, key: &Key, revision: Option<u64>) -> Option<PodTemplate> {
        let deployment = self.deployment(key)?;
        let mut sets: Vec<(u64, &PodTemplate)> = self
            .api
            .list(Kind::ReplicaSet)
            .filter_map(|object| match object {
                Object::ReplicaSet(set) => Some(set),
                _ => None,
            })
            .filter(|set| {
                set.meta.owner.as_ref().is_some_and(|owner| owner.uid == deployment.meta.uid)
            })
            .filter_map(|set| {
                Some((
                    set.meta.annotations.get(util::REVISION_ANNOTATION)?.parse().ok()?,
                    &set.spec.template,
                ))
            })
            .collect();
        sets.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        let found = match revision {
            Some(wanted) => sets.into_iter().find(|(revision, _)| *revision == wanted),
            None => sets.into_iter().nth(1),
        };
        found.map(|(_, template)| {
            let mut template = template.clone();
            template.labels.remove(util::POD_TEMPLATE_HASH);
            template
        })
    }
}
