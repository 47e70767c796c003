//! How much of a zone's requests stay in it.

/// The whole, where shares are counted.
const WHOLE: u64 = 10_000;

/// What callers in a zone do, where callers and endpoints are spread over the zones unlike. Zones
/// are counted from the callers' own, which is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneRouting {
    /// Which share of the callers each zone has, in ten-thousandths.
    pub callers: Vec<u64>,
    /// Which share of the endpoints.
    pub endpoints: Vec<u64>,
    /// What comes of that.
    pub route: Route,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// All to the own zone.
    Direct,
    /// Some to the own zone, others to where there are more endpoints than callers.
    Residual {
        /// How many stay, in ten-thousandths.
        stay: u64,
        /// What the zones up to each have left, together.
        left: Vec<u64>,
    },
}

impl ZoneRouting {
    /// What follows from how many callers and how many healthy endpoints each zone has.
    #[must_use]
    pub fn of(callers: &[u32], endpoints: &[u32]) -> Self {
        let (callers, endpoints) = (shares(callers), shares(endpoints));
        let first = |of: &[u64]| of.first().copied().unwrap_or(0);
        let (own_callers, own) = (first(&callers), first(&endpoints));
        let route = if own > 0 && own >= own_callers {
            Route::Direct
        } else {
            let mut sum = 0;
            let other = |(zone, (callers, endpoints)): (usize, (&u64, &u64))| {
                sum += if zone == 0 { 0 } else { endpoints.saturating_sub(*callers) };
                sum
            };
            let left = callers.iter().zip(&endpoints).enumerate().map(other).collect();
            let stay = (own * WHOLE).checked_div(own_callers).unwrap_or(0);
            Route::Residual { stay, left }
        };
        Self { callers, endpoints, route }
    }

    /// The zone of a request; `draw` gives random bits.
    pub fn choose(&self, mut draw: impl FnMut() -> u64) -> usize {
        let Route::Residual { stay, left } = &self.route else { return 0 };
        if draw() % WHOLE < *stay {
            return 0;
        }
        match left.last() {
            None => 0,
            // Roundings may leave nothing anywhere; then it is any zone that has endpoints.
            Some(0) => {
                let any = || (0..self.endpoints.len()).filter(|zone| self.endpoints[*zone] > 0);
                let count = any().count().max(1) as u64;
                any().nth((draw() % count) as usize).unwrap_or(0)
            }
            Some(sum) => {
                let point = draw() % sum;
                left.iter().position(|left| point < *left).unwrap_or(0)
            }
        }
    }
}

fn shares(counts: &[u32]) -> Vec<u64> {
    let all: u64 = counts.iter().copied().map(u64::from).sum();
    let share = |count: &u32| (WHOLE * u64::from(*count)).checked_div(all).unwrap_or(0);
    counts.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The zones that draws lead to.
    fn zones(callers: &[u32], endpoints: &[u32], draws: &[[u64; 2]]) -> Vec<usize> {
        let routing = ZoneRouting::of(callers, endpoints);
        let zone = |draws: &[u64; 2]| {
            let mut draws = draws.iter().copied();
            routing.choose(|| draws.next().expect("two draws are enough"))
        };
        draws.iter().map(zone).collect()
    }

    #[test]
    fn draws_fall_on_what_is_left() {
        let draws = [[6_249, 0], [6_250, 0], [9_999, 999], [9_999, 1_000], [16_250, 1_500]];
        assert_eq!(zones(&[2, 2, 1], &[5, 10, 5], &draws), [0, 1, 1, 2, 1]);
        assert_eq!(zones(&[1, 1], &[1, 1], &[[9_999, 0]]), [0], "no draw is needed");
    }

    #[test]
    fn an_own_zone_without_endpoints_gets_nothing() {
        assert_eq!(zones(&[1, 1], &[0, 5], &[[0, 0], [9_999, 4_999]]), [1, 1]);
        assert_eq!(zones(&[1, 9_999, 0], &[0, 1, 0], &[[0, 0], [0, 1]]), [1, 1]);
        assert_eq!(zones(&[0, 1], &[0, 1], &[[0, 0], [0, 1]]), [1, 1], "nothing is left anywhere");
        assert_eq!(zones(&[], &[], &[[0, 0]]), [0]);
    }
}
