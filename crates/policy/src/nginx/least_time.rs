//! The least time: NGINX's `least_time`.

use std::cmp::Ordering;

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Reply,
    nginx::peers::{FAIL_TIMEOUT, MAX_FAILS, Peers},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "nginx.least_time",
    summary: "the least average latency times connections, for its weight",
    level: Level::Request,
    on_change: "it begins anew: a reload forgets latencies, connections and failures",
    parameters: &[
        Parameter {
            name: "inflight",
            summary: "Whether requests that are still waiting count in the average latency.",
            kind: Kind::Flag { default: false },
        },
        MAX_FAILS,
        FAIL_TIMEOUT,
    ],
    build: |settings, _| {
        let peers = Peers::as_set(settings);
        Box::new(NginxLeastTime::new(peers, settings.flag("inflight")))
    },
};

/// **What it does** The server with the least time that a request is expected to take there, for
/// its weight: the average latency, rounded up to 20 ms, times its connections and one more.
/// Several that are level have smooth weighted turns, as in
/// [`round_robin`](crate::nginx::round_robin::NginxRoundRobin); failures are treated as there. A
/// server that is not asked for `fail_timeout` is taken to be twice as fast with each such period.
///
/// **Where it is used** NGINX, `least_time` in an `upstream`, a request at a time.
///
/// **What it needs to know** The list, its weights, the connections and latencies of this worker,
/// or of all of this NGINX where the upstream has a `zone`. Here `header` and `last_byte` are the
/// same: a latency is that of the whole answer.
///
/// **When it goes wrong** An average follows slowly, a twentieth with each answer. A server that
/// nothing is known of is as good as one that answers within 20 ms. Averages above 5 s are all the
/// same.
///
/// **Reference** `ngx_http_upstream_get_least_time_peer` in
/// `src/http/modules/ngx_http_upstream_least_time_module.c`.
#[derive(Clone, Debug)]
pub struct NginxLeastTime {
    peers: Peers,
    counts_waiting: bool,
    times: Vec<Times>,
    /// Room for what each server is expected to take.
    expected: Vec<u64>,
}

/// What is known of the latencies of a server, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// The average of those that answered.
    answered: u64,
    /// The average of how long others have waited, each time somebody asked.
    waiting: u64,
    requests: u64,
    /// How long all of them had waited together, and when that was.
    waited: u64,
    changed: u64,
}

/// Averages above are all the same.
const MOST: u64 = 5000;

/// Averages are rounded up to a multiple of it.
const STEP: u64 = 20;

/// A moving average of milliseconds: the first latency, then a twentieth of each. 0 stands for none
/// yet.
#[must_use]
pub fn averaged(average: u64, latency: u64) -> u64 {
    match average {
        0 => latency,
        _ => (0.5 + (latency as f64 * 0.05 + average as f64 * 0.95)) as u64,
    }
}

fn milliseconds(now: Time) -> u64 {
    now.as_nanos() / 1_000_000
}

impl Times {
    /// Looks at how long requests have waited by now.
    fn look(&mut self, now: u64) {
        if let Some(each) = self.waited.checked_div(self.requests) {
            self.waiting = averaged(self.waiting, each + (now - self.changed));
        }
    }

    fn begin(&mut self, now: u64) {
        self.waited += (now - self.changed) * self.requests;
        self.changed = now;
        self.requests += 1;
    }

    fn end(&mut self, now: u64, latency: u64) {
        self.waited += (now - self.changed) * self.requests;
        self.waited = if self.requests > 1 { self.waited.saturating_sub(latency) } else { 0 };
        self.changed = now;
        self.requests = self.requests.saturating_sub(1);
    }

    /// The latency to be expected after so many periods of silence.
    fn expected(&self, silence: u64) -> u64 {
        let answered = u32::try_from(silence).ok().and_then(|it| self.answered.checked_shr(it));
        let answered = answered.unwrap_or(0);
        let latency = if self.requests > 0 { answered.max(self.waiting) } else { answered };
        if latency > MOST { MOST } else { latency + STEP - latency % STEP }
    }
}

impl NginxLeastTime {
    /// The fastest of such servers, and whether requests that still wait count.
    #[must_use]
    pub fn new(peers: Peers, counts_waiting: bool) -> Self {
        Self { peers, counts_waiting, times: Vec::new(), expected: Vec::new() }
    }

    /// A request begins, and waits.
    fn wait(&mut self, place: usize, now: Time) {
        if self.counts_waiting {
            self.times[place].begin(milliseconds(now));
        }
    }

    /// Compares what two servers are expected to take, each for its weight.
    fn compare(&self, place: usize, other: usize) -> Ordering {
        let peers = self.peers.all();
        let time = |of: usize, other: usize| self.expected[of] * u64::from(peers[other].weight);
        time(place, other).cmp(&time(other, place))
    }

    /// The first usable server of least time, and whether others are level.
    fn least(&mut self, context: &PickContext<'_>) -> Option<(usize, bool)> {
        let now = milliseconds(context.now);
        let mut least = None;
        for place in 0..self.times.len() {
            if !self.peers.is_usable(place, context) {
                continue;
            }
            self.times[place].look(now);
            let silence = self.peers.periods_of_silence(place, context.now);
            let connections = u64::from(self.peers.all()[place].conns);
            self.expected[place] = self.times[place].expected(silence) * (1 + connections);
            least = match least {
                None => Some((place, false)),
                Some((best, level)) => match self.compare(place, best) {
                    Ordering::Less => Some((place, false)),
                    Ordering::Equal => Some((best, true)),
                    Ordering::Greater => Some((best, level)),
                },
            };
        }
        least
    }
}

impl Policy for NginxLeastTime {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.peers.update(endpoints, now);
        self.times = vec![Times::default(); endpoints.len()];
        self.expected = vec![0; endpoints.len()];
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let (mut place, others) = self.least(context)?;
        if others {
            let (expected, least) = (&self.expected, self.expected[place]);
            let weight = u64::from(self.peers.all()[place].weight);
            place = self.peers.turn(place, context, |other, peer| {
                expected[other] * weight == least * u64::from(peer.weight)
            })?;
        }
        self.peers.begin(place, context.now);
        self.wait(place, context.now);
        Some(place)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        let usable = self.peers.chosen(place, now);
        if usable {
            self.wait(place, now);
        }
        usable
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if let Some(place) = self.peers.picked(ended) {
            let latency = ended.latency.as_nanos() / 1_000_000;
            let times = &mut self.times[place];
            if self.counts_waiting {
                times.end(milliseconds(ended.now), latency);
            }
            // A server that fails fast should not look fast.
            if ended.reply != Reply::Failed {
                times.answered = averaged(times.answered, latency);
            }
        }
        self.peers.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        if let Some(place) = self.peers.withdrawn(endpoint)
            && self.counts_waiting
        {
            self.times[place].end(milliseconds(now), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Configured, Value};

    fn pick(policy: &mut dyn Policy, millis: u64) -> Option<usize> {
        let mut random = Streams::new(1).named("unused");
        policy.pick(&mut PickContext::new(Time::from_millis(millis), &mut random))
    }

    fn end(policy: &mut dyn Policy, endpoint: u32, (now, latency): (u64, u64), reply: Reply) {
        let (now, latency) = (Time::from_millis(now), Span::from_millis(latency));
        let endpoint = EndpointId(endpoint);
        policy.ended(&Ended { endpoint, now, latency, reply, report: None });
    }

    fn policy(inflight: bool, weights: &[u32]) -> Box<dyn Policy> {
        let mut configured = Configured::new(&ENTRY);
        assert!(configured.set("inflight", Value::Flag(inflight)).is_ok());
        assert!(configured.set("max_fails", Value::Integer(0)).is_ok());
        let mut policy = configured.build(0);
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    #[test]
    fn the_faster_one_is_picked_until_it_has_more_to_do() {
        let mut policy = policy(false, &[1, 1]);
        assert_eq!([0; 2].map(|at| pick(&mut *policy, at)), [Some(0), Some(1)], "both are level");
        end(&mut *policy, 0, (90, 90), Reply::Ok);
        end(&mut *policy, 1, (35, 35), Reply::Ok);
        // 100 ms for one request at the first; 40, 80, 120 ms for one, two, three at the second.
        let picks: Vec<_> = (0..3).filter_map(|_| pick(&mut *policy, 90)).collect();
        assert_eq!(picks, [1, 1, 0]);
        end(&mut *policy, 0, (91, 1), Reply::Failed);
        assert_eq!(pick(&mut *policy, 91), Some(0), "a failure is not a fast answer");
        assert_eq!(pick(&mut *policy, 91), Some(1), "it has one request more than that");
    }

    #[test]
    fn a_slow_one_is_forgiven_with_time_and_weights_divide() {
        let mut policy = policy(false, &[3, 1]);
        // Level at first, since a time of 20 ms is for 3 times the weight less.
        assert_eq!([0; 3].map(|at| pick(&mut *policy, at)), [Some(0), Some(0), Some(0)]);
        (0..3).for_each(|_| end(&mut *policy, 0, (400, 400), Reply::Ok));
        assert_eq!(pick(&mut *policy, 400), Some(1), "420 / 3 against 20");
        end(&mut *policy, 1, (590, 190), Reply::Ok);
        assert_eq!(pick(&mut *policy, 600), Some(0), "420 / 3 against 200");
        end(&mut *policy, 0, (1000, 400), Reply::Ok);
        // Neither was asked for two periods of 11 s: 100 ms, and 47 ms.
        assert_eq!(pick(&mut *policy, 23_000), Some(0), "120 / 3 against 60");
    }

    #[test]
    fn those_that_wait_count_where_that_is_wanted() {
        for (inflight, expected) in [(true, 1), (false, 0)] {
            let mut policy = policy(inflight, &[1, 1]);
            (0..2).for_each(|_| assert!(pick(&mut *policy, 0).is_some()));
            end(&mut *policy, 0, (10, 10), Reply::Ok);
            end(&mut *policy, 1, (50, 50), Reply::Ok);
            assert_eq!(pick(&mut *policy, 50), Some(0));
            assert_eq!(pick(&mut *policy, 1050), Some(expected), "{inflight}: it waits for 1 s");
        }
    }

    #[test]
    fn a_new_list_begins_anew() {
        let mut policy = policy(true, &[1, 1]);
        assert_eq!(pick(&mut *policy, 0), Some(0));
        policy.update(&Endpoint::numbered(&[1, 0]), Time::from_secs(1));
        end(&mut *policy, 0, (2000, 2000), Reply::Ok);
        assert_eq!([0; 2].map(|_| pick(&mut *policy, 2000)), [Some(0); 2]);
        policy.update(&Endpoint::numbered(&[0, 0]), Time::from_secs(3));
        assert_eq!(pick(&mut *policy, 3000), None);
        policy.update(&[], Time::from_secs(3));
        assert_eq!(pick(&mut *policy, 3000), None);
    }
}
