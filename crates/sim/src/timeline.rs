//! What happens when: a user's commands, and faults.

use api::{Deployment, Key, Kind, Labels, Object, PodId, Service, service::ServiceType};
use engine::Time;
use record::{Record, Recorder};
use scenario::{Action, Fault, Step, TemplateChange};

use crate::{
    World,
    world::{control_cx, data_cx},
};

/// The annotation that `kubectl rollout restart` sets.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

impl World {
    /// Runs a step of the timeline.
    pub(crate) fn step(&mut self, place: u32, now: Time, recorder: &mut dyn Recorder) {
        let Step { text, action, .. } = self.timeline[place as usize].clone();
        let refusal = self.refusal(&action);
        let text = match &refusal {
            Some(error) => format!("{text} -> error: {error}").into(),
            None => text.as_str().into(),
        };
        let record = match action {
            Action::Fault(_) => Record::FaultBegan { text },
            _ => Record::StepRan { text },
        };
        recorder.record(now, &record);
        if refusal.is_some() {
            return;
        }
        match action {
            Action::SetTemplate { deployment, change } => {
                self.set_template(&deployment, change, now, recorder);
            }
            Action::Scale { deployment, replicas } => {
                self.edit(&deployment, now, recorder, |d| d.spec.replicas = replicas);
            }
            Action::Pause { deployment, paused } => {
                self.edit(&deployment, now, recorder, |d| d.spec.paused = paused);
            }
            Action::ApplyService(service) => {
                let mut cx = control_cx(now, &mut self.agenda, recorder);
                let applied = self.control_plane.apply_service(*service, &mut cx);
                applied.expect("it was refused where it could not be stored");
            }
            Action::DeleteService { service } => {
                let mut cx = control_cx(now, &mut self.agenda, recorder);
                let deleted = self.control_plane.delete_service(&service, &mut cx);
                deleted.expect("it was refused where there is none");
            }
            Action::DeletePod { namespace, labels } => {
                for (key, _) in self.control_plane.running_pods(&namespace, &labels) {
                    let mut cx = control_cx(now, &mut self.agenda, recorder);
                    self.control_plane.delete_pod(&key, &mut cx);
                }
            }
            Action::Fault(fault) => self.fault(&fault, now, recorder),
        }
    }

    /// Why kubectl refuses a command in the state that the Deployment is in, in its words.
    fn refusal(&self, action: &Action) -> Option<String> {
        match action {
            Action::SetTemplate { deployment, change } => self.template_refusal(deployment, change),
            Action::ApplyService(service) => self.service_refusal(service),
            Action::DeleteService { service } => {
                let known = self.control_plane.api().get(Kind::Service, service).is_some();
                (!known).then(|| format!("services \"{}\" not found", service.name))
            }
            _ => None,
        }
    }

    fn service_refusal(&self, service: &Service) -> Option<String> {
        let api = self.control_plane.api();
        let stored = match api.get(Kind::Service, &service.meta.key()) {
            Some(Object::Service(stored)) => Some(stored),
            _ => None,
        };
        let (asked, given) = (service.spec.cluster_ip, stored.and_then(|it| it.spec.cluster_ip));
        let is_alias = |it: &Service| it.spec.kind == ServiceType::ExternalName;
        // To and from an alias everything may change.
        let stored = stored.filter(|stored| !is_alias(stored) && !is_alias(service));
        let moves = stored.is_some() && asked.is_some() && asked != given;
        let turns = stored.is_some_and(|it| it.spec.headless != service.spec.headless);
        let problem = if moves || turns {
            let asked = asked.map_or("None".to_owned(), |address| address.to_string());
            Some(format!(
                "spec.clusterIPs[0]: Invalid value: [\"{asked}\"]: may not change once set"
            ))
        } else {
            api.conflict(service)
        };
        let name = &service.meta.name;
        problem.map(|problem| format!("The Service \"{name}\" is invalid: {problem}"))
    }

    fn template_refusal(&self, key: &Key, change: &TemplateChange) -> Option<String> {
        let stored = self.control_plane.api().get(Kind::Deployment, key);
        let paused = matches!(stored, Some(Object::Deployment(d)) if d.spec.paused);
        let name = &key.name;
        match change {
            TemplateChange::Restart if paused => Some(format!(
                "deployments.apps \"{name}\" can't restart paused deployment (run rollout resume first)"
            )),
            TemplateChange::Undo(revision) => {
                let known = self.control_plane.template_of_revision(key, *revision).is_some();
                match revision {
                    Some(revision) if !known => {
                        Some(format!("unable to find specified revision {revision} in history"))
                    }
                    None if !known => {
                        Some(format!("no rollout history found for deployment \"{name}\""))
                    }
                    _ => paused.then(|| {
                        "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again".to_owned()
                    }),
                }
            }
            TemplateChange::Restart | TemplateChange::Images(_) | TemplateChange::Template(_) => {
                None
            }
        }
    }

    fn set_template(
        &mut self,
        key: &Key,
        change: TemplateChange,
        now: Time,
        recorder: &mut dyn Recorder,
    ) {
        match change {
            TemplateChange::Images(images) => self.edit(key, now, recorder, |deployment| {
                let template = &mut deployment.spec.template;
                for container in &mut std::sync::Arc::make_mut(&mut template.spec).containers {
                    let named = |(name, _): &&(String, _)| name == "*" || **name == *container.name;
                    if let Some((_, image)) = images.iter().rev().find(named) {
                        container.image = image.clone();
                    }
                }
            }),
            TemplateChange::Restart => self.edit(key, now, recorder, |deployment| {
                // The date only has to be another one than before.
                let annotations = &mut deployment.spec.template.annotations;
                annotations.insert(RESTARTED_AT.to_owned(), now.to_string());
            }),
            TemplateChange::Undo(revision) => {
                let template = self.control_plane.template_of_revision(key, revision);
                let template = template.expect("it was refused where there is none");
                self.edit(key, now, recorder, |d| d.spec.template = template);
            }
            TemplateChange::Template(template) => {
                self.edit(key, now, recorder, |d| d.spec.template = *template);
            }
        }
    }

    fn edit(
        &mut self,
        key: &Key,
        now: Time,
        recorder: &mut dyn Recorder,
        edit: impl FnOnce(&mut Deployment),
    ) {
        let mut cx = control_cx(now, &mut self.agenda, recorder);
        let known = self.control_plane.edit_deployment(key, edit, &mut cx);
        assert!(known, "the scenario checked that {key} is there, and nothing deletes it");
    }

    fn fault(&mut self, fault: &Fault, now: Time, recorder: &mut dyn Recorder) {
        match fault {
            Fault::CrashPod { namespace, labels } => {
                for pod in self.pods(namespace, labels) {
                    let mut cx = data_cx(now, &mut self.agenda, recorder);
                    self.data_plane.crash(pod, &mut cx);
                }
            }
            Fault::Slow { namespace, labels, factor } => {
                for pod in self.pods(namespace, labels) {
                    self.data_plane.slow_down(pod, *factor);
                }
            }
        }
    }

    fn pods(&self, namespace: &str, labels: &Labels) -> Vec<PodId> {
        let running = self.control_plane.running_pods(namespace, labels);
        running.into_iter().map(|(_, pod)| pod).collect()
    }
}

#[cfg(test)]
mod tests;
