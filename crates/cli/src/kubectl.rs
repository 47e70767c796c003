//! `rollsim kubectl`: kubectl against the simulated cluster at a moment.

use std::io;

use ::kubectl::{
    command::{Cluster, execute},
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
    let cluster = Stopped { world: sim::run_to(world, args.at, &mut Discard), at: args.at };
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
}
