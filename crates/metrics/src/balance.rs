//! How even the pods' load was, and how even chance alone would have made it.

use std::sync::Arc;

use engine::Span;

use crate::measures::{Balance, PodMeasures, ServiceBalance};

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
    let idle = |balance: &Balance| balance.max_over_mean == 0.0;
    let order = |a: &Balance, b: &Balance| {
        idle(a).cmp(&idle(b)).then(b.cv.total_cmp(&a.cv)).then(b.pods.cmp(&a.pods))
    };
    all.min_by(order).unwrap_or_default()
}

/// The balance over some pods, by requests per second in which they could be picked.
fn balance(mut counted: Vec<&PodMeasures>) -> Balance {
    counted.retain(|pod| pod.ready >= LEAST_READY);
    let requests: u64 = counted.iter().map(|pod| pod.requests).sum();
    if requests == 0 {
        return Balance { pods: counted.len(), ..Balance::default() };
    }
    let ready_secs: Vec<f64> = counted.iter().map(|pod| pod.ready.as_secs_f64()).collect();
    let rates: Vec<f64> =
        counted.iter().zip(&ready_secs).map(|(pod, secs)| pod.requests as f64 / secs).collect();
    let chance_cv = chance_cv(requests, &ready_secs);
    Balance {
        jain: stats::jain(&rates),
        cv: stats::coefficient_of_variation(&rates),
        max_over_mean: stats::max_over_mean(&rates),
        chance_cv,
        chance_max_over_mean: 1.0 + chance_cv * largest_over_cv(counted.len()),
        pods: counted.len(),
    }
}

/// The coefficient of variation of rates where each request falls on a pod with a probability in
/// proportion to the pod's ready time. Of equal times this is the multinomial's √((k−1)/N).
///
/// A pod's count has the variance `N p (1 − p)`, its rate that over the square of its time; the
/// squares of the deviations are averaged as the measured ones are.
fn chance_cv(requests: u64, ready_secs: &[f64]) -> f64 {
    let total_secs: f64 = ready_secs.iter().sum();
    let rate = requests as f64 / total_secs;
    let square = |secs: &f64| (1.0 - secs / total_secs) / (rate * secs);
    let mean = ready_secs.iter().map(square).sum::<f64>() / ready_secs.len() as f64;
    mean.sqrt()
}

/// How many coefficients of variation the largest of `pods` counts is above the mean by chance.
///
/// Counts of which one takes what another does not get are independent normal ones less what they
/// have in common. That takes a part 1/k off their variance, but nothing off how far the largest
/// one is above the mean.
fn largest_over_cv(pods: usize) -> f64 {
    if pods < 2 {
        return 0.0;
    }
    let pods_f64 = pods as f64;
    (pods_f64 / (pods_f64 - 1.0)).sqrt() * stats::expected_largest_normal(pods)
}

#[cfg(test)]
mod tests {
    use stats::LatencyHistogram;

    use super::*;

    /// The balance of pods, of which those of one Service are looked at.
    fn balance(pods: &[PodMeasures]) -> Balance {
        least_even(&balances(pods))
    }

    fn pod(requests: u64, ready_secs: u64, called: bool) -> PodMeasures {
        PodMeasures {
            name: Arc::from("web"),
            version: Arc::from("web:v1"),
            node: None,
            deployment: None,
            services: called.then(|| Arc::from("default/web")).into_iter().collect(),
            requests,
            failed: 0,
            latency: LatencyHistogram::default(),
            ready: Span::from_secs(ready_secs),
            life: Vec::new(),
            gone: None,
            by_second: crate::measures::BySecond::default(),
        }
    }

    #[test]
    fn loads_count_per_ready_time_and_only_of_called_pods() {
        let pods = [pod(600, 60, true), pod(100, 10, true), pod(5, 0, true), pod(999, 60, false)];
        let balance = balance(&pods);
        assert_eq!(balance.pods, 2);
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
    fn no_requests_have_no_balance() {
        let balance = balance(&[pod(0, 60, true), pod(0, 60, true)]);
        assert_eq!(balance, Balance { pods: 2, ..Balance::default() });
    }
}
