//! How balancers take turns: NGINX, Envoy, gRPC and Traefik. HAProxy and IPVS are in files of their own.

use engine::{Span, Streams, Time};
use policy::{
    Ended, Endpoint, EndpointId, PickContext, Policy, Reply,
    block::{Edf, Scaling, StaticStride, Ties, next_number},
    envoy::round_robin::EnvoyRoundRobin,
    nginx::{least_conn::NginxLeastConn, peers::Peers, round_robin::NginxRoundRobin},
    traefik::wrr::TraefikWrr,
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_wrr_haproxy, lb_wrr_ipvs,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "nginx_smooth_wrr" => turns(case, NginxRoundRobin::new(servers())),
        "nginx_smooth_wrr_failures" => nginx_failures(case),
        "traefik_wrr" => turns(case, TraefikWrr::default()),
        "edf" => edf(case),
        "envoy_edf_wrr" => envoy(case),
        "grpc_static_stride" => stride(case),
        test if test.starts_with("haproxy_") => lb_wrr_haproxy::check(case),
        test if test.starts_with("ipvs_") => lb_wrr_ipvs::check(case),
        _ => case.unknown(),
    }
}

pub(crate) fn number<T: TryFrom<u64>>(value: &Value, at: &str) -> Read<T> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("{at}: a number that fits is wanted"))
}

pub(crate) fn numbers<T: TryFrom<u64>>(f: &Fields<'_>, name: &str) -> Read<Vec<T>> {
    f.each(name, number)
}

/// A step of a script: what is done, and the numbers behind it.
pub(crate) fn step<'a>(value: &'a Value, at: &str) -> Read<(&'a str, Vec<usize>)> {
    let step = value.as_array().and_then(|step| step.split_first());
    let (what, rest) = step.ok_or_else(|| format!("{at}: a step is wanted"))?;
    let what = what.as_str().ok_or_else(|| format!("{at}: what is done?"))?;
    // Nobody is picked where everybody is full.
    let rest = rest.iter().filter(|value| !value.is_null());
    Ok((what, rest.map(|value| number(value, at)).collect::<Read<_>>()?))
}

/// The next places of a policy that needs no chance; nobody is `None`.
pub(crate) fn picks(policy: &mut impl Policy, count: usize) -> Vec<Option<usize>> {
    (0..count).map(|_| pick(policy, &[], Time::ZERO)).collect()
}

/// The next place of a policy that needs no chance.
pub(crate) fn pick(policy: &mut impl Policy, tried: &[EndpointId], now: Time) -> Option<usize> {
    let mut random = Streams::new(1).named("unused");
    let mut context = PickContext::new(now, &mut random);
    context.tried = tried;
    policy.pick(&mut context)
}

/// The end of a pick.
pub(crate) fn end(endpoint: EndpointId, now: Time, reply: Reply) -> Ended {
    Ended { endpoint, now, latency: Span::ZERO, reply, report: None }
}

/// The places that are expected, some of which may be nobody.
pub(crate) fn expected(f: &Fields<'_>) -> Read<Vec<Option<usize>>> {
    f.each(
        "picks",
        |value, at| if value.is_null() { Ok(None) } else { number(value, at).map(Some) },
    )
}

/// As many turns as are expected, of these weights.
pub(crate) fn turns(case: &Case, mut policy: impl Policy) -> Result<(), Problem> {
    let weights: Vec<u32> = case.input(|f| numbers(f, "weights"))?;
    policy.update(&Endpoint::numbered(&weights), Time::ZERO);
    let expected = case.expected(expected)?;
    agree("picks", &expected, &picks(&mut policy, expected.len()))
}

fn servers() -> Peers {
    Peers::new(1, Span::from_secs(10))
}

fn nginx_failures(case: &Case) -> Result<(), Problem> {
    let (servers, fail_timeout, requests) = case.input(|f| {
        let server = |f: &Fields<'_>| {
            let (weight, max_fails) = (f.int("weight")?, f.int("max_fails")?);
            Ok((weight.unwrap_or(1_u32), max_fails.unwrap_or(1_u32), f.flag("dead")?))
        };
        let fail_timeout = f.int_or_zero::<u32>("fail_timeout_s")?;
        Ok((f.objects("servers", server)?, fail_timeout, f.int_or_zero::<u32>("requests")?))
    })?;
    let weights: Vec<u32> = servers.iter().map(|(weight, ..)| *weight).collect();
    let endpoints = Endpoint::numbered(&weights);
    let mut peers = Peers::new(1, Span::from_secs(u64::from(fail_timeout)));
    peers.update(&endpoints, Time::ZERO);
    for (place, (_, max_fails, _)) in servers.iter().enumerate() {
        peers.set_max_fails(place, *max_fails);
    }
    let mut request = || {
        let (mut random, mut tried) = (Streams::new(1).named("unused"), Vec::new());
        loop {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = &tried;
            let Some(place) = peers.round_robin(&context) else { break };
            let (id, dead) = (endpoints[place].id, servers[place].2);
            tried.push(id);
            peers.ended(&end(id, Time::ZERO, if dead { Reply::Failed } else { Reply::Ok }));
            if !dead {
                break;
            }
        }
        tried.into_iter().map(|id| id.0 as usize).collect::<Vec<usize>>()
    };
    let got: Vec<Vec<usize>> = (0..requests).map(|_| request()).collect();
    agree("tries", &case.expected(|f| lists(f, "tries_per_request"))?, &got)
}

/// A list of lists of places.
pub(crate) fn lists(f: &Fields<'_>, name: &str) -> Read<Vec<Vec<usize>>> {
    f.each(name, |value, at| {
        let list = value.as_array().ok_or_else(|| format!("{at}: a list is wanted"))?;
        list.iter().map(|value| number(value, at)).collect()
    })
}

/// A case of lb_hash: requests begin and finish.
pub(crate) fn nginx_least_conn(case: &Case) -> Result<(), Problem> {
    let got: Vec<Option<usize>> = case.input(|f| {
        let endpoints = Endpoint::numbered(&numbers::<u32>(f, "weights")?);
        let mut policy = NginxLeastConn::new(servers());
        policy.update(&endpoints, Time::ZERO);
        let steps = f.each("ops", step)?;
        let mut got = Vec::new();
        for (what, places) in steps {
            match what {
                "pick" => got.push(pick(&mut policy, &[], Time::ZERO)),
                "finish" => policy.ended(&end(endpoints[places[0]].id, Time::ZERO, Reply::Ok)),
                other => return Err(format!("{other} is not understood")),
            }
        }
        Ok(got)
    })?;
    agree("picks", &case.expected(expected)?, &got)
}

fn edf(case: &Case) -> Result<(), Problem> {
    let weights: Vec<f64> = case.input(|f| f.each("weights", real))?;
    let mut scheduler = Edf::new(Ties::Added);
    weights.iter().enumerate().for_each(|(place, weight)| scheduler.add(place, *weight));
    let expected = case.expected(expected)?;
    let got = expected.iter().map(|_| scheduler.pick(|place| weights[place])).collect();
    agree("picks", &expected, &got)
}

fn real(value: &Value, at: &str) -> Read<f64> {
    value.as_f64().ok_or_else(|| format!("{at}: a number is wanted"))
}

fn envoy(case: &Case) -> Result<(), Problem> {
    let seeds: Option<Vec<u64>> = case.input(|f| {
        // Read again below; here it says which kind of case it is.
        f.ignore(&["weights", "seed", "hosts", "picks", "phases", "first_pick_only"]);
        f.value("seeds").map(|_| numbers(f, "seeds")).transpose()
    })?;
    match seeds {
        Some(seeds) => envoy_first_picks(case, &seeds),
        None => envoy_picks(case),
    }
}

fn envoy_first_picks(case: &Case, seeds: &[u64]) -> Result<(), Problem> {
    let weights: Vec<u32> = case.input(|f| {
        f.ignore(&["seeds"]);
        let first = f.flag("first_pick_only")?;
        if first { numbers(f, "weights") } else { Err("more than the first picks".to_owned()) }
    })?;
    let endpoints = Endpoint::numbered(&weights);
    let first = |seed: &u64| {
        let mut policy = EnvoyRoundRobin::new(*seed);
        policy.update(&endpoints, Time::ZERO);
        pick(&mut policy, &[], Time::ZERO).ok_or_else(|| "no pick".to_owned())
    };
    let firsts: Vec<usize> = seeds.iter().map(first).collect::<Read<_>>()?;
    let count = |place| firsts.iter().filter(|first| **first == place).count();
    case.expected(|f| {
        agree("counts", &numbers(f, "counts")?, &(0..weights.len()).map(count).collect())?;
        agree("first picks", &numbers(f, "first_picks_by_seed(port)")?, &firsts)
    })
}

/// Hosts with the numbers they go by.
fn hosts(f: &Fields<'_>) -> Read<Vec<Endpoint>> {
    let ids = f.objects("hosts", |f| {
        let id: Option<u32> = f.int("id")?;
        Ok((f.needed("id", id)?, f.int::<u32>("weight")?.unwrap_or(1)))
    })?;
    let host = |(id, weight): &(u32, u32)| Endpoint {
        id: EndpointId(*id),
        ..Endpoint::numbered(&[*weight])[0]
    };
    Ok(ids.iter().map(host).collect())
}

fn envoy_picks(case: &Case) -> Result<(), Problem> {
    let by_phase: Option<Vec<Vec<usize>>> = case.expected(|f| {
        f.ignore(&["picks"]);
        f.value("picks_per_phase").map(|_| lists(f, "picks_per_phase")).transpose()
    })?;
    let expected = match by_phase {
        Some(lists) => lists,
        None => vec![case.expected(|f| numbers(f, "picks"))?],
    };
    let got: Vec<Vec<usize>> = case.input(|f| {
        let mut policy = EnvoyRoundRobin::new(f.int_or_zero("seed")?);
        let mut phase = |f: &Fields<'_>, endpoints: &[Endpoint], otherwise: usize| {
            let in_place = f.text_or_empty("event")?.contains("no rebuild");
            if in_place {
                policy.reweighed(endpoints, Time::ZERO);
            } else {
                policy.update(endpoints, Time::ZERO);
            }
            let count = f.int::<u32>("picks")?.map_or(otherwise, |count| count as usize);
            let got = picks(&mut policy, count);
            Ok(got.into_iter().flatten().map(|place| endpoints[place].id.0 as usize).collect())
        };
        if f.value("phases").is_some() {
            return f.objects("phases", |f| phase(f, &hosts(f)?, 0));
        }
        let endpoints = match f.value("hosts") {
            Some(_) => hosts(f)?,
            None => Endpoint::numbered(&numbers::<u32>(f, "weights")?),
        };
        Ok(vec![phase(f, &endpoints, expected[0].len())?])
    })?;
    agree("picks", &expected, &got)
}

fn stride(case: &Case) -> Result<(), Problem> {
    let (weights, mut sequence, scaling, count) = case.input(|f| {
        let scaling = match f.text_or_empty("variant")? {
            variant if variant.starts_with("go") => Scaling::Go,
            variant if variant.starts_with("c++") => Scaling::Cpp,
            other => return Err(format!("{other} is neither Go nor C++")),
        };
        let start = f.int_or_zero::<u32>("start_sequence")?;
        Ok((f.each("weights", real)?, start, scaling, f.int::<u32>("picks")?))
    })?;
    let mut scheduler = StaticStride::default();
    let weighted = scheduler.scale(&weights, scaling);
    case.expected(|f| {
        let kind = if weighted { "edf" } else { "rr" };
        if let Some(expected) = f.text("scheduler")? {
            let none = expected.starts_with("none");
            agree("scheduler", &expected, &if none && !weighted { expected } else { kind })?;
        }
        if f.value("scaled_weights").is_some() {
            agree("weights", &numbers(f, "scaled_weights")?, &scheduler.weights().to_vec())?;
        }
        let picks: Vec<usize> = numbers(f, "picks")?;
        let mut next = || match weighted {
            true => scheduler.next(&mut sequence),
            false => next_number(&mut sequence) as usize % weights.len(),
        };
        let count = count.map_or(picks.len(), |count| count as usize);
        let got: Vec<usize> = (0..count).map(|_| next()).collect();
        if f.value("picks").is_some() {
            agree("picks", &picks, &got)?;
        }
        let times = |place: usize| got.iter().filter(|pick| **pick == place).count();
        if f.value("counts").is_some() {
            agree("counts", &numbers(f, "counts")?, &(0..weights.len()).map(times).collect())?;
        }
        if f.value("sequence_after").is_some() {
            agree("sequence", &f.int("sequence_after")?, &Some(sequence))?;
        }
        for (name, value) in f.rest() {
            let place = name.strip_prefix("count_of_index_").and_then(|place| place.parse().ok());
            let place = place.ok_or_else(|| format!("{name} is not understood"))?;
            agree(name, &number(value, name)?, &times(place))?;
        }
        Ok(())
    })
}
