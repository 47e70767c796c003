//! What a kubelet asks of a container runtime, and what the runtime answers.
//!
//! This is where the two planes touch, as they do in Kubernetes: the kubelet writes objects, the
//! program in the container answers requests, and all they know of each other passes through here.

use std::sync::Arc;

use crate::{ContainerId, NodeId, Pod, PodId, ResolvConf};

/// A variable of a container's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Which probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// `startupProbe`.
    Startup,
    /// `livenessProbe`.
    Liveness,
    /// `readinessProbe`.
    Readiness,
}

impl ProbeKind {
    /// Its name in sentences: `readiness`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
        }
    }

    /// Its field in a container: `readinessProbe`.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
        }
    }
}

/// What the kubelet asks of the runtime on its node.
#[derive(Clone, Debug)]
pub enum RuntimeRequest {
    /// Give the pod its network: from now on its address is routed to this node.
    CreateSandbox {
        /// The pod, with its address in its status.
        pod: Arc<Pod>,
        /// The node it runs on.
        node: NodeId,
        /// What its containers find in `/etc/resolv.conf`.
        resolv_conf: Arc<ResolvConf>,
    },
    /// Start a container's program.
    Start {
        /// Which container.
        container: ContainerId,
        /// What its program finds in its environment, as long as it runs.
        environment: Arc<[EnvVar]>,
    },
    /// Ask the program whether it is well; answered by [`RuntimeReply::Probed`].
    Probe {
        /// Which container.
        container: ContainerId,
        /// Which of its probes.
        kind: ProbeKind,
        /// The port it asks at; `None` for a command inside the container.
        port: Option<u16>,
    },
    /// SIGTERM.
    Terminate {
        /// Which container.
        container: ContainerId,
    },
    /// SIGKILL.
    Kill {
        /// Which container.
        container: ContainerId,
    },
    /// Take the pod's network away: its address answers no more.
    RemoveSandbox {
        /// The pod.
        pod: PodId,
    },
}

/// What the runtime tells the kubelet: small enough for an event to carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeReply {
    /// The program listens. Only the stand-in kubelet of `readiness: direct` minds: to it a pod is
    /// Running from then on.
    Listens {
        /// The pod.
        pod: PodId,
        /// Which of its containers.
        container: u8,
    },
    /// The program says it is ready to be sent requests, without having been asked.
    /// Only the stand-in kubelet of `readiness: direct` listens.
    BecameReady {
        /// The pod.
        pod: PodId,
        /// Which of its containers.
        container: u8,
    },
    /// The answer to a probe.
    Probed {
        /// The pod.
        pod: PodId,
        /// Which of its containers.
        container: u8,
        /// Which of its probes.
        kind: ProbeKind,
        /// Whether it passed.
        success: bool,
    },
    /// The program ended.
    Exited {
        /// The pod.
        pod: PodId,
        /// Which of its containers.
        container: u8,
        /// Its exit code: 0, or 128 + the signal that ended it.
        code: u8,
    },
}

impl RuntimeReply {
    /// The container it is about.
    #[must_use]
    pub fn container(&self) -> ContainerId {
        let (Self::Listens { pod, container }
        | Self::BecameReady { pod, container }
        | Self::Probed { pod, container, .. }
        | Self::Exited { pod, container, .. }) = *self;
        ContainerId { pod, index: container }
    }
}
