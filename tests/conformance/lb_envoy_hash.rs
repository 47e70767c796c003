//! How Envoy's hashing policies choose among hosts.

use policy::{
    block::Maglev,
    envoy::{
        bounded_load::{Limit, Shuffle, choose},
        maglev,
        normalized::{Host, normalized},
        ring_hash::{self, HashFunction},
    },
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_hash::{decimal, needed},
    lb_wrr::{number, numbers},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "envoy_maglev" if case.name.contains("remove") => maglev_removal(case),
        "envoy_maglev" => maglev_table(case),
        "envoy_ring_hash" => ring(case),
        "envoy_bounded_load" if case.name.contains("shuffle") => shuffle(case),
        "envoy_bounded_load" if case.name.contains("slots") => slots(case),
        "envoy_bounded_load" => bounded(case),
        _ => case.unknown(),
    }
}

/// A number of 64 bits, which is written as a text.
fn hash(value: &Value, at: &str) -> Read<u64> {
    let number = value.as_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("{at}: a hash in digits is wanted"))
}

/// Hosts with their names, and their weights, which add up to 1.
fn hosts(f: &Fields<'_>) -> Read<Vec<(String, f64)>> {
    let localities = f.object_if_any("locality_weights", |f| {
        let weight = |(name, value): (&str, &Value)| Ok((name.to_owned(), number(value, name)?));
        f.rest().into_iter().map(weight).collect::<Read<Vec<(String, u32)>>>()
    })?;
    let localities = localities.unwrap_or_else(|| vec![(String::new(), 1)]);
    let named = f.objects("hosts", |f| {
        let locality = f.text_or_empty("locality")?;
        let place = localities.iter().position(|(name, _)| name == locality);
        let locality = place.ok_or_else(|| format!("{locality}: no such locality"))?;
        let name = f.needed("key", f.text("key")?)?;
        Ok((name.to_owned(), Host { weight: needed(f, "weight")?, locality }))
    })?;
    let (names, hosts): (Vec<String>, Vec<Host>) = named.into_iter().unzip();
    let weights: Vec<u32> = localities.into_iter().map(|(_, weight)| weight).collect();
    Ok(names.into_iter().zip(normalized(&hosts, &weights)).collect())
}

fn borrowed(hosts: &[(String, f64)]) -> Vec<(&str, f64)> {
    hosts.iter().map(|(name, weight)| (name.as_str(), *weight)).collect()
}

/// The least and the most that a host has; one without weight takes no part.
fn extremes(of: impl Iterator<Item = usize>, hosts: &[(&str, f64)]) -> (usize, usize) {
    let mut counts = vec![0; hosts.len()];
    of.for_each(|place| counts[place] += 1);
    let taking = counts.iter().zip(hosts).filter(|(_, (_, weight))| *weight > 0.0);
    let counts: Vec<usize> = taking.map(|(count, _)| *count).collect();
    (counts.iter().copied().min().unwrap_or(0), counts.iter().copied().max().unwrap_or(0))
}

/// What is looked up: a hash, or a hash and which attempt it is.
fn lookups(f: &Fields<'_>) -> Read<Vec<(u64, usize)>> {
    f.each("lookups", |value, at| match value {
        Value::Array(both) if both.len() == 2 => Ok((hash(&both[0], at)?, number(&both[1], at)?)),
        _ => Ok((hash(value, at)?, 0)),
    })
}

fn maglev_table(case: &Case) -> Result<(), Problem> {
    let (hosts, size, lookups) =
        case.input(|f| Ok((hosts(f)?, needed::<usize>(f, "table_size")?, lookups(f)?)))?;
    let hosts = borrowed(&hosts);
    let table = maglev::table(&hosts, size);
    let (least, most) = extremes(table.slots(), &hosts);
    case.expected(|f| {
        agree("table", &numbers(f, "table")?, &table.slots().collect::<Vec<usize>>())?;
        agree("least", &needed(f, "min_entries_per_host")?, &least)?;
        agree("most", &needed(f, "max_entries_per_host")?, &most)?;
        let find = |(hash, attempt): &(u64, usize)| maglev::find(&table, *hash, *attempt);
        let picks: Option<Vec<usize>> = lookups.iter().map(find).collect();
        agree("picks", &Some(numbers(f, "picks")?), &picks)
    })
}

fn maglev_removal(case: &Case) -> Result<(), Problem> {
    let (count, removed, size) = case.input(|f| {
        agree("hosts", &Some("10.0.{i//256}.{i%256}:80 for i in 0..n"), &f.text("hosts_pattern")?)?;
        Ok((
            needed::<usize>(f, "n")?,
            needed::<usize>(f, "remove_index")?,
            needed(f, "table_size")?,
        ))
    })?;
    let names: Vec<String> =
        (0..count).map(|i| format!("10.0.{}.{}:80", i / 256, i % 256)).collect();
    let even = |names: Vec<&str>| -> Maglev {
        let weight = 1.0 / names.len() as f64;
        maglev::table(&names.into_iter().map(|name| (name, weight)).collect::<Vec<_>>(), size)
    };
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let left: Vec<&str> = all.iter().copied().filter(|name| *name != all[removed]).collect();
    let (before, after) = (even(all.clone()), even(left.clone()));
    let hosts: Vec<(&str, f64)> = all.iter().map(|name| (*name, 1.0)).collect();
    let (least, most) = extremes(before.slots(), &hosts);
    let own = before.slots().filter(|place| *place == removed).count();
    let changed = before.slots().zip(after.slots()).filter(|(b, a)| all[*b] != left[*a]).count();
    case.expected(|f| {
        let name = "sha256_table_before(keys joined by \\n)";
        agree(name, &f.text(name)?, &Some(digest(&before, &all).as_str()))?;
        let name = "sha256_table_after";
        agree(name, &f.text(name)?, &Some(digest(&after, &left).as_str()))?;
        agree("own", &needed(f, "entries_of_removed")?, &own)?;
        agree("changed", &needed(f, "entries_changed")?, &changed)?;
        agree("excess", &needed(f, "excess_disruption_entries")?, &(changed - own))?;
        agree("least", &needed(f, "min_entries")?, &least)?;
        agree("most", &needed(f, "max_entries")?, &most)
    })
}

/// The digest of the names in a table, a line each.
fn digest(table: &Maglev, names: &[&str]) -> String {
    let names: Vec<&str> = table.slots().map(|place| names[place]).collect();
    let bytes = hmac_sha256::Hash::hash(names.join("\n").as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ring(case: &Case) -> Result<(), Problem> {
    let (hosts, sizes, function, lookups) = case.input(|f| {
        let sizes = (needed(f, "minimum_ring_size")?, needed(f, "maximum_ring_size")?);
        let function = match f.text("hash_function")? {
            Some("XX_HASH") => HashFunction::XxHash,
            Some("MURMUR_HASH_2") => HashFunction::MurmurHash2,
            other => return Err(format!("no such function: {other:?}")),
        };
        Ok((hosts(f)?, sizes, function, lookups(f)?))
    })?;
    let hosts = borrowed(&hosts);
    let ring = ring_hash::ring(&hosts, sizes, function);
    let (least, most) = extremes(ring.points().map(|(_, place)| place), &hosts);
    case.expected(|f| {
        let points = f.each("ring", |value, at| Ok((hash(&value[0], at)?, number(&value[1], at)?)));
        agree("ring", &points?, &ring.points().collect::<Vec<_>>())?;
        agree("size", &needed(f, "size")?, &ring.len())?;
        agree("least", &needed(f, "min_hashes_per_host")?, &least)?;
        agree("most", &needed(f, "max_hashes_per_host")?, &most)?;
        let find = |(hash, attempt): &(u64, usize)| ring_hash::find(&ring, *hash, *attempt);
        let picks: Option<Vec<usize>> = lookups.iter().map(find).collect();
        agree("picks", &Some(numbers(f, "picks")?), &picks)
    })
}

fn shuffle(case: &Case) -> Result<(), Problem> {
    let (seed, count) = case.input(|f| Ok((needed(f, "seed")?, needed::<usize>(f, "n")?)))?;
    let (mut order, mut shuffle): (Vec<usize>, _) = ((0..count).collect(), Shuffle::new(seed));
    for step in 0..count {
        shuffle.next(&mut order, step);
    }
    agree("sequence", &case.expected(|f| numbers(f, "sequence"))?, &order)
}

fn slots(case: &Case) -> Result<(), Problem> {
    let (limit, active): (Limit, u32) = case.input(|f| {
        let (factor, all) = (needed(f, "hash_balance_factor")?, needed(f, "overall_active")?);
        Ok((Limit::of(factor, all, decimal(f, "normalized_weight")?), needed(f, "host_active")?))
    })?;
    let overload = limit.overload(active);
    case.expected(|f| {
        agree("total slots", &needed(f, "total_slots")?, &limit.total_slots)?;
        agree("slots", &needed(f, "slots")?, &limit.slots)?;
        agree("overloaded", &f.flag("overloaded")?, &(overload > 1.0))?;
        let expected = decimal(f, "overload_factor")?;
        let close = (expected - overload).abs() <= 1e-12;
        if close { Ok(()) } else { Err(format!("overload: expected {expected}, got {overload}")) }
    })
}

fn bounded(case: &Case) -> Result<(), Problem> {
    let got: usize = case.input(|f| {
        let count: u32 = needed(f, "n_hosts")?;
        let hash: u64 = needed(f, "hash")?;
        let first = match f.text("ring_maps_hash_to_host")?.unwrap_or_default() {
            "hash" => hash,
            text => match (text.strip_prefix("hash//"), text.strip_prefix("hash%")) {
                (Some(by), _) => hash / by.parse::<u64>().map_err(|e| format!("{text}: {e}"))?,
                (_, Some(by)) => hash % by.parse::<u64>().map_err(|e| format!("{text}: {e}"))?,
                _ => return Err(format!("no such rule: {text}")),
            },
        };
        let factors = f.each("overload_factor", |value, at| {
            value.as_f64().ok_or_else(|| format!("{at}: a number is wanted"))
        })?;
        let hosts: Vec<u32> = (0..count).collect();
        Ok(choose(hash, first as usize, &hosts, &mut Vec::new(), |place| factors[place]))
    })?;
    agree("host", &case.expected(|f| needed(f, "host"))?, &got)
}
