//! The closed list of facts.

use std::{net::IpAddr, sync::Arc};

use api::{Labels, NodeId, PodId, ServiceId, runtime_interface::ProbeKind};

use crate::{ClientId, Request};

/// An endpoint as an EndpointSlice write had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndpointFact {
    /// The pod, `None` where somebody wrote an address by hand.
    pub pod: Option<PodId>,
    /// The `ready` condition.
    pub ready: bool,
    /// The `serving` condition.
    pub serving: bool,
    /// The `terminating` condition.
    pub terminating: bool,
}

/// A port of an EndpointSlice, which all its endpoints share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortFact {
    /// The name of the Service's port.
    pub name: Arc<str>,
    /// The pods' port; `None` where they have none of the name that `targetPort` asks for.
    pub port: Option<u16>,
}

/// Something that happened. Names are introduced once and referred to by number from then on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// A node joined.
    NodeAdded {
        /// Its number.
        node: NodeId,
        /// Its name.
        name: Arc<str>,
        /// Its zone.
        zone: Arc<str>,
    },
    /// A Service was stored, and an address given to it.
    ServiceAdded {
        /// Its number.
        service: ServiceId,
        /// `namespace/name`.
        name: Arc<str>,
        /// Its virtual address.
        cluster_ip: Option<IpAddr>,
        /// The labels of its pods; `None` where somebody else writes its EndpointSlices.
        selector: Option<Labels>,
        /// `targetPort` of each of its ports: a number, or the name of a container port.
        target_ports: Arc<[Arc<str>]>,
    },
    /// The labels or target ports of a Service were changed.
    ServiceChanged {
        /// Its number.
        service: ServiceId,
        /// The labels of its pods from now on.
        selector: Option<Labels>,
        /// `targetPort` of each of its ports from now on.
        target_ports: Arc<[Arc<str>]>,
    },
    /// A Service was deleted.
    ServiceDeleted {
        /// Its number, which a later one with the same address gets again.
        service: ServiceId,
    },
    /// A client began.
    ClientAdded {
        /// Its number.
        client: ClientId,
        /// Its name.
        name: Arc<str>,
        /// The Service it calls, as far as it has found one.
        service: Option<ServiceId>,
    },
    /// A client is about to call a Service that it never called before.
    ServiceCalled {
        /// The client.
        client: ClientId,
        /// The Service.
        service: ServiceId,
    },
    /// The cluster is set up and the clock of the scenario begins; results count from here.
    ScenarioBegan,
    /// A step of the timeline ran.
    StepRan {
        /// As written, and behind ` -> ` what kubectl says where it was refused.
        text: Arc<str>,
    },
    /// A Deployment's pod template changed: a rollout began.
    RolloutStarted {
        /// `namespace/name`.
        deployment: Arc<str>,
        /// Image of the main container before.
        from: Arc<str>,
        /// Image of the main container after.
        to: Arc<str>,
    },
    /// `spec.replicas` of a ReplicaSet was written (also when it was created).
    ReplicaSetScaled {
        /// Its Deployment, `namespace/name`.
        deployment: Arc<str>,
        /// Its name.
        replica_set: Arc<str>,
        /// Image of the main container of its template.
        image: Arc<str>,
        /// `deployment.kubernetes.io/revision`.
        revision: u32,
        /// The number written.
        replicas: i32,
    },
    /// A Deployment's status was written.
    DeploymentStatusWritten {
        /// `namespace/name`.
        deployment: Arc<str>,
        /// Pods that are not being deleted.
        replicas: i32,
        /// Those of the newest template.
        updated: i32,
        /// Those available.
        available: i32,
        /// Whether its controller takes the rollout for complete.
        complete: bool,
        /// Whether it exceeded its progress deadline.
        deadline_exceeded: bool,
    },
    /// A pod object was stored.
    PodCreated {
        /// Its number.
        pod: PodId,
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its labels.
        labels: Labels,
        /// Its Deployment, `namespace/name`, if it has one.
        deployment: Option<Arc<str>>,
        /// Its ReplicaSet's name, if it has one.
        replica_set: Option<Arc<str>>,
        /// Image of its main container: its version.
        image: Arc<str>,
    },
    /// No node would take a pod.
    PodUnschedulable {
        /// The pod.
        pod: PodId,
        /// Why, as the scheduler says it: `0/3 nodes are available: 3 Insufficient cpu.`
        reason: Arc<str>,
    },
    /// A pod was bound to a node.
    PodScheduled {
        /// The pod.
        pod: PodId,
        /// The node.
        node: NodeId,
    },
    /// A container's program was started.
    ContainerStarted {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
        /// How often it had been restarted.
        restarts: u32,
    },
    /// A container's program listens.
    ListenerOpened {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
        /// The ports it listens on; none where it answers on any.
        ports: Arc<[u16]>,
    },
    /// A container's program listens no more.
    ListenerClosed {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
    },
    /// A probe failed that had not failed when it asked before.
    ProbeFailed {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
        /// Which of its probes.
        probe: ProbeKind,
        /// The port it asks at; `None` for a command inside the container.
        port: Option<u16>,
    },
    /// The pod's Ready condition was written True.
    PodReady {
        /// The pod.
        pod: PodId,
    },
    /// The pod's Ready condition was written False.
    PodUnready {
        /// The pod.
        pod: PodId,
    },
    /// The pod's deletion was asked for; its deletionTimestamp was set.
    PodDeletionRequested {
        /// The pod.
        pod: PodId,
        /// The grace period in seconds.
        grace_seconds: u32,
    },
    /// A container was sent SIGTERM.
    ContainerTerminated {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
    },
    /// A container was sent SIGKILL.
    ContainerKilled {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
    },
    /// A container's program ended.
    ContainerExited {
        /// The pod.
        pod: PodId,
        /// The container's index in the spec.
        container: u8,
        /// Its exit code.
        code: u8,
        /// Requests it was working on, which were lost with it.
        in_flight: u32,
    },
    /// The pod's address answers no more.
    SandboxRemoved {
        /// The pod.
        pod: PodId,
    },
    /// The pod object was removed.
    PodGone {
        /// The pod.
        pod: PodId,
    },
    /// An EndpointSlice was written.
    EndpointSliceWritten {
        /// Its Service.
        service: ServiceId,
        /// Its name.
        slice: Arc<str>,
        /// Its ports.
        ports: Arc<[PortFact]>,
        /// What it now lists.
        endpoints: Arc<[EndpointFact]>,
    },
    /// A node's proxy put its rules for a Service in force.
    RulesProgrammed {
        /// The node.
        node: NodeId,
        /// The Service.
        service: ServiceId,
        /// The pods that connections from this node go to, from now on.
        pods: Arc<[PodId]>,
    },
    /// A load balancer takes a node for healthy, or no more.
    TargetHealthChanged {
        /// The Service.
        service: ServiceId,
        /// The node.
        node: NodeId,
        /// Whether it does.
        healthy: bool,
    },
    /// A fault began.
    FaultBegan {
        /// As written.
        text: Arc<str>,
    },
    /// A request ended.
    RequestFinished(Request),
    /// A client had this many requests unanswered when the run ended.
    RequestsInFlight {
        /// The client.
        client: ClientId,
        /// How many.
        count: u64,
    },
    /// A client had looked up so many names when the run ended.
    NamesLookedUp {
        /// The client.
        client: ClientId,
        /// How many: one for each connection whose address it did not know.
        names: u64,
        /// The questions to DNS that they cost.
        queries: u64,
    },
    /// The run ended.
    Ended,
    /// A client's requests come in through the Ingress controller.
    IngressUsed {
        /// The client.
        client: ClientId,
    },
    /// A node's proxy had its connection tracking forget UDP flows to pods that are gone, so that the
    /// next datagram of each finds another pod.
    FlowsForgotten {
        /// The node.
        node: NodeId,
        /// The Service that they were opened to.
        service: ServiceId,
        /// How many.
        count: u32,
    },
    /// A client's requests come in through a load balancer whose targets are pods.
    LoadBalancerUsed {
        /// The client.
        client: ClientId,
    },
    /// A load balancer took a pod in as a target, and begins to ask it how it is.
    TargetRegistered {
        /// The Service.
        service: ServiceId,
        /// The pod.
        pod: PodId,
    },
    /// A load balancer takes a pod for healthy, or no more.
    PodTargetHealthChanged {
        /// The Service.
        service: ServiceId,
        /// The pod.
        pod: PodId,
        /// Whether it does.
        healthy: bool,
    },
    /// A load balancer let a pod go: it gets no new connections.
    TargetDeregistered {
        /// The Service.
        service: ServiceId,
        /// The pod.
        pod: PodId,
    },
    /// A load balancer sends new connections to other pods than before.
    TargetsInForce {
        /// The Service.
        service: ServiceId,
        /// The pods from now on.
        pods: Arc<[PodId]>,
    },
    /// A client opened a connection that it keeps for later requests.
    ConnectionOpened {
        /// The client.
        client: ClientId,
        /// The node that it comes from.
        node: NodeId,
        /// The pod that accepted it.
        pod: PodId,
    },
    /// A client closed a connection that it kept, or heard that the other end has.
    ConnectionClosed {
        /// The client.
        client: ClientId,
        /// The node that it came from.
        node: NodeId,
        /// The pod that had accepted it.
        pod: PodId,
    },
    /// A client's requests are balanced beside their senders: by a sidecar, or by a library of theirs.
    SidecarUsed {
        /// The client.
        client: ClientId,
    },
    /// A sidecar has come up, or chooses among other pods than before; among none once its sender has gone.
    SidecarListed {
        /// The client whose sender it is beside.
        client: ClientId,
        /// Its number among all sidecars of the run.
        sidecar: u32,
        /// The Service.
        service: ServiceId,
        /// The pods from now on.
        pods: Arc<[PodId]>,
    },
    /// A worker of the Ingress controller chooses among other pods of a Service than before.
    IngressListed {
        /// Its number among the workers of all pods of the controller.
        worker: u32,
        /// The Service.
        service: ServiceId,
        /// The pods from now on.
        pods: Arc<[PodId]>,
    },
    /// A Deployment's rollouts are held from now on, or let go.
    DeploymentPaused {
        /// The Deployment, `namespace/name`.
        deployment: Arc<str>,
        /// Whether they are held.
        paused: bool,
    },
    /// A Deployment was deleted. One of the same name that comes later is another.
    DeploymentDeleted {
        /// The Deployment, `namespace/name`.
        deployment: Arc<str>,
    },
}
