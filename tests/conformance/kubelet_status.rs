//! Whether a pod is ready, and why not.

use api::{
    Container, Phase, PodSpec,
    pod::{ContainerStatus, GateCondition},
};
use control_plane::kubelet::readiness::{containers_ready, pod_ready};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::phase,
};

/// What a condition says: its status, its reason and its message.
type Said = (String, String, String);

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| f.object("expectReady", said))?;
    let given = case.input(given)?;
    let statuses = given.statuses.as_deref();
    let got = match case.test.as_str() {
        "TestGenerateContainersReadyCondition" => {
            containers_ready(&given.spec, statuses, given.phase)
        }
        "TestGeneratePodReadyCondition" => {
            pod_ready(&given.spec, statuses, &given.conditions, given.phase)
        }
        _ => return case.unknown(),
    };
    let status = if got.status { "True" } else { "False" }.to_owned();
    agree("condition", &expected, &(status, got.reason.to_owned(), got.message))
}

fn said(f: &Fields<'_>) -> Read<Said> {
    f.ignore(&["type"]);
    let text = |name| Ok::<_, Problem>(f.text_or_empty(name)?.to_owned());
    Ok((text("status")?, text("reason")?, text("message")?))
}

struct Given {
    spec: PodSpec,
    /// In the order of the spec's containers.
    statuses: Option<Vec<ContainerStatus>>,
    conditions: Vec<GateCondition>,
    phase: Phase,
}

fn given(f: &Fields<'_>) -> Read<Given> {
    let spec = f.object("spec", spec)?;
    let written = f.value("containerStatuses").is_some();
    let by_name = f.objects("containerStatuses", |f| {
        f.ignore(&["image", "imageID", "lastState", "state", "restartCount", "started"]);
        let (name, ready) = (f.text_or_empty("name")?.to_owned(), f.flag("ready")?);
        Ok((name, ContainerStatus { ready, ..ContainerStatus::default() }))
    })?;
    let conditions = f.objects("conditions", |f| {
        let (kind, status) = (f.text_or_empty("type")?.into(), f.text_or_empty("status")?);
        Ok(GateCondition { kind, status: status == "True", last_transition_time: None })
    })?;
    let phase = phase(f.text_or_empty("podPhase")?)?;
    // A container of the model without a status is one of the last, so those known come first.
    let status_of = |container: &Container| {
        by_name.iter().find(|(name, _)| **name == *container.name).map(|(_, status)| *status)
    };
    let (known, unknown): (Vec<_>, Vec<_>) =
        spec.containers.iter().cloned().partition(|it| status_of(it).is_some());
    let statuses = written.then(|| known.iter().filter_map(status_of).collect());
    let containers = known.into_iter().chain(unknown).collect();
    Ok(Given { spec: PodSpec { containers, ..spec }, statuses, conditions, phase })
}

/// A pod's spec; its sidecars are containers before the others.
fn spec(f: &Fields<'_>) -> Read<PodSpec> {
    let named = |f: &Fields<'_>| {
        let always = f.text("restartPolicy")? == Some("Always");
        let name = f.text_or_empty("name")?.into();
        Ok((always, Container { name, ..Container::default() }))
    };
    let sidecars = f.objects("initContainers", named)?.into_iter().filter(|(always, _)| *always);
    let containers = sidecars.chain(f.objects("containers", named)?).map(|(_, it)| it).collect();
    let gates = f.objects("readinessGates", |f| Ok(f.text_or_empty("conditionType")?.into()))?;
    Ok(PodSpec { containers, readiness_gates: gates, ..PodSpec::default() })
}
