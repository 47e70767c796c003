//! How a node's kernel chooses among endpoints.

use std::net::{IpAddr, Ipv4Addr};

use data_plane::{
    endpoints::{EndpointInfo, Place, ServiceInfo, categorize_endpoints},
    proxy::{affinity::Affinity, mode::Mode},
};
use engine::{Span, Time};
use policy::{
    Endpoint, Policy,
    cilium::random::CiliumRandom,
    kube_proxy::{
        iptables::{IptablesCascade, kernel_thresholds, rule_probabilities},
        nftables::NftablesNumgen,
    },
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::address,
};

/// Numbers that were computed with other roundings.
const TOLERANCE: f64 = 1e-12;

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "kubeproxy_iptables" if case.name.contains("scripted") => iptables_picks(case),
        "kubeproxy_iptables" => iptables_rules(case),
        "kubeproxy_nftables" => nftables(case),
        "cilium_random" => cilium(case),
        "kubeproxy_clientip" if case.name.contains("overflow") => affinity_overflow(case),
        "kubeproxy_clientip" => affinity(case),
        "kubeproxy_topology" => topology(case),
        _ => case.unknown(),
    }
}

/// A policy that was told of `n` endpoints.
fn with<P: Policy + Default>(n: u32) -> P {
    let mut policy = P::default();
    policy.update(&Endpoint::numbered(&vec![1; n as usize]), Time::ZERO);
    policy
}

fn iptables_rules(case: &Case) -> Result<(), Problem> {
    let n: u32 = case.input(|f| f.int_or_zero("endpoints"))?;
    let (probabilities, thresholds) =
        (rule_probabilities(n as usize), kernel_thresholds(n as usize));
    let cascade: IptablesCascade = with(n);
    let even = 1.0 / f64::from(n);
    let deviations = cascade.shares().into_iter().map(|share| (share / even - 1.0).abs());
    let deviation = deviations.fold(0.0, f64::max);
    case.expected(|f| {
        let listed = f.texts("rule_probabilities")?;
        agree("probabilities", &listed, &shortened(&probabilities, &listed))?;
        let listed: Vec<u32> = numbers(f, "kernel_thresholds")?;
        // Of a long list the vectors have the beginning only.
        let beginning = thresholds.iter().copied().take(listed.len().max(3));
        agree("thresholds", &listed, &beginning.collect())?;
        near(f, "max_relative_deviation_from_uniform", deviation)?;
        // Where the sum is long, the vectors leave it out.
        let sum = f.value("expected_rules_evaluated");
        sum.map_or(Ok(()), |_| near(f, "expected_rules_evaluated", cascade.expected_rules()))
    })
}

/// A list cut off where the vectors cut it: some of its beginning, "...", some of its end.
fn shortened(all: &[String], as_in: &[String]) -> Vec<String> {
    let Some(before) = as_in.iter().position(|text| text == "...") else { return all.to_vec() };
    let after = as_in.len() - before - 1;
    [&all[..before], &as_in[before..=before], &all[all.len() - after..]].concat()
}

fn near(f: &Fields<'_>, name: &str, got: f64) -> Result<(), Problem> {
    let expected = f.needed(name, f.value(name).and_then(Value::as_f64))?;
    let close = (expected - got).abs() <= TOLERANCE * expected.abs().max(1.0);
    if close { Ok(()) } else { Err(format!("{name}: expected {expected}, got {got}")) }
}

fn numbers<T: TryFrom<u64>>(f: &Fields<'_>, name: &str) -> Read<Vec<T>> {
    f.each(name, number)
}

fn number<T: TryFrom<u64>>(value: &Value, at: &str) -> Read<T> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("{at}: a number that fits is wanted"))
}

fn iptables_picks(case: &Case) -> Result<(), Problem> {
    let got: Vec<usize> = case.input(|f| {
        let cascade: IptablesCascade = with(f.int_or_zero("endpoints")?);
        f.each("u32_draws_per_connection", |value, at| {
            let draws = value.as_array().ok_or_else(|| format!("{at}: a list"))?;
            let draws: Vec<u32> = draws.iter().map(|v| number(v, at)).collect::<Read<_>>()?;
            let mut draws = draws.into_iter();
            let pick = cascade.walk(|| draws.next().expect("a draw for each rule"));
            pick.ok_or_else(|| format!("{at}: no pick"))
        })
    })?;
    agree("picks", &case.expected(|f| numbers(f, "picks"))?, &got)
}

fn nftables(case: &Case) -> Result<(), Problem> {
    let got: Vec<Option<usize>> = case.input(|f| {
        let numgen: NftablesNumgen = with(f.int_or_zero("endpoints")?);
        Ok(numbers(f, "u32")?.into_iter().map(|bits| numgen.scale(bits)).collect())
    })?;
    let expected: Vec<usize> = case.expected(|f| numbers(f, "picks"))?;
    agree("picks", &expected.into_iter().map(Some).collect(), &got)
}

fn cilium(case: &Case) -> Result<(), Problem> {
    let got: Vec<Option<usize>> = case.input(|f| {
        let random: CiliumRandom = with(f.int_or_zero("backends")?);
        Ok(numbers(f, "u32")?.into_iter().map(|bits| random.remainder(bits)).collect())
    })?;
    // Slot 0 of the service map is the Service itself.
    let expected: Vec<usize> = case.expected(|f| numbers(f, "slots_1_based"))?;
    agree("slots", &expected.into_iter().map(|slot| slot.checked_sub(1)).collect(), &got)
}

/// A node's choice with affinity: what is remembered, else what chance would give.
fn connect<'a>(
    affinity: &mut Affinity<&'a str>,
    endpoints: &[&'a str],
    source: IpAddr,
    now: u64,
    chance: &'a str,
) -> &'a str {
    let now = Time::from_secs(now);
    let pick = affinity.find(endpoints, source, now).map_or(chance, |place| endpoints[place]);
    affinity.remember(pick, source, now);
    pick
}

fn affinity(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let timeout = Span::from_secs(f.int_or_zero::<u32>("timeout_s")?.into());
        let mut affinity = Affinity::new(timeout, Mode::Iptables.affinity_capacity());
        let mut endpoints: Vec<&str> = Vec::new();
        let mut picks: Vec<String> = Vec::new();
        f.each("script_[connect,t,src,random_pick_if_needed]", |step, at| {
            let problem = || format!("{at}: no such step: {step}");
            let step = step.as_array().ok_or_else(problem)?;
            match &step[..] {
                [Value::String(word), Value::Array(names)] if word == "endpoints" => {
                    endpoints = names.iter().filter_map(Value::as_str).collect();
                    affinity.update(&endpoints);
                }
                [Value::String(word), now, source, chance] if word == "connect" => {
                    let source = address(source.as_str().ok_or_else(problem)?)?;
                    let chance = chance.as_str().ok_or_else(problem)?;
                    let now = number(now, at)?;
                    let pick = connect(&mut affinity, &endpoints, source, now, chance);
                    picks.push(pick.to_owned());
                }
                _ => return Err(problem()),
            }
            Ok(())
        })?;
        Ok(picks)
    })?;
    agree("picks", &case.expected(|f| f.texts("picks"))?, &got)
}

/// The script is told in words: 101 clients at one endpoint, a second one, three come back.
fn affinity_overflow(case: &Case) -> Result<(), Problem> {
    let (timeout, capacity) = case.input(|f| {
        f.ignore(&["script"]);
        Ok((f.int_or_zero::<u32>("timeout_s")?, f.int::<usize>("capacity")?))
    })?;
    agree("capacity", &capacity, &Mode::Iptables.affinity_capacity())?;
    let mut affinity = Affinity::new(Span::from_secs(timeout.into()), capacity);
    let client = |number: u8| IpAddr::V4(Ipv4Addr::new(10, 0, 0, number));
    for number in 0..=100 {
        connect(&mut affinity, &["a"], client(number), number.into(), "a");
    }
    affinity.update(&["a", "b"]);
    let back = [0, 100, 2]
        .map(|number| connect(&mut affinity, &["a", "b"], client(number), 101, "b").to_owned());
    agree("picks", &case.expected(|f| f.texts("picks_last_three"))?, &back.to_vec())
}

fn topology(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let mut endpoints = f.each("endpoints_[name,node,zone(,hints)]", placed)?;
        endpoints.extend(f.each("endpoints_[name,ready,serving,terminating]", conditioned)?);
        let node = f.text_or_empty("node")?;
        let local = f.text_or_empty("internalTrafficPolicy")? == "Local";
        for endpoint in &mut endpoints {
            endpoint.info.is_local = !node.is_empty() && endpoint.node == node;
        }
        let infos: Vec<_> = endpoints.iter().map(|endpoint| endpoint.info.clone()).collect();
        let service = ServiceInfo { internal_policy_local: local, ..ServiceInfo::default() };
        let place = Place { node, zone: f.text("zone")?, prefer_same: true };
        let chosen = categorize_endpoints(&infos, service, place);
        let chosen = if local { chosen.local } else { chosen.cluster };
        let names = chosen.unwrap_or_default().into_iter().map(|i| endpoints[i].name.clone());
        Ok(names.collect())
    })?;
    agree("candidates", &case.expected(|f| f.texts("candidates"))?, &got)
}

/// An endpoint with a name.
struct Named {
    name: String,
    node: String,
    info: EndpointInfo,
}

/// A ready endpoint at a place.
fn placed(value: &Value, at: &str) -> Read<Named> {
    let text = |index: usize| value[index].as_str().unwrap_or_default().to_owned();
    let hints = value[3].as_array().into_iter().flatten();
    let hints = hints.filter_map(Value::as_str).map(Into::into);
    let info = EndpointInfo {
        ready: true,
        serving: true,
        zone_hints: hints.collect(),
        ..EndpointInfo::default()
    };
    let (name, node) = (text(0), text(1));
    if name.is_empty() { Err(format!("{at}: no name")) } else { Ok(Named { name, node, info }) }
}

/// An endpoint with its conditions, on no node.
fn conditioned(value: &Value, at: &str) -> Read<Named> {
    let name = value[0].as_str().ok_or_else(|| format!("{at}: no name"))?;
    let condition = |index: usize| Ok::<_, Problem>(number::<u8>(&value[index], at)? == 1);
    let info = EndpointInfo {
        ready: condition(1)?,
        serving: condition(2)?,
        terminating: condition(3)?,
        ..EndpointInfo::default()
    };
    Ok(Named { name: name.to_owned(), node: String::new(), info })
}
