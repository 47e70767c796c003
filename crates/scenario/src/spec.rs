//! The document of kind Scenario.

mod applied_deployments;
mod applied_services;
mod apply;
mod balancing;
mod clients;
mod cluster;
mod command;
mod connections;
mod dns;
mod fault;
mod images;
mod item;
mod keys;
mod misnamed;
mod rule;
mod settings;
mod target;
mod timeline;
mod unmet;
mod variables;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{Deployment, Key, Labels, Service};
use engine::Span;

use self::item::Fields;
pub(crate) use self::{
    balancing::{EXTRAS, Place},
    clients::{DEFAULT_TIMEOUT, MOST_CLIENTS, MOST_REQUESTS, no_retries},
    cluster::default_cluster,
    images::default_image,
    item::{Item, Reading},
    timeline::{MOST_STEPS, applied_files},
};
use crate::{
    Beside, Client, Cluster, Code, Complaint, Diagnostic, Expectation, Judge, Scenario,
    document::ScenarioDocument,
    kubernetes::is_subdomain,
    objects::{Objects, Written},
    source::At,
};

/// How long is simulated where nobody says.
pub(crate) const DEFAULT_DURATION: Span = Span::from_secs(120);
/// Longer runs are a mistake: they take hours and tell nothing new.
const MOST_DURATION: Span = Span::from_secs(7 * 24 * 3600);

/// What the document can refer to.
pub(crate) struct Known<'a> {
    /// The path of the scenario file.
    pub(crate) path: &'a str,
    pub(crate) cluster: &'a Cluster,
    /// How long is simulated.
    pub(crate) duration: Span,
    pub(crate) objects: &'a Objects,
    /// The objects in each file that a step applies, by [`AppliedFile::key`].
    pub(crate) applied: &'a BTreeMap<String, Objects>,
    /// Images that are used.
    pub(crate) used_images: RefCell<BTreeMap<Arc<str>, UsedImage>>,
}

/// How an image is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedImage {
    /// Where first.
    pub(crate) at: At,
    /// Whether a container of it declares a port, so that it is likely to be whom requests go to.
    pub(crate) has_ports: bool,
}

impl<'a> Known<'a> {
    /// All objects that there ever are: those of the beginning before those that a step applies.
    fn all(&self) -> impl Iterator<Item = &'a Objects> {
        std::iter::once(self.objects).chain(self.applied.values())
    }

    /// All Services that there ever are.
    pub(crate) fn services(&self) -> impl Iterator<Item = &'a Written<Service>> {
        self.all().flat_map(|objects| &objects.services)
    }

    /// All Deployments that there ever are.
    fn deployments(&self) -> impl Iterator<Item = &'a Written<Deployment>> {
        self.all().flat_map(|objects| &objects.deployments)
    }

    /// The Deployment of a key, as it is first.
    fn deployment(&self, key: &Key) -> Option<&'a Written<Deployment>> {
        self.all().find_map(|objects| objects.deployment(key))
    }

    /// The names of all Deployments of a namespace.
    fn deployment_names(&self, namespace: &str) -> BTreeSet<&'a str> {
        self.all().flat_map(|objects| objects.deployment_names(namespace)).collect()
    }

    /// The namespaces of all Deployments, pods and Services.
    fn namespaces(&self) -> BTreeSet<&'a str> {
        let in_each = |objects: &'a Objects| {
            let services = objects.services.iter().map(|written| &written.object.meta);
            let groups = objects.pod_groups().map(|group| &**group.namespace);
            services.map(|meta| &*meta.namespace).chain(groups)
        };
        self.all().flat_map(in_each).collect()
    }

    /// Whether a namespace has an Ingress, an HTTPRoute or a Gateway, which stay as they are in a run.
    fn routes_in(&self, namespace: &str) -> bool {
        let is_in = |meta: &api::Meta| *meta.namespace == *namespace;
        self.all().any(|objects| {
            objects.ingresses.iter().any(|it| is_in(&it.object.meta))
                || objects.http_routes.iter().any(|it| is_in(&it.object.meta))
                || objects.gateways.iter().any(|it| is_in(&it.object.meta))
        })
    }

    /// The Service of a key, as it is first.
    pub(crate) fn service(&self, key: &Key) -> Option<&'a Written<Service>> {
        self.services().find(|written| written.object.meta.key() == *key)
    }

    /// Whether there are documents that could not be read.
    pub(crate) fn incomplete(&self) -> bool {
        self.all().any(|objects| objects.incomplete)
    }

    fn may_select(&self, namespace: &str, labels: &Labels) -> bool {
        self.all().any(|objects| objects.may_select(namespace, labels))
    }

    /// Remembers that an image is used; where it is used first counts.
    pub(crate) fn use_image(&self, image: Arc<str>, at: At, has_ports: bool) {
        let mut used = self.used_images.borrow_mut();
        used.entry(image).or_insert(UsedImage { at, has_ports }).has_ports |= has_ports;
    }

    /// Remembers the images of all templates.
    pub(crate) fn use_templates(&self) {
        for objects in self.all() {
            for written in &objects.deployments {
                let spec = &written.object.spec.template.spec;
                for (index, container) in spec.containers.iter().enumerate() {
                    let path = format!("spec.template.spec.containers[{index}].image");
                    let has_ports = !container.ports.is_empty();
                    self.use_image(container.image.clone(), written.at(&path), has_ports);
                }
            }
            for written in &objects.pods {
                for (index, container) in written.object.spec.containers.iter().enumerate() {
                    let path = format!("spec.containers[{index}].image");
                    let has_ports = !container.ports.is_empty();
                    self.use_image(container.image.clone(), written.at(&path), has_ports);
                }
            }
        }
    }
}

/// A file or folder that a step applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppliedFile {
    pub(crate) path: String,
    /// Where its objects go that do not say so, if the command says it.
    pub(crate) namespace: Option<String>,
}

impl AppliedFile {
    /// What its objects are found by: those of one file are others in another namespace.
    pub(crate) fn key(&self) -> String {
        match &self.namespace {
            None => self.path.clone(),
            Some(namespace) => format!("{} -n {namespace}", self.path),
        }
    }
}

/// What the document says about files, before they are read.
pub(crate) struct FileNames<'n> {
    /// `spec.manifests`.
    pub(crate) manifests: Vec<(String, Item<'n>)>,
    /// Files that steps of the timeline apply.
    pub(crate) applied: Vec<(AppliedFile, Item<'n>)>,
}

/// The files that a scenario names; nothing is complained about yet.
pub(crate) fn file_names(document: &ScenarioDocument) -> FileNames<'_> {
    let spec = Item::root(&document.root).field("spec");
    let items =
        |name| spec.as_ref().and_then(|spec| spec.field(name)).map_or(Vec::new(), |i| i.items());
    let manifests = items("manifests").into_iter();
    let manifests = manifests.filter_map(|item| Some((item.node.as_str()?.to_owned(), item)));
    FileNames { manifests: manifests.collect(), applied: applied_files(&items("timeline")) }
}

/// The head of a scenario, which everything else is read after.
pub(crate) struct Head<'n> {
    spec: Fields<'n>,
    pub(crate) cluster: Cluster,
    /// How all that balance requests do it, where the scenario says so.
    balancing: Option<Beside>,
}

const SPEC_FIELDS: [&str; 10] = [
    "description",
    "seed",
    "duration",
    "manifests",
    "cluster",
    "balancing",
    "images",
    "clients",
    "timeline",
    "expect",
];
const PLANNED_SPEC_FIELDS: [&str; 6] =
    ["seeds", "warmUp", "services", "ingress", "predictions", "variants"];

impl Reading<'_> {
    /// The document's fields and its cluster.
    pub(crate) fn head<'n>(&mut self, document: &'n ScenarioDocument) -> (Scenario, Head<'n>) {
        let root = Item::root(&document.root);
        let fields = self.fields(&root, &["apiVersion", "kind", "metadata", "spec"], &["status"]);
        let mut scenario = empty_scenario(&document.path);
        if let Some(item) = fields.get("metadata") {
            let known = ["name", "labels", "annotations"];
            let fields = self.fields(&item, &known, &["namespace"]);
            if let Some(item) = fields.get("name") {
                self.name(&item, &mut scenario.name);
            }
        }
        let spec = match fields.get("spec") {
            Some(item) => self.fields(&item, &SPEC_FIELDS, &PLANNED_SPEC_FIELDS),
            None => {
                self.need(&fields, "spec");
                Fields::none(&root)
            }
        };
        if let Some(text) = spec.get("description").and_then(|item| self.text(&item)) {
            text.trim().clone_into(&mut scenario.description);
        }
        if let Some(item) = spec.get("seed") {
            let seed = self.integer(&item, 0..=i64::MAX).and_then(|seed| u64::try_from(seed).ok());
            scenario.seed = seed.unwrap_or(scenario.seed);
        }
        if let Some(item) = spec.get("duration") {
            scenario.duration = self.duration(&item);
            self.duration = scenario.duration;
        }
        if let Some(item) = spec.get("manifests") {
            for item in self.list(&item) {
                self.text(&item);
            }
        }
        let cluster = match spec.get("cluster") {
            Some(item) => self.cluster(&item),
            None => default_cluster(),
        };
        let mut head = Head { spec, cluster, balancing: None };
        if let Some(item) = head.spec.get("balancing") {
            head.balancing = self.balancing(&item, &mut head.cluster);
            // What is said of the controller itself holds for it.
            let own = head.spec.get("cluster").and_then(|cluster| cluster.field("ingress"));
            let own = own.and_then(|ingress| ingress.field("balancing"));
            if let (Some(beside), None) = (&head.balancing, own) {
                head.cluster.ingress.policy = beside.policy.clone();
            }
        }
        (scenario, head)
    }

    fn name(&mut self, item: &Item<'_>, target: &mut String) {
        let Some(name) = self.text(item) else { return };
        if let Err(detail) = is_subdomain(&name) {
            let message = format!("{}: Invalid value: {name:?}: {detail}", item.path());
            self.report(
                Code::BadValue,
                item,
                message,
                "use lower case letters, digits and hyphens",
            );
        }
        *target = name;
    }

    /// The duration, or for ever where it is wrong, so that nothing is found to be too late.
    fn duration(&mut self, item: &Item<'_>) -> Span {
        let Some(duration) = self.span(item) else { return Span::MAX };
        if duration == Span::ZERO || duration > MOST_DURATION {
            let message = format!("{}: {duration} is not allowed", item.path());
            let help = format!("write a duration above zero and up to {MOST_DURATION}");
            self.report(Code::BadValue, item, message, help);
            return Span::MAX;
        }
        duration
    }

    /// Everything that refers to objects.
    pub(crate) fn rest(
        &mut self,
        head: &Head<'_>,
        known: &Known<'_>,
        judge: Judge<'_>,
        scenario: &mut Scenario,
    ) {
        let mut lacks_a_client = false;
        if let Some(item) = head.spec.get("clients") {
            scenario.clients = self.clients(&item, known);
            lacks_a_client = scenario.clients.len() < item.items().len();
        }
        let beside = head.balancing.as_ref();
        let taken = beside.is_some_and(|it| balancing::balance_all(&mut scenario.clients, it));
        if let Some(item) = head.spec.get("timeline") {
            scenario.timeline = self.timeline(&item, scenario.duration, known);
        }
        if let Some(item) = head.spec.get("expect") {
            for item in self.list(&item) {
                // One that could not be read may be the one that is meant, and was reported.
                let clients = (!lacks_a_client).then_some(&scenario.clients[..]);
                scenario.expect.extend(self.expectation(&item, judge, clients));
            }
        }
        let mut stated_at = BTreeMap::new();
        if let Some(item) = head.spec.get("images") {
            scenario.images = self.images(&item);
            let names = self.names(&item);
            stated_at.extend(names.each().map(|(name, item)| (Arc::from(name), item.name_at())));
        }
        known.use_templates();
        let used = known.used_images.borrow();
        self.complete_images(&mut scenario.images, Some(&stated_at), &used, known.incomplete());
        drop(used);
        let whole = !known.objects.incomplete && !self.findings.any_error();
        if scenario.clients.is_empty() && whole {
            let message = "there are no clients";
            let help = "add `clients` with a target, such as http://web-svc:8080/";
            self.findings
                .push(Diagnostic::new(Code::NoClients, message, help).at(head.spec.at(), ""));
        } else if whole {
            self.unmet_policies(head, known, &scenario.clients, taken);
            self.ended_connections(head, &scenario.clients);
            self.unused_keys(head, &scenario.clients);
        }
    }

    fn expectation(
        &mut self,
        item: &Item<'_>,
        judge: Judge<'_>,
        clients: Option<&[Client]>,
    ) -> Option<Expectation> {
        let text = self.text(item)?;
        let place = Some(self.sources.place(item.at()));
        match judge(&text) {
            Err(Complaint { offset, message, help }) => {
                self.report_inside(Code::BadValue, item, offset, message, help);
            }
            Ok(Some(name))
                if clients.is_some_and(|list| list.iter().all(|client| client.name != name)) =>
            {
                let clients = clients.into_iter().flatten();
                let names = clients.map(|client| client.name.as_str());
                let help = crate::diagnostic::suggest(&name, "client", names);
                let offset = text.find(&name).unwrap_or(0);
                let message = format!("no client is called `{name}`");
                self.report_inside(Code::BadValue, item, offset, message, help);
            }
            Ok(_) => {}
        }
        Some(Expectation { text, place })
    }
}

/// A scenario with nothing in it.
pub(crate) fn empty_scenario(path: &str) -> Scenario {
    Scenario {
        name: name_of(path),
        description: String::new(),
        seed: 1,
        duration: DEFAULT_DURATION,
        cluster: default_cluster(),
        deployments: Vec::new(),
        pods: Vec::new(),
        services: Vec::new(),
        endpoint_slices: Vec::new(),
        ingresses: Vec::new(),
        bystanders: Vec::new(),
        images: BTreeMap::new(),
        clients: Vec::new(),
        timeline: Vec::new(),
        expect: Vec::new(),
    }
}

/// A name for what is at a path: its last part without an ending.
fn name_of(path: &str) -> String {
    let last = path.rsplit('/').find(|part| !part.is_empty() && *part != "." && *part != "..");
    let stem = last.map(|part| part.rsplit_once('.').map_or(part, |(stem, _)| stem));
    match stem {
        Some("-") => "stdin".to_owned(),
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => "manifests".to_owned(),
    }
}
