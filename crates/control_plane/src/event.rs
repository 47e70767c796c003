//! What can wake the control plane.

use api::{BalancerRequest, Key, NodeId, RuntimeRequest};

use crate::{api_server::WatcherId, kubelet, load_balancer_controller, scheduler};

/// A controller's place in the controller manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControllerId(pub u8);

/// Everything that can wake the control plane.
#[derive(Clone, Debug)]
pub enum Event {
    /// The next change on a watch reaches its watcher.
    Watch {
        /// Whose watch.
        watcher: WatcherId,
    },
    /// The API server is done with a write.
    WriteDone,
    /// A worker begins with the key it took.
    Sync {
        /// Of which controller.
        controller: ControllerId,
        /// Which of its workers.
        worker: u8,
    },
    /// A call that a worker sent reaches the API server.
    Call {
        /// Of which controller.
        controller: ControllerId,
        /// Which of its workers.
        worker: u8,
        /// Its place in the batch.
        index: u16,
    },
    /// A worker that met a conflict has read the object anew, and writes again.
    Reread {
        /// Of which controller.
        controller: ControllerId,
        /// Which of its workers.
        worker: u8,
        /// The call's place in the batch.
        index: u16,
    },
    /// A worker hears that its call was carried out.
    Answered {
        /// Of which controller.
        controller: ControllerId,
        /// Which of its workers.
        worker: u8,
    },
    /// An event that a controller tells people reaches the API server.
    Told {
        /// Which controller.
        controller: ControllerId,
    },
    /// A key's delay is over ("requeue after").
    Wake {
        /// Of which controller.
        controller: ControllerId,
        /// The key.
        key: Box<Key>,
    },
    /// The scheduler's own.
    Scheduler(scheduler::Event),
    /// A kubelet's own.
    Kubelet {
        /// On which node.
        node: NodeId,
        /// What.
        event: kubelet::Event,
    },
    /// A kubelet's word to its container runtime: the data plane's to handle.
    Runtime(RuntimeRequest),
    /// The own events of the controller of load balancers.
    LoadBalancerController(load_balancer_controller::Event),
    /// Its word to a load balancer: the data plane's to handle.
    Balancer(BalancerRequest),
}

impl Event {
    /// How many writes reach the API server with this event. One that changes nothing has its turn, too.
    pub(crate) fn writes(&self) -> u32 {
        match self {
            Self::Call { .. }
            | Self::Told { .. }
            | Self::Kubelet {
                event: kubelet::Event::Report(_) | kubelet::Event::Remove(_), ..
            }
            | Self::LoadBalancerController(load_balancer_controller::Event::Patch { .. }) => 1,
            // A binding is followed by an Event object that tells of it.
            Self::Scheduler(scheduler::Event::Bind { .. }) => 2,
            Self::Watch { .. }
            | Self::WriteDone
            | Self::Sync { .. }
            | Self::Reread { .. }
            | Self::Answered { .. }
            | Self::Wake { .. }
            | Self::Scheduler(_)
            | Self::Kubelet { .. }
            | Self::Runtime(_)
            | Self::LoadBalancerController(_)
            | Self::Balancer(_) => 0,
        }
    }
}

/// Who an event is for, where several are due at once: lower classes first. The control plane's
/// are all below the data plane's, so that with zero delays a change is known everywhere before
/// the next request looks.
pub mod class {
    /// The API server.
    pub const API_SERVER: u8 = 9;
    /// Deliveries on watches.
    pub const WATCH: u8 = 10;
    /// Workers of controllers.
    pub const CONTROLLER: u8 = 11;
    /// The scheduler.
    pub const SCHEDULER: u8 = 12;
    /// Kubelets.
    pub const KUBELET: u8 = 13;
    /// Words to the container runtime, and to load balancers.
    pub const RUNTIME: u8 = 14;
    /// The controller of load balancers.
    pub const LOAD_BALANCER_CONTROLLER: u8 = 15;
}

const _: () =
    assert!(size_of::<Event>() <= 32, "events are copied into the queue: keep them small");
