//! When a client's requests come: open-loop arrival processes.

use engine::{Random, Span, Time};

/// An arrival process.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// At even intervals, from a random phase on.
    Constant {
        /// Requests a second.
        per_second: f64,
    },
    /// A Poisson process whose rate changes at given times after the beginning.
    Poisson {
        /// From when, how many a second; the first from zero on.
        steps: Vec<(Span, f64)>,
    },
}

impl Arrivals {
    /// A Poisson process of one rate.
    #[must_use]
    pub fn poisson(per_second: f64) -> Self {
        Self::Poisson { steps: vec![(Span::ZERO, per_second)] }
    }

    /// When the first request comes, `None` where none ever does.
    pub fn first(&self, begin: Time, random: &mut impl Random) -> Option<Time> {
        match self {
            Self::Constant { per_second } => {
                (*per_second > 0.0).then(|| begin + Span::from_secs_f64(random.unit() / per_second))
            }
            Self::Poisson { .. } => self.next(begin, begin, self.draw(random)),
        }
    }

    /// What is drawn for the way from one request to the next: the seconds it takes where the rate is
    /// always the same, and how much of a process of rate one where it is not.
    #[inline]
    pub fn draw(&self, random: &mut impl Random) -> f64 {
        match self {
            Self::Constant { per_second } => 1.0 / per_second,
            Self::Poisson { steps } => match steps[..] {
                [(_, rate)] => random.exponential() / rate,
                _ => random.exponential(),
            },
        }
    }

    /// When the request after the one at `now` comes, for a process that began at `begin`, with
    /// what was [drawn](Self::draw) for it.
    #[inline]
    pub fn next(&self, begin: Time, now: Time, drawn: f64) -> Option<Time> {
        match self {
            Self::Constant { .. } => Some(now + Span::from_secs_f64(drawn)),
            Self::Poisson { steps } => {
                if let [(_, rate)] = steps[..] {
                    return (rate > 0.0).then(|| now + Span::from_secs_f64(drawn));
                }
                // The process of rate one, its clock stretched by the rate of each step.
                let mut left = drawn;
                let mut at = now.since(begin).as_secs_f64();
                for (index, (_, rate)) in steps.iter().enumerate() {
                    let end = steps.get(index + 1).map(|(end, _)| end.as_secs_f64());
                    if end.is_some_and(|end| end <= at) {
                        continue;
                    }
                    if *rate > 0.0 && end.is_none_or(|end| (end - at) * rate > left) {
                        return Some(begin + Span::from_secs_f64(at + left / rate));
                    }
                    let end = end?;
                    left -= (end - at) * rate;
                    at = end;
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    fn times(arrivals: &Arrivals, until: Time) -> Vec<Time> {
        let mut random = Streams::new(7).named("arrivals");
        let begin = Time::from_secs(3);
        let mut times = Vec::new();
        let mut next = arrivals.first(begin, &mut random);
        while let Some(time) = next.filter(|time| *time < until) {
            times.push(time);
            next = arrivals.next(begin, time, arrivals.draw(&mut random));
        }
        times
    }

    #[test]
    fn a_constant_process_is_even() {
        let times = times(&Arrivals::Constant { per_second: 100.0 }, Time::from_secs(13));
        assert_eq!(times.len(), 1000);
        assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) == Span::from_millis(10)));
    }

    #[test]
    fn a_process_of_one_rate_is_one_of_steps_that_never_change() {
        let one = Arrivals::poisson(200.0);
        let steps = vec![(Span::ZERO, 200.0), (Span::from_secs(1_000), 1.0)];
        let (one, steps) = (
            times(&one, Time::from_secs(103)),
            times(&Arrivals::Poisson { steps }, Time::from_secs(103)),
        );
        // Five standard deviations of a Poisson count.
        assert!(one.len().abs_diff(20_000) < 707, "{}", one.len());
        assert_eq!(one.len(), steps.len());
        for (one, other) in one.iter().zip(&steps) {
            assert!(one.as_nanos().abs_diff(other.as_nanos()) < 20_000, "{one} and {other}");
        }
        let mut random = Streams::new(7).named("arrivals");
        assert_eq!(Arrivals::poisson(0.0).first(Time::ZERO, &mut random), None);
    }

    #[test]
    fn steps_have_their_rates_and_a_rate_of_zero_is_silence() {
        let steps = vec![
            (Span::ZERO, 1000.0),
            (Span::from_secs(10), 0.0),
            (Span::from_secs(20), 200.0),
            (Span::from_secs(30), 0.0),
        ];
        let times = times(&Arrivals::Poisson { steps }, Time::from_secs(1000));
        let count = |from: u64, to: u64| {
            let range = Time::from_secs(3 + from)..Time::from_secs(3 + to);
            times.iter().filter(|time| range.contains(time)).count()
        };
        // Five standard deviations of a Poisson count.
        assert!(count(0, 10).abs_diff(10_000) < 500, "{}", count(0, 10));
        assert_eq!(count(10, 20), 0);
        assert!(count(20, 30).abs_diff(2_000) < 224, "{}", count(20, 30));
        assert_eq!(count(30, 1000), 0);
    }
}
