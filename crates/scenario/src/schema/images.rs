//! `spec.images`.

use super::{
    form::{Form, choice, field, integer, list, mapping, number, required},
    value::{delay, distribution, duration},
};
use crate::spec::default_image;

/// How the program in an image behaves.
pub(super) fn image() -> Form {
    let program = default_image();
    let backlog = "How many more wait for a worker; the next one is `rejected.overload`.";
    let lame_duck = "How long it goes on listening after SIGTERM; only with `drain`.";
    let crash = "It ends by itself so long after listening, with exit code 1; never if left out.";
    let idle = "It closes a connection that no request came on for so long; never if left out.";
    let ports = list(integer(1..=65535));
    mapping([
        field("start", delay(), "From the container's start to listening.")
            .or(program.start.to_string()),
        field("ready", delay(), "From listening to passing its readiness checks.")
            .or(program.ready.to_string()),
        field("stop", delay(), "From SIGTERM to its exit once nothing is left to do.")
            .or(program.stop.to_string()),
        field("serviceTime", distribution(), "How long one request keeps one worker.")
            .or(program.service_time.to_string()),
        field("concurrency", integer(1..=1_000_000), "Workers: requests it works on at once.")
            .or(program.concurrency),
        field("backlog", integer(0..=1_000_000), backlog).or(program.backlog),
        field("warmUp", warm_up(), "Slower at first."),
        field("onSigterm", choice(&["exit", "drain", "ignore"]), "What it does on SIGTERM.")
            .or("exit"),
        field("lameDuck", duration(), lame_duck).or("0s"),
        field("listen", ports, "Ports it listens on, if not those its container declares."),
        field("crashAfter", duration(), crash),
        field("idleTimeout", duration(), idle),
    ])
    .says("How the program in an image behaves; an empty mapping takes all defaults.")
}

fn warm_up() -> Form {
    let factor = "How many times as long a request takes at the start; falls to 1 in a straight \
                  line.";
    mapping([
        required("for", duration(), "For how long after it listens."),
        required("factor", number(1.0).up_to(1e9), factor),
    ])
}
