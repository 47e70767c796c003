//! What a document is: the Scenario, an object that is simulated, or one that is passed over.

use std::{collections::BTreeMap, sync::Arc};

use api::{Key, Kind, Object};

use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
    kinds::{self, KNOWN_KINDS, KnownKind, LeftOutField, LeftOutThings, Treatment},
    kubernetes::{self, Checker},
    objects::{Objects, Written},
    read::{Document, Origin},
    source::{At, FileId, Sources},
    yaml::{Node, Value},
};

/// More simulated objects than these are no application any more.
const MOST_OBJECTS: usize = 5000;

/// The version of the scenario format.
pub(crate) const SCENARIO_VERSION: &str = "rollsim.dev/v1";

/// What the documents of a load hold besides scenarios.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) objects: Objects,
    pub(crate) left_out: LeftOutThings,
    /// Where each simulated object stands, to find those that are there twice.
    seen: BTreeMap<(Kind, Key), At>,
}

/// A document of kind Scenario.
#[derive(Clone, Debug)]
pub(crate) struct ScenarioDocument {
    pub(crate) path: Arc<str>,
    pub(crate) root: Arc<Node>,
}

/// Whether a document says that it is a Scenario.
pub(crate) fn is_scenario(root: &Node) -> bool {
    let group = root.get("apiVersion").and_then(|node| node.as_str()).unwrap_or_default();
    let kind = root.get("kind").and_then(|node| node.as_str()).unwrap_or_default();
    group.starts_with("rollsim.dev/") && kind == "Scenario"
}

/// The one scenario among the documents; more are reported, and so is a wrong version.
pub(crate) fn the_scenario(
    documents: &[Document],
    findings: &mut Findings,
) -> Option<ScenarioDocument> {
    let mut scenarios = documents.iter().filter(|document| is_scenario(&document.root));
    let first = scenarios.next()?;
    let head = |document: &Document| {
        let extent = document.root.get("kind").map_or(document.root.extent, |kind| kind.extent);
        At { file: document.file, extent }
    };
    for other in scenarios {
        let message = "there is more than one Scenario";
        let help = "load one of the two; to compare scenarios, name their files one by one";
        let diagnostic = Diagnostic::new(Code::SecondScenario, message, help);
        findings
            .push(diagnostic.at(head(other), "the second").because_of(head(first), "the first"));
    }
    let version = first.root.get("apiVersion").filter(|v| v.as_str() != Some(SCENARIO_VERSION));
    if let Some(node) = version {
        let message = format!("{} is no version of the scenario format", node.describe());
        let help = format!("write `apiVersion: {SCENARIO_VERSION}`");
        let at = At { file: first.file, extent: node.extent };
        findings.push(Diagnostic::new(Code::UnknownKind, message, help).at(at, "unknown version"));
    }
    Some(ScenarioDocument { path: first.path.clone(), root: first.root.clone() })
}

/// Puts documents in order.
pub(crate) struct Sorter<'a> {
    pub(crate) sources: &'a mut Sources,
    pub(crate) findings: &'a mut Findings,
    pub(crate) sorted: Sorted,
    /// Where objects go that do not say so.
    pub(crate) namespace: &'a str,
    /// Whether a step applies what is sorted.
    pub(crate) applied: bool,
    /// Whether there is a Scenario, whose timeline says what is applied.
    pub(crate) has_scenario: bool,
}

impl Sorter<'_> {
    /// Takes in a document that is not the scenario.
    pub(crate) fn sort(&mut self, document: &Document) {
        if self.findings.give_up() {
            // Nothing more would be shown, and there may be a million documents.
            self.sorted.objects.incomplete = true;
            return;
        }
        self.object(&document.root, document.file, document.origin != Origin::InFolder);
    }

    fn object(&mut self, root: &Arc<Node>, file: FileId, named: bool) {
        let Value::Map(_) = root.value else {
            let message = format!("a document is {}, not an object", root.describe());
            let help = "a document is a mapping with apiVersion and kind";
            return self.report(Code::NotAnObject, file, root, message, help);
        };
        let text =
            |key| root.get(key).and_then(|node| node.as_str()).filter(|text| !text.is_empty());
        let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            return self.no_object(root, file, named);
        };
        if let Some(items) = list_items(root, kind) {
            for item in items {
                self.object(item, file, named);
            }
            return;
        }
        if api_version.starts_with("rollsim.dev/") {
            return self.other_scenario(root, file, kind);
        }
        if let Some(known) = kinds::known_kind(api_version, kind) {
            return self.known(known, root, file);
        }
        if let Some((since, instead)) = kinds::removed(api_version, kind) {
            return self.removed(root, file, (api_version, kind), (since, instead));
        }
        if kinds::is_unknown(api_version, kind) {
            return self.unknown(root, file, api_version, kind);
        }
        self.pass_over(kind);
    }

    fn pass_over(&mut self, kind: &str) {
        *self.sorted.objects.passed_over.entry(kind.to_owned()).or_default() += 1;
    }

    fn report(&mut self, code: Code, file: FileId, node: &Node, message: String, help: &str) {
        self.sorted.objects.incomplete |= code.severity() == crate::Severity::Error;
        let at = At { file, extent: node.extent };
        self.findings.push(Diagnostic::new(code, message, help).at(at, ""));
    }

    /// A named file is meant to be an object; in a folder there may be others.
    fn no_object(&mut self, root: &Node, file: FileId, named: bool) {
        let lacks = ["apiVersion", "kind"].into_iter().filter(|key| root.get(key).is_none());
        let lacks: Vec<&str> = lacks.collect();
        let message = match lacks.as_slice() {
            [] => "`apiVersion` and `kind` of a document must be texts".to_owned(),
            [one] => format!("a document has no `{one}`"),
            _ => "a document has neither `apiVersion` nor `kind`".to_owned(),
        };
        let is_scenario = root.get("kind").is_some_and(|kind| kind.as_str() == Some("Scenario"));
        if named || is_scenario {
            let help = match is_scenario {
                true => "begin with `apiVersion: rollsim.dev/v1`",
                false => "begin with `apiVersion: apps/v1` and `kind: Deployment`, for example",
            };
            self.report(Code::NotAnObject, file, root, message, help);
        } else {
            let help = "if it is no Kubernetes object, move it out of this folder";
            let message = format!("{message}, and is passed over");
            self.report(Code::PassedOver, file, root, message, help);
        }
    }

    /// Other scenarios come from folders named in `spec.manifests`; what came from elsewhere was
    /// reported before.
    fn other_scenario(&mut self, root: &Node, file: FileId, kind: &str) {
        if kind == "Scenario" {
            return;
        }
        let message = format!("there is no kind `{kind}` in {SCENARIO_VERSION}");
        self.report(Code::UnknownKind, file, root, message, "the only kind is `Scenario`");
    }

    fn removed(&mut self, root: &Node, file: FileId, what: (&str, &str), gone: (&str, &str)) {
        let ((api_version, kind), (since, instead)) = (what, gone);
        let message = format!("Kubernetes serves {kind} in {api_version} no longer since {since}");
        let help = match instead {
            "" => "there is nothing in its place".to_owned(),
            instead => format!("write `apiVersion: {instead}` and check the fields"),
        };
        let node = root.get("apiVersion").map_or(root, |node| &**node);
        self.report(Code::RemovedVersion, file, node, message, &help);
    }

    fn unknown(&mut self, root: &Node, file: FileId, api_version: &str, kind: &str) {
        let message = format!("there is no kind `{kind}` in {api_version}");
        let elsewhere = KNOWN_KINDS.iter().find(|known| known.kind == kind);
        let (node, help) = match elsewhere {
            Some(known) => ("apiVersion", format!("write `apiVersion: {}`", known.api_version)),
            None => {
                let here = KNOWN_KINDS.iter().filter(|known| known.api_version == api_version);
                let names: Vec<&str> = here.map(|known| known.kind).collect();
                let all = KNOWN_KINDS.iter().map(|known| known.kind);
                let help = if names.is_empty() {
                    suggest(kind, "kind", all)
                } else {
                    suggest(kind, "kind", names)
                };
                ("kind", help)
            }
        };
        let node = root.get(node).map_or(root, |node| &**node);
        self.report(Code::UnknownKind, file, node, message, &help);
    }

    fn known(&mut self, known: &'static KnownKind, root: &Arc<Node>, file: FileId) {
        let kind = match known.treatment {
            Treatment::Simulated(kind) => return self.simulated(kind, root, file),
            Treatment::Shown(kind, why) => {
                self.left_out(known.kind, why, root, file);
                return self.simulated(kind, root, file);
            }
            Treatment::Silent => None,
            Treatment::LeftOut(why) => Some(why),
        };
        let checked = (known.check)(root);
        kubernetes::report_misread(file, &checked.mismatches, &checked.unknown, self.findings);
        self.pass_over(known.kind);
        if let Some(why) = kind {
            self.left_out(known.kind, why, root, file);
        }
    }

    fn left_out(&mut self, kind: &'static str, why: &'static str, root: &Node, file: FileId) {
        let extent = root.get("kind").map_or(root.extent, |node| node.extent);
        let entry = self.sorted.left_out.kinds.entry(kind).or_insert((why, Vec::new()));
        entry.1.push(At { file, extent });
    }

    fn simulated(&mut self, kind: Kind, root: &Arc<Node>, file: FileId) {
        let mut checker =
            Checker { file, root, namespace: self.namespace, findings: self.findings };
        match Pushed::read(kind, &mut checker, &mut self.sorted.left_out) {
            Some(pushed) => self.keep(kind, pushed.key(), pushed),
            // Nothing else depends on what one of another kind would have said.
            None if matches!(kind, Kind::Deployment | Kind::Pod | Kind::Service) => {
                self.sorted.objects.incomplete = true;
            }
            None => {}
        }
    }

    fn keep(&mut self, kind: Kind, key: Key, pushed: Pushed) {
        let at = pushed.at("metadata.name");
        if let Some(first) = self.sorted.seen.get(&(kind, key.clone())) {
            let message = format!("{kind} `{key}` is defined twice");
            let help = self.other_than_twice(*first, at);
            let diagnostic = Diagnostic::new(Code::DuplicateObject, message, help);
            self.findings
                .push(diagnostic.at(at, "defined again").because_of(*first, "first defined here"));
            return;
        }
        if self.sorted.seen.len() == MOST_OBJECTS {
            let message =
                format!("there are more than {MOST_OBJECTS} objects that would be simulated");
            let help = "load the manifests of one application, not of everything";
            self.findings
                .push(Diagnostic::new(Code::TooLarge, message, help).at(at, "one too many"));
        }
        self.sorted.seen.insert((kind, key.clone()), at);
        if self.sorted.seen.len() > MOST_OBJECTS {
            self.sorted.objects.incomplete = true;
            return;
        }
        let (file, root) = pushed.source();
        self.sources.add_object((kind, key), (file, root), self.applied);
        let objects = &mut self.sorted.objects;
        match pushed {
            Pushed::Deployment(written) => objects.deployments.push(*written),
            Pushed::Pod(written) => objects.pods.push(*written),
            Pushed::Service(written) => objects.services.push(*written),
            Pushed::EndpointSlice(written) => objects.endpoint_slices.push(*written),
            Pushed::Ingress(written) => objects.ingresses.push(*written),
            Pushed::HttpRoute(written) => objects.http_routes.push(*written),
            Pushed::Gateway(written) => objects.gateways.push(*written),
            Pushed::Endpoints(written) => objects.endpoints.push(*written),
            Pushed::Bystander(written) => objects.bystanders.push(*written),
        }
    }
}

impl Sorter<'_> {
    /// What to do about an object that is there twice. In two files it may be there as it is and as it
    /// is to be, which is what rehearsals are for.
    fn other_than_twice(&self, first: At, second: At) -> String {
        let help = "delete one of the two, or give it another name or namespace";
        if self.applied || first.file == second.file {
            return help.to_owned();
        }
        let name = match self.sources.file(second.file).name() {
            "<stdin>" => "-",
            name => name,
        };
        let how = match self.has_scenario {
            true => format!("let nothing but a step `kubectl: apply -f` name {name}"),
            false => format!("give the second only by `--apply {name}`"),
        };
        format!("{help}; to rehearse the change from the first to the second, {how}")
    }
}

/// An object that was just read.
enum Pushed {
    Deployment(Box<Written<api::Deployment>>),
    Pod(Box<Written<api::Pod>>),
    Service(Box<Written<api::Service>>),
    EndpointSlice(Box<Written<api::EndpointSlice>>),
    Ingress(Box<Written<api::Ingress>>),
    HttpRoute(Box<Written<api::HttpRoute>>),
    Gateway(Box<Written<api::Gateway>>),
    Endpoints(Box<Written<api::Endpoints>>),
    Bystander(Box<Written<Object>>),
}

impl Pushed {
    /// Reads an object of a kind; `None` where not enough is left of it.
    fn read(kind: Kind, cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Self> {
        let (file, root) = (cx.file, cx.root.clone());
        Some(match kind {
            Kind::Deployment => {
                Self::Deployment(written(kubernetes::deployment(cx, left_out)?, file, root))
            }
            Kind::Pod => Self::Pod(written(kubernetes::pod(cx, left_out)?, file, root)),
            Kind::EndpointSlice => {
                Self::EndpointSlice(written(kubernetes::endpoint_slice(cx, left_out)?, file, root))
            }
            Kind::Ingress => Self::Ingress(written(kubernetes::ingress(cx, left_out)?, file, root)),
            Kind::HttpRoute => {
                Self::HttpRoute(written(kubernetes::http_route(cx, left_out)?, file, root))
            }
            Kind::Gateway => Self::Gateway(written(kubernetes::gateway(cx, left_out)?, file, root)),
            Kind::Endpoints => {
                Self::Endpoints(written(kubernetes::endpoints(cx, left_out)?, file, root))
            }
            Kind::PodDisruptionBudget => {
                let budget = kubernetes::pod_disruption_budget(cx, left_out)?;
                let object = Object::PodDisruptionBudget(budget.into());
                Self::Bystander(written(object, file, root))
            }
            Kind::HorizontalPodAutoscaler => {
                let autoscaler = kubernetes::horizontal_pod_autoscaler(cx, left_out)?;
                let object = Object::HorizontalPodAutoscaler(autoscaler.into());
                Self::Bystander(written(object, file, root))
            }
            _ => Self::Service(written(kubernetes::service(cx, left_out)?, file, root)),
        })
    }

    fn key(&self) -> Key {
        match self {
            Self::Deployment(written) => written.object.meta.key(),
            Self::Pod(written) => written.object.meta.key(),
            Self::Service(written) => written.object.meta.key(),
            Self::EndpointSlice(written) => written.object.meta.key(),
            Self::Ingress(written) => written.object.meta.key(),
            Self::HttpRoute(written) => written.object.meta.key(),
            Self::Gateway(written) => written.object.meta.key(),
            Self::Endpoints(written) => written.object.meta.key(),
            Self::Bystander(written) => written.object.key(),
        }
    }

    fn at(&self, path: &str) -> At {
        match self {
            Self::Deployment(written) => written.at(path),
            Self::Pod(written) => written.at(path),
            Self::Service(written) => written.at(path),
            Self::EndpointSlice(written) => written.at(path),
            Self::Ingress(written) => written.at(path),
            Self::HttpRoute(written) => written.at(path),
            Self::Gateway(written) => written.at(path),
            Self::Endpoints(written) => written.at(path),
            Self::Bystander(written) => written.at(path),
        }
    }

    fn source(&self) -> (FileId, Arc<Node>) {
        match self {
            Self::Deployment(written) => (written.file, written.root.clone()),
            Self::Pod(written) => (written.file, written.root.clone()),
            Self::Service(written) => (written.file, written.root.clone()),
            Self::EndpointSlice(written) => (written.file, written.root.clone()),
            Self::Ingress(written) => (written.file, written.root.clone()),
            Self::HttpRoute(written) => (written.file, written.root.clone()),
            Self::Gateway(written) => (written.file, written.root.clone()),
            Self::Endpoints(written) => (written.file, written.root.clone()),
            Self::Bystander(written) => (written.file, written.root.clone()),
        }
    }
}

fn written<T>(object: T, file: FileId, root: Arc<Node>) -> Box<Written<T>> {
    Box::new(Written { object, file, root })
}

/// The objects in a `List`, or in a list of one kind such as `PodList`.
fn list_items<'a>(root: &'a Node, kind: &str) -> Option<&'a [Arc<Node>]> {
    if !kind.ends_with("List") {
        return None;
    }
    match root.get("items").map(|node| &node.value) {
        Some(Value::Seq(items)) => Some(items),
        Some(Value::Null) => Some(&[]),
        _ => None,
    }
}

/// How many places of one kind or field are shown.
const MOST_SHOWN: usize = 3;

impl LeftOutThings {
    /// One finding for each kind and each field that is not simulated.
    pub(crate) fn report(&self, findings: &mut Findings) {
        for (kind, (why, places)) in &self.kinds {
            let message = match places.len() {
                1 => format!("kind {kind} is not simulated yet: {why}"),
                many => format!("kind {kind} is not simulated yet ({many} of them): {why}"),
            };
            let help = "the result holds for a cluster without it";
            let diagnostic = Diagnostic::new(Code::KindNotSimulated, message, help);
            findings.push(shown(diagnostic, places.iter().copied()));
        }
        for ((_, field), LeftOutField { instead, places }) in &self.fields {
            let path = places.first().map_or("", |(_, path)| path);
            let more = match places.len() {
                1 => String::new(),
                many => format!(" ({many} times)"),
            };
            let message = format!("field `{path}` is not simulated{more}: {instead}");
            let help = format!("the result holds for the same manifest without `{field}`");
            let diagnostic = Diagnostic::new(Code::FieldNotSimulated, message, help);
            findings.push(shown(diagnostic, places.iter().map(|(at, _)| *at)));
        }
    }
}

fn shown(diagnostic: Diagnostic, places: impl Iterator<Item = At>) -> Diagnostic {
    places.take(MOST_SHOWN).enumerate().fold(diagnostic, |diagnostic, (index, at)| {
        if index == 0 { diagnostic.at(at, "") } else { diagnostic.because_of(at, "and here") }
    })
}
