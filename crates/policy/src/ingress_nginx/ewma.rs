//! The moving average of latencies, as ingress-nginx has it.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy,
    block::{Places, carry, distinct},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ingress-nginx.ewma",
    summary: "the better of two by the moving average of latencies",
    level: Level::Request,
    on_change: "who stays keeps its average; who is new has the mean of those",
    parameters: &[Parameter {
        name: "DECAY_TIME",
        summary: "How long it takes until 1/e of a latency is left.",
        kind: Kind::Duration { default: Span::from_secs(10) },
    }],
    build: |settings, _| Box::new(IngressNginxEwma::new(settings.duration("DECAY_TIME"))),
};

/// **What it does** Two different endpoints are drawn of those that were not tried for this
/// request, and the one with the lower score is picked. The score is a moving average of latencies,
/// which falls with time.
///
/// **Where it is used** ingress-nginx, `load-balance: ewma`, for each request; the workers of a pod
/// share what they know.
///
/// **What it needs to know** The list, and how long its own requests took, errors included.
/// Requests that are pending do not count.
///
/// **When it goes wrong** An endpoint that nothing is known of has a score of 0: it wins each
/// comparison until its first answer. One that is not asked looks faster and faster. One that fails
/// fast looks fast. The one that looks best gets twice its share until its average has followed,
/// seconds later: with many requests near what the endpoints can do, queues swing. Weights are
/// ignored.
///
/// **Reference** `rootfs/etc/nginx/lua/balancer/ewma.lua` of ingress-nginx.
#[derive(Clone, Debug)]
pub struct IngressNginxEwma {
    decay: Span,
    places: Places,
    averages: Vec<Option<Average>>,
    /// The places that are left for a request that some were tried for.
    left: Vec<usize>,
}

/// A moving average and when it was last touched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    /// In seconds.
    pub seconds: f64,
    /// When.
    pub touched: Time,
}

impl Average {
    /// What it is after a latency of so many seconds. Right after it was touched it does not
    /// change.
    #[must_use]
    pub fn with(self, seconds: f64, now: Time, decay: Span) -> f64 {
        let elapsed = now.since(self.touched).as_secs_f64();
        let old = libm::exp(-elapsed / decay.as_secs_f64().max(1e-9));
        self.seconds * old + seconds * (1.0 - old)
    }
}

impl IngressNginxEwma {
    /// Such a policy, whose memory lasts so long.
    #[must_use]
    pub fn new(decay: Span) -> Self {
        let (places, averages, left) = (Places::default(), Vec::new(), Vec::new());
        Self { decay, places, averages, left }
    }

    /// The average of the endpoint in a place, if it has answered, or had somebody to learn from.
    #[must_use]
    pub fn average(&self, place: usize) -> Option<Average> {
        self.averages[place]
    }

    /// Knows of an endpoint what somebody else has found out.
    pub fn learn(&mut self, place: usize, average: Average) {
        self.averages[place] = Some(average);
    }

    /// The score of the endpoint in a place, in seconds.
    #[must_use]
    #[inline]
    pub fn score(&self, place: usize, now: Time) -> f64 {
        self.averages[place].map_or(0.0, |average| average.with(0.0, now, self.decay))
    }

    /// Leaves the places of endpoints that were not tried; all of them, where all were.
    fn leave_untried(&mut self, tried: &[EndpointId]) {
        let places = 0..self.places.len();
        self.left.clear();
        self.left.extend(places.clone().filter(|it| !tried.contains(&self.places.id(*it))));
        if self.left.is_empty() {
            self.left.extend(places);
        }
    }

    #[inline]
    fn better(&self, [first, second]: [usize; 2], now: Time) -> usize {
        if self.score(second, now) < self.score(first, now) { second } else { first }
    }
}

impl Policy for IngressNginxEwma {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.places.update(endpoints);
        let kept = before.iter().filter_map(|place| self.averages[(*place)?]);
        let (count, sum) = kept.fold((0.0, 0.0), |(n, sum), it| (n + 1.0, sum + it.seconds));
        let learnt = (count > 0.0).then(|| Average { seconds: sum / count, touched: now });
        self.averages = carry(&before, &self.averages, |_| learnt);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let now = context.now;
        if context.tried.is_empty() && self.places.len() > 1 {
            return Some(self.better(distinct(self.places.len(), context.random), now));
        }
        self.leave_untried(context.tried);
        match self.left.len() {
            0 => None,
            1 => Some(self.left[0]),
            left => {
                let pair = distinct(left, context.random).map(|place| self.left[place]);
                Some(self.better(pair, now))
            }
        }
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        let &Ended { endpoint, now, latency, .. } = ended;
        let Some(place) = self.places.of(endpoint) else { return };
        let seconds = latency.as_secs_f64();
        // What was touched never was touched long ago.
        let average = self.averages[place].map_or(seconds, |it| it.with(seconds, now, self.decay));
        self.averages[place] = Some(Average { seconds: average, touched: now });
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::Reply;

    const SECOND: Time = Time::from_secs(1);

    fn policy(endpoints: &[Endpoint], averages: &[f64]) -> IngressNginxEwma {
        let mut policy = IngressNginxEwma::new(Span::from_secs(10));
        policy.update(endpoints, SECOND);
        for (place, seconds) in averages.iter().copied().enumerate() {
            policy.learn(place, Average { seconds, touched: SECOND });
        }
        policy
    }

    fn pick(policy: &mut IngressNginxEwma, tried: &[EndpointId]) -> Option<usize> {
        let mut random = Streams::new(1).named("ewma");
        policy.pick(&mut PickContext { tried, ..PickContext::new(SECOND, &mut random) })
    }

    #[test]
    fn who_is_new_learns_from_the_others() {
        let all = Endpoint::numbered(&[1; 5]);
        let mut policy = policy(&all[..3], &[0.2, 0.3, 1.2]);
        let now = Time::from_secs(3);
        policy.update(&[all[4], all[2], all[0]], now);
        let expected = [(0.7, now), (1.2, SECOND), (0.2, SECOND)];
        for (place, (seconds, touched)) in expected.into_iter().enumerate() {
            let average = policy.average(place).expect("it has learnt");
            assert!((average.seconds - seconds).abs() < 1e-12, "{place}: {average:?}");
            assert_eq!(average.touched, touched, "{place}");
        }
        policy.update(&all[..1], now);
        policy.update(&all[1..2], now);
        assert_eq!(policy.average(0), None, "there was nobody to learn from");
    }

    #[test]
    fn the_first_answer_is_the_average_and_pending_requests_do_not_count() {
        let all = Endpoint::numbered(&[1; 2]);
        let mut policy = policy(&all, &[0.2]);
        assert_eq!([(); 3].map(|()| pick(&mut policy, &[])), [Some(1); 3]);
        let (endpoint, now, latency) = (all[1].id, SECOND, Span::from_millis(300));
        policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
        assert_eq!(policy.average(1), Some(Average { seconds: 0.3, touched: now }));
        assert_eq!([(); 3].map(|()| pick(&mut policy, &[])), [Some(0); 3]);
    }

    #[test]
    fn what_was_tried_is_left_out_unless_all_were() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut policy = policy(&all, &[0.1, 0.2, 0.3]);
        assert_eq!(pick(&mut policy, &[all[0].id]), Some(1));
        assert_eq!(pick(&mut policy, &[all[0].id, all[1].id]), Some(2));
        assert!(pick(&mut policy, &[all[0].id, all[1].id, all[2].id]).is_some());
        policy.update(&all[..1], SECOND);
        assert_eq!(pick(&mut policy, &[]), Some(0));
        assert_eq!(pick(&mut policy, &[all[0].id]), Some(0));
        policy.update(&[], SECOND);
        assert_eq!(pick(&mut policy, &[]), None);
    }
}
