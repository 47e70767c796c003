//! Where a route leads a client's requests to: backends, each of which gets its share of them.
//!
//! A share is the backend's weight of the sum of all. What a route may not lead to has its share too, and
//! so has a route without any backend: for those requests the controller answers 500 itself.
//!
//! *Left out:* weights that change during a run, Services that come or go during it, for which a controller
//! would answer 500 too, and listeners of which only the closest takes a host.

use engine::Random;

use crate::ingress::Backend;

/// The backends of a route, with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedBackends {
    /// Those with a weight. `None` is what it may not lead to.
    backends: Vec<(Option<Backend>, u32)>,
    total: u64,
}

impl WeightedBackends {
    /// Backends, `None` for what the route may not lead to, and their weights.
    #[must_use]
    pub fn new(backends: impl IntoIterator<Item = (Option<Backend>, u32)>) -> Self {
        let backends = backends.into_iter().filter(|(_, weight)| *weight > 0);
        let backends: Vec<(Option<Backend>, u32)> = backends.collect();
        let total = backends.iter().map(|(_, weight)| u64::from(*weight)).sum();
        Self { backends, total }
    }

    /// Chooses one for a request; `None` is where it leads nowhere. Nothing is drawn where there is no
    /// choice.
    pub fn choose<R: Random>(&self, random: impl FnOnce() -> R) -> Option<&Backend> {
        let place = if self.backends.len() < 2 { 0 } else { self.draw(&mut random()) };
        self.backends.get(place)?.0.as_ref()
    }

    fn draw(&self, random: &mut impl Random) -> usize {
        let mut left = random.below_u64(self.total);
        let passed = self.backends.iter().take_while(|(_, weight)| {
            let passed = left >= u64::from(*weight);
            left = left.saturating_sub(u64::from(*weight));
            passed
        });
        passed.count()
    }

    /// All that lead somewhere.
    pub fn iter(&self) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter_map(|(backend, _)| backend.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use api::Key;
    use engine::{Stream, Streams};

    use super::*;

    fn backend(name: &str) -> Option<Backend> {
        Some(Backend { service: Key::new("default", name), port_name: String::new() })
    }

    #[test]
    fn shares_are_those_of_the_weights() {
        let weights = [90, 0, 9, 1];
        let names = ["a", "never", "b", "c"];
        let all = names.iter().zip(weights).map(|(name, weight)| (backend(name), weight));
        let backends = WeightedBackends::new(all);
        let mut random = Streams::new(1).named("test");
        let draws = 100_000;
        let mut counts = [0_u32; 4];
        for _ in 0..draws {
            let chosen = backends.choose(|| &mut random).expect("all lead somewhere");
            let place = names.iter().position(|name| **name == *chosen.service.name);
            counts[place.expect("it is one of them")] += 1;
        }
        for (count, weight) in counts.into_iter().zip(weights) {
            let share = f64::from(weight) / 100.0;
            let expected = f64::from(draws) * share;
            let deviation = (expected * (1.0 - share)).sqrt();
            assert!((f64::from(count) - expected).abs() <= 4.0 * deviation, "{counts:?}");
        }
        let listed: Vec<&str> = backends.iter().map(|it| it.service.name.as_ref()).collect();
        assert_eq!(listed, ["a", "b", "c"], "0 is none");
    }

    #[test]
    fn nothing_is_drawn_where_there_is_no_choice() {
        let cases = [
            (vec![], None),
            (vec![(backend("a"), 0)], None),
            (vec![(None, 5)], None),
            (vec![(backend("a"), 5)], backend("a")),
            (vec![(backend("a"), 0), (backend("b"), 1)], backend("b")),
        ];
        for (all, expected) in cases {
            let backends = WeightedBackends::new(all);
            let drawn = || -> Stream { panic!("there is no choice") };
            assert_eq!(backends.choose(drawn), expected.as_ref(), "{backends:?}");
        }
    }

    #[test]
    fn what_leads_nowhere_has_its_share_too() {
        let backends = WeightedBackends::new([(backend("a"), 1), (None, 1)]);
        let mut random = Streams::new(1).named("test");
        let nowhere = (0..1_000).filter(|_| backends.choose(|| &mut random).is_none()).count();
        assert!((400..600).contains(&nowhere), "{nowhere}");
    }
}
