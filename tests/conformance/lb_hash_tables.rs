//! How balancers of connections hash: Maglev tables and buckets.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::Time;
use policy::{
    Endpoint, EndpointId, Flow, Policy,
    block::Maglev,
    cilium::maglev as cilium,
    ipvs::{
        dh::IpvsDestinationHash,
        mh::{self, IpvsMaglevHash, MaglevHash},
        sh::{IpvsSourceHash, SourceHash},
    },
    katran::maglev::{self as katran, Real, Version},
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_hash::{addresses, counts, needed, pick},
    lb_wrr::{number, numbers},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "cilium_maglev" => cilium(case),
        "katran_maglev" if case.name.contains("-n") => katran_removal(case),
        "katran_maglev" => katran_table(case),
        "ipvs_sh" => source_hash(case),
        "ipvs_dh" => destination_hash(case),
        "ipvs_mh" => maglev_hash(case),
        _ => case.unknown(),
    }
}

/// The seed of tables in Cilium's default.
const CILIUM_SEED: &str = "JLfvgnHc2kaSUFaI";

/// The seed of tables in the text of a setting: its first four bytes, which six digits of base 64
/// hold.
fn seed(text: &str) -> Read<u32> {
    let digit = |digit: u8| match digit {
        b'A'..=b'Z' => Ok(u64::from(digit - b'A')),
        b'a'..=b'z' => Ok(u64::from(digit - b'a') + 26),
        b'0'..=b'9' => Ok(u64::from(digit - b'0') + 52),
        b'+' => Ok(62),
        b'/' => Ok(63),
        _ => Err(format!("{text} is not in base 64")),
    };
    let digits = text.bytes().take(6).map(digit);
    let bits = digits.reduce(|all, next| Ok((all? << 6) | next?));
    bits.unwrap_or(Ok(0)).map(|bits| (bits >> 4) as u32)
}

fn borrowed(backends: &[(String, u32)]) -> Vec<(&str, u32)> {
    backends.iter().map(|(name, weight)| (name.as_str(), *weight)).collect()
}

/// How many slots that others than this place have change hands where it goes, and how many its own
/// are. Places behind it move up.
fn changes(before: &Maglev, after: &Maglev, removed: usize) -> (usize, usize) {
    let own = before.slots().filter(|place| *place == removed).count();
    let name = |place: usize| if place < removed { place } else { place + 1 };
    let both = before.slots().zip(after.slots());
    let changed = both.filter(|(b, a)| *b != name(*a)).count();
    (changed - own, own)
}

fn without(backends: &[(String, u32)], removed: usize) -> Vec<(String, u32)> {
    let kept = backends.iter().enumerate().filter(|(place, _)| *place != removed);
    kept.map(|(_, backend)| backend.clone()).collect()
}

/// Backends with their numbers, names and weights. They are written in one of three ways.
fn cilium_backends(f: &Fields<'_>) -> Read<Vec<(usize, (String, u32))>> {
    let weight: Option<u32> = f.int("weight")?;
    let weighing = |name| (name, weight.unwrap_or(1));
    if let Some(pattern) = f.text("hash_string_pattern")? {
        let known = "[10.244.{i//250}.{i%250+1}:8080/TCP,State:active], i in 0..n";
        agree("names", &known, &pattern)?;
        let name = |i: usize| format!("[10.244.{}.{}:8080/TCP,State:active]", i / 250, i % 250 + 1);
        return Ok((0..needed(f, "n")?).map(|i| (i, weighing(name(i)))).collect());
    }
    let mut backends = f.objects("backends", |f| {
        let name = f.needed("hash_string", f.text("hash_string")?)?;
        Ok((needed(f, "id")?, (name.to_owned(), needed(f, "weight")?)))
    })?;
    let ids: Vec<usize> = numbers(f, "ids")?;
    backends.extend(ids.into_iter().zip(f.texts("hash_strings")?.into_iter().map(weighing)));
    Ok(backends)
}

fn cilium(case: &Case) -> Result<(), Problem> {
    let (ids, backends, size, seed, removed) = case.input(|f| {
        let (ids, backends): (Vec<usize>, Vec<_>) = cilium_backends(f)?.into_iter().unzip();
        let removed: Option<usize> = f.int("removed")?.or(f.int("remove")?);
        let removed = removed.and_then(|removed| ids.iter().position(|id| *id == removed));
        let seed = seed(f.text("seed_base64")?.unwrap_or(CILIUM_SEED))?;
        Ok((ids, backends, needed(f, "table_size")?, seed, removed))
    })?;
    let table = cilium::table(&borrowed(&backends), size, seed);
    case.expected(|f| {
        let each = counts(table.slots(), ids.len());
        if f.value("counts").is_some() {
            agree("counts", &numbers(f, "counts")?, &each)?;
        }
        let slots: Vec<usize> = table.slots().map(|place| ids[place]).collect();
        let runs = slots.chunk_by(|a, b| a == b);
        let runs: Vec<String> = runs.map(|run| format!("{}({})", run[0], run.len())).collect();
        let written = f.text("table_rle")?;
        agree("table", &written.map(str::to_owned), &written.map(|_| runs.join(",")))?;
        let Some(removed) = removed else { return Ok(()) };
        let after = cilium::table(&borrowed(&without(&backends, removed)), size, seed);
        if f.value("changed").is_some() {
            return removal(f, [&table, &after], removed, &each, ["of_removed", "changed"]);
        }
        let name = "changes_in_surviving_backends_after_removing_1";
        agree(name, &needed(f, name)?, &changes(&table, &after, removed).0)
    })
}

/// What is expected where a place goes: of the table before, and of the changes to the one after.
fn removal(
    f: &Fields<'_>,
    [before, after]: [&Maglev; 2],
    removed: usize,
    each: &[usize],
    [own_name, changed_name]: [&str; 2],
) -> Result<(), Problem> {
    let (moved, own) = changes(before, after, removed);
    agree("least", &Some(needed(f, "min")?), &each.iter().min().copied())?;
    agree("most", &Some(needed(f, "max")?), &each.iter().max().copied())?;
    agree(own_name, &needed(f, own_name)?, &own)?;
    agree(changed_name, &needed(f, changed_name)?, &(moved + own))?;
    let first: Vec<usize> = numbers(f, "first16")?;
    agree("first", &first, &before.slots().take(first.len()).collect())
}

/// FNV-1a of a table, a whole word at a time. The vectors begin it with a number that has lost its
/// last digit, 7.
fn fnv1a(table: &Maglev) -> u64 {
    const BEGIN: u64 = 1_469_598_103_934_665_603;
    let step = |hash: u64, place| (hash ^ place as u64).wrapping_mul(0x100_0000_01b3);
    table.slots().fold(BEGIN, step)
}

fn version(f: &Fields<'_>) -> Read<Version> {
    match needed(f, "version")? {
        1_u32 => Ok(Version::V1),
        2 => Ok(Version::V2),
        other => Err(format!("there is no version {other}")),
    }
}

fn katran_table(case: &Case) -> Result<(), Problem> {
    let got: Vec<usize> = case.input(|f| {
        let reals = f.each("endpoints_num_weight_hash", |value, at| {
            let (place, weight) = (number(&value[0], at)?, number(&value[1], at)?);
            Ok(Real { place, weight, hash: number(&value[2], at)? })
        })?;
        Ok(katran::table(&reals, needed(f, "ring_size")?, version(f)?).slots().collect())
    })?;
    agree("ring", &case.expected(|f| numbers(f, "ring"))?, &got)
}

fn katran_removal(case: &Case) -> Result<(), Problem> {
    let (version, size, count, removed) = case.input(|f| {
        let rule = "num=i, weight=1, hash=i for i in 0..n";
        agree("endpoints", &Some(rule), &f.text("endpoints")?)?;
        let (size, count) = (needed(f, "ring_size")?, needed::<usize>(f, "n")?);
        Ok((version(f)?, size, count, needed(f, "then_remove_index")?))
    })?;
    let mut reals: Vec<Real> =
        (0..count).map(|place| Real { place, weight: 1, hash: place as u64 }).collect();
    let before = katran::table(&reals, size, version);
    reals.remove(removed);
    (0..).zip(&mut reals).for_each(|(place, real)| real.place = place);
    let after = katran::table(&reals, size, version);
    let names = ["entries_of_removed", "entries_changed"];
    case.expected(|f| {
        removal(f, [&before, &after], removed, &counts(before.slots(), count), names)?;
        let digest = f.text("fnv1a64_over_u32_entries")?;
        agree("digest", &digest, &Some(fnv1a(&before).to_string().as_str()))
    })
}

/// A flow from one address to another.
fn flow(source: Ipv4Addr, port: u16, destination: Ipv4Addr) -> Flow {
    let destination = SocketAddrV4::new(destination, 80);
    Flow { source: SocketAddrV4::new(source, port), destination }
}

/// Hands a policy destinations so that they stand in the kernel's list in this order, and picks.
fn kernel_picks(
    policy: &mut dyn Policy,
    destinations: &[(SocketAddrV4, u32)],
    flows: &[Flow],
) -> Vec<Option<usize>> {
    let endpoint = |((address, weight), id): (&(SocketAddrV4, u32), u32)| {
        Endpoint::new(EndpointId(id), *address).weighing(*weight)
    };
    let mut endpoints: Vec<Endpoint> = destinations.iter().zip(0..).map(endpoint).collect();
    endpoints.reverse();
    policy.update(&endpoints, Time::ZERO);
    let picks = flows.iter().map(|flow| pick(policy, *flow, ""));
    picks.map(|place| Some(endpoints[place?].id.0 as usize)).collect()
}

fn weighing(weights: &[u32]) -> Vec<(SocketAddrV4, u32)> {
    let address = |endpoint: Endpoint| (endpoint.address, endpoint.weight);
    Endpoint::numbered(weights).into_iter().map(address).collect()
}

/// The places that are expected, some of which may be nobody.
fn picks(f: &Fields<'_>) -> Read<Vec<Option<usize>>> {
    f.each(
        "picks",
        |value, at| if value.is_null() { Ok(None) } else { number(value, at).map(Some) },
    )
}

fn source_hash(case: &Case) -> Result<(), Problem> {
    let (weights, flows, with_port, fallback) = case.input(|f| {
        let sources = addresses(f, "source_ips")?;
        let mut ports: Vec<u16> = numbers(f, "source_ports")?;
        ports.resize(sources.len(), 0);
        let to = Ipv4Addr::new(10, 96, 0, 1);
        let flows = sources.into_iter().zip(ports).map(|(source, port)| flow(source, port, to));
        let flows: Vec<Flow> = flows.collect();
        let weights: Vec<u32> = numbers(f, "weights_in_list_order")?;
        Ok((weights, flows, f.flag("use_port")?, f.flag("fallback")?))
    })?;
    let mut policy = IpvsSourceHash::new(SourceHash::new(with_port, fallback));
    let got = kernel_picks(&mut policy, &weighing(&weights), &flows);
    let bucket = |flow: &Flow| {
        let port = if with_port { flow.source.port() } else { 0 };
        SourceHash::bucket(u32::from(*flow.source.ip()).wrapping_add(port.into()), 0)
    };
    case.expected(|f| {
        agree("buckets", &numbers(f, "buckets")?, &flows.iter().map(bucket).collect::<Vec<_>>())?;
        agree("picks", &picks(f)?, &got)
    })
}

fn destination_hash(case: &Case) -> Result<(), Problem> {
    let (count, flows) = case.input(|f| {
        let to = |destination| flow(Ipv4Addr::LOCALHOST, 1000, destination);
        let flows: Vec<Flow> = addresses(f, "dest_ips")?.into_iter().map(to).collect();
        Ok((needed::<usize>(f, "n")?, flows))
    })?;
    let destinations = weighing(&vec![1; count]);
    let got = kernel_picks(&mut IpvsDestinationHash::default(), &destinations, &flows);
    agree("picks", &case.expected(picks)?, &got)
}

fn maglev_hash(case: &Case) -> Result<(), Problem> {
    let (destinations, size) = case.input(|f| {
        f.ignore(&["note"]);
        let addresses = f.each("dests_in_list_order", |value, at| {
            let address = value[0].as_str().and_then(|text| text.parse().ok());
            let address: Ipv4Addr = address.ok_or_else(|| format!("{at}: an address is wanted"))?;
            Ok(SocketAddrV4::new(address, number(&value[1], at)?))
        })?;
        let weights: Vec<u32> = numbers(f, "weights")?;
        let destinations: Vec<(SocketAddrV4, u32)> = addresses.into_iter().zip(weights).collect();
        Ok((destinations, needed::<usize>(f, "table_size")?))
    })?;
    let index = (8..=17).find(|index| mh::size(*index) == size);
    let index = index.ok_or_else(|| format!("no kernel has {size} slots"))?;
    let table = mh::table(&destinations, index);
    let mut policy = IpvsMaglevHash::new(MaglevHash::new(false, false, index));
    case.expected(|f| {
        let preferences = f.each("offset_skip", |value, at| {
            Ok((number::<usize>(&value[0], at)?, number::<usize>(&value[1], at)?))
        })?;
        let preference = |(address, _): &(SocketAddrV4, u32)| {
            let preference = mh::preference(0, *address, size);
            (preference.offset, preference.skip)
        };
        agree("preferences", &preferences, &destinations.iter().map(preference).collect())?;
        agree("counts", &numbers(f, "counts")?, &counts(table.slots(), destinations.len()))?;
        let first: Vec<usize> = numbers(f, "table_first32")?;
        agree("first slots", &first, &table.slots().take(first.len()).collect())?;
        f.object("picks_for_source_ips", |f| {
            f.rest().into_iter().try_for_each(|(source, expected)| {
                let source: Ipv4Addr = source.parse().map_err(|e| format!("{source}: {e}"))?;
                let flows = [flow(source, 0, Ipv4Addr::new(10, 96, 0, 1))];
                let got = kernel_picks(&mut policy, &destinations, &flows);
                agree("pick", &vec![expected.as_u64().map(|place| place as usize)], &got)
            })
        })
    })
}
