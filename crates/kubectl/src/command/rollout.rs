//! `kubectl rollout status` and `kubectl rollout history`.
//!
//! `status` waits as kubectl does, in simulated time: until the rollout is done or given up.
//!
//! *Left out:* `--revision`, and everything that changes the cluster.

use jiff::SignedDuration;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    wanted::not_found,
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
    print(deployment, &flags, cluster)
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

fn status(deployment: Object<'_>, flags: &Flags, cluster: &dyn Cluster) -> Printed {
    let mut printed = Printed::default();
    let waits = flags.value("watch") != Some("false");
    if say_status(deployment, &mut printed) || !waits {
        return printed;
    }
    let limit = match flags.value("timeout").map(str::parse::<SignedDuration>) {
        None => None,
        Some(Ok(limit)) => (!limit.is_zero()).then_some(limit),
        Some(Err(_)) => {
            let written = flags.value("timeout").unwrap_or_default();
            return Printed::error(format!(
                "error: invalid argument \"{written}\" for \"--timeout\" flag: time: invalid \
                 duration \"{written}\""
            ));
        }
    };
    let began = cluster.now();
    let uid = deployment.text("metadata.uid");
    let changes = cluster.changes("Deployment");
    for (now, object) in changes.iter().map(|(now, object)| (now, Object::new(object))) {
        if limit.is_some_and(|limit| now.duration_since(began) > limit) {
            printed.complain("error: timed out waiting for the condition");
            return printed;
        }
        if object.text("metadata.uid") == uid && say_status(object, &mut printed) {
            return printed;
        }
    }
    printed.complain(if limit.is_some() {
        "error: timed out waiting for the condition"
    } else {
        "error: the simulated time ends before the rollout does"
    });
    printed
}

/// Says what a rollout waits for. Gives back whether nothing more is to be said of it.
fn say_status(deployment: Object<'_>, printed: &mut Printed) -> bool {
    match polymorphic::rollout_status(deployment) {
        Ok((text, done)) => {
            printed.stdout.push_str(&text);
            done
        }
        Err(problem) => {
            printed.complain(&format!("error: {problem}"));
            true
        }
    }
}

fn history(deployment: Object<'_>, _: &Flags, cluster: &dyn Cluster) -> Printed {
    let sets = cluster.objects("ReplicaSet");
    let own = |set: &Object<'_>| {
        set.list("metadata.ownerReferences")
            .any(|owner| owner.text("uid") == deployment.text("metadata.uid"))
    };
    let sets: Vec<Object<'_>> = sets.iter().map(Object::new).filter(own).collect();
    Printed { stdout: polymorphic::rollout_history(deployment, &sets), ..Printed::default() }
}
