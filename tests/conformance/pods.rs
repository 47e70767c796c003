//! Pods and pod templates as Kubernetes writes them.

use std::net::IpAddr;

use api::{
    Container, Labels, Phase, Pod, PodId, PodSpec, PodStatus, PodTemplate, Protocol,
    pod::{ContainerPort, ContainerStatus, ReadyCondition},
};

use crate::{
    fields::{Fields, Read},
    moment::timestamp,
    objects,
};

/// A pod, with what the model's pods do not have.
pub(crate) struct ReadPod {
    /// The pod. Its sidecars are containers after the others.
    pub(crate) pod: Pod,
    /// The most restarts of one of its sidecars.
    pub(crate) sidecar_restarts: u32,
}

/// Fields of a pod's spec that no function under test looks at.
const WITHOUT_EFFECT: &[&str] = &[
    "dnsPolicy",
    "enableServiceLinks",
    "hostPort",
    "imagePullPolicy",
    "restartPolicy",
    "schedulerName",
    "securityContext",
    "terminationMessagePath",
    "terminationMessagePolicy",
];

/// Conditions of a pod that no function under test looks at.
const OTHER_CONDITIONS: &[&str] =
    &["ContainersReady", "DisruptionTarget", "Initialized", "PodScheduled"];

/// A Pod.
pub(crate) fn pod(f: &Fields<'_>) -> Read<ReadPod> {
    f.ignore(&["apiVersion", "kind"]);
    let meta = f.object("metadata", objects::meta)?;
    let mut unmodelled = Labels::new();
    let (spec, node_name, sidecars) = f.object("spec", |f| {
        let node_name = f.text("nodeName")?.map(Into::into);
        let (spec, sidecars) = pod_spec(f, &mut unmodelled)?;
        Ok((spec, node_name, sidecars))
    })?;
    only_without_effect(&unmodelled)?;
    let (status, sidecar_restarts) = f.object("status", |f| pod_status(f, &sidecars))?;
    let pod = Pod { meta, id: PodId::default(), spec: spec.into(), node_name, status };
    Ok(ReadPod { pod, sidecar_restarts })
}

/// A pod template. What the model has no field for is kept in the node selector under its path, so
/// that templates which differ in it differ here too.
pub(crate) fn pod_template(f: &Fields<'_>) -> Read<PodTemplate> {
    let mut unmodelled = Labels::new();
    let (labels, annotations) = f.object("metadata", |f| {
        let both = (f.labels("labels")?, f.labels("annotations")?);
        keep_rest(f, &mut unmodelled);
        Ok(both)
    })?;
    let mut spec = f.object("spec", |f| Ok(pod_spec(f, &mut unmodelled)?.0))?;
    let root = f.path("");
    for (path, value) in unmodelled {
        let path = path.strip_prefix(&root).expect("it was read inside the template").to_owned();
        spec.node_selector.insert(path, value);
    }
    Ok(PodTemplate { labels, annotations, spec: spec.into(), ..PodTemplate::default() })
}

/// A pod's spec and the names of its sidecars: init containers that are always restarted.
fn pod_spec(f: &Fields<'_>, unmodelled: &mut Labels) -> Read<(PodSpec, Vec<String>)> {
    let named =
        |name: &str| Ok::<_, String>(f.text(name)?.filter(|t| !t.is_empty()).map(Into::into));
    let mut spec = PodSpec {
        node_selector: f.labels("nodeSelector")?,
        hostname: named("hostname")?,
        subdomain: named("subdomain")?,
        ..PodSpec::default()
    };
    if let Some(seconds) = f.int("terminationGracePeriodSeconds")? {
        spec.termination_grace_period_seconds = seconds;
    }
    spec.containers = f.objects("containers", |f| container(f, unmodelled))?;
    let sidecars = sidecars(f, unmodelled)?;
    let names = sidecars.iter().map(|sidecar| sidecar.name.to_string()).collect();
    spec.containers.extend(sidecars);
    keep_rest(f, unmodelled);
    Ok((spec, names))
}

/// The init containers that are always restarted. The others have ended before the model's pods
/// begin.
pub(crate) fn sidecars(f: &Fields<'_>, unmodelled: &mut Labels) -> Read<Vec<Container>> {
    let all = f.objects("initContainers", |f| {
        let always = f.text("restartPolicy")? == Some("Always");
        Ok((always, container(f, unmodelled)?))
    })?;
    Ok(all.into_iter().filter(|(always, _)| *always).map(|(_, container)| container).collect())
}

/// Fails if anything was read that may have an effect and that the model has no field for.
pub(crate) fn only_without_effect(unmodelled: &Labels) -> Read<()> {
    let known = |path: &str| WITHOUT_EFFECT.iter().any(|name| path.ends_with(&format!(".{name}")));
    match unmodelled.keys().find(|path| !known(path)) {
        None => Ok(()),
        Some(path) => Err(format!("{path} is not understood")),
    }
}

/// A container.
pub(crate) fn container(f: &Fields<'_>, unmodelled: &mut Labels) -> Read<Container> {
    let container = Container {
        name: f.text_or_empty("name")?.into(),
        image: f.text_or_empty("image")?.into(),
        ports: f
            .objects("ports", |f| container_port(f, unmodelled))?
            .into_iter()
            .flatten()
            .collect(),
        ..Container::default()
    };
    keep_rest(f, unmodelled);
    Ok(container)
}

/// A container's port; none for one of a protocol that the model does not have, which nobody can
/// find by a protocol that it has.
fn container_port(f: &Fields<'_>, unmodelled: &mut Labels) -> Read<Option<ContainerPort>> {
    let name = f.text("name")?.filter(|name| !name.is_empty()).map(str::to_owned);
    let container_port = f.needed("containerPort", f.int("containerPort")?)?;
    let protocol = protocol(f.text_or_empty("protocol")?);
    keep_rest(f, unmodelled);
    Ok(protocol.map(|protocol| ContainerPort { name, container_port, protocol }))
}

/// A protocol; an empty text is the default.
pub(crate) fn protocol(text: &str) -> Option<Protocol> {
    match text {
        "" | "TCP" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => None,
    }
}

/// A phase; an empty text is that of a pod nobody has said anything about, as Pending is.
pub(crate) fn phase(text: &str) -> Read<Phase> {
    match text {
        "" | "Pending" => Ok(Phase::Pending),
        "Unknown" => Ok(Phase::Unknown),
        "Running" => Ok(Phase::Running),
        "Succeeded" => Ok(Phase::Succeeded),
        "Failed" => Ok(Phase::Failed),
        other => Err(format!("no such phase: {other}")),
    }
}

/// A pod's status, and the most restarts of one of these sidecars.
fn pod_status(f: &Fields<'_>, sidecars: &[String]) -> Read<(PodStatus, u32)> {
    f.ignore(&["hostIP", "message", "qosClass", "reason", "startTime"]);
    let mut restarts = 0;
    f.objects("initContainerStatuses", |f| {
        let name = f.text_or_empty("name")?.to_owned();
        let status = container_status(f)?;
        if sidecars.contains(&name) {
            restarts = restarts.max(status.restart_count);
        }
        Ok(())
    })?;
    let addresses = f.objects("podIPs", |f| Ok(f.text_or_empty("ip")?.to_owned()))?;
    // The model's pods have one address, the first.
    let first = f.text("podIP")?.or(addresses.first().map(String::as_str));
    let status = PodStatus {
        phase: phase(f.text_or_empty("phase")?)?,
        pod_ip: first.map(address).transpose()?,
        ready: f.objects("conditions", ready_condition)?.into_iter().flatten().next(),
        containers: f.objects("containerStatuses", container_status)?,
        conditions: Vec::new(),
    };
    Ok((status, restarts))
}

/// An address.
pub(crate) fn address(text: &str) -> Read<IpAddr> {
    text.parse().map_err(|_| format!("not an address: {text}"))
}

fn ready_condition(f: &Fields<'_>) -> Read<Option<ReadyCondition>> {
    f.ignore(&["lastProbeTime", "message", "observedGeneration", "reason"]);
    let kind = f.text_or_empty("type")?;
    let condition = ReadyCondition {
        status: f.text_or_empty("status")? == "True",
        last_transition_time: timestamp(f, "lastTransitionTime")?,
        ..ReadyCondition::default()
    };
    match kind {
        "Ready" => Ok(Some(condition)),
        other if OTHER_CONDITIONS.contains(&other) => Ok(None),
        other => Err(format!("no such condition: {other}")),
    }
}

fn container_status(f: &Fields<'_>) -> Read<ContainerStatus> {
    f.ignore(&["containerID", "image", "imageID", "lastState", "name", "resources", "state"]);
    Ok(ContainerStatus {
        ready: f.flag("ready")?,
        started: f.flag("started")?,
        restart_count: f.int_or_zero("restartCount")?,
        ..ContainerStatus::default()
    })
}

fn keep_rest(f: &Fields<'_>, unmodelled: &mut Labels) {
    for (name, value) in f.rest() {
        unmodelled.insert(f.path(name), value.to_string());
    }
}
