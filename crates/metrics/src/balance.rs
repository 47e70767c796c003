//! How even the pods' load was, and how even chance alone would have made it.

use std::sync::Arc;

use engine::Span;

use crate::{
    even_share::{EvenShare, even_shares},
    measures::{Balance, PodMeasures, ServiceBalance},
};

/// Pods that could be picked for less than this are left out.
const LEAST_READY: Span = Span::from_secs(1);

/// The balances of the groups of pods that stand behind the same called Services. Pods of different
/// Services get what different clients send, so that nothing follows from a difference.
pub(crate) fn balances(pods: &[PodMeasures]) -> Vec<ServiceBalance> {
    let mut groups: Vec<(&[Arc<str>], Vec<&PodMeasures>)> = Vec::new();
    for pod in pods.iter().filter(|pod| !pod.services.is_empty()) {
        match groups.iter_mut().find(|(services, _)| *services == pod.services) {
            Some((_, group)) => group.push(pod),
            None => groups.push((&pod.services, vec![pod])),
        }
    }
    let balance = |(services, pods): (&[Arc<str>], _)| ServiceBalance {
        services: services.to_vec(),
        balance: balance(pods),
    };
    groups.into_iter().map(balance).collect()
}

/// The least even of them; of those that had requests, if any had.
pub(crate) fn least_even(balances: &[ServiceBalance]) -> Balance {
    let all = balances.iter().map(|it| it.balance);
    let idle = |balance: &Balance| !balance.is_measured();
    let order = |a: &Balance, b: &Balance| {
        idle(a).cmp(&idle(b)).then(b.cv.total_cmp(&a.cv)).then(b.pods.cmp(&a.pods))
    };
    all.min_by(order).unwrap_or_default()
}

/// The balance over some pods, by requests per second in which they could be picked.
fn balance(group: Vec<&PodMeasures>) -> Balance {
    let shares = even_shares(&group);
    let counted: Vec<(&PodMeasures, EvenShare)> =
        group.into_iter().zip(shares).filter(|(pod, _)| pod.ready >= LEAST_READY).collect();
    let requests: u64 = counted.iter().map(|(pod, _)| pod.requests).sum();
    if requests == 0 {
        return Balance { pods: counted.len(), ..Balance::default() };
    }
    let secs = |pod: &PodMeasures| pod.ready.as_secs_f64();
    let rates: Vec<f64> = counted.iter().map(|(pod, _)| pod.requests as f64 / secs(pod)).collect();
    let chances: Vec<Chance> =
        counted.iter().map(|(pod, share)| Chance::new(*share, secs(pod))).collect();
    Balance {
        jain: stats::jain(&rates),
        cv: stats::coefficient_of_variation(&rates),
        max_over_mean: stats::max_over_mean(&rates),
        max_over_share: max_over_share(&counted),
        chance_cv: chance_cv(&chances, |chance| chance.variance),
        times_cv: chance_cv(&chances, |_| 0.0),
        chance_max_over_mean: chance_max_over_mean(&chances),
        pods: counted.len(),
    }
}

/// The most that any had of its even share, over what all had of theirs.
fn max_over_share(pods: &[(&PodMeasures, EvenShare)]) -> f64 {
    let sharing = || pods.iter().filter(|(_, share)| share.mean > 0.0);
    let requests: u64 = sharing().map(|(pod, _)| pod.requests).sum();
    if requests == 0 {
        return f64::NAN;
    }
    let shares: f64 = sharing().map(|(_, share)| share.mean).sum();
    let most = sharing().map(|(pod, share)| pod.requests as f64 / share.mean).fold(0.0, f64::max);
    most * shares / requests as f64
}

/// The rate of a pod, by chance alone.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Chance {
    mean: f64,
    variance: f64,
    /// The same if what one pod gets did not come off the others.
    independent: f64,
}

impl Chance {
    fn new(share: EvenShare, secs: f64) -> Self {
        Self {
            mean: share.mean / secs,
            // Of one that was always alone nothing is left, or what two roundings differ by.
            variance: (share.mean - share.squares).max(0.0) / (secs * secs),
            independent: share.mean / (secs * secs),
        }
    }
}

/// The coefficient of variation by chance: what the means differ by, and what each is off its mean
/// by. Of equal times this is the multinomial's √((k−1)/N). NaN where requests came only while no pod
/// could be picked.
fn chance_cv(chances: &[Chance], variance: impl Fn(&Chance) -> f64) -> f64 {
    let count = chances.len() as f64;
    let mean = chances.iter().map(|chance| chance.mean).sum::<f64>() / count;
    let square = |chance: &Chance| (chance.mean - mean) * (chance.mean - mean) + variance(chance);
    (chances.iter().map(square).sum::<f64>() / count).sqrt() / mean
}

/// The largest over the mean by chance.
///
/// Counts of which one takes what another does not get are independent normal ones less what they
/// have in common. That takes a part off their variance, but nothing off how far the largest one is
/// above the mean.
fn chance_max_over_mean(chances: &[Chance]) -> f64 {
    let mean = chances.iter().map(|chance| chance.mean).sum::<f64>() / chances.len() as f64;
    let normals: Vec<(f64, f64)> =
        chances.iter().map(|chance| (chance.mean, chance.independent.sqrt())).collect();
    stats::expected_largest_of(&normals) / mean
}

#[cfg(test)]
mod tests {
    use engine::Time;

    use super::*;

    /// The balance of pods, of which those of one Service are looked at.
    fn balance(pods: &[PodMeasures]) -> Balance {
        least_even(&balances(pods))
    }

    fn evenly(requests: u64, secs: u64, second: u64) -> u32 {
        (requests / secs + u64::from(second < requests % secs)) as u32
    }

    fn pod(requests: u64, ready_secs: u64, called: bool) -> PodMeasures {
        PodMeasures {
            name: Arc::from("web"),
            version: Arc::from("web:v1"),
            services: called.then(|| Arc::from("default/web")).into_iter().collect(),
            requests,
            ready: Span::from_secs(ready_secs),
            pickable: vec![(Time::ZERO, Time::from_secs(ready_secs))],
            // They come evenly: what is left over comes first.
            by_second: (0..ready_secs).map(|second| evenly(requests, ready_secs, second)).collect(),
            ..PodMeasures::default()
        }
    }

    #[test]
    fn loads_count_per_ready_time_and_only_of_called_pods() {
        let pods = [pod(600, 60, true), pod(100, 10, true), pod(5, 0, true), pod(999, 60, false)];
        let balance = balance(&pods);
        assert_eq!(balance.pods, 2);
        // Each had its half of ten seconds, and one all of the other fifty.
        assert!((balance.max_over_share - 1.0).abs() < 1e-12, "{balance:?}");
        assert!((balance.jain - 1.0).abs() < 1e-12 && balance.cv < 1e-12, "{balance:?}");
        assert!((balance.max_over_mean - 1.0).abs() < 1e-12, "{balance:?}");
    }

    #[test]
    fn pods_of_different_services_are_not_compared() {
        let busy = pod(600, 60, true);
        let idle = |requests| PodMeasures {
            services: vec![Arc::from("default/api")],
            ..pod(requests, 60, true)
        };
        let balances = balances(&[busy.clone(), busy, idle(10), idle(30)]);
        assert_eq!(balances.len(), 2);
        assert!((balances[0].balance.max_over_mean - 1.0).abs() < 1e-12, "{balances:?}");
        assert!((balances[1].balance.max_over_mean - 1.5).abs() < 1e-12, "{balances:?}");
        assert!((balances[1].balance.max_over_share - 1.5).abs() < 1e-12, "{balances:?}");
        assert_eq!(least_even(&balances), balances[1].balance);
    }

    #[test]
    fn chance_alone_is_uneven_by_this_much() {
        let pods: Vec<PodMeasures> = (0..10).map(|_| pod(100, 60, true)).collect();
        let balance = balance(&pods);
        assert!((balance.chance_cv - stats::random_split_cv(10, 1_000)).abs() < 1e-12);
        let expected = stats::expected_max_over_mean(10, 1_000);
        assert!((balance.chance_max_over_mean - expected).abs() < 1e-12, "{balance:?}");
    }

    #[test]
    fn who_could_be_picked_while_few_shared_the_load_has_more_by_chance_too() {
        // Two alone for ten seconds, then a hundred for fifty, 100 requests a second.
        let group: Vec<PodMeasures> = (0..100)
            .map(|place| {
                let from = if place < 2 { 0 } else { 10 };
                let by_second = (0..60).map(|second| match (second, place) {
                    (0..10, 0..2) => 50,
                    (10.., _) => 1,
                    _ => 0,
                });
                PodMeasures {
                    requests: if place < 2 { 550 } else { 50 },
                    ready: Span::from_secs(60 - from),
                    pickable: vec![(Time::from_secs(from), Time::from_secs(60))],
                    by_second: by_second.collect(),
                    ..pod(0, 0, true)
                }
            })
            .collect();
        let balance = balance(&group);
        // Rates of 550/60 and 50/50 a second.
        let mean = (2.0 * 550.0 / 60.0 + 98.0) / 100.0;
        assert!((balance.max_over_mean - 550.0 / 60.0 / mean).abs() < 1e-12, "{balance:?}");
        assert!((1.0..1.05).contains(&(balance.chance_max_over_mean / balance.max_over_mean)));
        assert!((1.0..1.02).contains(&(balance.chance_cv / balance.cv)), "{balance:?}");
        // Each had exactly what was to be shared.
        assert!((balance.max_over_share - 1.0).abs() < 1e-12, "{balance:?}");
    }

    #[test]
    fn no_requests_have_no_balance() {
        let balance = balance(&[pod(0, 60, true), pod(0, 60, true)]);
        assert_eq!(balance, Balance { pods: 2, ..Balance::default() });
    }
}
