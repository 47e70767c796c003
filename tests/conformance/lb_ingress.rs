//! How ingress-nginx chooses among endpoints.

use engine::{Streams, Time};
use policy::{
    Endpoint, PickContext, Policy,
    ingress_nginx::{chash::IngressNginxChash, round_robin::IngressNginxRoundRobin},
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "ingress_nginx_round_robin" => round_robin(case),
        "ingress_nginx_chash" => ring(case),
        _ => case.unknown(),
    }
}

fn number(value: &Value, at: &str) -> Read<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("{at}: a number that fits is wanted"))
}

fn places(f: &Fields<'_>, name: &str) -> Read<Vec<usize>> {
    f.each(name, |value, at| Ok(number(value, at)? as usize))
}

fn round_robin(case: &Case) -> Result<(), Problem> {
    let expected: Vec<usize> = case.expected(|f| places(f, "picks"))?;
    let got: Vec<usize> = case.input(|f| {
        let names = f.texts("iteration_order")?;
        let weights: Vec<u32> = f.each("weights", number)?;
        let start = f.value("random_start_node(last_id)").and_then(Value::as_str);
        let start = names.iter().position(|name| Some(name.as_str()) == start);
        let mut policy = IngressNginxRoundRobin::default();
        policy.update(&Endpoint::numbered(&weights), Time::ZERO);
        policy.begin_after(start.ok_or("the start is none of the names")?);
        let mut random = Streams::new(1).named("unused");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        let picks = expected.iter().map(|_| pick().ok_or_else(|| "no pick".to_owned()));
        picks.collect()
    })?;
    agree("picks", &expected, &got)
}

fn ring(case: &Case) -> Result<(), Problem> {
    let (nodes, keys, removed) = case.input(|f| {
        let nodes = f.needed("nodes", f.value("nodes").and_then(Value::as_object))?;
        let nodes = nodes.iter().map(|(name, weight)| Ok((name.clone(), number(weight, name)?)));
        let keys = match f.value("keys") {
            Some(Value::String(text)) if text == "1..100000 as decimal strings" => {
                (1..=100_000).map(|key: u32| key.to_string()).collect()
            }
            _ => f.texts("keys")?,
        };
        let removed = f.value("then_remove_last").and_then(Value::as_str).map(str::to_owned);
        Ok((nodes.collect::<Read<Vec<(String, u32)>>>()?, keys, removed))
    })?;
    let listed: Vec<(&str, u32)> = nodes.iter().map(|(name, weight)| (&**name, *weight)).collect();
    let picks = |nodes: &[(&str, u32)]| -> Vec<usize> {
        let ring = IngressNginxChash::new(nodes);
        keys.iter().filter_map(|key| ring.find(key.as_bytes())).collect()
    };
    let before = picks(&listed);
    case.expected(|f| {
        if let Some(counts) = f.value("counts").and_then(Value::as_object) {
            for (place, (name, _)) in listed.iter().enumerate() {
                let got = before.iter().filter(|pick| **pick == place).count();
                let expected = f.needed(name, counts.get(*name).and_then(Value::as_u64))?;
                agree(name, &(expected as usize), &got)?;
            }
            let points: usize = f.int_or_zero::<u32>("points")? as usize;
            return agree("points", &points, &IngressNginxChash::new(&listed).len());
        }
        agree("picks", &places(f, "picks")?, &before)?;
        let removed = removed.as_deref().ok_or("nothing says what is removed")?;
        let left: Vec<_> = listed.iter().copied().filter(|(name, _)| *name != removed).collect();
        let after = picks(&left);
        agree("picks after the removal", &places(f, "picks_after_removal")?, &after)?;
        let stays = |place: usize| listed[place].0 != removed;
        let moved = before.iter().zip(&after).filter(|(b, a)| stays(**b) && b != a).count();
        agree("moved", &(f.int_or_zero::<u32>("moved_from_survivors")? as usize), &moved)
    })
}
