//! How balancers hash: rings, scores and subsets. Tables and proxies are in files of their own.

use std::{collections::BTreeMap, net::Ipv4Addr};

use engine::{Streams, Time};
use policy::{
    Endpoint, EndpointId, Flow, PickContext, Policy,
    block::subset::{deterministic_subset, random_subset, shuffled},
    bounded_load::ring as bounded,
    grpc::ring_hash,
    ketama::continuum,
    traefik::hrw::Servers,
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_hash_proxies, lb_hash_tables,
    lb_wrr::{nginx_least_conn, number, numbers},
};

/// Numbers that were computed with other roundings.
const TOLERANCE: f64 = 1e-9;

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "nginx_least_conn" => nginx_least_conn(case),
        "ketama" => ketama(case),
        "grpc_ring_hash" => grpc(case),
        "grpc_random_subsetting" => random_subsets(case),
        "deterministic_subsetting" => deterministic_subsets(case),
        "traefik_hrw" => traefik(case),
        "bounded_load_generic" => bounded_load(case),
        test if test.starts_with("nginx_") => lb_hash_proxies::check(case),
        test if test.starts_with("haproxy_") => lb_hash_proxies::check(case),
        _ => lb_hash_tables::check(case),
    }
}

/// A number that must be there.
pub(crate) fn needed<T: TryFrom<u64>>(f: &Fields<'_>, name: &str) -> Read<T> {
    number(f.needed(name, f.value(name))?, name)
}

/// A number that need not be whole and must be there.
pub(crate) fn decimal(f: &Fields<'_>, name: &str) -> Read<f64> {
    f.needed(name, f.value(name).and_then(Value::as_f64))
}

/// Endpoints at these addresses, `address:port`, of these weights.
pub(crate) fn endpoints(addresses: &[String], weights: &[u32]) -> Read<Vec<Endpoint>> {
    let endpoint = |((address, weight), id): ((&String, &u32), u32)| {
        let address = address.parse().map_err(|e| format!("{address}: {e}"))?;
        Ok(Endpoint::new(EndpointId(id), address).weighing(*weight))
    };
    addresses.iter().zip(weights).zip(0..).map(endpoint).collect()
}

/// Addresses of a list of texts.
pub(crate) fn addresses(f: &Fields<'_>, name: &str) -> Read<Vec<Ipv4Addr>> {
    let parse = |text: String| text.parse().map_err(|e| format!("{text}: {e}"));
    f.texts(name)?.into_iter().map(parse).collect()
}

/// The place that a policy picks for a connection and a key.
pub(crate) fn pick(policy: &mut dyn Policy, flow: Flow, key: &str) -> Option<usize> {
    let mut random = Streams::new(1).named("unused");
    let mut context = PickContext::new(Time::ZERO, &mut random);
    (context.flow, context.key) = (flow, key.as_bytes());
    policy.pick(&mut context)
}

/// How often each of so many places comes up.
pub(crate) fn counts(places: impl Iterator<Item = usize>, of: usize) -> Vec<usize> {
    let mut counts = vec![0; of];
    places.for_each(|place| counts[place] += 1);
    counts
}

/// Names with numbers, as pairs of a list.
fn pairs(f: &Fields<'_>, name: &str) -> Read<Vec<(String, u32)>> {
    f.each(name, |value, at| {
        let name = value[0].as_str().ok_or_else(|| format!("{at}: a name is wanted"))?;
        Ok((name.to_owned(), number(&value[1], at)?))
    })
}

fn borrowed(pairs: &[(String, u32)]) -> Vec<(&str, u32)> {
    pairs.iter().map(|(name, weight)| (name.as_str(), *weight)).collect()
}

fn ketama(case: &Case) -> Result<(), Problem> {
    let (servers, keys) = case.input(|f| Ok((pairs(f, "servers")?, f.texts("keys")?)))?;
    let ring = continuum::ring(&borrowed(&servers));
    let picks = keys.iter().map(|key| ring.find(continuum::hash(key.as_bytes())));
    case.expected(|f| {
        agree("points", &needed(f, "n_points")?, &ring.len())?;
        let each = counts(ring.points().map(|(_, place)| place), servers.len());
        agree("points of each", &numbers(f, "points_per_server")?, &each)?;
        let first: Vec<(u32, usize)> = f.each("first_points", |value, at| {
            Ok((number(&value[0], at)?, number(&value[1], at)?))
        })?;
        agree("first points", &first, &ring.points().take(first.len()).collect())?;
        agree("picks", &Some(numbers(f, "picks")?), &picks.collect::<Option<Vec<usize>>>())
    })
}

fn grpc(case: &Case) -> Result<(), Problem> {
    let (listed, sizes) = case.input(|f| {
        let sizes = (needed(f, "min_ring_size")?, needed(f, "max_ring_size")?);
        Ok((pairs(f, "endpoints")?, sizes))
    })?;
    let ring = ring_hash::ring(&borrowed(&listed), sizes);
    case.expected(|f| {
        agree("size", &needed(f, "size")?, &ring.len())?;
        let each = counts(ring.points().map(|(_, place)| place), listed.len());
        agree("counts", &numbers(f, "counts")?, &each)?;
        f.object("picks_for_hash_of", |f| {
            f.rest().into_iter().try_for_each(|(key, expected)| {
                let place = ring.find(ring_hash::hash(key.as_bytes()));
                let name = place.map(|place| listed[place].0.as_str());
                agree(key, &expected.as_str(), &name)
            })
        })
    })
}

fn random_subsets(case: &Case) -> Result<(), Problem> {
    let (all, seed, size, removed) = case.input(|f| {
        let removed = f.text_or_empty("removed")?;
        Ok((f.texts("addresses")?, needed(f, "seed")?, needed(f, "subset_size")?, removed))
    })?;
    let subset = |addresses: &[String]| -> Read<Vec<String>> {
        let list = endpoints(addresses, &vec![1; addresses.len()])?;
        let places = random_subset(&list, size, seed).into_iter();
        Ok(places.map(|place| addresses[place].clone()).collect())
    };
    let before = subset(&all)?;
    let left: Vec<String> = all.into_iter().filter(|address| address != removed).collect();
    let after = subset(&left)?;
    let moved = after.iter().filter(|address| !before.contains(address)).count();
    case.expected(|f| {
        agree("subset", &f.texts("subset_sorted_by_hash")?, &before)?;
        agree("subset after", &f.texts("subset_after_removing_first")?, &after)?;
        agree("moved", &needed(f, "moved")?, &moved)
    })
}

fn deterministic_subsets(case: &Case) -> Result<(), Problem> {
    let (backends, size, clients) = case.input(|f| {
        let backends: usize = needed(f, "backends")?;
        // The book's shuffle is Python's, of version 2.
        let name = "round_permutations_(python2 shuffle seeded by round; given so no MT is needed)";
        f.object(name, |f| {
            f.rest().into_iter().try_for_each(|(round, order)| {
                let order = order.as_array().into_iter().flatten();
                let order: Read<Vec<usize>> = order.map(|value| number(value, round)).collect();
                let round = round.parse().map_err(|e| format!("{round}: {e}"))?;
                agree("order of a round", &order?, &shuffled(backends, round))
            })
        })?;
        Ok((backends, needed(f, "subset_size")?, needed::<u32>(f, "clients")?))
    })?;
    let subsets: Vec<Vec<usize>> =
        (0..clients).map(|client| deterministic_subset(backends, size, client)).collect();
    let each = counts(subsets.iter().flatten().copied(), backends);
    case.expected(|f| {
        let expected = f.each("subsets_by_client", |value, at| {
            let places = value.as_array().ok_or_else(|| format!("{at}: a list is wanted"))?;
            places.iter().map(|place| number(place, at)).collect::<Read<Vec<usize>>>()
        });
        agree("subsets", &expected?, &subsets)?;
        let (least, most) = (each.iter().min().copied(), each.iter().max().copied());
        agree("least", &Some(needed(f, "connections_per_backend_min")?), &least)?;
        agree("most", &Some(needed(f, "connections_per_backend_max")?), &most)
    })
}

fn traefik(case: &Case) -> Result<(), Problem> {
    let (names, weights, sources) = case.input(|f| {
        let weight =
            |value: &Value, at: &str| value.as_f64().ok_or_else(|| format!("{at}: a number"));
        Ok((f.texts("names")?, f.each("weights", weight)?, addresses(f, "sources")?))
    })?;
    let policy = Servers::new(names.into_iter().zip(weights).collect());
    let picks: Option<Vec<usize>> = sources.iter().map(|source| policy.best(*source)).collect();
    case.expected(|f| {
        agree("picks", &Some(numbers(f, "picks")?), &picks)?;
        let first = sources.first().ok_or("there is no source")?;
        let scores: Vec<f64> = policy.scores(*first).collect();
        let expected = f.each("scores_first_source", |value, at| {
            value.as_f64().ok_or_else(|| format!("{at}: a number is wanted"))
        })?;
        let close = |(wanted, got): (&f64, &f64)| (wanted - got).abs() <= TOLERANCE * wanted.abs();
        let all = expected.len() == scores.len() && expected.iter().zip(&scores).all(close);
        if all { Ok(()) } else { Err(format!("scores: expected {expected:?}, got {scores:?}")) }
    })
}

fn bounded_load(case: &Case) -> Result<(), Problem> {
    let (count, points, c, keys) = case.input(|f| {
        for (name, rule) in [
            ("point_hash", "xxh64('s{i}_{j}',0)"),
            ("key_hash", "xxh64('key-{b}',0)"),
            ("cap_at_arrival_b", "ceil(c*(b+1)/n)"),
        ] {
            agree(name, &Some(rule), &f.text(name)?)?;
        }
        let count: usize = needed(f, "n")?;
        Ok((count, needed(f, "vnodes")?, decimal(f, "c")?, needed::<u32>(f, "keys")?))
    })?;
    let names: BTreeMap<usize, String> = (0..count).map(|i| (i, format!("s{i}"))).collect();
    let named: Vec<(usize, &str)> = names.iter().map(|(i, name)| (*i, name.as_str())).collect();
    let ring = bounded::ring(&named, points);
    let mut loads = vec![0_u32; count];
    let mut assignment = Vec::new();
    for number in 0..keys {
        let hash = bounded::hash(format!("key-{number}").as_bytes());
        let bound = bounded::bound(c, number + 1, count);
        let place = bounded::first_below(&ring, hash, &loads, bound).ok_or("nobody has room")?;
        loads[place] += 1;
        assignment.push(place);
    }
    case.expected(|f| {
        agree("assignment", &numbers(f, "assignment")?, &assignment)?;
        agree("loads", &numbers(f, "loads")?, &loads)?;
        agree("bound", &needed(f, "max_load_bound")?, &bounded::bound(c, keys, count))
    })
}
