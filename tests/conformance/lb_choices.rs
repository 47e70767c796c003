//! Choices by load.

use std::collections::{BTreeMap, VecDeque};

use engine::{Random, Span, Streams, Time};
use policy::{
    Ended, Endpoint, EndpointId, PickContext, Policy, Report,
    block::{
        ProbePool, Reuse, Sampling, Score,
        aperture::{Coordinate, adjusted, width},
        better_of, neighbours,
    },
    envoy::least_request::reduced,
    ingress_nginx::ewma::{Average, IngressNginxEwma},
    traefik::leasttime::TraefikLeastTime,
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_load_aware::{
        all_close, close, endpoints, float, float_if_any, floats, moment, outstanding, place,
        wholes,
    },
};

/// Random numbers that are known.
struct Script {
    left: VecDeque<u64>,
    used: usize,
}

impl Script {
    fn of(f: &Fields<'_>, name: &str) -> Read<Self> {
        Ok(Self { left: wholes::<u64>(f, name)?.into(), used: 0 })
    }
}

impl Random for Script {
    fn next_u64(&mut self) -> u64 {
        self.used += 1;
        self.left.pop_front().expect("the script has another number")
    }
}

/// Loads that do not change.
struct Loads(Vec<f64>);

impl Score for Loads {
    type Load = f64;

    fn update(&mut self, _: &[Endpoint], _: Time) {}

    fn places(&self) -> usize {
        self.0.len()
    }

    fn of(&mut self, place: usize, _: Time) -> f64 {
        self.0[place]
    }

    fn begin(&mut self, _: usize) {}

    fn end(&mut self, _: &Ended) {}
}

/// The better of two that were drawn.
pub(crate) fn p2c_tower(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let mut loads = Loads(floats(f, "loads")?);
        let sample: Vec<usize> = wholes(f, "sample")?;
        let sample = sample.try_into().map_err(|_| "two places are wanted".to_owned())?;
        Ok(Some(better_of(&mut loads, sample, Time::ZERO)))
    })?;
    agree("pick", &Some(case.expected(|f| place(f, "pick"))?), &got)
}

/// The same, where neighbours meet more often.
pub(crate) fn p2c_traefik(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let mut in_flight = outstanding(&wholes::<u32>(f, "inflight")?);
        let drawn: Vec<usize> = wholes(f, "rand_intn_values")?;
        match drawn[..] {
            [first, second] => {
                let pair = neighbours(in_flight.len(), first, second);
                Ok(Some(better_of(&mut in_flight, pair, Time::ZERO)))
            }
            [] => {
                let mut none = Script { left: VecDeque::new(), used: 0 };
                Ok(Sampling::Neighbours.choose(&mut in_flight, Time::ZERO, &mut none))
            }
            _ => Err("two numbers or none are wanted".to_owned()),
        }
    })?;
    agree("pick", &Some(case.expected(|f| place(f, "pick"))?), &got)
}

/// Whole milliseconds whose mean is this: as few as will do.
fn with_mean(mean: f64) -> Read<Vec<u64>> {
    let counts = (1..=100_u32).map(f64::from);
    let whole = |sum: f64| (sum - sum.round()).abs() < 1e-9;
    let count = counts.into_iter().find(|count| whole(mean * count));
    let count = count.ok_or_else(|| format!("no hundred milliseconds have the mean {mean}"))?;
    let (least, sum) = (mean.floor(), (mean * count).round());
    let larger = (sum - least * count).round() as usize;
    let one = |place: usize| least as u64 + u64::from(place < larger);
    Ok((0..count as usize).map(one).collect())
}

/// The least mean latency times requests in flight.
pub(crate) fn least_time_traefik(case: &Case) -> Result<(), Problem> {
    let mut policy = TraefikLeastTime::default();
    let servers = case.input(|f| {
        let servers = Endpoint::numbered(&wholes::<u32>(f, "weights")?);
        policy.update(&servers, Time::ZERO);
        for (place, mean) in floats(f, "avg_ttfb_ms(last 100)")?.into_iter().enumerate() {
            let samples = if mean > 0.0 { with_mean(mean)? } else { Vec::new() };
            samples.into_iter().for_each(|it| policy.answered(place, Span::from_millis(it)));
        }
        for (place, count) in wholes::<u32>(f, "inflight")?.into_iter().enumerate() {
            (0..count).for_each(|_| policy.begin(place));
        }
        Ok(servers.len())
    })?;
    case.expected(|f| {
        let scores: Vec<f64> = (0..servers).map(|place| policy.score(place)).collect();
        all_close("scores", &floats(f, "scores")?, &scores)?;
        agree("pick", &Some(place(f, "pick")?), &policy.due())
    })
}

/// The least active requests of a few or of all, and the weight that they leave.
pub(crate) fn envoy_least_request(case: &Case) -> Result<(), Problem> {
    if case.name.starts_with("envoy-lr-weight") {
        let got = case.input(|f| {
            let (weight, active) = (f.int_or_zero("weight")?, f.int_or_zero("active")?);
            Ok(reduced(weight, active, float(f, "active_request_bias")?))
        })?;
        return close("weight", case.expected(|f| float(f, "edf_weight"))?, got);
    }
    let (pick, used) = case.input(|f| {
        let mut active = outstanding(&wholes::<u32>(f, "active")?);
        let mut random = Script::of(f, "random_values")?;
        let sampling = f.int("choice_count")?.map_or(Sampling::All, Sampling::Replacement);
        Ok((sampling.choose(&mut active, Time::ZERO, &mut random), random.used))
    })?;
    case.expected(|f| {
        agree("random numbers", &f.int::<usize>("randoms_used")?.unwrap_or(used), &used)?;
        agree("pick", &Some(place(f, "pick")?), &pick)
    })
}

/// The better of two by a moving average.
pub(crate) fn ewma_ingress_nginx(case: &Case) -> Result<(), Problem> {
    match case.name.as_str() {
        name if name.starts_with("ingress-ewma-formula") => ewma_formula(case),
        "ingress-ewma-slow-start" | "ingress-ewma-no-history" => ewma_change(case),
        _ => ewma_pick(case),
    }
}

/// Long enough after the beginning for something to be old.
const NOW: f64 = 1000.0;

fn decay(f: &Fields<'_>) -> Read<Span> {
    Ok(Span::from_secs_f64(float_if_any(f, "decay_s")?.unwrap_or(10.0)))
}

fn average(f: &Fields<'_>, age: &str) -> Read<Average> {
    Ok(Average { seconds: float(f, "ewma")?, touched: moment(NOW - float(f, age)?, 1.0) })
}

fn ewma_formula(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let average = average(f, "elapsed_s")?;
        Ok(average.with(float(f, "rtt")?, moment(NOW, 1.0), decay(f)?))
    })?;
    close("average", case.expected(|f| float(f, "ewma_after"))?, got)
}

fn ewma_pick(case: &Case) -> Result<(), Problem> {
    let now = moment(NOW, 1.0);
    let (pick, score) = case.input(|f| {
        let averages = f.objects("endpoints", |f| average(f, "age_s"))?;
        let tried: Vec<EndpointId> = wholes(f, "tried")?.into_iter().map(EndpointId).collect();
        if averages.len() > tried.len() + 2 {
            return Err("it is not said which two of the endpoints are drawn".to_owned());
        }
        let mut policy = IngressNginxEwma::new(decay(f)?);
        policy.update(&endpoints(averages.len()), now);
        averages.iter().enumerate().for_each(|(place, average)| policy.learn(place, *average));
        let mut random = Streams::new(1).named("which of two comes first");
        let context = PickContext::new(now, &mut random);
        let pick = policy.pick(&mut PickContext { tried: &tried, ..context });
        Ok((pick, pick.map(|place| policy.score(place, now))))
    })?;
    case.expected(|f| {
        agree("pick", &Some(place(f, "pick")?), &pick)?;
        let expected = float_if_any(f, "score")?;
        expected.map_or(Ok(()), |expected| close("score", expected, score.unwrap_or(f64::NAN)))
    })
}

/// Numbers by name, in the order of the names.
fn by_name(f: &Fields<'_>, name: &str) -> Read<BTreeMap<String, f64>> {
    f.object(name, |f| {
        f.rest()
            .into_iter()
            .map(|(name, value)| {
                let number = value.as_f64().ok_or_else(|| format!("{}: a number", f.path(name)))?;
                Ok((name.to_owned(), number))
            })
            .collect()
    })
}

fn ewma_change(case: &Case) -> Result<(), Problem> {
    let (old, now) = (Time::from_secs(1), Time::from_secs(2));
    let (before, after, policy) = case.input(|f| {
        let before = by_name(f, "before")?;
        let removed = f.texts("removed")?;
        let added = f.texts("added")?;
        let kept = before.keys().filter(|name| !removed.contains(name)).cloned();
        let after: Vec<String> = kept.chain(added).collect();
        // Every name is an endpoint, whose number is its place among all.
        let mut all: Vec<&String> = before.keys().chain(&after).collect();
        all.sort();
        all.dedup();
        let numbered = endpoints(all.len());
        let named = |name: &String| {
            all.iter().position(|known| *known == name).map(|place| numbered[place])
        };
        let mut policy = IngressNginxEwma::new(decay(f)?);
        policy.update(&before.keys().filter_map(named).collect::<Vec<_>>(), old);
        for (place, seconds) in before.values().enumerate() {
            policy.learn(place, Average { seconds: *seconds, touched: old });
        }
        policy.update(&after.iter().filter_map(named).collect::<Vec<_>>(), now);
        Ok((before, after, policy))
    })?;
    case.expected(|f| {
        let expected = by_name(f, "after")?;
        f.ignore(&["note"]);
        agree("new ones", &"now", &f.text("touched_at_of_new")?.unwrap_or("now"))?;
        agree("old ones", &"unchanged", &f.text("touched_at_of_old")?.unwrap_or("unchanged"))?;
        for (place, name) in after.iter().enumerate() {
            match (policy.average(place), expected.get(name)) {
                (Some(got), Some(expected)) => {
                    close(name, *expected, got.seconds)?;
                    let touched = if before.contains_key(name) { old } else { now };
                    agree("touched", &touched, &got.touched)?;
                }
                (got, expected) => agree(name, &expected.is_some(), &got.is_some())?,
            }
        }
        agree("endpoints", &true, &expected.keys().all(|name| after.contains(name)))
    })
}

/// The part of all endpoints that a client keeps to.
pub(crate) fn d_aperture(case: &Case) -> Result<(), Problem> {
    let (coordinate, width, weights) = case.input(|f| {
        let weights = floats(f, "weights")?;
        let (instance, of) = (f.int_or_zero::<u32>("instance")?, f.int_or_zero::<u32>("of")?);
        let coordinate = Coordinate::new(instance.into(), of.into());
        let least = f.int_or_zero::<u32>("min_aperture")? as usize;
        let width = width(coordinate.unit, weights.len(), least);
        Ok((coordinate, width, adjusted(&weights, coordinate.offset, width)))
    })?;
    case.expected(|f| {
        close("offset", float(f, "offset")?, coordinate.offset)?;
        close("width", float(f, "width")?, width)?;
        all_close("weights", &floats(f, "adjusted")?, &weights)?;
        let inside: Vec<usize> = (0..weights.len()).filter(|it| weights[*it] > 0.0).collect();
        agree("indices", &wholes(f, "indices")?, &inside)?;
        let sum = weights.iter().sum();
        float_if_any(f, "sum")?.map_or(Ok(()), |expected| close("sum", expected, sum))
    })
}

/// The best and the worst of a pool of probes.
pub(crate) fn prequal_hcl(case: &Case) -> Result<(), Problem> {
    let (pool, threshold) = case.input(|f| {
        let mut pool =
            ProbePool::new(f.value("pool").and_then(Value::as_array).map_or(0, Vec::len));
        f.objects("pool", |f| {
            let (in_flight, latency) = (f.int_or_zero("rif")?, float(f, "lat")?);
            let latency = Span::from_secs_f64(latency * 1e-3);
            let report = Report { in_flight, latency, ..Report::default() };
            pool.insert(EndpointId(f.int_or_zero("id")?), Time::ZERO, &report, 1);
            Ok(())
        })?;
        Ok((pool, f.int("rif_threshold")?))
    })?;
    let who = |place: Option<usize>| place.map(|place| pool.probes()[place].endpoint.0);
    case.expected(|f| {
        agree("pick", &f.int("pick")?, &who(pool.best(threshold)))?;
        let worst = who(pool.worst(threshold));
        agree("worst", &f.int("worst_removed")?.or(worst), &worst)
    })
}

/// How many requests go by one probe.
pub(crate) fn prequal_reuse(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let rates = Reuse {
            probes: float(f, "r_probe")?,
            removals: float(f, "r_remove")?,
            delta: float(f, "delta")?,
        };
        let (pool, endpoints) = (place(f, "pool_size_m")?, place(f, "replicas_n")?);
        Ok(rates.picks(pool, endpoints))
    })?;
    match (case.expected(|f| float_if_any(f, "b_reuse"))?, got) {
        (Some(expected), Some(got)) => close("uses", expected, got),
        (expected, got) => agree("uses", &expected, &got),
    }
}
