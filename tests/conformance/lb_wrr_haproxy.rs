//! How HAProxy takes turns and counts.

use engine::Time;
use policy::{
    Endpoint, Policy, Reply,
    haproxy::{
        first::HaproxyFirst, leastconn::HaproxyLeastConn, roundrobin::HaproxyRoundRobin,
        static_rr::HaproxyStaticRoundRobin,
    },
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_wrr::{end, expected, lists, number, numbers, pick, picks, step, turns},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "haproxy_roundrobin" => turns(case, HaproxyRoundRobin::default()),
        "haproxy_static_rr" => static_rr(case),
        "haproxy_churn" => churn(case),
        "haproxy_leastconn" => leastconn(case),
        "haproxy_first" => first(case),
        _ => case.unknown(),
    }
}

fn static_rr(case: &Case) -> Result<(), Problem> {
    let weights: Vec<u32> = case.input(|f| numbers(f, "weights"))?;
    let mut policy = HaproxyStaticRoundRobin::default();
    policy.update(&Endpoint::numbered(&weights), Time::ZERO);
    case.expected(|f| {
        if f.value("map").is_some() {
            agree("map", &numbers(f, "map")?, &policy.map().to_vec())?;
        }
        let expected = expected(f)?;
        agree("picks", &expected, &picks(&mut policy, expected.len()))
    })
}

/// Servers go out of use, come back and change their weights while requests are picked.
fn churn(case: &Case) -> Result<(), Problem> {
    let (balance, weights, steps) = case.input(|f| {
        Ok((f.text_or_empty("balance")?, numbers::<u32>(f, "weights")?, f.each("ops", step)?))
    })?;
    let mut policy: Box<dyn Policy> = match balance {
        "roundrobin" => Box::<HaproxyRoundRobin>::default(),
        "static-rr" => Box::<HaproxyStaticRoundRobin>::default(),
        other => return Err(format!("balance {other} has no turns")),
    };
    let mut configured = weights.clone();
    let mut endpoints = Endpoint::numbered(&weights);
    policy.update(&endpoints, Time::ZERO);
    let mut got = Vec::new();
    for (what, numbers) in steps {
        match (what, &numbers[..]) {
            ("pick", [count]) => {
                got.push(picks(&mut policy, *count).into_iter().flatten().collect::<Vec<usize>>());
                continue;
            }
            ("disable", [server]) => endpoints[*server].weight = 0,
            ("enable", [server]) => endpoints[*server].weight = configured[*server],
            ("set_weight", [server, weight]) => {
                configured[*server] = *weight as u32;
                endpoints[*server].weight = *weight as u32;
            }
            _ => return Err(format!("{what} is not understood")),
        }
        policy.update(&endpoints, Time::ZERO);
    }
    agree("picks", &case.expected(|f| lists(f, "picks_per_phase"))?, &got)
}

/// Of several that are level, HAProxy drew one; each that it drew has to be one of the least loaded.
fn leastconn(case: &Case) -> Result<(), Problem> {
    case.expected(|f| {
        f.ignore(&["key"]);
        agree("property", &"argmin", &f.text_or_empty("property")?)
    })?;
    case.input(|f| {
        let endpoints = Endpoint::numbered(&numbers::<u32>(f, "weights")?);
        let mut policy = HaproxyLeastConn::default();
        policy.update(&endpoints, Time::ZERO);
        for (number, (what, places)) in f.each("ops", step)?.into_iter().enumerate() {
            match (what, &places[..]) {
                ("pick", [place]) if policy.is_least(*place) => policy.begin(*place),
                ("pick", _) => return Err(format!("step {number}: {places:?} is not the least")),
                ("finish", [place]) => {
                    policy.ended(&end(endpoints[*place].id, Time::ZERO, Reply::Ok));
                }
                _ => return Err(format!("{what} is not understood")),
            }
        }
        Ok(())
    })
}

/// Servers with a limit each or all the same, filled one after the other.
fn first(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(expected)?;
    let got = case.input(|f| {
        let limits = match f.value("maxconn") {
            Some(Value::Array(_)) => numbers(f, "maxconn")?,
            Some(limit) => vec![number(limit, "maxconn")?],
            None => Vec::new(),
        };
        let servers = match f.value("servers") {
            Some(Value::Array(servers)) => servers.len(),
            Some(count) => number(count, "servers")?,
            None => numbers::<u32>(f, "weights")?.len(),
        };
        let endpoints = Endpoint::numbered(&vec![1; servers.max(limits.len())]);
        let mut policy = HaproxyFirst::new(limits.first().copied().unwrap_or(0));
        policy.update(&endpoints, Time::ZERO);
        limits.iter().enumerate().for_each(|(place, limit)| policy.set_maxconn(place, *limit));
        if f.value("ops").is_none() {
            return Ok(picks(&mut policy, expected.len()));
        }
        steps(f, &mut policy, &endpoints)
    })?;
    agree("picks", &expected, &got)
}

fn steps(
    f: &Fields<'_>,
    policy: &mut HaproxyFirst,
    endpoints: &[Endpoint],
) -> Read<Vec<Option<usize>>> {
    let mut got = Vec::new();
    for (what, places) in f.each("ops", step)? {
        match (what, &places[..]) {
            ("pick", _) => got.push(pick(policy, &[], Time::ZERO)),
            ("finish", [place]) => policy.ended(&end(endpoints[*place].id, Time::ZERO, Reply::Ok)),
            _ => return Err(format!("{what} is not understood")),
        }
    }
    Ok(got)
}
