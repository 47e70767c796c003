//! Measures made by hand, for the tests: what runs of known shape would have measured.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses some of these")]

use std::{collections::BTreeMap, sync::Arc};

use engine::{Span, Time};
use metrics::{
    Balance, BySecond, ClientMeasures, Connections, Counts, Explanation, Lookups, Measures,
    PodMeasures, PodState, Rollout, Second, ServiceBalance, Traffic,
};
use record::Cause;
use stats::LatencyHistogram;

/// Three pods of `web:v1` replaced one by one by three of `web:v2` from 30 s on, under 200
/// requests a second, with failures between 30 and 33 s and again each time one goes.
pub fn rolling_update() -> Measures {
    update(3, ["web:v1", "web:v2"], "web-7d4b9c8f6d")
}

/// The same with 75 pods of each version.
pub fn many_pods() -> Measures {
    update(75, ["web:v1", "web:v2"], "web-7d4b9c8f6d")
}

/// The same with names as long as Kubernetes allows, and with what must be inert in a page.
pub fn long_names() -> Measures {
    let versions = [
        "registry.example.com/platform/checkout/storefront-frontend:2026-11-24.1-rc3",
        "</script><script>alert(\"v2\")</script>",
    ];
    let pod = "storefront-frontend-with-a-very-long-deployment-name-<b>&amp;-6f9d8c7b5d";
    update(3, versions, pod)
}

/// Three seconds of one pod that is replaced by another, with one failure: small enough to read.
pub fn tiny() -> Measures {
    let mut measures = empty(3);
    measures.seconds = [(2, 0), (1, 1), (2, 0)].map(|(ok, failed)| Second { ok, failed }).to_vec();
    for millis in [10, 12, 14, 16, 250] {
        measures.latency.record(millis * 1_000_000);
    }
    measures.requests = Counts { ok: 5, failed: 1, in_flight: 1, attempts: 8 };
    measures.by_cause = BTreeMap::from([(Cause::RefusedListenerClosed, 1)]);
    measures.clients = vec![client("shop", &measures)];
    measures.pods = vec![
        PodMeasures {
            requests: 3,
            failed: 1,
            ready: Span::from_millis(1_500),
            life: life(&[(0, PodState::Ready), (1_500, PodState::Closed)]),
            gone: Some(Time::from_millis(1_600)),
            by_second: BySecond::from_iter([2, 1]),
            ..pod("web-a", "web:v1", "node-1")
        },
        PodMeasures {
            requests: 4,
            ready: Span::from_millis(1_900),
            life: life(&[(1_000, PodState::Pending), (1_100, PodState::Ready)]),
            latency: measures.latency.clone(),
            by_second: BySecond::from_iter([0, 2, 2]),
            ..pod("web-b", "web:v2", "node-2")
        },
    ];
    measures.rollouts = vec![Rollout {
        start: Time::from_millis(1_000),
        end: Some(Time::from_millis(1_600)),
        settled: None,
        steps: vec![(Time::from_millis(1_000), BTreeMap::from([("web:v2".to_owned(), 1)]))],
        requests: Counts { ok: 1, failed: 1, in_flight: 0, attempts: 3 },
        ..rollout(1, ["web:v1", "web:v2"], 1)
    }];
    measures.explanations = explanations(1, 0)[..1].to_vec();
    measures.warnings = vec!["only 6 requests finished".to_owned()];
    measures
}

/// Several Deployments rolled out one after the other in an hour, the last one for ever.
pub fn busy_hour() -> Measures {
    let mut measures = rolling_update();
    measures.duration = Span::from_secs(3_600);
    let second = measures.seconds[5];
    measures.seconds.resize(3_600, second);
    measures.seconds[2_900] = Second { ok: 0, failed: 1_234 };
    measures.seconds[2_000..2_060].fill(Second::default());
    for pod in &mut measures.pods[3..] {
        let sent = |second: usize| match second {
            0..120 => pod.by_second.at(second),
            2_000..2_060 => 0,
            _ => 66,
        };
        pod.by_second = (0..3_600).map(sent).collect();
    }
    let first = measures.rollouts[0].clone();
    for (place, name) in
        ["shop/cart", "shop/checkout", "shop/search", "shop/mail"].iter().enumerate()
    {
        let moved = |at: Time| at + Span::from_secs(200 + 100 * place as u64);
        let mut rollout = first.clone();
        rollout.deployment = Arc::from(*name);
        rollout.start = moved(first.start);
        rollout.end = first.end.map(moved);
        rollout.settled = None;
        rollout.steps.iter_mut().for_each(|(at, _)| *at = moved(*at));
        measures.rollouts.push(rollout);
    }
    let last = measures.rollouts.last_mut().expect("some were pushed");
    last.end = None;
    last.deadline_exceeded = true;
    measures
}

fn of_one_service(balance: Balance) -> Vec<ServiceBalance> {
    vec![ServiceBalance { services: vec![Arc::from("default/web-svc")], balance }]
}

/// Nothing was sent and nothing happened.
pub fn nothing() -> Measures {
    let mut measures = quiet();
    measures.requests = Counts::default();
    measures.latency = LatencyHistogram::default();
    measures.clients.clear();
    measures.pods.clear();
    measures.balance = Balance::default();
    measures.balances.clear();
    measures.seconds = vec![Second::default(); 60];
    measures.warnings = vec!["no request was sent, so nothing was measured".to_owned()];
    measures
}

/// One pod, a minute, no rollout, no failure.
pub fn quiet() -> Measures {
    let mut dice = Dice(7);
    let mut measures = empty(60);
    let by_second: Vec<u32> = (0..60).map(|_| 90 + dice.below(20)).collect();
    measures.seconds = by_second.iter().map(|ok| Second { ok: *ok, failed: 0 }).collect();
    let total = by_second.iter().map(|count| u64::from(*count)).sum();
    measures.latency = latencies(total, &mut dice, 1.0);
    measures.requests = Counts { ok: total, failed: 0, in_flight: 0, attempts: total };
    measures.pods = vec![PodMeasures {
        requests: total,
        latency: measures.latency.clone(),
        life: life(&[(0, PodState::Pending), (10, PodState::Ready)]),
        by_second: by_second.into_iter().collect(),
        ready: Span::from_secs(60),
        ..pod("web-0", "web:v1", "node-1")
    }];
    measures.balance = Balance {
        jain: 1.0,
        cv: 0.0,
        max_over_mean: 1.0,
        max_over_share: 1.0,
        chance_cv: 0.0,
        times_cv: 0.0,
        chance_max_over_mean: 1.0,
        pods: 1,
    };
    measures.balances = of_one_service(measures.balance);
    measures.clients = vec![client("shop", &measures)];
    measures
}

fn update(replicas: usize, versions: [&str; 2], pod_name: &str) -> Measures {
    let mut dice = Dice(1);
    let mut measures = empty(120);
    measures.pods = (0..2 * replicas)
        .map(|place| {
            let version = versions[place / replicas];
            let suffix: String = (0..5).map(|_| dice.letter()).collect();
            let node = format!("node-{}", place % 3 + 1);
            let mut pod = pod(&format!("{pod_name}-{suffix}"), version, &node);
            pod.life = life_in_update(place, replicas);
            pod
        })
        .collect();
    spread(&mut measures, &mut dice);
    conclude(&mut measures, &mut dice, replicas, versions);
    measures
}

/// What follows from the requests of each second.
fn conclude(measures: &mut Measures, dice: &mut Dice, replicas: usize, versions: [&str; 2]) {
    let (ok, failed) = measures
        .seconds
        .iter()
        .fold((0, 0), |(ok, bad), it| (ok + u64::from(it.ok), bad + u64::from(it.failed)));
    measures.requests = Counts { ok, failed, in_flight: 0, attempts: ok + failed + 37 };
    measures.latency = latencies(ok, dice, 1.0);
    let killed = failed / 10;
    measures.by_cause = BTreeMap::from([
        (Cause::RefusedListenerClosed, failed - killed),
        (Cause::ResetKilledInFlight, killed),
    ]);
    measures.clients = vec![client("shop", measures)];
    measures.rollouts = vec![rollout(replicas, versions, failed)];
    measures.during_rollout = Traffic {
        counts: Counts { ok: 4_203, failed, in_flight: 0, attempts: 4_203 + failed },
        by_cause: measures.by_cause.clone(),
        latency: latencies(4_203, dice, 2.4),
    };
    measures.explanations = explanations(failed - killed, killed);
    measures.balance = Balance {
        jain: 0.993,
        cv: 0.083,
        max_over_mean: 1.118,
        max_over_share: 1.118,
        chance_cv: 0.031,
        times_cv: 0.0,
        chance_max_over_mean: 1.045,
        pods: 2 * replicas,
    };
    measures.balances = of_one_service(measures.balance);
}

/// Requests a second to the pods that are ready then, and failures while one closes.
fn spread(measures: &mut Measures, dice: &mut Dice) {
    for second in 0..120_u64 {
        let at = Time::from_secs(second);
        let ready: Vec<usize> = (0..measures.pods.len())
            .filter(|pod| state_at(&measures.pods[*pod].life, at) == Some(PodState::Ready))
            .collect();
        let total = 180 + dice.below(40);
        let failed = match second {
            30..=32 => [8, 41, 12][second as usize - 30],
            37..=38 => 9,
            44 => 17,
            _ => 0,
        };
        for request in 0..total {
            let Some(pod) = ready.get(dice.below(ready.len().max(1) as u32) as usize) else {
                continue;
            };
            let pod = &mut measures.pods[*pod];
            pod.by_second.add(second as usize, 1);
            pod.requests += 1;
            pod.failed += u64::from(request < failed);
        }
        measures.seconds.push(Second { ok: total - failed, failed });
    }
    for pod in &mut measures.pods {
        pod.latency = latencies(pod.requests.min(2_000), dice, 1.0);
        let ready = pod.life.iter().position(|(_, state)| *state == PodState::Ready);
        if let Some(place) = ready {
            let end = pod.life.get(place + 1).map_or(Time::from_secs(120), |(at, _)| *at);
            pod.ready = end.since(pod.life[place].0);
        }
    }
}

fn state_at(life: &[(Time, PodState)], at: Time) -> Option<PodState> {
    life.iter().take_while(|(from, _)| *from <= at).last().map(|(_, state)| *state)
}

fn life_in_update(place: usize, replicas: usize) -> Vec<(Time, PodState)> {
    use PodState::{Closed, Pending, Ready, Starting, Terminating};
    let spacing = 21_000 / replicas as u64;
    let turn = (place % replicas) as u64 * spacing;
    if place < replicas {
        let end = 30_400 + turn;
        return life(&[
            (0, Pending),
            (400, Starting),
            (2_900, Ready),
            (end, Terminating),
            (end + 600, Closed),
        ]);
    }
    let start = 30_000 + turn.saturating_sub(1_500);
    life(&[(start, Pending), (start + 700, Starting), (start + 4_600, Ready)])
}

fn life(stretches: &[(u64, PodState)]) -> Vec<(Time, PodState)> {
    stretches.iter().map(|(millis, state)| (Time::from_millis(*millis), *state)).collect()
}

fn pod(name: &str, version: &str, node: &str) -> PodMeasures {
    PodMeasures {
        name: Arc::from(name),
        version: Arc::from(version),
        node: Some(Arc::from(node)),
        deployment: Some(Arc::from("default/web")),
        services: vec![Arc::from("default/web-svc")],
        ..PodMeasures::default()
    }
}

fn rollout(replicas: usize, versions: [&str; 2], failed: u64) -> Rollout {
    let spacing = 21_000 / replicas as u64;
    let (old, new) = (versions[0].to_owned(), versions[1].to_owned());
    let sizes = |old_size: usize, new_size: usize| {
        BTreeMap::from([(old.clone(), old_size as i32), (new.clone(), new_size as i32)])
    };
    let mut steps = vec![(Time::from_millis(30_000), sizes(replicas, 1))];
    for turn in 1..=replicas {
        let at = Time::from_millis(30_000 + 4_700 + (turn as u64 - 1) * spacing);
        steps.push((at, sizes(replicas - turn, (turn + 1).min(replicas))));
    }
    Rollout {
        deployment: Arc::from("default/web"),
        from: Arc::from(versions[0]),
        to: Arc::from(versions[1]),
        start: Time::from_millis(30_000),
        end: Some(Time::from_millis(51_200)),
        settled: Some(Time::from_millis(52_900)),
        superseded: None,
        deleted: None,
        deadline_exceeded: false,
        steps,
        pods_max: replicas as u32 + 1,
        available_min: replicas as u32,
        requests: Counts { ok: 4_203, failed, in_flight: 0, attempts: 4_203 + failed },
    }
}

fn explanations(refused: u64, killed: u64) -> Vec<Explanation> {
    vec![
        Explanation {
            cause: Cause::RefusedListenerClosed,
            count: refused,
            window: (Time::from_millis(30_410), Time::from_millis(44_900)),
            text: "web:v1 stops listening 0 ms after SIGTERM, but node-1, node-2 and node-3 went \
                   on sending to it for 0.2 to 1.1 s, until their rules were programmed."
                .to_owned(),
            deployment: Some(Arc::from("default/web")),
            gap: Some((Span::from_millis(210), Span::from_millis(1_140))),
        },
        Explanation {
            cause: Cause::ResetKilledInFlight,
            count: killed,
            window: (Time::from_millis(30_400), Time::from_millis(44_400)),
            text: "web:v1 exits at once on SIGTERM and drops what it is working on.".to_owned(),
            deployment: Some(Arc::from("default/web")),
            gap: None,
        },
    ]
}

fn client(name: &str, measures: &Measures) -> ClientMeasures {
    let traffic = Traffic {
        counts: measures.requests,
        by_cause: measures.by_cause.clone(),
        latency: measures.latency.clone(),
    };
    let names = measures.requests.attempts;
    let lookups = Lookups { names, queries: 2 * names };
    let connections = Connections::default();
    ClientMeasures { name: Arc::from(name), traffic, lookups, connections }
}

/// `count` latencies around 20 ms with a long tail, `factor` times as long.
fn latencies(count: u64, dice: &mut Dice, factor: f64) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::default();
    for _ in 0..count {
        let body = 1.9 - 12.0 * libm::log(1.0 - dice.fraction());
        let tail = if dice.below(40) == 0 { 8.0 * dice.fraction() } else { 1.0 };
        histogram.record((body * tail.max(1.0) * factor * 1e6) as u64);
    }
    histogram
}

fn empty(secs: u64) -> Measures {
    Measures {
        duration: Span::from_secs(secs),
        fingerprint: "9f3c0a1b2c3d4e5f".to_owned(),
        requests: Counts::default(),
        latency: LatencyHistogram::default(),
        by_cause: BTreeMap::new(),
        clients: Vec::new(),
        pods: Vec::new(),
        during_rollout: Traffic::default(),
        balance: Balance::default(),
        balances: Vec::new(),
        rollouts: Vec::new(),
        scalings: Vec::new(),
        seconds: Vec::new(),
        explanations: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A linear congruential generator: enough to look like traffic, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        self.0 >> 33
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }

    fn fraction(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 31) as f64
    }

    fn letter(&mut self) -> char {
        let letters = b"bcdfghjklmnpqrstvwxz2456789";
        char::from(letters[self.next() as usize % letters.len()])
    }
}
