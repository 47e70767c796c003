//! A validated scenario: plain data, every default filled, every name resolved.
//!
//! Nothing here refers back to YAML except [`Place`]s, which say where a value was written so that
//! a later finding can point at it.

mod cluster;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{Deployment, EndpointSlice, Ingress, Key, Kind, Labels, Object, Pod, Protocol, Service};
use engine::{Delay, Distribution, Span};
use policy::{Configured, Level};

use crate::Manifest;

pub use cluster::{
    Cluster, ControlPlaneTimings, Dns, IngressController, Kubelet, LoadBalancer, Mesh, Network,
    Node, Proxy, ProxyMode, Readiness, Targets,
};

/// What is to be rehearsed.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `metadata.name`, or the name of the folder for plain manifests.
    pub name: String,
    /// What it shows, in a sentence.
    pub description: String,
    /// Where all randomness comes from.
    pub seed: u64,
    /// How long is simulated.
    pub duration: Span,
    /// The cluster it runs in.
    pub cluster: Cluster,
    /// Deployments to create before the start.
    pub deployments: Vec<Deployment>,
    /// Pods without a controller to create before the start.
    pub pods: Vec<Pod>,
    /// Services to create before the start.
    pub services: Vec<Service>,
    /// EndpointSlices that somebody wrote by hand, to create before the start.
    pub endpoint_slices: Vec<EndpointSlice>,
    /// Ingresses to create before the start.
    pub ingresses: Vec<Ingress>,
    /// Objects that nobody here acts on, and `kubectl` shows: Endpoints, PodDisruptionBudgets and
    /// HorizontalPodAutoscalers.
    pub bystanders: Vec<Object>,
    /// How the program in an image behaves, for every image that a template or the timeline names.
    pub images: BTreeMap<Arc<str>, Image>,
    /// Who sends requests.
    pub clients: Vec<Client>,
    /// What happens when, in order of time.
    pub timeline: Vec<Step>,
    /// Thresholds, as written; the measures know what they mean.
    pub expect: Vec<Expectation>,
}

impl Scenario {
    /// Which container of a pod listens on which port, with what [`Image::listen`] states.
    #[must_use]
    pub fn listening(&self, spec: &api::PodSpec) -> api::Listening {
        let stated =
            |image: &str| self.images.get(image).map_or(Vec::new(), |image| image.listen.clone());
        spec.listening(stated)
    }
}

/// An expectation as written, with its place for complaints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Its text, such as `success_rate >= 99.9%`.
    pub text: String,
    /// Where it stands.
    pub place: Option<Place>,
}

/// Where something was written: enough to say `app.yaml:31`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// How the program in an image behaves: what a manifest cannot say.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// From the container's start to listening.
    pub start: Delay,
    /// From listening to passing its readiness checks.
    pub ready: Delay,
    /// From SIGTERM to its exit once nothing is left to do.
    pub stop: Delay,
    /// How long one request keeps one of its workers.
    pub service_time: Distribution,
    /// How many requests it works on at once.
    pub concurrency: u32,
    /// How many more wait for a worker before it turns connections away.
    pub backlog: u32,
    /// Slower while it is warming up.
    pub warm_up: Option<WarmUp>,
    /// What it does on SIGTERM.
    pub on_sigterm: OnSigterm,
    /// Ports it listens on; empty for the ports its container declares, and where that declares
    /// none, whichever it is asked for.
    pub listen: Vec<u16>,
    /// Ends by itself so long after listening, with exit code 1.
    pub crash_after: Option<Span>,
    /// Closes a connection that no request came on for so long; never where nobody says.
    pub idle_timeout: Option<Span>,
    /// Whether somebody wrote this, rather than the documented default standing in.
    pub stated: bool,
}

/// A program that is slower at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// For how long after it listens.
    pub span: Span,
    /// How much longer a request takes at the start; falls to 1 in a straight line.
    pub factor: f64,
}

/// What a program does on SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSigterm {
    /// Closes its listener and drops what it was working on.
    Exit,
    /// Fails its readiness checks, listens on for `lame_duck`, then closes its listener, finishes
    /// what it has and exits.
    Drain {
        /// How long it goes on listening, zero by default.
        lame_duck: Span,
    },
    /// Nothing; it works on until SIGKILL.
    Ignore,
}

/// Who sends requests, where to and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub from: From,
    /// The address that it has outside, where it says so.
    pub address: Option<Ipv4Addr>,
    /// Where its requests go.
    pub target: Target,
    /// When they come.
    pub arrivals: Arrivals,
    /// How long it waits for an answer.
    pub timeout: Span,
    /// What it does about a failure.
    pub retries: Retries,
    /// How its senders balance requests themselves; `None` where the nodes' proxies do.
    pub balancing: Option<Beside>,
    /// How many keys its requests are told apart by; 0 where they have none.
    pub keys: u32,
    /// Whether its requests share a connection.
    pub connections: Connections,
    /// What it keeps of the answers of DNS.
    pub name_cache: NameCache,
}

/// The balancer beside a sender, a sidecar or a library.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// How it chooses a pod.
    pub policy: Configured,
    /// What it chooses one for: each connection, as a proxy for TCP does, or each request, as a proxy for
    /// HTTP does, which ends the sender's connections and keeps its own to the pods.
    pub level: Level,
}

impl std::convert::From<Configured> for Beside {
    fn from(policy: Configured) -> Self {
        Self { policy, level: Level::Request }
    }
}

/// Whether the requests of a client share connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Connections {
    /// Each has one of its own; over UDP, a socket of its own, and so a source port.
    #[default]
    PerRequest,
    /// Over UDP, those of one sender come from one socket.
    OneSocket,
    /// Each sender keeps connections for later requests.
    Kept(Keeping),
}

/// Which connections a sender keeps, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// How many requests one carries at a time.
    pub streams: u32,
    /// Until there are so many, each request opens one.
    pub min: u32,
    /// There are at most so many; further requests wait for one.
    pub max: u32,
    /// So many stay open that no request is on.
    pub max_idle: u32,
    /// So long one takes new requests.
    pub max_age: Option<Span>,
    /// So long one stays that no request is on.
    pub idle_timeout: Option<Span>,
    /// So long nobody may answer on one until it is given up; of HTTP/2 only.
    pub ping_timeout: Option<Span>,
    /// Whether the one that was used last is taken first.
    pub newest_first: bool,
}

/// Where a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// In the pods with these labels whose program listens, in one of them a request.
    Pods {
        /// Their namespace.
        namespace: Arc<str>,
        /// Their labels.
        labels: Labels,
    },
    /// On a node, or spread over all.
    Node(Option<Arc<str>>),
    /// Outside the cluster; reaches node ports and load balancers.
    Outside,
}

/// Where a client's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL as written.
    pub url: String,
    /// TCP, or UDP by its scheme.
    pub protocol: Protocol,
    /// Its host.
    pub host: Host,
    /// Its port, or that of its scheme. For a client outside it is the Service's port that the node
    /// port or load balancer leads to.
    pub port: Port,
    /// The Service that the host means by the manifests; of several behind a route, the one with the
    /// greatest share.
    pub service: Key,
    /// The Service's port, where the Service leads to pods.
    pub backend: Option<Backend>,
    /// Whether it is reached through its load balancer, rather than by a node port.
    pub balanced: bool,
    /// Where an Ingress or an HTTPRoute leads to; empty where it is reached through neither.
    pub routed: Vec<WeightedBackend>,
}

impl Target {
    /// How much of the requests goes to a Service, from 0 to 1.
    #[must_use]
    pub fn share_of(&self, service: &Key) -> f64 {
        if self.routed.is_empty() {
            return f64::from(u8::from(self.service == *service));
        }
        let total: u32 = self.routed.iter().map(|it| it.weight).sum();
        let leads =
            |it: &&WeightedBackend| it.backend.as_ref().is_some_and(|b| b.service == *service);
        let own: u32 = self.routed.iter().filter(leads).map(|it| it.weight).sum();
        f64::from(own) / f64::from(total.max(1))
    }

    /// Whether requests go to a Service.
    #[must_use]
    pub fn leads_to(&self, service: &Key) -> bool {
        self.share_of(service) > 0.0
    }
}

/// Where a route leads to, and how much of the requests goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedBackend {
    /// The port of a Service; `None` where it may not lead there, or nothing is there.
    pub backend: Option<Backend>,
    /// Its share is this of the sum of all.
    pub weight: u32,
}

/// A port of a Service that a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The Service.
    pub service: Key,
    /// The name of the port.
    pub port_name: String,
}

/// What names where a client's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, for DNS.
    Name(String),
    /// An address.
    Address(IpAddr),
    /// A variable of the client's environment that holds an address.
    Variable(String),
}

/// The port in a client's target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one.
    Number(u16),
    /// The one that a variable of the client's environment holds; by the manifests it is this.
    Variable(String, u16),
}

impl Port {
    /// Its number, as far as the manifests say.
    #[must_use]
    pub fn number(&self) -> u16 {
        match self {
            Self::Number(number) | Self::Variable(_, number) => *number,
        }
    }
}

/// What a client keeps of the answers of DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NameCache {
    /// Nothing: each connection asks.
    #[default]
    None,
    /// Each answer for its time to live.
    Ttl,
    /// Each answer for 30 s, and each denial for 10 s.
    Jvm,
    /// Each answer until its container ends, and each denial for 10 s.
    Forever,
}

/// When requests come.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// At even intervals.
    Constant {
        /// Requests a second.
        per_second: f64,
    },
    /// As a Poisson process.
    Poisson {
        /// Requests a second on average.
        per_second: f64,
    },
    /// Poisson, with a rate that changes at given times.
    Steps {
        /// From when, how many a second; in order, the first at zero.
        steps: Vec<(Span, f64)>,
    },
}

impl Arrivals {
    /// How many requests come in a second when most do.
    #[must_use]
    pub fn most_per_second(&self) -> f64 {
        match self {
            Self::Constant { per_second } | Self::Poisson { per_second } => *per_second,
            Self::Steps { steps } => steps.iter().fold(0.0, |most, (_, rate)| rate.max(most)),
        }
    }
}

/// What a client does about a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts in all, 1 for none further.
    pub attempts: u32,
    /// Families of causes after which it tries again: `refused`, `reset`, `timeout`.
    pub on: Vec<String>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Span,
    /// As written.
    pub text: String,
    /// What.
    pub action: Action,
}

/// Which fields of a Deployment applying a file sets, of those that `kubectl scale` and `kubectl rollout
/// pause` set, too: they stay as they are where neither this file nor the one that was applied before
/// says anything of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct States {
    /// `spec.replicas`.
    pub replicas: bool,
    /// `spec.paused`.
    pub paused: bool,
}

/// What a step of the timeline does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `kubectl set image`, `kubectl rollout restart|undo`: the Deployment's pods are to be made from
    /// another template from now on.
    SetTemplate {
        /// The Deployment.
        deployment: Key,
        /// How its template changes.
        change: TemplateChange,
    },
    /// `kubectl scale`.
    Scale {
        /// The Deployment.
        deployment: Key,
        /// To how many.
        replicas: i32,
    },
    /// `kubectl rollout pause|resume`.
    Pause {
        /// The Deployment.
        deployment: Key,
        /// Held, or let go.
        paused: bool,
    },
    /// `kubectl apply` of a Deployment: it is created, or becomes this where it is there.
    ApplyDeployment {
        /// As the file has it.
        deployment: Box<Deployment>,
        /// What it says of that which other commands change, too.
        states: States,
        /// Where that stands.
        manifest: Manifest,
    },
    /// `kubectl apply` of a Service: it is created, or becomes this where it is there.
    ApplyService {
        /// As the file has it.
        service: Box<Service>,
        /// Where that stands.
        manifest: Manifest,
    },
    /// `kubectl delete service` or `kubectl delete deployment`.
    Delete {
        /// The object's kind.
        kind: Kind,
        /// The object.
        key: Key,
    },
    /// `kubectl delete namespace`: what is in it goes, the pods first.
    DeleteNamespace {
        /// Its name.
        namespace: Arc<str>,
    },
    /// `kubectl delete pod -l`: every pod of these labels.
    DeletePod {
        /// Namespace of the pod.
        namespace: Arc<str>,
        /// Its labels.
        labels: Labels,
    },
    /// A fault.
    Fault(Fault),
}

/// How a Deployment's template changes.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateChange {
    /// `set image`: container name and new image, in order; `*` for every container.
    Images(Vec<(String, Arc<str>)>),
    /// `rollout restart`: an annotation with the time.
    Restart,
    /// `rollout undo`: the template of a revision, the one before the newest if none is given.
    Undo(Option<u64>),
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The program in every running pod of these labels dies with SIGKILL.
    CrashPod {
        /// Namespace of the pods.
        namespace: Arc<str>,
        /// Their labels.
        labels: Labels,
    },
    /// Programs in running pods of these labels take so much longer from now on.
    Slow {
        /// Namespace of the pods.
        namespace: Arc<str>,
        /// Their labels.
        labels: Labels,
        /// How many times longer; 1 ends it.
        factor: f64,
    },
}
