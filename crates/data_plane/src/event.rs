//! What can wake the data plane.

use api::{NodeId, RuntimeReply, TargetId};
use record::ClientId;

use crate::{
    flight::FlightId,
    ingress::{IngressId, WorkerId},
    lines::LineId,
    load_balancer::NodeTargetId,
    mesh::SidecarId,
    probes::ProbeId,
    server::ServerId,
};

/// Everything that can wake the data plane.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A client's next request is due.
    Arrive(ClientId),
    /// A request's name is resolved, or it is tried again: it connects.
    Connect(FlightId),
    /// A request's connection reaches the pod.
    Deliver(FlightId),
    /// A request's answer, or its end, reaches the client.
    Finish(FlightId),
    /// A program begins to listen.
    Listen(ServerId),
    /// A program passes its readiness checks from now on.
    BecomeReady(ServerId),
    /// A program's lame-duck time is over: it closes its listener.
    CloseListener(ServerId),
    /// A program has nothing left to do and ends.
    Exit(ServerId),
    /// A program fails and ends.
    Fail(ServerId),
    /// A node's proxy is due to look at its changes.
    SyncProxy(NodeId),
    /// A node's proxy has its rules in force.
    ProgramRules(NodeId),
    /// A pod of the Ingress controller is due to look at its changes.
    SyncIngress(IngressId),
    /// Its workers fetch what it found.
    PollIngress(WorkerId),
    /// The server of a mesh pushes what it knows, if nothing more has changed.
    PushEndpoints,
    /// What it pushed arrives at a sidecar.
    HearEndpoints(SidecarId),
    /// There may be room for the requests in line at a balancer.
    Release(LineId),
    /// A balancer's probe reaches a pod.
    ProbePod(ProbeId),
    /// What the pod said reaches the sidecar.
    HearProbe(ProbeId),
    /// A load balancer asks a node whether it is healthy.
    CheckTarget(NodeTargetId),
    /// A load balancer has taken in a pod that it was asked to.
    RegisterTarget(TargetId),
    /// It has let one go.
    DeregisterTarget(TargetId),
    /// It asks a pod whether it is well.
    CheckPodTarget(TargetId),
    /// The pod has not answered in time.
    MissPodTarget(TargetId),
    /// It breaks off what is still in progress with a pod that it let go.
    CutPodTarget(TargetId),
    /// It tells its controller that a target is healthy.
    TargetHealthy(TargetId),
    /// It tells its controller that a target is not healthy.
    TargetUnhealthy(TargetId),
    /// The container runtime's word to a kubelet.
    Runtime(RuntimeReply),
}

/// What the data plane has told the control plane, once the event that brings it has come.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// The container runtime tells a kubelet.
    Kubelet(RuntimeReply),
    /// A load balancer tells its controller of a target.
    TargetHealth {
        /// Which.
        target: TargetId,
        /// Whether it is healthy.
        healthy: bool,
    },
}

/// Who an event is for, where several are due at once: lower classes first. All are above the
/// control plane's; arrivals come behind all that happens by itself, so that a request sees what
/// happened by its time, and lines are called behind those.
pub mod class {
    /// The container runtime's words to kubelets, and load balancers' to their controller.
    pub const RUNTIME: u8 = 40;
    /// Proxies.
    pub const PROXY: u8 = 41;
    /// Programs in containers.
    pub const SERVER: u8 = 42;
    /// Ends of requests.
    pub const FINISH: u8 = 43;
    /// Deliveries at pods.
    pub const DELIVER: u8 = 44;
    /// Load balancers.
    pub const LOAD_BALANCER: u8 = 45;
    /// Pods of the Ingress controller.
    pub const INGRESS: u8 = 46;
    /// Sidecars and their server.
    pub const MESH: u8 = 47;
    /// Lines at balancers, which ask when all has been heard.
    pub const LINE: u8 = 49;
    /// Connections and arrivals.
    pub const CLIENT: u8 = 48;
}

const _: () =
    assert!(size_of::<Event>() <= 8, "events are handed over in a register: keep them small");
