//! A few endpoints at random, and the best of those.

use engine::{Random, Time};

use super::Score;
use crate::{Ended, Endpoint, EndpointId, PickContext, Policy};

/// Which endpoints are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Two different ones, each pair as likely.
    Distinct,
    /// Two, drawn alike; should both be the same one, the second is the one behind it.
    Neighbours,
    /// So many, drawn alike, each by the remainder of a number of 64 bits: the same one may come up
    /// again.
    Replacement(u32),
    /// All; of those that are equal one is drawn.
    All,
}

impl Sampling {
    /// The place of the least score among those that are compared; of equal ones the first that was
    /// drawn. `None` where there is no place; where there is one only, nothing is drawn.
    // Inlined always: a call of it costs as much as what it does for the commonest.
    #[inline(always)]
    pub fn choose<S: Score>(
        self,
        score: &mut S,
        now: Time,
        random: &mut dyn Random,
    ) -> Option<usize> {
        // The commonest are in line, each by itself, without the registers and the jumps of the others.
        if self == Self::Replacement(2) && score.places() > 1 {
            let (first, second) = random.next_two_u64();
            let two = [first, second].map(|bits| score.remainder(bits));
            return Some(better_of(score, two, now));
        }
        if self == Self::Distinct && score.places() > 1 {
            let two = distinct(score.places(), random);
            return Some(better_of(score, two, now));
        }
        self.choose_otherwise(score, now, random)
    }

    #[inline(never)]
    fn choose_otherwise<S: Score>(
        self,
        score: &mut S,
        now: Time,
        random: &mut dyn Random,
    ) -> Option<usize> {
        let places = score.places();
        if places < 2 {
            return (places == 1).then_some(0);
        }
        match self {
            Self::Distinct => unreachable!("of several places two are drawn in line"),
            Self::Neighbours => {
                let [first, second] = random.two_below(places as u32).map(|it| it as usize);
                Some(better_of(score, neighbours(places, first, second), now))
            }
            Self::Replacement(count) => {
                let mut best = score.remainder(random.next_u64());
                if count < 2 {
                    return Some(best);
                }
                let mut least = score.of(best, now);
                for _ in 1..count.min(DRAWS_BEFORE_LOOKING) {
                    let other = score.remainder(random.next_u64());
                    better(&mut best, &mut least, other, score.of(other, now));
                }
                if count > DRAWS_BEFORE_LOOKING {
                    let least_of_all = least_of_all(score, now);
                    let mut left = DRAWS_BEFORE_LOOKING..count;
                    while least > least_of_all && left.next().is_some() {
                        let other = score.remainder(random.next_u64());
                        better(&mut best, &mut least, other, score.of(other, now));
                    }
                }
                Some(best)
            }
            Self::All => any_of_least(score, 0..places, now, random),
        }
    }
}

/// How many draws are made before it is looked whether another can change anything: nothing that is
/// drawn after one of the least score replaces it. Anybody may ask for any number.
pub const DRAWS_BEFORE_LOOKING: u32 = 100;

/// The least score of any place; there has to be one.
fn least_of_all<S: Score>(score: &mut S, now: Time) -> S::Load {
    let first = score.of(0, now);
    (1..score.places()).fold(first, |least, place| {
        let other = score.of(place, now);
        if other < least { other } else { least }
    })
}

/// Two different places of so many, in either order. Each half of one random number draws one of
/// them.
#[inline]
pub fn distinct(places: usize, random: &mut dyn Random) -> [usize; 2] {
    let bits = random.next_u64();
    let below = |half: u64, places: usize| ((half * places as u64) >> 32) as usize;
    let first = below(bits >> 32, places);
    let second = below(bits & u64::from(u32::MAX), places - 1);
    [first, second + usize::from(second >= first)]
}

/// Two places that were drawn; the one behind stands in for a second that is the first again, so
/// that neighbours are compared more often than others.
#[must_use]
#[inline]
pub fn neighbours(places: usize, first: usize, second: usize) -> [usize; 2] {
    [first, if second == first { (second + 1) % places } else { second }]
}

/// The better of two places, the first where both are as good.
#[inline]
pub fn better_of<S: Score>(score: &mut S, [mut best, other]: [usize; 2], now: Time) -> usize {
    let mut least = score.of(best, now);
    better(&mut best, &mut least, other, score.of(other, now));
    best
}

/// Takes a place for the best if its score is less than the least.
#[inline]
fn better<L: Copy + PartialOrd>(best: &mut usize, least: &mut L, place: usize, score: L) {
    // Which is less cannot be foreseen, so this should not be a jump.
    let less = score < *least;
    *best = std::hint::select_unpredictable(less, place, *best);
    *least = std::hint::select_unpredictable(less, score, *least);
}

/// The place of the least score of some. Where several have it, each takes the place of the one
/// before with a probability of one over their number so far: in the end all are alike.
pub fn any_of_least<S: Score>(
    score: &mut S,
    places: impl IntoIterator<Item = usize>,
    now: Time,
    random: &mut dyn Random,
) -> Option<usize> {
    let mut places = places.into_iter();
    let mut best = places.next()?;
    let mut least = score.of(best, now);
    let mut equal = 1;
    for place in places {
        let other = score.of(place, now);
        if other < least {
            (best, least, equal) = (place, other, 1);
        } else if other <= least {
            equal += 1;
            if random.next_u64().is_multiple_of(equal) {
                best = place;
            }
        }
    }
    Some(best)
}

/// The policy that compares some endpoints by a score, and picks the best of them. Weights are
/// ignored.
#[derive(Clone, Debug)]
pub struct Choice<S> {
    sampling: Sampling,
    score: S,
}

impl<S: Score> Choice<S> {
    /// Such a policy.
    #[must_use]
    pub const fn new(sampling: Sampling, score: S) -> Self {
        Self { sampling, score }
    }

    /// What it goes by.
    pub const fn score(&mut self) -> &mut S {
        &mut self.score
    }
}

impl<S: Score> Policy for Choice<S> {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.score.update(endpoints, now);
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let place = self.sampling.choose(&mut self.score, context.now, context.random)?;
        self.score.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.score.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.score.end(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.score.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Reply, block::Outstanding};

    /// How often each of the places comes up, where nothing ever ends or everything does.
    fn picks(sampling: Sampling, places: usize, count: u32, ends: bool) -> Vec<u32> {
        let all = Endpoint::numbered(&vec![1; places]);
        let mut policy = Choice::new(sampling, Outstanding::default());
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named("choice");
        let mut counts = vec![0; places];
        for _ in 0..count {
            let place = policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
            let place = place.expect("there are places");
            counts[place] += 1;
            if ends {
                let (endpoint, now, latency) = (all[place].id, Time::ZERO, Span::ZERO);
                policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
            }
        }
        counts
    }

    #[test]
    fn two_choices_even_out_what_does_not_end() {
        let most = |sampling| picks(sampling, 10, 1000, false).into_iter().max();
        assert_eq!(most(Sampling::All), Some(100));
        for sampling in [Sampling::Distinct, Sampling::Neighbours, Sampling::Replacement(2)] {
            assert!(most(sampling) <= Some(104), "{sampling:?}: {:?}", most(sampling));
        }
        assert!(most(Sampling::Replacement(1)) > Some(110), "one choice is none");
    }

    #[test]
    fn where_all_are_equal_each_comes_up_alike() {
        for sampling in
            [Sampling::Distinct, Sampling::Neighbours, Sampling::Replacement(3), Sampling::All]
        {
            let counts = picks(sampling, 4, 40_000, true);
            // Five standard deviations of a binomial with n = 40 000 and p = 1/4.
            assert!(counts.iter().all(|it| it.abs_diff(10_000) < 435), "{sampling:?} {counts:?}");
        }
    }

    #[test]
    fn any_number_of_draws_comes_to_an_end() {
        for count in [DRAWS_BEFORE_LOOKING + 1, 100_000, u32::MAX] {
            let filled = picks(Sampling::Replacement(count), 10, 1000, false);
            assert_eq!(filled, [100; 10], "{count} draws find the least");
            let level = picks(Sampling::Replacement(count), 4, 40_000, true);
            assert!(level.iter().all(|it| it.abs_diff(10_000) < 435), "{count}: {level:?}");
        }
    }

    #[test]
    fn pairs_are_of_different_places_and_neighbours_meet_more_often() {
        let mut random = Streams::new(2).named("choice");
        let mut pairs = [[0_u32; 3]; 3];
        for _ in 0..60_000 {
            let [a, b] = distinct(3, &mut random);
            pairs[a][b] += 1;
        }
        for (a, row) in pairs.iter().enumerate() {
            for (b, count) in row.iter().enumerate() {
                let expected = if a == b { 0 } else { 10_000 };
                assert!(count.abs_diff(expected) <= 460, "{a} and {b}: {count}");
            }
        }
        assert_eq!(neighbours(3, 2, 2), [2, 0]);
        assert_eq!(neighbours(3, 2, 1), [2, 1]);
    }

    #[test]
    fn who_stays_is_remembered_and_who_joins_is_the_best() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut random = Streams::new(3).named("choice");
        let mut policy = Choice::new(Sampling::All, Outstanding::default());
        let mut pick = |policy: &mut Choice<Outstanding>| {
            policy.pick(&mut PickContext::new(Time::ZERO, &mut random))
        };
        assert_eq!(pick(&mut policy), None, "before any list");
        policy.update(&all[..2], Time::ZERO);
        (0..6).for_each(|_| assert!(pick(&mut policy).is_some()));
        assert_eq!(policy.score().counts(), [3, 3]);
        policy.update(&[all[3], all[1]], Time::ZERO);
        assert_eq!([(); 3].map(|()| pick(&mut policy)), [Some(0); 3], "until it has as many");
        policy.update(&[], Time::ZERO);
        assert_eq!(pick(&mut policy), None);
        policy.update(&all[..1], Time::ZERO);
        assert_eq!(pick(&mut policy), Some(0));
    }
}
