//! `spec.clients`.

use super::{
    balancing::policy_in,
    form::{Form, any_of, choice, field, filled, integer, list, mapping, required, text},
    value::{address, arrivals, duration, labels, target},
};
use crate::spec::{DEFAULT_TIMEOUT, Place};

/// A client.
pub(super) fn client() -> Form {
    let name = text().of_length(1..=63);
    let policy = "How its senders choose pods themselves.";
    let keys = "Each request has one of so many keys, all alike: what hash policies tell requests \
                apart by.";
    let timeout = "How long it waits for the answer to one attempt, its DNS lookup included.";
    mapping([
        required("name", name, "Its name in results; each client has its own."),
        field("from", from(), "Where it is.").or("node"),
        required("target", target(), "Where its requests go: a URL."),
        required("arrivals", arrivals(), "When its requests come."),
        field("balancing", policy_in(Place::Senders), policy),
        field("keys", integer(1..=1_000_000_000), keys),
        field("connections", connections(), "Whether requests share connections.").or("perRequest"),
        field("timeout", duration(), timeout).or(DEFAULT_TIMEOUT.to_string()),
        field("retries", retries(), "What it does about a failed attempt."),
        field("dns", dns(), "What it keeps of the answers of DNS."),
    ])
    .says("A client, which sends requests whether or not the ones before were answered.")
}

fn from() -> Form {
    let outside = "Outside the cluster, at this address; at 198.51.100.1 if none is given.";
    let pods = "The pods with these labels whose program listens, one of them at random for each \
                request.";
    any_of([
        choice(&["node", "outside"]),
        mapping([required("outside", address().or_null(), outside)]),
        mapping([
            filled("node", text(), "That node."),
            filled("pods", labels(), pods),
            field("namespace", text(), "The namespace of the pods.").or("default"),
        ])
        .with_one_of(&["node", "pods"]),
    ])
}

fn connections() -> Form {
    any_of([
        choice(&["perRequest", "keepAlive", "http2"]),
        mapping([
            filled("keepAlive", keep_alive(), "Kept, with one request at a time on each."),
            filled("http2", http2(), "Kept, with many requests on one."),
        ])
        .with_one_of(&["keepAlive", "http2"]),
    ])
}

/// So many connections, or requests on one.
fn many(least: u64) -> Form {
    integer(least..=100_000)
}

fn keep_alive() -> Form {
    let idle = "So many stay open that no request is on.";
    mapping([
        field("min", many(0), "Until there are so many, each request opens one.").or(0),
        field("max", many(1), "There are at most so many; requests wait for one."),
        field("maxAge", duration(), "So long one takes new requests."),
        field("idleTimeout", duration(), "So long one stays that no request is on.").or("90s"),
        field("maxIdle", many(0), idle),
        field("reuse", choice(&["newest", "oldest"]), "Which of those that are free is used.")
            .or("newest"),
    ])
}

fn http2() -> Form {
    let ping = "So long nobody may answer until it is given up.";
    mapping([
        field("min", many(0), "Until there are so many, each request opens one.").or(0),
        field("max", many(1), "There are at most so many; requests wait for one.").or(1),
        field("maxAge", duration(), "So long one takes new requests."),
        field("idleTimeout", duration(), "So long one stays that no request is on."),
        field("maxStreams", many(2), "So many requests are on one at a time.").or(100),
        field("pingTimeout", duration(), ping),
    ])
}

fn retries() -> Form {
    let families = list(choice(&["refused", "reset", "timeout"]));
    let on = "Families of causes after which it tries again.";
    mapping([
        required("attempts", integer(1..=100), "Attempts in all."),
        field("on", families, on).or(vec!["refused", "reset"]),
    ])
}

fn dns() -> Form {
    let kept = choice(&["none", "ttl", "jvm", "forever"]);
    mapping([field("cache", kept, "How long answers are kept.").or("none")])
}
