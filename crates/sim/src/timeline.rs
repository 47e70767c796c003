//! What happens when: a user's commands, which are the control plane's matter, and faults.

use api::{Labels, PodId};
use control_plane::Command;
use engine::Time;
use record::{Record, Recorder};
use scenario::{Action, Fault, States, Step, TemplateChange};

use crate::{
    World,
    world::{control_cx, data_cx},
};

impl World {
    /// Runs a step of the timeline.
    pub(crate) fn step(&mut self, place: u32, now: Time, recorder: &mut dyn Recorder) {
        let Step { text, action, .. } = self.timeline[place as usize].clone();
        let command = match command(action) {
            Ok(command) => command,
            Err(fault) => {
                recorder.record(now, &Record::FaultBegan { text: text.into() });
                return self.fault(&fault, now, recorder);
            }
        };
        let refusal = self.control_plane.refusal(&command);
        let text = match &refusal {
            Some(refusal) => format!("{text} -> {refusal}").into(),
            None => text.into(),
        };
        recorder.record(now, &Record::StepRan { text });
        if refusal.is_none() {
            let mut cx = control_cx(now, &mut self.agenda, recorder);
            self.control_plane.carry_out(command, &mut cx);
        }
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

/// A step as the control plane knows it; a fault is none of its matters.
fn command(action: Action) -> Result<Command, Fault> {
    Ok(match action {
        Action::SetTemplate { deployment, change } => match change {
            TemplateChange::Images(images) => Command::SetImage(deployment, images),
            TemplateChange::Restart => Command::Restart(deployment),
            TemplateChange::Undo(revision) => Command::Undo(deployment, revision),
        },
        Action::Scale { deployment, replicas } => Command::Scale(deployment, replicas),
        Action::Pause { deployment, paused } => Command::Pause(deployment, paused),
        Action::ApplyDeployment { deployment, states: States { replicas, paused }, .. } => {
            Command::ApplyDeployment { deployment, replicas, paused }
        }
        Action::ApplyService { service, .. } => Command::ApplyService(service),
        Action::Delete { kind, key } => Command::Delete(kind, key),
        Action::DeleteNamespace { namespace } => Command::DeleteNamespace(namespace),
        Action::DeletePod { namespace, labels } => Command::DeletePods(namespace, labels),
        Action::Fault(fault) => return Err(fault),
    })
}

#[cfg(test)]
mod tests;
