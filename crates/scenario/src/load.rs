//! The way from paths to a scenario.

use std::collections::BTreeMap;

use api::{Key, Kind};

use crate::{
    Action, Code, Diagnostic, Files, Scenario, Variant, Variation,
    applied_paths::{self, AppliedPaths},
    consistency,
    course::Course,
    default_scenario::{RESTART, default_scenario},
    diagnostic::Findings,
    document::{ScenarioDocument, Sorted, Sorter, is_scenario, the_scenario},
    kubernetes::{DEFAULT_NAMESPACE, at_path},
    objects::Objects,
    read::{Document, Origin, Reader, beside},
    source::{At, Sources},
    spec::{self, AppliedFile, DEFAULT_DURATION, Item, Known, MOST_REQUESTS, Reading},
    target_ports,
    variation::substituted,
};

/// Each node's proxy keeps every endpoint, so that nodes times pods is what memory and time go by:
/// 100 nodes may have the 20 000 pods that there can be, and 5000 nodes 400.
const MOST_NODES_TIMES_PODS: u64 = 2_000_000;

/// What is wrong with an expectation, by the one who knows what expectations mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Bytes from the start of the expectation's text.
    pub offset: usize,
    /// What is wrong, in a fragment that begins with a small letter.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Whether a text is an expectation, and the client it is about: only the measures know.
pub type Judge<'a> = &'a dyn Fn(&str) -> Result<Option<String>, Complaint>;

/// What was in the files.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Documents in them that are not empty.
    pub documents: usize,
    /// Objects that are simulated, by kind.
    pub objects: BTreeMap<Kind, usize>,
    /// Objects that are not, by kind.
    pub passed_over: BTreeMap<String, usize>,
}

/// What a load comes to.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario; there exactly when no diagnostic is an error.
    pub scenario: Option<Scenario>,
    /// The texts, for pointing into them.
    pub sources: Sources,
    /// All findings, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// What was in the files.
    pub summary: Summary,
}

/// Loads what is at some paths, all documents together: at most one Scenario, and the objects it
/// rehearses. Without a Scenario there is a documented default.
///
/// `judge` says whether a text is an expectation, and of which client if it is about one.
pub fn load(paths: &[String], files: &dyn Files, judge: Judge<'_>) -> Loaded {
    load_with((paths, &[]), files, judge, None)
}

/// Loads the same where no Scenario says what happens, and these files are to be applied.
pub fn load_applying(
    paths: &[String],
    applied: &[String],
    files: &dyn Files,
    judge: Judge<'_>,
) -> Loaded {
    load_with((paths, applied), files, judge, None)
}

/// Loads the same with the values of a variant in the Scenario. What is wrong with one is shown in
/// the text of the options.
pub fn load_variant(
    paths: &[String],
    files: &dyn Files,
    judge: Judge<'_>,
    variation: &Variation,
    variant: &Variant,
) -> Loaded {
    load_with((paths, &[]), files, judge, Some((variation, variant)))
}

fn load_with(
    (paths, to_apply): (&[String], &[String]),
    files: &dyn Files,
    judge: Judge<'_>,
    varied: Option<(&Variation, &Variant)>,
) -> Loaded {
    let mut reader = Reader::new(files);
    for path in paths {
        reader.gather(path, Origin::Named, None);
    }
    let mut document = the_scenario(&reader.documents, &mut reader.findings);
    if let Some(varied) = varied {
        document = substituted(document, varied, &mut reader.sources, &mut reader.findings);
    }
    let mut change = None;
    let applied_files = match &document {
        Some(document) => {
            if let Some(path) = to_apply.first() {
                reader.findings.push(has_a_timeline(document, path));
            }
            gather_named(&mut reader, document)
        }
        None => {
            let Reader { sources, findings, .. } = &mut reader;
            change = AppliedPaths::new(to_apply, RESTART, sources, findings);
            let named = change.iter().flat_map(|change| change.paths.clone());
            let named = named.map(|(path, at)| (AppliedFile { path, namespace: None }, at));
            gather_applied(&mut reader, "", named)
        }
    };
    nothing_there(&mut reader, paths);
    let Reader { mut sources, mut findings, documents, .. } = reader;

    let mut sorted = sort_initial(&documents, &applied_files, &mut sources, &mut findings);
    let applied = sort_applied(&documents, &applied_files, &mut sources, &mut findings);
    sorted.left_out.report(&mut findings);
    sorted.objects.check(&applied, &mut findings);
    nothing_to_run(&sorted.objects, &documents, &mut findings);

    let summary = summarize(&sources, &documents, &sorted);
    let objects = std::mem::take(&mut sorted.objects);
    let mut reading =
        Reading { sources: &sources, findings: &mut findings, duration: DEFAULT_DURATION };
    let mut scenario = match &document {
        Some(document) => written_scenario(&mut reading, document, &objects, &applied, judge),
        None => unwritten_scenario(&mut reading, paths, &objects, (change.as_ref(), &applied)),
    };
    if !findings.any_error() {
        let all: Vec<&Objects> = std::iter::once(&objects).chain(applied.values()).collect();
        let course = Course::of(&all, &scenario);
        for objects in &all {
            consistency::check(objects, &course, &scenario, &mut findings);
        }
        target_ports::check(&all, &course, &scenario, &mut findings);
        if let Some(change) = &change {
            applied_paths::check(change, &objects, &scenario, &mut findings);
        }
    }
    objects.into_scenario(&mut scenario);
    if let Some(document) = document.as_ref().filter(|_| !findings.any_error()) {
        too_much(&scenario, document, &mut findings);
    }
    let whole = !findings.any_error();
    Loaded {
        scenario: whole.then_some(scenario),
        sources,
        diagnostics: findings.into_list(),
        summary,
    }
}

/// Reads the files that the scenario names; the paths of those that are applied later.
fn gather_named(reader: &mut Reader<'_>, document: &ScenarioDocument) -> Vec<AppliedFile> {
    let names = spec::file_names(document);
    for (path, item) in &names.manifests {
        reader.gather(&beside(&document.path, path), Origin::Manifest, Some(item.at()));
    }
    let applied = names.applied.into_iter().map(|(file, item)| (file, item.at()));
    gather_applied(reader, &document.path, applied)
}

/// Reads what is applied later, as it is named beside a file; the paths from here.
fn gather_applied(
    reader: &mut Reader<'_>,
    beside_file: &str,
    named: impl IntoIterator<Item = (AppliedFile, At)>,
) -> Vec<AppliedFile> {
    let mut applied = Vec::new();
    for (file, at) in named {
        let file = AppliedFile { path: beside(beside_file, &file.path), ..file };
        reader.gather(&file.path, Origin::Applied, Some(at));
        if !applied.contains(&file) {
            applied.push(file);
        }
    }
    applied
}

/// A Scenario says itself what is applied, and when.
fn has_a_timeline(document: &ScenarioDocument, path: &str) -> Diagnostic {
    let message = "`--apply` is for manifests without a Scenario, and this is one";
    let help = format!("add {{ at: {RESTART}, kubectl: apply -f {path} }} to `spec.timeline`");
    let at = at_path(&document.root, "spec.timeline");
    Diagnostic::new(Code::BadCommand, message, help).at(at, "this says what happens")
}

fn nothing_there(reader: &mut Reader<'_>, paths: &[String]) {
    if reader.documents.is_empty() && !reader.findings.any_error() {
        let message = match paths {
            [] => "no file is named".to_owned(),
            paths => format!("there is no document in {}", paths.join(", ")),
        };
        let help = "name files or folders with Kubernetes manifests, or a Scenario";
        reader.findings.push(Diagnostic::new(Code::NothingThere, message, help));
    }
}

/// Complains where there are documents and nothing to rehearse in them.
fn nothing_to_run(objects: &Objects, documents: &[Document], findings: &mut Findings) {
    if documents.is_empty() || objects.incomplete || !objects.is_empty() {
        return;
    }
    let message = "there is no Deployment, Pod or Service to rehearse";
    let help = match documents.iter().any(|document| is_scenario(&document.root)) {
        true => "name their files in `spec.manifests`, or add them to the scenario's own file",
        false => "name files or folders with Kubernetes manifests",
    };
    findings.push(Diagnostic::new(Code::NothingThere, message, help));
}

/// Complains of what has no single place but would take hours, or all memory: the requests of all
/// clients together, and the pods that every node's proxy has to know.
fn too_much(scenario: &Scenario, document: &ScenarioDocument, findings: &mut Findings) {
    let mut report = |code, path: &str, message: String, help: &str| {
        let at = at_path(&document.root, path);
        findings.push(Diagnostic::new(code, message, help).at(at, ""));
    };
    let per_second: f64 =
        scenario.clients.iter().map(|client| client.arrivals.most_per_second()).sum();
    if per_second * scenario.duration.as_secs_f64() > MOST_REQUESTS {
        let message = format!("all clients together may send more than {MOST_REQUESTS:e} requests");
        report(Code::BadValue, "spec.clients", message, "lower the rates, or shorten `duration`");
    }
    let (nodes, pods) = (scenario.cluster.nodes.len() as u64, most_pods(scenario));
    let slices = scenario.endpoint_slices.iter();
    let others = slices.map(|slice| slice.endpoints.len() as u64).sum::<u64>();
    if nodes * (pods + others) > MOST_NODES_TIMES_PODS {
        let others = match others {
            0 => String::new(),
            others => format!(" and {others} endpoints of EndpointSlices"),
        };
        let message =
            format!("{nodes} nodes with {pods} pods{others} are more than can be simulated");
        let help = format!(
            "every node learns of every pod: let nodes times pods be {MOST_NODES_TIMES_PODS} or less"
        );
        report(Code::TooManyPods, "spec.cluster.nodes.count", message, &help);
    }
}

/// How many pods are wanted at most, by the manifests and the timeline.
fn most_pods(scenario: &Scenario) -> u64 {
    let mut wanted: BTreeMap<Key, i32> = BTreeMap::new();
    let mut want = |key: Key, replicas: i32| {
        let most = wanted.entry(key).or_default();
        *most = replicas.max(*most);
    };
    for deployment in &scenario.deployments {
        want(deployment.meta.key(), deployment.spec.replicas);
    }
    for step in &scenario.timeline {
        match &step.action {
            Action::Scale { deployment, replicas } => want(deployment.clone(), *replicas),
            Action::ApplyDeployment { deployment, .. } => {
                want(deployment.meta.key(), deployment.spec.replicas);
            }
            _ => {}
        }
    }
    let pods = wanted.values().map(|most| u64::try_from(*most).unwrap_or(0));
    pods.sum::<u64>() + scenario.pods.len() as u64
}

/// Whether a document is in a file, or in a folder, of this path.
fn is_in(document: &Document, path: &str) -> bool {
    let inside = document.path.strip_prefix(path);
    inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The objects that are there from the start. A file in a folder that a step applies later is not
/// one of them: it is the change.
fn sort_initial(
    documents: &[Document],
    applied_files: &[AppliedFile],
    sources: &mut Sources,
    findings: &mut Findings,
) -> Sorted {
    let mut sorted = Sorted::default();
    // What is missing may stand where nothing could be read.
    sorted.objects.incomplete = findings.any_error();
    let has_scenario = documents.iter().any(|document| is_scenario(&document.root));
    let namespace = DEFAULT_NAMESPACE;
    let mut sorter = Sorter { sources, findings, sorted, namespace, applied: false, has_scenario };
    for document in documents.iter().filter(|document| !is_scenario(&document.root)) {
        let by_name = matches!(document.origin, Origin::Named | Origin::Manifest);
        if by_name || !applied_files.iter().any(|file| is_in(document, &file.path)) {
            sorter.sort(document);
        }
    }
    sorter.sorted
}

/// The objects of each file that a step applies.
fn sort_applied(
    documents: &[Document],
    applied_files: &[AppliedFile],
    sources: &mut Sources,
    findings: &mut Findings,
) -> BTreeMap<String, Objects> {
    let mut applied = BTreeMap::new();
    for file in applied_files {
        let mut sorter = Sorter {
            sources,
            findings,
            sorted: Sorted::default(),
            namespace: file.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE),
            applied: true,
            has_scenario: true,
        };
        for document in documents.iter().filter(|document| is_in(document, &file.path)) {
            if !is_scenario(&document.root) {
                sorter.sort(document);
            }
        }
        let sorted = sorter.sorted;
        sorted.left_out.report(findings);
        applied.insert(file.key(), sorted.objects);
    }
    applied
}

fn summarize(sources: &Sources, documents: &[Document], sorted: &Sorted) -> Summary {
    let objects = &sorted.objects;
    let shown =
        |kind| objects.bystanders.iter().filter(|written| written.object.kind() == kind).count();
    let counts = [
        (Kind::Deployment, objects.deployments.len()),
        (Kind::Pod, objects.pods.len()),
        (Kind::Service, objects.services.len()),
        (Kind::EndpointSlice, objects.endpoint_slices.len()),
        (Kind::Ingress, objects.ingresses.len()),
        (Kind::HttpRoute, objects.http_routes.len()),
        (Kind::Gateway, objects.gateways.len()),
        (Kind::Endpoints, objects.endpoints.len()),
        (Kind::PodDisruptionBudget, shown(Kind::PodDisruptionBudget)),
        (Kind::HorizontalPodAutoscaler, shown(Kind::HorizontalPodAutoscaler)),
    ];
    Summary {
        files: sources.files().filter(|(_, file)| file.name() != applied_paths::NAME).count(),
        documents: documents.len(),
        objects: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
        passed_over: objects.passed_over.clone(),
    }
}

fn written_scenario(
    reading: &mut Reading<'_>,
    document: &ScenarioDocument,
    objects: &Objects,
    applied: &BTreeMap<String, Objects>,
    judge: Judge<'_>,
) -> Scenario {
    let (mut scenario, head) = reading.head(document);
    let known = Known {
        path: &document.path,
        cluster: &head.cluster,
        duration: scenario.duration,
        objects,
        applied,
        used_images: Default::default(),
    };
    reading.rest(&head, &known, judge, &mut scenario);
    Scenario { cluster: head.cluster, ..scenario }
}

fn unwritten_scenario(
    reading: &mut Reading<'_>,
    paths: &[String],
    objects: &Objects,
    (change, applied): (Option<&AppliedPaths>, &BTreeMap<String, Objects>),
) -> Scenario {
    let path = paths.first().map_or("", String::as_str);
    let mut scenario = default_scenario(path, objects, applied, reading.findings);
    let cluster = scenario.cluster.clone();
    let known = Known {
        // What the command line names is beside nothing.
        path: "",
        cluster: &cluster,
        duration: scenario.duration,
        objects,
        applied,
        used_images: Default::default(),
    };
    if let Some(change) = change {
        scenario.timeline = reading.timeline(&Item::root(&change.steps), scenario.duration, &known);
    }
    known.use_templates();
    let used = known.used_images.into_inner();
    reading.complete_images(&mut scenario.images, None, &used, objects.incomplete);
    scenario
}
