//! `kubectl rollout status` and `kubectl rollout history`.
//!
//! `status` waits as kubectl does, in simulated time: until the rollout is done or given up.
//!
//! *Left out:* everything that changes the cluster.

use jiff::Timestamp;

use super::{
    Cluster, Printed, describe,
    flags::{Flag, Flags, duration, integer, switch, valued},
    help,
    wanted::not_found,
};
use crate::{Object, polymorphic, resource::Resource};

const STATUS_FLAGS: &[Flag] =
    &[valued("namespace", 'n'), switch("watch", 'w'), duration("timeout", ' ')];

const HISTORY_FLAGS: &[Flag] = &[valued("namespace", 'n'), integer("revision", ' ')];

const TIMED_OUT: &str = "error: timed out waiting for the condition";

type Print = fn(Object<'_>, &Flags, &dyn Cluster) -> Printed;

pub(super) fn rollout(line: &[String], cluster: &dyn Cluster) -> Printed {
    let Some((command, rest)) = line.split_first() else {
        return Printed { stdout: help::ROLLOUT.to_owned(), code: 1, ..Printed::default() };
    };
    let (known, print): (&[Flag], Print) = match command.as_str() {
        "status" => (STATUS_FLAGS, status),
        "history" => (HISTORY_FLAGS, history),
        "restart" | "undo" | "pause" | "resume" => {
            return Printed::error(format!(
                "error: `kubectl rollout {command}` changes the cluster: write it into the \
                 scenario's timeline"
            ));
        }
        _ => {
            let words = line.iter().take_while(|word| !word.starts_with('-'));
            let words: Vec<&str> = words.map(String::as_str).collect();
            return Printed::error(format!(
                "error: unknown command \"{}\"\nSee 'kubectl rollout -h' for help and examples",
                words.join(" ")
            ));
        }
    };
    let flags = match Flags::parse(&format!("rollout {command}"), known, rest) {
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
    // Zero is no limit.
    let limit = flags.duration("timeout").filter(|limit| !limit.is_zero());
    if limit.is_some_and(|limit| limit.is_negative()) {
        return Printed::error(TIMED_OUT);
    }
    let mut printed = Printed::default();
    if say_status(deployment, &mut printed) || flags.switched("watch") == Some(false) {
        return printed;
    }
    let deadline = limit.map(|limit| cluster.now().saturating_add(limit).unwrap_or(Timestamp::MAX));
    let uid = deployment.text("metadata.uid");
    for (now, object) in &cluster.changes("Deployment") {
        if deadline.is_some_and(|deadline| *now > deadline) {
            break;
        }
        let object = Object::new(object);
        if object.text("metadata.uid") == uid && say_status(object, &mut printed) {
            return printed;
        }
    }
    printed.complain(match deadline {
        Some(deadline) if deadline <= cluster.watched_until() => TIMED_OUT,
        _ => {
            "error: the simulated time ends before the rollout does\n  = help: name a later --until, \
             or write a longer duration into the scenario"
        }
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

fn history(deployment: Object<'_>, flags: &Flags, cluster: &dyn Cluster) -> Printed {
    let revision = flags.integer("revision").unwrap_or_default();
    if revision < 0 {
        return Printed::error(format!("error: revision must be a positive integer: {revision}"));
    }
    let sets = cluster.objects("ReplicaSet");
    let own = |set: &Object<'_>| {
        set.list("metadata.ownerReferences")
            .any(|owner| owner.text("uid") == deployment.text("metadata.uid"))
    };
    let sets: Vec<Object<'_>> = sets.iter().map(Object::new).filter(own).collect();
    let stdout = match revision {
        0 => polymorphic::rollout_history(deployment, &sets),
        number => match sets.iter().find(|set| polymorphic::revision(**set) == Some(number)) {
            Some(set) => format!(
                "deployment.apps/{} with revision #{number}\n{}\n",
                deployment.name(),
                describe::pod_template(set.at("spec.template"), false)
            ),
            None => return Printed::error("error: unable to find the specified revision"),
        },
    };
    Printed { stdout, ..Printed::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A cluster whose Deployment is rolled out two and a half seconds from now, if anybody watches for
    /// so long.
    struct Rolling {
        done: bool,
        watched: i64,
    }

    fn deployment(updated: u32) -> Value {
        json!({
            "metadata": { "name": "web", "namespace": "default", "uid": "1" },
            "spec": { "replicas": 1 },
            "status": { "updatedReplicas": updated, "replicas": 1, "availableReplicas": 1 },
        })
    }

    impl Cluster for Rolling {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn objects(&self, _: &str) -> Vec<Value> {
            vec![deployment(self.done.into())]
        }

        fn changes(&self, _: &str) -> Vec<(Timestamp, Value)> {
            let done = Timestamp::from_millisecond(2_500).expect("it is a moment");
            let seen = done <= self.watched_until();
            seen.then(|| (done, deployment(1))).into_iter().collect()
        }

        fn watched_until(&self) -> Timestamp {
            Timestamp::from_second(self.watched).expect("it is a moment")
        }
    }

    const WAITS: &str = "Waiting for deployment \"web\" rollout to finish: 0 out of 1 new replicas have \
                         been updated...\n";
    const DONE: &str = "deployment \"web\" successfully rolled out\n";

    fn ask(words: &[&str], cluster: &Rolling) -> Printed {
        let line = [&["status", "deployment/web"], words].concat();
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        rollout(&line, cluster)
    }

    #[test]
    fn a_rollout_is_waited_for_as_long_as_one_may() {
        let ends = "error: the simulated time ends before the rollout does\n";
        let timed_out = "error: timed out waiting for the condition\n";
        let both = format!("{WAITS}{DONE}");
        let cases: [(&[&str], i64, &str, &str); 11] = [
            (&[], 60, &both, ""),
            (&[], 2, WAITS, ends),
            (&["--timeout=2s"], 60, WAITS, timed_out),
            (&["--timeout=2400ms"], 60, WAITS, timed_out),
            (&["--timeout=2500ms"], 60, &both, ""),
            (&["--timeout=2s"], 2, WAITS, timed_out),
            (&["--timeout=2100ms"], 2, WAITS, ends),
            (&["--timeout=0"], 60, &both, ""),
            (&["--timeout=-3s"], 60, "", timed_out),
            (&["--watch=F"], 60, WAITS, ""),
            (&["-w=0"], 60, WAITS, ""),
        ];
        for (words, watched, stdout, stderr) in cases {
            let printed = ask(words, &Rolling { done: false, watched });
            assert_eq!(printed.stdout, stdout, "{words:?} {watched}");
            assert!(printed.stderr.starts_with(stderr), "{words:?}: {}", printed.stderr);
            assert_eq!(printed.code, u8::from(!stderr.is_empty()), "{words:?}");
        }
    }

    #[test]
    fn flags_are_looked_at_before_the_rollout() {
        let done = Rolling { done: true, watched: 60 };
        assert_eq!(ask(&["--timeout=3s"], &done).stdout, DONE);
        for words in [["--timeout=soon"], ["--timeout=PT3S"], ["--watch=maybe"]] {
            let printed = ask(&words, &done);
            assert_eq!((&*printed.stdout, printed.code), ("", 1), "{words:?}");
            assert!(printed.stderr.contains("See 'kubectl rollout status --help'"), "{words:?}");
        }
        let line = ["history", "deployment/web", "--timeout=3s"].map(str::to_owned);
        assert!(rollout(&line, &done).stderr.starts_with("error: unknown flag: --timeout\n"));
    }
}
