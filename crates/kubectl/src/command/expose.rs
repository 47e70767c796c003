//! `kubectl expose`, as far as it changes nothing: `--dry-run=client`.
//!
//! *Left out:* `-f`, and `--overrides`.

use serde_json::Value;

use super::{
    Cluster, Printed, dry_run,
    flags::{Flag, Flags, valued},
    wanted::not_found,
};
use crate::{
    Object,
    expose::Exposure,
    polymorphic::can_be_exposed,
    resource::{self, Resource},
};

pub(super) const FLAGS: &[Flag] = &[
    valued("cluster-ip", ' '),
    valued("dry-run", ' '),
    valued("external-ip", ' '),
    valued("labels", 'l'),
    valued("load-balancer-ip", ' '),
    valued("name", ' '),
    valued("namespace", 'n'),
    valued("output", 'o'),
    valued("port", ' '),
    valued("protocol", ' '),
    valued("selector", ' '),
    valued("session-affinity", ' '),
    valued("target-port", ' '),
    valued("type", ' '),
];

const NOTHING_NAMED: &str = "error: You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

pub(super) fn expose(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    let object = match object(flags, cluster) {
        Ok(object) => object,
        Err(problem) => return Printed::error(problem),
    };
    match service(flags, Object::new(&object)) {
        Ok(service) => dry_run::print(flags, &service, "exposed", cluster),
        Err(problem) => Printed::error(format!("error: {problem}")),
    }
}

/// The object that is to be exposed.
fn object(flags: &Flags, cluster: &dyn Cluster) -> Result<Value, String> {
    let (kind, name) = match &flags.words[..] {
        [] => return Err(NOTHING_NAMED.to_owned()),
        [both] => both.split_once('/').unwrap_or((both, "")),
        [kind, name, ..] => (kind.as_str(), name.as_str()),
    };
    let resource = Resource::named(kind).ok_or_else(|| resource::unknown(kind))?;
    if name.is_empty() {
        return Err("error: resource(s) were provided, but no name was specified".to_owned());
    }
    can_be_exposed(resource.group, resource.kind).map_err(|problem| format!("error: {problem}"))?;
    let mut objects = cluster.objects(resource.kind).into_iter();
    let found = objects.find(|object| {
        let object = Object::new(object);
        object.name() == name && object.namespace() == flags.namespace()
    });
    found.ok_or_else(|| not_found(resource, name))
}

fn service(flags: &Flags, object: Object<'_>) -> Result<Value, String> {
    let said = |name: &str| flags.value(name).unwrap_or_default().to_owned();
    let mut exposure = Exposure {
        name: said("name"),
        namespace: said("namespace"),
        selector: said("selector"),
        port: said("port"),
        protocols: String::new(),
        protocol: said("protocol"),
        target_port: said("target-port"),
        labels: said("labels"),
        external_ip: said("external-ip"),
        load_balancer_ip: said("load-balancer-ip"),
        service_type: said("type"),
        session_affinity: said("session-affinity"),
        cluster_ip: said("cluster-ip"),
    };
    exposure.complete(object)?;
    exposure.create_service()
}
