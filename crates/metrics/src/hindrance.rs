//! What kept the pods that a Service selects from being sent anything, as far as the record tells.

use std::{collections::BTreeMap, sync::Arc};

use api::{ServiceId, runtime_interface::ProbeKind};

use crate::{collector::Collector, pods::Pod, words};

/// What is known of a Service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    /// `namespace/name`.
    pub(crate) name: Arc<str>,
    /// Whether it has no address of its own, so that clients have those of its pods.
    pub(crate) headless: bool,
    pub(crate) selector: Option<api::Labels>,
    pub(crate) target_ports: Arc<[Arc<str>]>,
    /// Whether a slice ever had a ready endpoint and no port to reach it at.
    pub(crate) ready_without_port: bool,
    /// Whether a slice ever had a ready endpoint and a port to reach it at.
    pub(crate) ready_with_port: bool,
}

impl Service {
    /// Whether its selector asks for the labels that a pod has.
    fn selects(&self, pod: &Pod) -> bool {
        let namespace = self.name.split('/').next().unwrap_or_default();
        let asks = |selector| api::selector::matches_all(selector, &pod.labels);
        *pod.namespace == *namespace && self.selector.as_ref().is_some_and(asks)
    }
}

/// Whether any pod ever had the labels that a Service's selector asks for.
pub(crate) fn selects_any(collector: &Collector, id: ServiceId) -> bool {
    let service = collector.services.get(id.0 as usize);
    service.is_some_and(|service| collector.pods.iter().any(|(_, pod)| service.selects(pod)))
}

/// What kept pods of a Service from traffic, in words; empty where nothing is known that did.
pub(crate) fn hindrances(collector: &Collector, id: ServiceId) -> Vec<String> {
    let Some(service) = collector.services.get(id.0 as usize) else { return Vec::new() };
    let pods = collector.pods.iter().map(|(_, pod)| pod);
    let mut texts = texts(pods.filter(|pod| service.selects(pod)), |_| true);
    if service.ready_without_port && texts.is_empty() {
        texts.push(without_port(service));
    }
    texts
}

/// A Deployment and an image of its.
pub(crate) type OfVersion = (Arc<str>, Arc<str>);

/// What keeps pods of each version of each Deployment from ever being ready, in words. That a probe has not
/// passed yet is nothing that will last.
pub(crate) fn of_versions(collector: &Collector) -> BTreeMap<OfVersion, Vec<String>> {
    let mut pods: BTreeMap<OfVersion, Vec<&Pod>> = BTreeMap::new();
    for (_, pod) in collector.pods.iter() {
        if let Some((deployment, _)) = &pod.deployment {
            let key = (Arc::clone(deployment), Arc::clone(&pod.version));
            pods.entry(key).or_default().push(pod);
        }
    }
    let lasting = |hindrance: &Hindrance| {
        matches!(hindrance, Hindrance::NoNode { .. } | Hindrance::NobodyAtProbe { .. })
    };
    let texts = |pods: Vec<&Pod>| texts(pods.into_iter(), lasting);
    pods.into_iter().map(|(key, pods)| (key, texts(pods))).collect()
}

/// What of this kind kept these pods back, each with how many of them.
fn texts<'a>(
    pods: impl Iterator<Item = &'a Pod>,
    kind: impl Fn(&Hindrance) -> bool,
) -> Vec<String> {
    let mut pods_by_hindrance: BTreeMap<Hindrance, u64> = BTreeMap::new();
    for hindrance in pods.filter_map(Hindrance::of).filter(kind) {
        *pods_by_hindrance.entry(hindrance).or_default() += 1;
    }
    pods_by_hindrance.iter().map(|(hindrance, pods)| hindrance.text(*pods)).collect()
}

fn without_port(service: &Service) -> String {
    let named = service.target_ports.iter().filter(|port| port.parse::<u16>().is_err());
    let named: Vec<String> = named.map(|port| format!("`{port}`")).collect();
    let names = match &named[..] {
        [] => "the name of its targetPort".to_owned(),
        _ => format!("the name {} of its targetPort", named.join(" or ")),
    };
    format!("its pods were ready, but no container declares a port with {names}")
}

/// Something that kept a pod from traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hindrance {
    /// No node took it.
    NoNode { version: Arc<str>, reason: Arc<str> },
    /// A probe asks where nothing listens.
    NobodyAtProbe { version: Arc<str>, probe: ProbeKind, port: u16, listens: Vec<u16> },
    /// A probe never passed.
    ProbeFailed { version: Arc<str>, probe: ProbeKind },
    /// Its program never listened.
    NeverListened { version: Arc<str> },
}

impl Hindrance {
    fn of(pod: &Pod) -> Option<Self> {
        let version = Arc::clone(&pod.version);
        if let Some(reason) = pod.unschedulable.clone() {
            return Some(Self::NoNode { version, reason });
        }
        let matters = |probe: ProbeKind| !pod.was_ready || probe == ProbeKind::Liveness;
        let failed = || pod.failed_probes.iter().filter(|(probe, _)| matters(*probe));
        let unheard = failed().find_map(|(probe, port)| Some((*probe, pod.unheard(*port)?)));
        if let Some((probe, port)) = unheard {
            let listens = pod.ports.clone();
            return Some(Self::NobodyAtProbe { version, probe, port, listens });
        }
        if pod.was_ready || !pod.containers.started() {
            return None;
        }
        if !pod.containers.listened() {
            return Some(Self::NeverListened { version });
        }
        failed().next().map(|(probe, _)| Self::ProbeFailed { version, probe: *probe })
    }

    fn text(&self, pods: u64) -> String {
        let pods = words::many(pods, "pod");
        match self {
            Self::NoNode { version, reason } => {
                let reason = reason.trim_end_matches('.');
                format!("the scheduler found no node for {pods} of {version} ({reason})")
            }
            Self::NobodyAtProbe { version, probe, port, listens } => {
                let asks = match port {
                    0 => "at a port by a name that its container does not declare".to_owned(),
                    port => format!("port {port}, where nothing listens"),
                };
                let listens: Vec<String> = listens.iter().map(u16::to_string).collect();
                format!(
                    "the {} probe in {pods} of {version} asks {asks} (the program listens on {})",
                    probe.name(),
                    listens.join(", ")
                )
            }
            Self::ProbeFailed { version, probe } => {
                format!("the {} probe in {pods} of {version} never passed", probe.name())
            }
            Self::NeverListened { version } => {
                format!("the programs in {pods} of {version} never came to listen")
            }
        }
    }
}
