//! Policies that know what no balancer can: what such knowledge would be worth.

pub mod jiq;
pub mod jsq;
pub mod least_work;

use engine::Random;

/// Draws one of the places that a condition holds of; `None` where there is none.
fn any(places: usize, random: &mut dyn Random, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let those = || (0..places).filter(|place| holds(*place));
    match those().count() {
        0 => None,
        count => those().nth(random.below(count as u32) as usize),
    }
}

/// Draws one of the places of the least value.
fn any_of_least<T: Ord>(
    places: usize,
    random: &mut dyn Random,
    value: impl Fn(usize) -> T,
) -> Option<usize> {
    let least = (0..places).map(&value).min()?;
    any(places, random, |place| value(place) == least)
}

#[cfg(test)]
mod tests {
    use engine::{Random as _, Span, Streams, Time};

    use crate::{Endpoint, EndpointId, Oracle, PickContext, by_name};

    /// The queues of endpoints, each request of which takes as many milliseconds as is said.
    struct Queues(&'static [(u32, u64)]);

    impl Oracle for Queues {
        fn queue_length(&self, endpoint: EndpointId) -> u32 {
            self.0[endpoint.0 as usize].0
        }

        fn work_left(&self, endpoint: EndpointId) -> Span {
            let (requests, milliseconds) = self.0[endpoint.0 as usize];
            Span::from_millis(u64::from(requests) * milliseconds)
        }
    }

    /// How often each of the endpoints is picked in 3000 picks. They stand in the list in reverse.
    fn counts(name: &str, oracle: Option<&dyn Oracle>, count: usize) -> Vec<usize> {
        let mut policy = by_name(name).map(|it| crate::Configured::new(it).build(0)).expect(name);
        let mut all = Endpoint::numbered(&vec![1; count]);
        all.reverse();
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named(name);
        let mut counts = vec![0; count];
        for _ in 0..3000 {
            // Draws that others make shift nothing here.
            random.next_u64();
            let mut context = PickContext { oracle, ..PickContext::new(Time::ZERO, &mut random) };
            let place = policy.pick(&mut context).expect("there are some");
            counts[all[place].id.0 as usize] += 1;
        }
        counts
    }

    #[test]
    fn each_goes_by_what_it_knows() {
        let busy = Queues(&[(3, 1), (1, 9), (1, 9), (2, 2)]);
        let some_idle = Queues(&[(3, 1), (0, 9), (0, 9), (2, 2)]);
        let even = |counts: &[usize], places: &[usize]| {
            let share = 3000 / places.len();
            counts.iter().enumerate().all(|(place, count)| {
                let expected = if places.contains(&place) { share } else { 0 };
                // Five standard deviations of a binomial with n = 3000 and p = 1/2.
                count.abs_diff(expected) <= if expected == 0 { 0 } else { 137 }
            })
        };
        for (name, queues, places) in [
            ("oracle.jsq", &busy, &[1, 2][..]),
            ("oracle.jsq", &some_idle, &[1, 2]),
            ("oracle.jiq", &busy, &[0, 1, 2, 3]),
            ("oracle.jiq", &some_idle, &[1, 2]),
            ("oracle.least_work", &busy, &[0]),
            ("oracle.least_work", &some_idle, &[1, 2]),
        ] {
            let counts = counts(name, Some(queues), 4);
            assert!(even(&counts, places), "{name}: {counts:?}");
        }
        for name in ["oracle.jsq", "oracle.jiq", "oracle.least_work"] {
            assert!(even(&counts(name, None, 4), &[0, 1, 2, 3]), "{name} without an oracle");
            assert!(even(&counts(name, Some(&busy), 1), &[0]), "{name} of one");
        }
    }
}
