//! What a rollout does to requests and to connections, in closed form.

/// The expected requests lost in a rolling update whose pods stop to listen at once, while proxies
/// list each of them for a mean `window_secs` longer: λ·w·R/(R+1).
///
/// One pod is replaced at a time with one more than `replicas` listed, so a request in a window
/// hits the dying pod with the probability 1/(R+1), and there are R windows: hardly any difference
/// how many replicas there are. It assumes that requests are not retried.
#[must_use]
pub fn lost_per_rollout(rate_per_sec: f64, window_secs: f64, replicas: u32) -> f64 {
    let replicas = f64::from(replicas);
    rate_per_sec * window_secs * replicas / (replicas + 1.0)
}

/// The expected load of each new pod over the mean, in the order they became ready, after a rolling
/// update (`maxSurge: 1`, `maxUnavailable: 0`) of `pods` under long-lived connections: the first
/// pod ends with 1.7 times the mean, the last with hardly any.
///
/// Each old pod that leaves closes its connections, which open again at once on a ready pod chosen
/// at random. Pod j ends with (1+1/k)^k − (1+1/k)^(j−1).
#[must_use]
pub fn connections_after_rollout(pods: u32) -> Vec<f64> {
    let growth = 1.0 + 1.0 / f64::from(pods);
    let power = |exponent: u32| libm::pow(growth, f64::from(exponent));
    (1..=pods).map(|pod| power(pods) - power(pod - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{coefficient_of_variation, jain};

    #[test]
    fn loss_hardly_depends_on_replicas() {
        let cases = [(1, 50.0), (3, 75.0), (9, 90.0), (99, 99.0)];
        for (replicas, lost) in cases {
            assert!((lost_per_rollout(100.0, 1.0, replicas) - lost).abs() < 1e-9, "{replicas}");
        }
    }

    #[test]
    fn the_first_pod_keeps_most_connections() {
        // rolling-surge1-*: pods, first and last over the mean, cv, Jain's index.
        let cases = [
            (2, 1.25, 0.75, 0.25, 0.941_176_470_6),
            (3, 1.370_370_37, 0.592_592_592_6, 0.318_604_639_5, 0.907_845_579_1),
            (8, 1.565_784_514, 0.285_087_168_2, 0.419_202_458_9, 0.850_534_904_5),
            (100, 1.704_813_829, 0.026_780_334_94, 0.485_702_836_9, 0.809_122_208_4),
        ];
        for (pods, first, last, cv, index) in cases {
            let loads = connections_after_rollout(pods);
            assert!((loads[0] - first).abs() < 1e-8, "first of {pods}");
            assert!((loads[loads.len() - 1] - last).abs() < 1e-8, "last of {pods}");
            assert!((coefficient_of_variation(&loads) - cv).abs() < 1e-8, "cv of {pods}");
            assert!((jain(&loads) - index).abs() < 1e-8, "jain of {pods}");
            assert!((loads.iter().sum::<f64>() - f64::from(pods)).abs() < 1e-8, "sum of {pods}");
        }
        let shares: Vec<f64> = connections_after_rollout(3).iter().map(|load| load / 3.0).collect();
        for (share, expected) in shares.iter().zip([0.457, 0.346, 0.198]) {
            assert!((share - expected).abs() < 5e-4, "{shares:?}");
        }
    }
}
