//! The simulated cluster at a moment, as kubectl asks it.

use ::kubectl::{
    command::{Cluster, Inside},
    wire::{Mirror, Neighbours},
};
use api::{Change, Kind, Object};
use engine::{Span, Time};
use record::Discard;
use scenario::Scenario;
use serde_json::Value;
use sim::World;

use super::container::Container;

/// A cluster that stands still.
pub(super) struct Stopped<'a> {
    scenario: &'a Scenario,
    seed: u64,
    at: Span,
    /// Where those who wait for something stop.
    until: Span,
    world: World,
}

/// What an API server stores. Endpoints are made for whoever looks.
const STORED: [Kind; 11] = [
    Kind::Node,
    Kind::Pod,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::Ingress,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::PodDisruptionBudget,
    Kind::HorizontalPodAutoscaler,
    Kind::HttpRoute,
    Kind::Gateway,
];

/// Those of which other objects say something.
const NEIGHBOURS: [Kind; 3] = [Kind::Node, Kind::Pod, Kind::ReplicaSet];

/// Those that Endpoints follow from.
const MIRRORED: [Kind; 3] = [Kind::Service, Kind::EndpointSlice, Kind::Pod];

fn stored(kind: &str) -> Option<Kind> {
    STORED.into_iter().find(|stored| stored.to_string() == kind)
}

impl<'a> Stopped<'a> {
    /// The cluster of a scenario at a moment; `until` is where it is watched to.
    pub(super) fn new(scenario: &'a Scenario, seed: u64, at: Span, until: Span) -> Self {
        let world = sim::run_to(sim::compile(scenario, seed), at, &mut Discard);
        Self { scenario, seed, at, until, world }
    }

    /// What is written from the moment on. The same run is made once more for it.
    fn journal(&self) -> Vec<(jiff::Timestamp, Change)> {
        let ahead = Self::new(self.scenario, self.seed, self.at, self.until).world;
        let journal = sim::run_on(ahead, self.until, &mut Discard);
        journal.into_iter().map(|(time, change)| (self.wall(time), change)).collect()
    }

    fn wall(&self, time: Time) -> jiff::Timestamp {
        let nanos = self.world.wall_nanos(time).into();
        jiff::Timestamp::from_nanosecond(nanos).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    fn all(&self, kinds: [Kind; 3]) -> Vec<Object> {
        kinds.into_iter().flat_map(|kind| self.world.listed(kind)).collect()
    }

    fn neighbours(&self) -> Neighbours {
        Neighbours::new(&self.all(NEIGHBOURS))
    }

    fn mirror(&self) -> Mirror {
        Mirror::new(&self.all(MIRRORED))
    }
}

impl Cluster for Stopped<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.wall(sim::BEGIN + self.at)
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        match stored(kind) {
            Some(kind) => {
                let neighbours = self.neighbours();
                self.world.listed(kind).iter().map(|object| neighbours.to_json(object)).collect()
            }
            None if kind == "Endpoints" => {
                self.mirror().endpoints(&self.world.listed(Kind::Endpoints))
            }
            None => Vec::new(),
        }
    }

    fn changes(&self, kind: &str) -> Vec<(jiff::Timestamp, Value)> {
        match stored(kind) {
            Some(kind) => self.neighbours().follow(kind, self.journal()),
            None if kind == "Endpoints" => self.mirror().follow(self.journal()),
            None => Vec::new(),
        }
    }

    fn watched_until(&self) -> jiff::Timestamp {
        self.wall(sim::BEGIN + self.until)
    }

    fn inside<'a>(
        &'a self,
        namespace: &'a str,
        container: Option<(&'a str, &'a str)>,
    ) -> Option<Box<dyn Inside + 'a>> {
        let rewrites = self.scenario.cluster.dns.rewrites;
        Some(Box::new(Container(sim::Inside::new(&self.world, namespace, container, rewrites))))
    }
}
