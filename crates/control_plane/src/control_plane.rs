//! The control plane as a whole: who hears which watch.

mod user;

use std::sync::Arc;

use api::{
    Change, Key, Kind, Labels, Node, NodeId, Object, Pod, PodId, RuntimeReply, TargetId, Uid, Verb,
};
use engine::{Streams, Time};

use crate::{
    Cx,
    api_server::{ApiServer, Interest, WatcherId, write_queue::WriteQueue},
    controller_manager::{self, ControllerManager},
    deployment::{DeploymentController, deployment_complete},
    endpoint_slice::EndpointSliceController,
    event::{ControllerId, Event},
    garbage_collector::GarbageCollector,
    kubelet::{self, Kubelet, env_vars::Environments},
    load_balancer_controller::{self, LoadBalancerController},
    namespace::{self, NamespaceController},
    replica_set::ReplicaSetController,
    scheduler::{self, Scheduler},
    service::ServiceController,
    work_queue::BackOff,
};

pub use user::Command;

/// How long the control plane's parts take.
#[derive(Clone, Debug)]
pub struct Config {
    /// From a write to a watcher's hearing of it.
    pub watch_lag: engine::Distribution,
    /// How long the API server is busy with one write, before it takes the next.
    pub write_time: engine::Distribution,
    /// The controller manager's.
    pub controllers: controller_manager::Config,
    /// The scheduler's.
    pub scheduler: scheduler::Config,
    /// That of the controller of load balancers whose targets are pods; `None` where there is none.
    pub load_balancers: Option<load_balancer_controller::Config>,
}

/// A change that reached a watcher outside the control plane.
#[derive(Debug)]
pub struct Delivery {
    /// Whose watch it was.
    pub watcher: WatcherId,
    /// What it says.
    pub change: Change,
}

/// Who is behind a watch.
#[derive(Clone, Copy, Debug)]
enum Listener {
    Manager,
    Scheduler,
    LoadBalancerController,
    Kubelet(NodeId),
    Outside,
}

/// The API server, the controllers, the scheduler and the kubelets.
pub struct ControlPlane {
    api: ApiServer,
    writes: WriteQueue,
    manager: ControllerManager,
    /// The namespace controller.
    namespaces: ControllerId,
    scheduler: Scheduler,
    load_balancers: Option<LoadBalancerController>,
    kubelets: Vec<Kubelet>,
    environments: Environments,
    listeners: Vec<Listener>,
    /// The node of each pod that a kubelet has heard of.
    node_of: Vec<Option<NodeId>>,
}

impl ControlPlane {
    /// A control plane of an empty cluster.
    #[must_use]
    pub fn new(config: &Config, streams: &Streams) -> Self {
        let mut manager = ControllerManager::new(config.controllers.clone());
        manager.add(
            "deployment",
            BackOff::DEPLOYMENT,
            Box::<DeploymentController>::default(),
            streams,
        );
        manager.add(
            "replica-set",
            BackOff::DEFAULT,
            Box::<ReplicaSetController>::default(),
            streams,
        );
        manager.add(
            "endpoint-slice",
            BackOff::ENDPOINT_SLICE,
            Box::<EndpointSliceController>::default(),
            streams,
        );
        manager.add("service", BackOff::SERVICE, Box::<ServiceController>::default(), streams);
        manager.add(
            "garbage-collector",
            BackOff::DEFAULT,
            Box::<GarbageCollector>::default(),
            streams,
        );
        let namespaces = manager.add(
            "namespace",
            BackOff::NAMESPACE,
            Box::<NamespaceController>::default(),
            streams,
        );
        manager.widen_limit(namespaces, namespace::CLIENT_FACTORS);
        let mut plane = Self {
            api: ApiServer::new(config.watch_lag.clone(), streams),
            writes: WriteQueue::new(config.write_time.clone(), streams),
            manager,
            namespaces,
            scheduler: Scheduler::new(config.scheduler.clone(), streams),
            load_balancers: config
                .load_balancers
                .clone()
                .map(|config| LoadBalancerController::new(config, streams)),
            kubelets: Vec::new(),
            environments: Environments::default(),
            listeners: Vec::new(),
            node_of: Vec::new(),
        };
        for kind in [
            Kind::Node,
            Kind::Deployment,
            Kind::ReplicaSet,
            Kind::Pod,
            Kind::Service,
            Kind::EndpointSlice,
        ] {
            plane.listen(Interest::Kind(kind), Listener::Manager);
        }
        plane.listen(Interest::Kind(Kind::Pod), Listener::Scheduler);
        plane.listen(Interest::Kind(Kind::Node), Listener::Scheduler);
        if plane.load_balancers.is_some() {
            for kind in [Kind::Service, Kind::EndpointSlice, Kind::Pod] {
                plane.listen(Interest::Kind(kind), Listener::LoadBalancerController);
            }
        }
        plane
    }

    /// Opens a watch for somebody outside the control plane.
    pub fn watch(&mut self, kind: Kind) -> WatcherId {
        self.listen(Interest::Kind(kind), Listener::Outside)
    }

    /// Adds a node and its kubelet; nodes are numbered in the order they are added.
    pub fn add_node(
        &mut self,
        mut node: Node,
        config: &kubelet::Config,
        streams: &Streams,
        cx: &mut Cx<'_>,
    ) -> NodeId {
        let id = NodeId(self.kubelets.len() as u32);
        node.id = id;
        self.kubelets.push(Kubelet::new(id, config.clone(), streams));
        self.listen(Interest::PodsOn(node.meta.name.clone()), Listener::Kubelet(id));
        self.api.create(Object::Node(Arc::new(node)), cx).expect("node names are distinct");
        id
    }

    /// Stores an object as `kubectl apply` would.
    ///
    /// # Panics
    /// If there is an object of that kind and name: scenarios have distinct names.
    pub fn create(&mut self, object: Object, cx: &mut Cx<'_>) -> Object {
        self.api.create(object, cx).expect("names in a scenario are distinct")
    }

    /// Keeps node ports for objects that are about to be created and ask for them.
    pub fn reserve_node_ports(&mut self, ports: impl IntoIterator<Item = u16>) {
        self.api.reserve_node_ports(ports);
    }

    /// The API server, to read.
    #[must_use]
    pub fn api(&self) -> &ApiServer {
        &self.api
    }

    /// Begins to keep a journal of every change, for somebody who looks on from outside the cluster.
    pub fn keep_journal(&mut self) {
        self.api.keep_journal();
    }

    /// The journal so far, which goes on empty.
    pub fn take_journal(&mut self) -> Vec<(Time, Change)> {
        self.api.take_journal()
    }

    /// Whether every Deployment's rollout is complete, by its status.
    #[must_use]
    pub fn rollouts_complete(&self) -> bool {
        self.api.list(Kind::Deployment).all(|object| match object {
            Object::Deployment(deployment) => deployment_complete(deployment, &deployment.status),
            _ => true,
        })
    }

    /// The pods that a ReplicaSet controls.
    pub fn pods_of<'a>(&'a self, owner: &'a Uid) -> impl Iterator<Item = &'a Pod> {
        self.api.list(Kind::Pod).filter_map(move |object| match object {
            Object::Pod(pod) => {
                let owned = pod.meta.owner.as_ref().is_some_and(|known| known.uid == *owner);
                owned.then_some(&**pod)
            }
            _ => None,
        })
    }

    /// Handles an event. What reaches a watcher outside the control plane is given back, for whoever
    /// put the watcher there.
    ///
    /// # Panics
    /// On [`Event::Runtime`] and [`Event::Balancer`], which are the data plane's.
    pub fn handle(&mut self, event: Event, cx: &mut Cx<'_>) -> Option<Delivery> {
        match self.writes.turn(event, cx)? {
            Event::WriteDone => unreachable!("with it comes the turn of the next"),
            Event::Watch { watcher } => return self.deliver(watcher, cx),
            Event::Sync { controller, worker } => {
                self.manager.sync(controller, worker, &self.api, cx);
            }
            Event::Call { controller, worker, index } => {
                self.manager.call(controller, worker, index, &mut self.api, cx);
            }
            Event::Reread { controller, worker, index } => {
                self.manager.write_again(controller, worker, index, cx);
            }
            Event::Answered { controller, worker } => self.manager.answer(controller, worker, cx),
            Event::Told { controller } => self.manager.told(controller, cx),
            Event::Wake { controller, key } => self.manager.wake(controller, *key, cx),
            Event::Scheduler(event) => self.scheduler.handle(event, &mut self.api, cx),
            Event::Kubelet { node, event } => {
                let cluster = (&mut self.api, &mut self.environments);
                self.kubelets[node.0 as usize].handle(event, cluster, cx);
            }
            Event::LoadBalancerController(event) => {
                if let Some(controller) = &mut self.load_balancers {
                    controller.handle(event, &mut self.api, cx);
                }
            }
            Event::Runtime(_) => unreachable!("the container runtime is in the data plane"),
            Event::Balancer(_) => unreachable!("load balancers are in the data plane"),
        }
        None
    }

    /// Hands a container runtime's word to the kubelet it is for.
    pub fn runtime_replied(&mut self, reply: RuntimeReply, cx: &mut Cx<'_>) {
        if let Some(node) = self.node_of(reply.container().pod) {
            self.kubelets[node.0 as usize].runtime_replied(reply, cx);
        }
    }

    /// Hands a load balancer's word on a target to its controller.
    pub fn target_health_told(&mut self, id: TargetId, healthy: bool) {
        if let Some(controller) = &mut self.load_balancers {
            controller.told(id, healthy);
        }
    }

    /// Pods of a namespace with these labels that run and are not being deleted, by name.
    #[must_use]
    pub fn running_pods(&self, namespace: &str, labels: &Labels) -> Vec<(Key, PodId)> {
        self.api
            .list(Kind::Pod)
            .filter_map(|object| match object {
                Object::Pod(pod) => Some(pod),
                _ => None,
            })
            .filter(|pod| {
                *pod.meta.namespace == *namespace
                    && pod.is_active()
                    && pod.node_name.is_some()
                    && api::selector::matches_all(labels, &pod.meta.labels)
            })
            .map(|pod| (pod.meta.key(), pod.id))
            .collect()
    }

    fn listen(&mut self, interest: Interest, listener: Listener) -> WatcherId {
        let watcher = self.api.watch(interest);
        self.listeners.push(listener);
        watcher
    }

    fn deliver(&mut self, watcher: WatcherId, cx: &mut Cx<'_>) -> Option<Delivery> {
        let change = self.api.next_change(watcher);
        match self.listeners[watcher.0 as usize] {
            Listener::Manager => self.manager.observe(&change, cx),
            Listener::Scheduler => self.scheduler.observe(&change, cx),
            Listener::LoadBalancerController => {
                let controller = self.load_balancers.as_mut();
                controller.expect("it opened the watch").observe(&change, cx);
            }
            Listener::Kubelet(node) => {
                if let (Object::Pod(pod), Verb::Added | Verb::Modified) =
                    (&change.object, change.verb)
                {
                    self.remember_node(pod.id, node);
                }
                self.kubelets[node.0 as usize].observe(&change, cx);
            }
            Listener::Outside => return Some(Delivery { watcher, change }),
        }
        None
    }

    fn node_of(&self, pod: PodId) -> Option<NodeId> {
        self.node_of.get(pod.0 as usize).copied().flatten()
    }

    fn remember_node(&mut self, pod: PodId, node: NodeId) {
        let index = pod.0 as usize;
        if self.node_of.len() <= index {
            self.node_of.resize(index + 1, None);
        }
        self.node_of[index] = Some(node);
    }
}
