//! How the schedulers of the kernel's IP virtual server choose.

use engine::{Streams, Time};
use policy::{
    Endpoint, EndpointId, PickContext, Policy,
    ipvs::{
        destination::Destination,
        fo::WeightedFailover,
        lc::LeastConnection,
        nq::NeverQueue,
        ovf::WeightedOverflow,
        rr::IpvsRoundRobin,
        sed::ShortestExpectedDelay,
        service::{Scheduler, Service},
        twos::PowerOfTwos,
        wlc::WeightedLeastConnection,
        wrr::WeightedRoundRobin,
    },
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_wrr::{expected, lists, number, numbers, pick, step},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "ipvs_rr" => round_robin(case),
        "ipvs_wrr" => rounds(case),
        "ipvs_lc" => counts(case, LeastConnection),
        "ipvs_wlc" => counts(case, WeightedLeastConnection),
        "ipvs_sed" => counts(case, ShortestExpectedDelay),
        "ipvs_nq" => counts(case, NeverQueue),
        "ipvs_fo" => counts(case, WeightedFailover),
        "ipvs_ovf" => counts(case, WeightedOverflow),
        "ipvs_twos" => twos(case),
        _ => case.unknown(),
    }
}

/// Endpoints that are in the kernel's list in the order of the case: what comes last is first there.
fn in_kernel_order(weights: &[u32]) -> Vec<Endpoint> {
    let mut endpoints = Endpoint::numbered(weights);
    endpoints.reverse();
    endpoints
}

/// Who is picked next, by its number in the case.
fn next(policy: &mut impl Policy, endpoints: &[Endpoint]) -> Option<usize> {
    let place = pick(policy, &[], Time::ZERO)?;
    Some(endpoints[place].id.0 as usize)
}

fn round_robin(case: &Case) -> Result<(), Problem> {
    let names: Vec<String> = case.input(|f| {
        f.ignore(&["weights_in_list_order", "script"]);
        f.texts("list")
    })?;
    if !names.is_empty() {
        return script(case, names);
    }
    let weights: Vec<u32> = case.input(|f| numbers(f, "weights_in_list_order"))?;
    let endpoints = in_kernel_order(&weights);
    let mut policy = IpvsRoundRobin::default();
    policy.update(&endpoints, Time::ZERO);
    let expected = case.expected(expected)?;
    let got = expected.iter().map(|_| next(&mut policy, &endpoints)).collect();
    agree("picks", &expected, &got)
}

/// Destinations with names, which come and go.
fn script(case: &Case, mut names: Vec<String>) -> Result<(), Problem> {
    let mut policy = IpvsRoundRobin::default();
    let mut endpoints = in_kernel_order(&vec![1; names.len()]);
    policy.update(&endpoints, Time::ZERO);
    let got: Vec<String> = case.input(|f| {
        f.ignore(&["list"]);
        let mut got = Vec::new();
        f.each("script", |value, at| {
            let name = || value[1].as_str().ok_or_else(|| format!("{at}: a name is wanted"));
            match value[0].as_str() {
                Some("pick") => {
                    for _ in 0..number::<usize>(&value[1], at)? {
                        let picked = next(&mut policy, &endpoints);
                        got.push(picked.map_or_else(String::new, |id| names[id].clone()));
                    }
                    return Ok(());
                }
                Some("del") => {
                    let gone = name()?;
                    endpoints.retain(|endpoint| names[endpoint.id.0 as usize] != gone);
                }
                Some("add") => {
                    let id = EndpointId(names.len() as u32);
                    endpoints.push(Endpoint { id, ..Endpoint::numbered(&[1])[0] });
                    names.push(name()?.to_owned());
                }
                Some("set_weight") => {
                    let (changed, weight) = (name()?, number(&value[2], at)?);
                    let of = |it: &&mut Endpoint| names[it.id.0 as usize] == changed;
                    endpoints.iter_mut().filter(of).for_each(|it| it.weight = weight);
                }
                _ => return Err(format!("{at} is not understood: {value}")),
            }
            policy.update(&endpoints, Time::ZERO);
            Ok(())
        })?;
        Ok(got)
    })?;
    agree("picks", &case.expected(|f| f.texts("picks"))?, &got)
}

fn destinations(weights: &[u32]) -> Vec<Destination> {
    let endpoints = Endpoint::numbered(weights);
    endpoints.iter().enumerate().map(|(place, it)| Destination::new(it, place)).collect()
}

/// Lists as they stand in the kernel, and whether one of a service changed: what comes may stand anywhere
/// in them, so the scheduler's own functions are asked.
fn rounds(case: &Case) -> Result<(), Problem> {
    let phases: Vec<(Vec<u32>, Option<usize>)> = case.input(|f| {
        let phase = |f: &Fields<'_>| Ok((numbers(f, "weights")?, f.int::<u32>("picks")?));
        let phases = f.objects("phases", phase)?;
        let only = numbers(f, "weights_in_list_order")?;
        let phases = if phases.is_empty() { vec![(only, None)] } else { phases };
        Ok(phases.into_iter().map(|(weights, n)| (weights, n.map(|n| n as usize))).collect())
    })?;
    let mut scheduler: Option<WeightedRoundRobin> = None;
    let mut serve = |weights: &[u32], count: usize| -> (Vec<usize>, (u32, u32)) {
        let list = destinations(weights);
        match &mut scheduler {
            Some(scheduler) => scheduler.upd_dest(&list),
            None => scheduler = Some(WeightedRoundRobin::for_service(&list)),
        }
        let scheduler = scheduler.as_mut().expect("there is one now");
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::ZERO, &mut random);
        let picked = (0..count).filter_map(|_| scheduler.schedule(&list, &mut context));
        let picked = picked.map(|destination| destination.place).collect();
        (picked, scheduler.levels())
    };
    case.expected(|f| {
        if f.value("picks_per_phase").is_some() {
            let serve = |(weights, count): &(Vec<u32>, Option<usize>)| {
                serve(weights, count.unwrap_or_default()).0
            };
            return agree(
                "picks",
                &lists(f, "picks_per_phase")?,
                &phases.iter().map(serve).collect(),
            );
        }
        let picks: Vec<usize> = numbers(f, "picks")?;
        let (got, (most, step)) = serve(&phases[0].0, picks.len());
        agree("picks", &picks, &got)?;
        agree("gcd", &f.int("gcd")?.unwrap_or(step), &step)?;
        agree("max", &f.int("max")?.unwrap_or(most), &most)
    })
}

/// Schedulers that count: connections come and go.
fn counts<S: Scheduler>(case: &Case, scheduler: S) -> Result<(), Problem> {
    let got: Vec<Option<usize>> = case.input(|f| {
        let endpoints = in_kernel_order(&numbers::<u32>(f, "weights")?);
        let mut service = Service::new(scheduler);
        service.update(&endpoints, Time::ZERO);
        // In the vectors a connection is active at once.
        let connect = |service: &mut Service<S>| {
            let picked = next(service, &endpoints);
            if let Some(id) = picked {
                service.established(EndpointId(id as u32), Time::ZERO);
            }
            picked
        };
        if let Some(scenario) = f.text("scenario")? {
            let arrivals = scenario.strip_suffix(FILLED).and_then(|count| count.parse().ok());
            let arrivals = arrivals.ok_or_else(|| format!("\"{scenario}\" is not understood"))?;
            let mut got = Vec::new();
            // Where nobody is left, the vectors end.
            while got.len() < arrivals && got.last() != Some(&None) {
                got.push(connect(&mut service));
            }
            return Ok(got);
        }
        let mut got = Vec::new();
        for (what, ids) in f.each("ops", step)? {
            let id = ids.first().map(|id| EndpointId(*id as u32));
            match (what, id.and_then(|id| service.destination_mut(id))) {
                ("pick", _) => got.push(connect(&mut service)),
                ("close_active_to_inactive", Some(it)) => {
                    agree("a connection closes", &true, &it.close(false))?;
                }
                ("inactive_expire", Some(it)) => it.forget(),
                _ => return Err(format!("{what} {ids:?} is not understood")),
            }
        }
        Ok(got)
    })?;
    agree("picks", &case.expected(expected)?, &got)
}

/// What a scenario says behind the number of arrivals.
const FILLED: &str = " arrivals, each becomes one ACTIVE connection, none ends";

fn twos(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let mut list = destinations(&numbers::<u32>(f, "weights")?);
        let (active, inactive): (Vec<u32>, Vec<u32>) =
            (numbers(f, "active")?, numbers(f, "inactive")?);
        for (place, it) in list.iter_mut().enumerate() {
            it.active = active.get(place).copied().unwrap_or(0);
            it.closing = inactive.get(place).copied().unwrap_or(0);
        }
        let draw = |name: &str| -> Read<u32> {
            f.needed(name, f.value(name)).and_then(|value: &Value| number(value, name))
        };
        let picked = PowerOfTwos::choose(&list, [draw("rand1")?, draw("rand2")?]);
        Ok(picked.map(|destination| destination.place as u32))
    })?;
    agree("pick", &case.expected(|f| f.int("pick"))?, &got)
}
