//! `rollsim kubectl`: kubectl against the simulated cluster at a moment.

use std::{io, net::IpAddr};

use ::kubectl::{
    command::{Cluster, Connection, Inside, Lookup, execute},
    wire::{Mirror, to_json},
};
use api::{Change, Kind, Object};
use engine::{Span, Time};
use record::Discard;
use scenario::{Scenario, load};
use serde_json::Value;
use sim::World;

use crate::{
    args::Kubectl,
    check::{judge, report},
    disk::Disk,
    exit, output,
};

/// Runs the scenario up to a moment and carries out a kubectl command line there.
pub(crate) fn kubectl(args: &Kubectl) -> io::Result<u8> {
    let loaded = load(&args.scenario, &Disk, &judge);
    let Some(scenario) = &loaded.scenario else {
        report(&loaded);
        return Ok(exit::BAD_INPUT);
    };
    let duration = scenario.duration;
    let until = args.until.unwrap_or(duration);
    for (flag, moment, least) in [("--at", args.at, Span::ZERO), ("--until", until, args.at)] {
        let problem = if moment > duration {
            format!("the scenario ends after {duration}")
        } else if moment < least {
            format!("that is before --at {least}")
        } else {
            continue;
        };
        output::warn(&format!(
            "error: {flag} {moment}: {problem}\n  = help: name a moment from {least} to {duration}"
        ));
        return Ok(exit::BAD_INPUT);
    }
    let cluster = Stopped::new(scenario, args.seed.unwrap_or(scenario.seed), args.at, until);
    let printed = execute(&args.line, &cluster);
    output::print(&printed.stdout)?;
    if !printed.stderr.is_empty() {
        output::warn(&printed.stderr);
    }
    output::print(&printed.last)?;
    Ok(printed.code)
}

/// A cluster that stands still.
struct Stopped<'a> {
    scenario: &'a Scenario,
    seed: u64,
    at: Span,
    /// Where those who wait for something stop.
    until: Span,
    world: World,
}

/// A container of it.
struct Container<'a>(sim::Inside<'a>);

impl Inside for Container<'_> {
    fn service_variables(&self) -> Vec<(String, String)> {
        let variables = self.0.service_variables().iter();
        variables.map(|it| (it.name.clone(), it.value.clone())).collect()
    }

    fn resolv_conf(&self) -> String {
        self.0.resolv_conf().to_string()
    }

    fn name_server(&self) -> IpAddr {
        self.0.name_server()
    }

    fn look_up(&self, name: &str) -> Result<Lookup, String> {
        let resolution = self.0.resolve(name).map_err(|problem| problem.to_string())?;
        let last = resolution.queries.last();
        let bare = |name: &str| name.trim_end_matches('.').to_owned();
        let tried = last.map(|query| &query.question.name);
        let name = resolution.name.as_ref().or(tried).map(|name| bare(name.as_str()));
        Ok(Lookup {
            name: name.unwrap_or_default(),
            aliases: resolution
                .aliases()
                .map(|(alias, name)| (bare(alias.as_str()), bare(name.as_str())))
                .collect(),
            outcome: last.map_or("", |query| query.answer.rcode.name()).to_owned(),
            queries: resolution.queries.len(),
            rewritten: resolution.rewritten().map(|name| bare(name.as_str())),
            addresses: resolution.addresses,
        })
    }

    fn connect(&self, address: IpAddr, port: u16) -> Connection {
        match self.0.connect(address, port) {
            sim::Connection::Answered(pod) => Connection::Answered(pod),
            sim::Connection::Refused(why) => Connection::Refused(why),
            sim::Connection::Unanswered(why) => Connection::Unanswered(why),
        }
    }
}

impl<'a> Stopped<'a> {
    fn new(scenario: &'a Scenario, seed: u64, at: Span, until: Span) -> Self {
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

    fn mirror(&self) -> Mirror {
        let kinds = [Kind::Service, Kind::EndpointSlice];
        let objects: Vec<Object> =
            kinds.into_iter().flat_map(|kind| self.world.listed(kind)).collect();
        Mirror::new(&objects)
    }

    /// Endpoints that somebody wrote, and those that the Endpoints controller would have made, which
    /// leaves nobody else's in their place.
    fn endpoints(&self) -> Vec<Value> {
        let mut all = self.mirror().endpoints();
        let key = |object: &Value| {
            let part = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
            (part("namespace"), part("name"))
        };
        let written = self.world.listed(Kind::Endpoints);
        let written = written.iter().map(to_json);
        let own: Vec<Value> =
            written.filter(|object| !all.iter().any(|made| key(made) == key(object))).collect();
        all.extend(own);
        all.sort_by_cached_key(key);
        all
    }
}

/// The kind of objects of this name; but for Endpoints, which are made for whoever looks.
fn listed(kind: &str) -> Option<Kind> {
    Some(match kind {
        "Node" => Kind::Node,
        "Pod" => Kind::Pod,
        "Service" => Kind::Service,
        "EndpointSlice" => Kind::EndpointSlice,
        "Ingress" => Kind::Ingress,
        "Deployment" => Kind::Deployment,
        "ReplicaSet" => Kind::ReplicaSet,
        "PodDisruptionBudget" => Kind::PodDisruptionBudget,
        "HorizontalPodAutoscaler" => Kind::HorizontalPodAutoscaler,
        "HTTPRoute" => Kind::HttpRoute,
        "Gateway" => Kind::Gateway,
        _ => return None,
    })
}

impl Cluster for Stopped<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.wall(sim::BEGIN + self.at)
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        match listed(kind) {
            Some(kind) => self.world.listed(kind).iter().map(to_json).collect(),
            None if kind == "Endpoints" => self.endpoints(),
            None => Vec::new(),
        }
    }

    fn changes(&self, kind: &str) -> Vec<(jiff::Timestamp, Value)> {
        match listed(kind) {
            Some(kind) => {
                let changes = self.journal().into_iter();
                let own = changes.filter(|(_, change)| change.object.kind() == kind);
                own.map(|(now, change)| (now, to_json(&change.object))).collect()
            }
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
