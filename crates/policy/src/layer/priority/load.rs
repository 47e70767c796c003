//! How much of the load each priority gets.

/// How many hosts a priority has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// All of them.
    pub all: u32,
    /// Those that are healthy.
    pub healthy: u32,
    /// Those that are degraded: to be had, but only where there are not enough others.
    pub degraded: u32,
    /// Those that are not counted, as they have not been looked at yet.
    pub excluded: u32,
    /// By how much each healthy one counts for more, in percent.
    pub overprovisioning_percent: u32,
}

/// What each priority gets, in percent of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorityLoad {
    /// To its healthy hosts, or to all where it is in a panic.
    pub healthy: Vec<u32>,
    /// To its degraded hosts.
    pub degraded: Vec<u32>,
    /// Whether it has so few to be had that all are used.
    pub panic: Vec<bool>,
}

/// Whom a priority's load goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Its healthy hosts.
    Healthy,
    /// Its degraded hosts.
    Degraded,
}

impl Hosts {
    fn counted(self) -> u32 {
        self.all.saturating_sub(self.excluded)
    }

    /// How much of a priority is to be had where so many of its hosts are, in percent.
    fn availability(self, hosts: u32) -> u32 {
        let percent = (self.overprovisioning_percent * hosts).checked_div(self.counted());
        percent.unwrap_or(0).min(100)
    }

    fn is_in_panic(self, threshold_percent: u32) -> bool {
        let percent = |hosts: u32| match self.counted() {
            0 => 0.0,
            counted => 100.0 * f64::from(hosts) / f64::from(counted),
        };
        percent(self.healthy) + percent(self.degraded) < f64::from(threshold_percent)
    }
}

impl PriorityLoad {
    /// What priorities of these hosts get: the first as much as it can take, the next what is left
    /// over.
    #[must_use]
    pub fn of(priorities: &[Hosts], panic_threshold_percent: u32) -> Self {
        let healthy: Vec<u32> = priorities.iter().map(|p| p.availability(p.healthy)).collect();
        let degraded: Vec<u32> = priorities.iter().map(|p| p.availability(p.degraded)).collect();
        let available = healthy.iter().chain(&degraded).sum::<u32>().min(100);
        let mut load = Self::distribute(&healthy, &degraded, available);
        let threshold = panic_threshold_percent.min(100);
        let panics = |hosts: &Hosts| available < 100 && hosts.is_in_panic(threshold);
        load.panic = priorities.iter().map(panics).collect();
        if available == 0 && threshold == 0 {
            // Somebody has to get it; there is nobody who could take it.
            load.healthy.iter_mut().take(1).for_each(|first| *first = 100);
        } else if load.panic.iter().all(|panic| *panic) {
            load.healthy = by_size(priorities);
            load.degraded.fill(0);
        }
        load
    }

    fn distribute(healthy: &[u32], degraded: &[u32], available: u32) -> Self {
        let mut left = 100;
        let mut take = |percent: &u32| {
            let share = (percent * 100).checked_div(available).unwrap_or(0).min(left);
            left -= share;
            share
        };
        let mut load = Self {
            healthy: healthy.iter().map(&mut take).collect(),
            degraded: degraded.iter().map(&mut take).collect(),
            panic: Vec::new(),
        };
        // What rounding has left over goes to the first that can take anything.
        let first = |of: &[u32]| of.iter().position(|percent| *percent > 0);
        if let Some(first) = first(healthy) {
            load.healthy[first] += left;
        } else if let Some(first) = first(degraded) {
            load.degraded[first] += left;
        }
        load
    }

    /// The priority that a number from 0 to 99 falls on, and whom of it.
    #[must_use]
    pub fn choose(&self, percent: u32) -> Option<(usize, Share)> {
        let mut sum = 0;
        let healthy = self.healthy.iter().enumerate().map(|it| (it, Share::Healthy));
        let degraded = self.degraded.iter().enumerate().map(|it| (it, Share::Degraded));
        healthy.chain(degraded).find_map(|((priority, load), share)| {
            sum += load;
            (percent < sum).then_some((priority, share))
        })
    }
}

/// Where all are in a panic, each gets as much as it has hosts, and the first that has any the
/// rest.
fn by_size(priorities: &[Hosts]) -> Vec<u32> {
    let all: u32 = priorities.iter().map(|hosts| hosts.all).sum();
    let share = |hosts: &Hosts| (100 * hosts.all).checked_div(all).unwrap_or(0);
    let mut load: Vec<u32> = priorities.iter().map(share).collect();
    let first = priorities.iter().position(|hosts| hosts.all > 0).unwrap_or(0);
    let given: u32 = load.iter().sum();
    if let Some(first) = load.get_mut(first) {
        *first += 100 - given;
    }
    load
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(all: u32, healthy: u32, degraded: u32, excluded: u32) -> Hosts {
        Hosts { all, healthy, degraded, excluded, overprovisioning_percent: 140 }
    }

    proptest! {
        /// All the load goes somewhere, and only to who can take it.
        #[test]
        fn the_shares_are_the_whole(
            sizes in prop::collection::vec((0_u32..20, 0_u32..20, 0_u32..20, 0_u32..20), 1..6),
            threshold in 0_u32..100,
        ) {
            let priorities: Vec<Hosts> = sizes
                .iter()
                .map(|(healthy, degraded, ill, excluded)| {
                    let excluded = *excluded.min(ill);
                    hosts(healthy + degraded + ill, *healthy, *degraded, excluded)
                })
                .collect();
            let load = PriorityLoad::of(&priorities, threshold);
            let sum: u32 = load.healthy.iter().chain(&load.degraded).sum();
            prop_assert_eq!(sum, 100, "{:?}", load);
            for percent in 0..100 {
                let (priority, share) = load.choose(percent).expect("somebody gets it");
                let of = match share {
                    Share::Healthy => load.healthy[priority],
                    Share::Degraded => load.degraded[priority],
                };
                prop_assert!(of > 0);
            }
        }
    }

    #[test]
    fn the_draw_walks_healthy_before_degraded() {
        let load = PriorityLoad::of(&[hosts(5, 0, 1, 0), hosts(5, 1, 0, 0), hosts(5, 5, 0, 0)], 50);
        assert_eq!(load.healthy, [0, 28, 72]);
        assert_eq!(load.choose(27), Some((1, Share::Healthy)));
        assert_eq!(load.choose(28), Some((2, Share::Healthy)));
        assert_eq!(load.choose(99), Some((2, Share::Healthy)));
        assert_eq!(load.choose(100), None);
        let load = PriorityLoad::of(&[hosts(5, 0, 5, 0), hosts(5, 1, 0, 0)], 50);
        assert_eq!((&load.healthy[..], &load.degraded[..]), (&[0, 28][..], &[72, 0][..]));
        assert_eq!(load.choose(28), Some((0, Share::Degraded)));
        assert_eq!(PriorityLoad::of(&[], 50).choose(0), None);
    }
}
