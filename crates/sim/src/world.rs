//! All state of a run, and which event is for whom.

use api::{Kind, Object, Timestamp, Verb};
use control_plane::{ControlPlane, Delivery};
use data_plane::{DataPlane, Told, Watches};
use engine::{Agenda, Context, Span, Streams, Time};
use record::{Record, Recorder};
use scenario::Step;

use crate::{Event, event::Word, invariants::Invariants};

/// All state of a run; there is nothing outside it.
///
/// It routes and decides nothing: what an event means is for the plane it belongs to.
pub struct World {
    pub(crate) agenda: Agenda<Event>,
    pub(crate) control_plane: ControlPlane,
    pub(crate) data_plane: DataPlane,
    pub(crate) timeline: Vec<Step>,
    pub(crate) duration: Span,
    pub(crate) invariants: Invariants,
    pub(crate) initial: Initial,
    /// Who in the data plane is behind a watch, by the watch's number.
    watches: Vec<Option<Watches>>,
}

/// What is stored while the cluster is set up.
pub(crate) struct Initial {
    pub(crate) nodes: Vec<api::Node>,
    pub(crate) kubelet: control_plane::kubelet::Config,
    pub(crate) objects: Vec<Object>,
    /// What is never stored: nobody acts on it, and whoever looks sees it.
    pub(crate) bystanders: Vec<Object>,
    pub(crate) streams: Streams,
}

impl World {
    pub(crate) fn new(
        mut control_plane: ControlPlane,
        data_plane: DataPlane,
        initial: Initial,
        (timeline, duration): (Vec<Step>, Span),
    ) -> Self {
        let mut watches = Vec::new();
        for (watch, kind) in data_plane.watches() {
            let watcher = control_plane.watch(kind).0 as usize;
            watches.resize(watcher + 1, None);
            watches[watcher] = Some(watch);
        }
        Self {
            agenda: Agenda::new(),
            invariants: Invariants::new(&timeline),
            control_plane,
            data_plane,
            timeline,
            duration,
            initial,
            watches,
        }
    }

    /// The objects of a kind that the API server holds, in the order of their names.
    pub fn objects(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.control_plane.api().list(kind)
    }

    /// The wall-clock time of the run's clock, as the API server stamps it.
    #[must_use]
    pub fn timestamp(&self, now: Time) -> Timestamp {
        self.control_plane.api().timestamp(now)
    }

    /// The same, to the nanosecond, for those who measure how long something took.
    #[must_use]
    pub fn wall_nanos(&self, now: Time) -> i64 {
        self.control_plane.api().wall_nanos(now)
    }

    /// Stores the initial objects: nodes first, Services before the pods behind them.
    pub(crate) fn set_up(&mut self, recorder: &mut dyn Recorder) {
        let now = self.agenda.now();
        let mut cx = control_cx(now, &mut self.agenda, recorder);
        let Initial { nodes, kubelet, objects, streams, .. } = &mut self.initial;
        for node in nodes.drain(..) {
            self.control_plane.add_node(node, kubelet, streams, &mut cx);
        }
        let stated = objects.iter().filter_map(|object| match object {
            Object::Service(service) => Some(service),
            _ => None,
        });
        // Who states a node port gets it, whoever is created before by chance.
        let stated: Vec<u16> = stated.flat_map(|service| service.spec.node_ports()).collect();
        self.control_plane.reserve_node_ports(stated);
        for object in objects.drain(..) {
            self.control_plane.create(object, &mut cx);
        }
        self.control_plane.reserve_node_ports([]);
        let mut cx = data_cx(now, &mut self.agenda, recorder);
        self.data_plane.begin(&mut cx);
    }

    /// Hands an event to whom it is for.
    #[inline]
    pub(crate) fn dispatch(&mut self, now: Time, event: Event, recorder: &mut dyn Recorder) {
        match event {
            Event::DataPlane(Word(event)) => {
                let mut cx = data_cx(now, &mut self.agenda, recorder);
                if let Some(told) = self.data_plane.handle(event, &mut cx) {
                    self.tell(told, now, recorder);
                }
            }
            Event::ControlPlane(event) => self.control(now, *event, recorder),
            Event::Begin => self.begin(now, recorder),
            Event::Step(place) => self.step(place, now, recorder),
        }
    }

    /// Hands on what the data plane tells the control plane.
    // Rare beside the events of requests, whose way it is kept out of.
    #[cold]
    fn tell(&mut self, told: Told, now: Time, recorder: &mut dyn Recorder) {
        match told {
            Told::Kubelet(reply) => {
                let mut cx = control_cx(now, &mut self.agenda, recorder);
                self.control_plane.runtime_replied(reply, &mut cx);
            }
            Told::TargetHealth { target, healthy } => {
                self.control_plane.target_health_told(target, healthy);
            }
        }
    }

    fn control(&mut self, now: Time, event: control_plane::Event, recorder: &mut dyn Recorder) {
        if let control_plane::Event::Runtime(request) = event {
            let mut cx = data_cx(now, &mut self.agenda, recorder);
            return self.data_plane.runtime_requested(request, &mut cx);
        }
        if let control_plane::Event::Balancer(request) = event {
            let mut cx = data_cx(now, &mut self.agenda, recorder);
            return self.data_plane.balancer_requested(request, &mut cx);
        }
        let mut cx = control_cx(now, &mut self.agenda, recorder);
        if let Some(delivery) = self.control_plane.handle(event, &mut cx) {
            self.deliver(now, &delivery, recorder);
        }
    }

    fn deliver(&mut self, now: Time, delivery: &Delivery, recorder: &mut dyn Recorder) {
        let watch = self.watches.get(delivery.watcher.0 as usize).copied().flatten();
        let watch = watch.expect("only the data plane watches from outside");
        debug_assert!(
            delivery.change.verb != Verb::Deleted || delivery.change.object.meta().uid.0.len() > 1,
            "a deletion carries the object's last state"
        );
        let mut cx = data_cx(now, &mut self.agenda, recorder);
        self.data_plane.observe(watch, &delivery.change, &mut cx);
    }

    fn begin(&mut self, now: Time, recorder: &mut dyn Recorder) {
        recorder.record(now, &Record::ScenarioBegan);
        self.invariants.begin(&self.control_plane);
        let mut cx = data_cx(now, &mut self.agenda, recorder);
        self.data_plane.begin_traffic(&mut cx);
    }
}

/// What the control plane is handed: the whole agenda schedules the events of any part.
pub(crate) fn control_cx<'a>(
    now: Time,
    agenda: &'a mut Agenda<Event>,
    recorder: &'a mut dyn Recorder,
) -> control_plane::Cx<'a> {
    Context { now, agenda, recorder }
}

/// What the data plane is handed.
#[inline]
pub(crate) fn data_cx<'a>(
    now: Time,
    agenda: &'a mut Agenda<Event>,
    recorder: &'a mut dyn Recorder,
) -> data_plane::Cx<'a> {
    Context { now, agenda, recorder }
}
