//! `kubectl rollout status` and `kubectl rollout history`.
//!
//! *Left out:* to wait. The cluster stands still, so what `status` says is what it would say first.

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    get::not_found,
};
use crate::{Object, polymorphic, resource::Resource};

const FLAGS: &[Flag] = &[valued("namespace", 'n'), switch("watch", 'w'), valued("timeout", ' ')];

pub(super) fn rollout(line: &[String], cluster: &dyn Cluster) -> Printed {
    let Some((command, rest)) = line.split_first() else {
        return Printed::error("error: `kubectl rollout` needs a command: status or history");
    };
    let print = match command.as_str() {
        "status" => status,
        "history" => history,
        "restart" | "undo" | "pause" | "resume" => {
            return Printed::error(format!(
                "error: `kubectl rollout {command}` changes the cluster: write it into the \
                 scenario's timeline"
            ));
        }
        other => {
            return Printed::error(format!(
                "error: unknown command \"{other}\" for \"kubectl rollout\""
            ));
        }
    };
    let flags = match Flags::parse(&format!("rollout {command}"), FLAGS, rest) {
        Ok(flags) => flags,
        Err(problem) => return Printed::error(problem),
    };
    let name = match deployment_name(&flags.words) {
        Ok(name) => name,
        Err(problem) => return Printed::error(problem),
    };
    let deployments = cluster.objects("Deployment");
    let mut named = deployments.iter().map(Object::new);
    let found = named.find(|it| it.name() == name && it.namespace() == flags.namespace());
    let Some(deployment) = found else {
        let missing = Resource::named("deployments").map(|resource| not_found(resource, &name));
        return Printed::error(missing.unwrap_or_default());
    };
    print(deployment, cluster)
}

/// `deployment/web` or `deployment web`.
fn deployment_name(words: &[String]) -> Result<String, String> {
    let (kind, name) = match words {
        [both] => both.split_once('/').unwrap_or((both, "")),
        [kind, name] => (kind.as_str(), name.as_str()),
        _ => ("", ""),
    };
    match Resource::named(kind) {
        Some(resource) if resource.kind == "Deployment" && !name.is_empty() => Ok(name.to_owned()),
        Some(resource) if resource.kind != "Deployment" => {
            Err(format!("error: no status viewer has been implemented for {}", resource.kind))
        }
        _ => Err("error: required resource not specified".to_owned()),
    }
}

fn status(deployment: Object<'_>, _: &dyn Cluster) -> Printed {
    match polymorphic::rollout_status(deployment) {
        Ok((text, _)) => Printed { stdout: text, ..Printed::default() },
        Err(problem) => Printed::error(format!("error: {problem}")),
    }
}

fn history(deployment: Object<'_>, cluster: &dyn Cluster) -> Printed {
    let sets = cluster.objects("ReplicaSet");
    let own = |set: &Object<'_>| {
        set.list("metadata.ownerReferences")
            .any(|owner| owner.text("uid") == deployment.text("metadata.uid"))
    };
    let sets: Vec<Object<'_>> = sets.iter().map(Object::new).filter(own).collect();
    Printed { stdout: polymorphic::rollout_history(deployment, &sets), ..Printed::default() }
}
