//! How NGINX and HAProxy hash.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Span, Time};
use policy::{
    Configured, Endpoint, Flow, Policy, Value as Setting,
    haproxy::hashing::slots,
    nginx::{
        hash::NginxHash,
        hash_consistent::{self, NginxHashConsistent},
        ip_hash::NginxIpHash,
        peers::Peers,
    },
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_hash::{addresses, endpoints, needed, pick},
    lb_wrr::{number, numbers},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "nginx_hash_modula" => by_key(case, NginxHash::new(peers())),
        "nginx_hash_consistent" => nginx_consistent(case),
        "nginx_ip_hash" => nginx_ip_hash(case),
        "haproxy_source" => haproxy_source(case),
        "haproxy_uri_map" | "haproxy_uri_consistent" => haproxy_uri(case),
        "haproxy_hash_balance_factor" if case.name.contains("slots") => haproxy_slots(case),
        "haproxy_hash_balance_factor" => haproxy_balance(case),
        _ => case.unknown(),
    }
}

fn peers() -> Peers {
    Peers::new(1, Span::from_secs(10))
}

/// A flow of which only the source is known.
fn from(source: Ipv4Addr) -> Flow {
    Flow { source: SocketAddrV4::new(source, 1000), ..Flow::UNKNOWN }
}

fn by_keys(policy: &mut dyn Policy, keys: &[String]) -> Option<Vec<usize>> {
    keys.iter().map(|key| pick(policy, Flow::UNKNOWN, key)).collect()
}

fn expected(case: &Case) -> Read<Option<Vec<usize>>> {
    case.expected(|f| numbers(f, "picks")).map(Some)
}

fn by_key(case: &Case, mut policy: impl Policy) -> Result<(), Problem> {
    let (weights, keys) = case.input(|f| Ok((numbers(f, "weights")?, f.texts("keys")?)))?;
    policy.update(&Endpoint::numbered(&weights), Time::ZERO);
    agree("picks", &expected(case)?, &by_keys(&mut policy, &keys))
}

fn nginx_consistent(case: &Case) -> Result<(), Problem> {
    let (servers, keys) = case.input(|f| {
        let weights: Vec<u32> = numbers(f, "weights")?;
        Ok((endpoints(&f.texts("servers")?, &weights)?, f.texts("keys")?))
    })?;
    let mut policy = NginxHashConsistent::new(peers());
    policy.update(&servers, Time::ZERO);
    let server = |it: &Endpoint| (it.address.ip().to_string(), it.address.port(), it.weight);
    let ring = hash_consistent::ring(&servers.iter().map(server).collect::<Vec<_>>());
    case.expected(|f| {
        agree("picks", &Some(numbers(f, "picks")?), &by_keys(&mut policy, &keys))?;
        agree("points", &needed(f, "points_after_dedup")?, &ring.len())?;
        let first: Vec<(u32, usize)> = f.each("first_points", |value, at| {
            Ok((number(&value[0], at)?, number(&value[1], at)?))
        })?;
        agree("first points", &first, &ring.points().take(first.len()).collect())?;
        let last: Vec<u64> = numbers(f, "last_point")?;
        let got = ring.points().last().map(|(hash, place)| vec![hash.into(), place as u64]);
        agree("last point", &Some(last), &got)
    })
}

fn nginx_ip_hash(case: &Case) -> Result<(), Problem> {
    let (weights, sources) = case.input(|f| Ok((numbers(f, "weights")?, addresses(f, "ips")?)))?;
    let mut policy = NginxIpHash::new(peers());
    policy.update(&Endpoint::numbered(&weights), Time::ZERO);
    let picks = sources.iter().map(|source| pick(&mut policy, from(*source), ""));
    agree("picks", &expected(case)?, &picks.collect())
}

/// A policy of HAProxy with the line `hash-type` of a configuration, and of a list of weights.
fn haproxy(name: &str, line: &str, factor: u64, weights: &[u32]) -> Read<Box<dyn Policy>> {
    let mut configured = Configured::by_name(name).ok_or("it is not in the catalogue")?;
    let mut set = |name: &str, value: Setting<'_>| {
        configured.set(name, value).map_err(|e| format!("{name} in {line}: {e:?}"))
    };
    let mut words = line.split_whitespace();
    agree("line", &Some("hash-type"), &words.next())?;
    set("hash-type", Setting::Choice(words.next().unwrap_or_default()))?;
    // Where a function is named, a hash is mixed only if that is asked for.
    if let Some(function) = words.next() {
        if name.ends_with("uri") {
            set("hash-function", Setting::Choice(function))?;
        }
        let mixed = words.next() == Some("avalanche");
        set("avalanche", Setting::Choice(if mixed { "on" } else { "off" }))?;
    }
    set("hash-balance-factor", Setting::Integer(factor))?;
    let mut policy = configured.build(1);
    policy.update(&Endpoint::numbered(weights), Time::ZERO);
    Ok(policy)
}

fn hash_type<'a>(f: &Fields<'a>) -> Read<&'a str> {
    f.needed("hash_type", f.text("hash_type")?)
}

fn haproxy_source(case: &Case) -> Result<(), Problem> {
    let (mut policy, sources) = case.input(|f| {
        let weights: Vec<u32> = numbers(f, "weights")?;
        Ok((haproxy("haproxy.source", hash_type(f)?, 0, &weights)?, addresses(f, "ips")?))
    })?;
    let picks = sources.iter().map(|source| pick(&mut *policy, from(*source), ""));
    agree("picks", &expected(case)?, &picks.collect())
}

fn haproxy_uri(case: &Case) -> Result<(), Problem> {
    let (mut policy, uris) = case.input(|f| {
        let weights: Vec<u32> = numbers(f, "weights")?;
        Ok((haproxy("haproxy.uri", hash_type(f)?, 0, &weights)?, f.texts("uris")?))
    })?;
    agree("picks", &expected(case)?, &by_keys(&mut *policy, &uris))
}

/// Every request stays under way.
fn haproxy_balance(case: &Case) -> Result<(), Problem> {
    let (mut policy, uris) = case.input(|f| {
        let weights: Vec<u32> = numbers(f, "weights")?;
        let line = f.text("hash_type")?.unwrap_or("hash-type consistent");
        let policy = haproxy("haproxy.uri", line, needed(f, "hash_balance_factor")?, &weights)?;
        Ok((policy, f.texts("uris_held_open_in_order")?))
    })?;
    agree("picks", &expected(case)?, &by_keys(&mut *policy, &uris))
}

fn haproxy_slots(case: &Case) -> Result<(), Problem> {
    let (weights, served, factor) = case.input(|f| {
        let weights: Vec<u32> = numbers(f, "weights")?;
        Ok((weights, needed(f, "proxy_served")?, needed(f, "factor")?))
    })?;
    // In points: 16 for each unit of a weight.
    let weights: Vec<u32> = weights.into_iter().map(|weight| 16 * weight).collect();
    let total = weights.iter().sum();
    let before = |server: usize| weights[..server].iter().sum();
    let of =
        |(server, weight): (usize, &u32)| slots(served, factor, before(server), *weight, total);
    let got: Vec<u32> = weights.iter().enumerate().map(of).collect();
    agree("slots", &case.expected(|f| numbers(f, "slots"))?, &got)
}
