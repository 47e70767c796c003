//! `rollsim kubectl`: kubectl against the simulated cluster at a moment.

use std::{io, net::IpAddr};

use ::kubectl::{
    command::{Cluster, Connection, Inside, Lookup, execute},
    wire::{endpoints, to_json},
};
use api::{Kind, Object};
use engine::Span;
use record::Discard;
use scenario::load;
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
    if args.at > duration {
        output::warn(&format!(
            "error: --at {}: the scenario ends after {duration}\n  \
             = help: name a moment from 0s to {duration}",
            args.at
        ));
        return Ok(exit::BAD_INPUT);
    }
    let world = sim::compile(scenario, args.seed.unwrap_or(scenario.seed));
    let cluster = Stopped {
        world: sim::run_to(world, args.at, &mut Discard),
        at: args.at,
        rewrites: scenario.cluster.dns_rewrites,
    };
    let printed = execute(&args.line, &cluster);
    output::print(&printed.stdout)?;
    if !printed.stderr.is_empty() {
        output::warn(&printed.stderr);
    }
    Ok(printed.code)
}

/// A cluster that stands still.
struct Stopped {
    world: World,
    at: Span,
    /// Whether its DNS rewrites short names.
    rewrites: bool,
}

/// A container of it.
struct Container<'a>(sim::Inside<'a>);

impl Inside for Container<'_> {
    fn service_variables(&self) -> Vec<(String, String)> {
        self.0.service_variables().into_iter().map(|it| (it.name, it.value)).collect()
    }

    fn resolv_conf(&self) -> String {
        let conf = self.0.resolv_conf();
        let servers = conf.nameservers.iter().map(|server| format!("nameserver {server}\n"));
        let search = format!("search {}\n", conf.searches.join(" "));
        search + &servers.collect::<String>() + &format!("options {}\n", conf.options.join(" "))
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
            outcome: last.map_or("", |query| query.answer.rcode.name()).to_owned(),
            queries: resolution.queries.len(),
            rewritten: resolution.rewritten().map(|name| bare(name.as_str())),
            addresses: resolution.addresses,
        })
    }

    fn connect(&self, address: IpAddr, port: u16) -> Connection {
        match self.0.connect(address, port) {
            sim::Connected::Answered(pod) => Connection::Answered(pod),
            sim::Connected::Refused(why) => Connection::Refused(why),
            sim::Connected::Unanswered(why) => Connection::Unanswered(why),
        }
    }
}

impl Stopped {
    /// The Endpoints of each Service that has a selector: the mirror of its slices.
    fn endpoints(&self) -> Vec<Value> {
        let slices: Vec<_> = self
            .world
            .objects(Kind::EndpointSlice)
            .filter_map(|object| match object {
                Object::EndpointSlice(slice) => Some(&**slice),
                _ => None,
            })
            .collect();
        let services = self.world.objects(Kind::Service).filter_map(|object| match object {
            Object::Service(service) if service.spec.selector.is_some() => Some(service),
            _ => None,
        });
        let own = |service: &api::Service| {
            let id = service.id;
            endpoints(service, slices.iter().copied().filter(|it| it.service == Some(id)))
        };
        services.map(|service| own(service)).collect()
    }
}

impl Cluster for Stopped {
    fn now(&self) -> jiff::Timestamp {
        let now = self.world.timestamp(sim::BEGIN + self.at);
        jiff::Timestamp::from_second(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        let kind = match kind {
            "Node" => Kind::Node,
            "Pod" => Kind::Pod,
            "Service" => Kind::Service,
            "EndpointSlice" => Kind::EndpointSlice,
            "Deployment" => Kind::Deployment,
            "ReplicaSet" => Kind::ReplicaSet,
            "Endpoints" => return self.endpoints(),
            _ => return Vec::new(),
        };
        self.world.objects(kind).map(to_json).collect()
    }

    fn inside<'a>(
        &'a self,
        namespace: &'a str,
        node: Option<&'a str>,
    ) -> Option<Box<dyn Inside + 'a>> {
        Some(Box::new(Container(sim::Inside::new(&self.world, namespace, node, self.rewrites))))
    }
}
