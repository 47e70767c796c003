//! The rate at which a client may send to one endpoint: it follows the rate of that endpoint's answers.

use engine::{Span, Time};

/// How rates fall and grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// What rates are counted in, above nothing.
    pub interval: Span,
    /// What is left of a rate that is too high.
    pub beta: f64,
    /// How fast it grows again: requests an interval for each cubed interval.
    pub gamma: f64,
    /// By how much it grows at once, at most.
    pub s_max: f64,
}

/// Requests an interval that an endpoint is sent, and taken to answer, before anything is known of
/// it, and what may be saved up.
const FIRST: f64 = 10.0;
/// Requests an interval that it is sent at the least.
const LEAST: f64 = 0.01;
/// So many intervals a rate is left alone after it has grown: the answers must follow first.
const HYSTERESIS: u64 = 2;
/// How much the last interval counts in the rate of answers.
const ALPHA: f64 = 0.1;
/// What is missing of a request by rounding.
const ROUNDING: f64 = 1e-9;

/// A rate, and what is left of it for the moment.
///
/// When an answer comes and fewer answers come than the rate allows requests, the rate falls to
/// β times what it was; where more come, it grows by a cubic of the time since it fell last: fast
/// towards what it was then, hardly at all when it is there, and then faster again.
#[derive(Clone, Debug, PartialEq)]
pub struct SendRate {
    /// Requests an interval.
    rate: f64,
    /// Requests that may be sent at once, as of `counted`.
    tokens: f64,
    counted: Time,
    answers: Answers,
    grown: Time,
    fallen: Time,
    /// What the rate was when it fell.
    before_fall: f64,
}

/// The rate of answers: a moving average over intervals.
#[derive(Clone, Debug, PartialEq)]
struct Answers {
    /// Answers an interval, as of the last that is over.
    rate: f64,
    /// Answers in the present one.
    count: u32,
    since: Time,
}

impl Answers {
    /// Counts the intervals that are over.
    fn advance(&mut self, now: Time, interval: Span) {
        let over = now.since(self.since).as_nanos() / interval.as_nanos();
        if over > 0 {
            self.rate = ALPHA * f64::from(self.count) + (1.0 - ALPHA) * self.rate;
            // In all others there were none.
            self.rate *= libm::pow(1.0 - ALPHA, (over - 1) as f64);
            self.count = 0;
            self.since += Span::from_nanos(over * interval.as_nanos());
        }
    }
}

impl SendRate {
    /// The rate of an endpoint that came now.
    #[must_use]
    pub fn new(now: Time) -> Self {
        let answers = Answers { rate: FIRST, count: 0, since: now };
        Self {
            rate: FIRST,
            tokens: FIRST,
            counted: now,
            answers,
            grown: now,
            fallen: now,
            before_fall: FIRST,
        }
    }

    /// Requests an interval.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn tokens(&self, now: Time, growth: &Growth) -> f64 {
        let intervals = intervals(now.since(self.counted), growth);
        (self.tokens + self.rate * intervals).min(FIRST)
    }

    /// How long it is until another request may be sent.
    #[must_use]
    pub fn wait(&self, now: Time, growth: &Growth) -> Span {
        let missing = 1.0 - self.tokens(now, growth);
        if missing <= ROUNDING {
            return Span::ZERO;
        }
        growth.interval.mul_f64(missing / self.rate).max(Span::from_nanos(1))
    }

    /// A request is sent.
    pub fn take(&mut self, now: Time, growth: &Growth) {
        self.tokens = (self.tokens(now, growth) - 1.0).max(0.0);
        self.counted = now;
    }

    /// The last request is not sent after all.
    pub fn give_back(&mut self) {
        self.tokens += 1.0;
    }

    /// An answer has come.
    pub fn answered(&mut self, now: Time, growth: &Growth) {
        self.answers.advance(now, growth.interval);
        self.answers.count += 1;
        let answers = self.answers.rate;
        let settled = growth.interval.as_nanos() * HYSTERESIS;
        // What was saved up so far was saved up at the rate so far.
        self.tokens = self.tokens(now, growth);
        self.counted = now;
        if self.rate < answers {
            let Growth { beta, gamma, s_max, .. } = *growth;
            let to_plateau = libm::cbrt(self.before_fall * beta / gamma);
            let off = intervals(now.since(self.fallen), growth) - to_plateau;
            let wanted = gamma * off * off * off + self.before_fall;
            self.rate = wanted.min(self.rate + s_max).max(LEAST);
            self.grown = now;
        } else if answers > 0.0 && self.rate > answers && now.since(self.grown).as_nanos() > settled
        {
            self.before_fall = self.rate;
            self.rate = (self.rate * growth.beta).max(LEAST);
            self.fallen = now;
        }
    }
}

fn intervals(time: Span, growth: &Growth) -> f64 {
    time.as_nanos() as f64 / growth.interval.as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROWTH: Growth =
        Growth { interval: Span::from_millis(20), beta: 0.2, gamma: 0.032, s_max: 10.0 };

    /// Sends and answers one request at each of these many equal steps.
    fn steady(rate: &mut SendRate, from: Time, step: Span, count: u32) -> Time {
        let mut now = from;
        for _ in 0..count {
            now += step;
            rate.answered(now, &GROWTH);
        }
        now
    }

    #[test]
    fn ten_may_go_at_once_and_then_one_each_time_that_the_rate_allows() {
        let mut rate = SendRate::new(Time::ZERO);
        for _ in 0..10 {
            assert_eq!(rate.wait(Time::ZERO, &GROWTH), Span::ZERO);
            rate.take(Time::ZERO, &GROWTH);
        }
        // Ten in 20 ms.
        assert_eq!(rate.wait(Time::ZERO, &GROWTH), Span::from_millis(2));
        assert_eq!(rate.wait(Time::from_millis(1), &GROWTH), Span::from_millis(1));
        assert_eq!(rate.wait(Time::from_millis(2), &GROWTH), Span::ZERO);
        rate.take(Time::from_millis(2), &GROWTH);
        assert_eq!(rate.wait(Time::from_millis(2), &GROWTH), Span::from_millis(2));
        rate.give_back();
        assert_eq!(rate.wait(Time::from_millis(2), &GROWTH), Span::ZERO);
        // No more than ten are saved up.
        let later = Time::from_secs(9);
        (0..10).for_each(|_| rate.take(later, &GROWTH));
        assert!(rate.wait(later, &GROWTH) > Span::ZERO);
    }

    #[test]
    fn a_rate_that_is_too_high_falls_once_the_answers_had_time() {
        let mut rate = SendRate::new(Time::ZERO);
        // One in 10 ms: two an interval, where ten are allowed. Within 40 ms nothing happens.
        let now = steady(&mut rate, Time::ZERO, Span::from_millis(10), 4);
        assert!(rate.rate() >= 10.0, "{}", rate.rate());
        steady(&mut rate, now, Span::from_millis(10), 1);
        assert!((rate.rate() - 2.0).abs() < 1e-12, "{}", rate.rate());
    }

    #[test]
    fn a_rate_grows_by_the_cubic_and_never_by_more_than_a_step() {
        let mut rate = SendRate::new(Time::ZERO);
        rate.answers.rate = 100.0;
        rate.before_fall = 50.0;
        rate.rate = 10.0;
        // The plateau is at the cube root of 50 · 0.2 / 0.032 intervals, which is 135.7 ms.
        let plateau = libm::cbrt(10.0 / 0.032);
        for millis in [1_u32, 5, 15] {
            let mut rate = rate.clone();
            rate.answered(Time::from_millis(millis.into()), &GROWTH);
            let off = f64::from(millis) / 20.0 - plateau;
            let wanted = 50.0 + 0.032 * off * off * off;
            // Not by more than ten at once.
            assert!((rate.rate() - wanted.min(20.0)).abs() < 1e-9, "{} {wanted}", rate.rate());
        }
        rate.rate = 49.0;
        rate.answers.since = Time::from_millis(130);
        rate.answered(Time::from_millis(136), &GROWTH);
        assert!((rate.rate() - 50.0).abs() < 0.01, "on the plateau it is what it was");
    }

    #[test]
    fn answers_are_averaged_over_intervals() {
        let mut answers = Answers { rate: 4.0, count: 10, since: Time::ZERO };
        answers.advance(Time::from_millis(19), GROWTH.interval);
        assert_eq!((answers.rate, answers.count), (4.0, 10), "the interval is not over");
        answers.advance(Time::from_millis(65), GROWTH.interval);
        // The first had ten, the two others none.
        assert!((answers.rate - (0.1 * 10.0 + 0.9 * 4.0) * 0.81).abs() < 1e-12);
        assert_eq!((answers.count, answers.since), (0, Time::from_millis(60)));
    }
}
