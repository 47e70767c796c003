//! What each pod would get if every request went to any of the pods that could be picked just then,
//! each with the same probability.
//!
//! A second in which three pods share the load is worth more requests to each of them than one in
//! which thirty do. Pods that could be picked at different times differ by that, whatever the policy.

use engine::{Span, Time};

use crate::{
    measures::PodMeasures,
    traffic::{second_of, slot},
};

/// The number of requests that a pod gets by chance.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct EvenShare {
    /// Its mean: the sum of 1/n over the requests, where n pods could be picked.
    pub(crate) mean: f64,
    /// What is to be taken off the mean for its variance: the sum of 1/n².
    pub(crate) squares: f64,
}

/// The shares of pods, in their order. In a second requests are taken to come evenly spread over
/// the time in which any pod could be picked.
pub(crate) fn even_shares(pods: &[&PodMeasures]) -> Vec<EvenShare> {
    let sums = running_sums(pods);
    let at = |time: &Time| {
        let place = sums.binary_search_by_key(time, |(time, _)| *time);
        place.map_or_else(|_| EvenShare::default(), |place| sums[place].1)
    };
    let share = |pod: &&PodMeasures| {
        pod.pickable.iter().fold(EvenShare::default(), |sum, (from, to)| {
            let (from, to) = (at(from), at(to));
            EvenShare {
                mean: sum.mean + to.mean - from.mean,
                squares: sum.squares + to.squares - from.squares,
            }
        })
    };
    pods.iter().map(share).collect()
}

/// The share, up to each moment at which a pod began or ceased to be pickable, of one that could be
/// picked all the time.
fn running_sums(pods: &[&PodMeasures]) -> Vec<(Time, EvenShare)> {
    let begins = pods.iter().flat_map(|pod| pod.pickable.iter().map(|(from, _)| (*from, 1)));
    let ends = pods.iter().flat_map(|pod| pod.pickable.iter().map(|(_, to)| (*to, -1)));
    let mut changes: Vec<(Time, i64)> = begins.chain(ends).collect();
    changes.sort_unstable();
    let requests = by_second(pods);
    let mut sums = Vec::with_capacity(changes.len());
    let (mut sum, mut pickable) = (EvenShare::default(), 0);
    let mut changes = changes.into_iter().peekable();
    let Some((mut now, _)) = changes.peek().copied() else { return sums };
    while changes.peek().is_some() {
        // One second: what it is cut into, and then what a request in it is worth in each piece.
        let second = second_of(now);
        let end = Time::from_secs(second as u64 + 1);
        let mut pieces: Vec<(Span, i64, Option<Time>)> = Vec::new();
        while let Some((time, change)) = changes.next_if(|(time, _)| *time < end) {
            pieces.push((time.since(now), pickable, Some(time)));
            (now, pickable) = (time, pickable + change);
        }
        pieces.push((end.since(now), pickable, None));
        now = end;
        let busy = pieces.iter().filter(|(_, pickable, _)| *pickable > 0);
        let busy_secs: f64 = busy.map(|(span, ..)| span.as_secs_f64()).sum();
        let requests = requests.get(second).copied().unwrap_or(0);
        for (span, pickable, at) in pieces {
            if pickable > 0 && span > Span::ZERO {
                let requests = requests as f64 * span.as_secs_f64() / busy_secs;
                sum.mean += requests / pickable as f64;
                sum.squares += requests / (pickable * pickable) as f64;
            }
            sums.extend(at.map(|time| (time, sum)));
        }
    }
    // Of several changes at one moment any will do: no time passes between them.
    sums.dedup_by_key(|(time, _)| *time);
    sums
}

/// The requests to all of them, second by second.
fn by_second(pods: &[&PodMeasures]) -> Vec<u64> {
    let mut all = Vec::new();
    for (second, count) in pods.iter().flat_map(|pod| pod.by_second.iter()) {
        *slot(&mut all, second) += u64::from(count);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::BySecond;

    fn pod(pickable: &[(u64, u64)], by_second: &[u32]) -> PodMeasures {
        let millis = |(from, to): &(u64, u64)| (Time::from_millis(*from), Time::from_millis(*to));
        PodMeasures {
            pickable: pickable.iter().map(millis).collect(),
            by_second: by_second.iter().copied().collect::<BySecond>(),
            ..PodMeasures::default()
        }
    }

    fn means(pods: &[PodMeasures]) -> Vec<f64> {
        even_shares(&pods.iter().collect::<Vec<_>>()).iter().map(|share| share.mean).collect()
    }

    #[test]
    fn a_second_is_shared_by_those_that_could_be_picked_in_it() {
        // One alone for two seconds of 100 requests, then four for two seconds.
        let first = pod(&[(0, 4000)], &[100, 100, 25, 25]);
        let later = || pod(&[(2000, 4000)], &[0, 0, 25, 25]);
        assert_eq!(means(&[first, later(), later(), later()]), [250.0, 50.0, 50.0, 50.0]);
    }

    #[test]
    fn within_a_second_time_counts_and_time_without_any_pod_does_not() {
        let first = pod(&[(250, 750), (1500, 2000)], &[80, 40]);
        let second = pod(&[(500, 750)], &[20, 0]);
        // 100 requests in half a second: one has the first half alone and half of the other.
        assert_eq!(means(&[first, second]), [75.0 + 40.0, 25.0]);
    }

    #[test]
    fn shares_of_equal_times_are_those_of_a_random_split() {
        let pods: Vec<PodMeasures> = (0..10).map(|_| pod(&[(0, 5000)], &[2; 5])).collect();
        for share in even_shares(&pods.iter().collect::<Vec<_>>()) {
            assert!((share.mean - 10.0).abs() < 1e-12 && (share.squares - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn who_could_never_be_picked_has_no_share() {
        assert_eq!(means(&[pod(&[], &[7])]), [0.0]);
        assert_eq!(means(&[]), [0.0; 0]);
    }
}
