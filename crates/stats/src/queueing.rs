//! Closed forms of queues: what a simulated one must come to, where its assumptions hold.
//!
//! Rates are per unit of time and times in the same unit, whichever it is. Queues are without
//! bounds unless said otherwise, and first come, first served. An overloaded queue has no steady
//! state: its waits are infinite.

/// The steady state of a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// The share of its servers that is busy, ρ.
    pub utilisation: f64,
    /// The probability that an arrival has to wait.
    pub wait_probability: f64,
    /// The mean time in the queue, service excluded: Wq.
    pub mean_wait: f64,
    /// The mean time from arrival to departure: W.
    pub mean_sojourn: f64,
    /// The mean number waiting: Lq.
    pub mean_waiting: f64,
    /// The mean number waiting or being served: L.
    pub mean_in_system: f64,
}

impl Queue {
    /// Little's law makes the rest out of the wait and the service.
    fn new(arrival_rate: f64, utilisation: f64, delayed: f64, wait: f64, service: f64) -> Self {
        let (wait_probability, mean_wait) = match utilisation < 1.0 {
            true => (delayed, wait),
            false => (1.0, f64::INFINITY),
        };
        let mean_sojourn = mean_wait + service;
        Self {
            utilisation,
            wait_probability,
            mean_wait,
            mean_sojourn,
            mean_waiting: arrival_rate * mean_wait,
            mean_in_system: arrival_rate * mean_sojourn,
        }
    }
}

/// M/M/1: Poisson arrivals, exponential service, one server.
///
/// Its mean sojourn is also that of any service under processor sharing, and of each pod behind a
/// random split.
#[must_use]
pub fn mm1(arrival_rate: f64, service_rate: f64) -> Queue {
    mg1(arrival_rate, 1.0 / service_rate, 1.0)
}

/// The time that the share `quantile` of M/M/1's sojourns does not exceed: they are exponential.
#[must_use]
pub fn mm1_sojourn_quantile(arrival_rate: f64, service_rate: f64, quantile: f64) -> f64 {
    mm1(arrival_rate, service_rate).mean_sojourn * -libm::log1p(-quantile)
}

/// M/D/1: Poisson arrivals, the same service time for all, one server.
#[must_use]
pub fn md1(arrival_rate: f64, service_time: f64) -> Queue {
    mg1(arrival_rate, service_time, 0.0)
}

/// M/G/1 by Pollaczek and Khinchine: Poisson arrivals, one server, and service times of any
/// distribution with this mean and this squared coefficient of variation (0 constant, 1
/// exponential).
#[must_use]
pub fn mg1(arrival_rate: f64, mean_service: f64, squared_cv: f64) -> Queue {
    let utilisation = arrival_rate * mean_service;
    let wait = utilisation / (1.0 - utilisation) * (1.0 + squared_cv) / 2.0 * mean_service;
    Queue::new(arrival_rate, utilisation, utilisation, wait, mean_service)
}

/// M/M/c: Poisson arrivals, exponential service, one queue before `servers` of them. No policy over
/// as many separate queues has a shorter mean.
#[must_use]
pub fn mmc(arrival_rate: f64, service_rate: f64, servers: u32) -> Queue {
    let offered = arrival_rate / service_rate;
    let utilisation = offered / f64::from(servers);
    let delayed = erlang_c(servers, offered);
    let spare = f64::from(servers) * service_rate - arrival_rate;
    Queue::new(arrival_rate, utilisation, delayed, delayed / spare, 1.0 / service_rate)
}

/// The time that the share `quantile` of M/M/c's waits does not exceed: 0 where so many do not wait
/// at all.
#[must_use]
pub fn mmc_wait_quantile(arrival_rate: f64, service_rate: f64, servers: u32, quantile: f64) -> f64 {
    let spare = f64::from(servers) * service_rate - arrival_rate;
    if spare <= 0.0 {
        return f64::INFINITY;
    }
    let delayed = erlang_c(servers, arrival_rate / service_rate);
    (libm::log(delayed / (1.0 - quantile)) / spare).max(0.0)
}

/// Erlang B: the share that is turned away by `servers` without a queue under `offered` load (mean
/// arrivals in a service time).
#[must_use]
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers)
        .fold(1.0, |blocked, servers| offered * blocked / (f64::from(servers) + offered * blocked))
}

/// Erlang C: the share that waits for one of `servers` with a queue. One where overloaded.
#[must_use]
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let utilisation = offered / f64::from(servers);
    if utilisation >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(servers, offered);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

/// M/M/1/K: the share turned away by one server with a backlog, `room` including the one served.
#[must_use]
pub fn mm1k_blocking(arrival_rate: f64, service_rate: f64, room: u32) -> f64 {
    let offered = arrival_rate / service_rate;
    // Each state is `offered` times as likely as the one before: built up, no power is needed.
    let (last, sum) = (0..room).fold((1.0, 1.0), |(state, sum), _| {
        let next = state * offered;
        (next, sum + next)
    });
    last / sum
}

/// The mean sojourn, in service times, behind one round robin over `servers` with exponential
/// service at this utilisation. Each server sees every n-th arrival: E_n/M/1.
///
/// Several round robins that know nothing of each other come closer to a random split.
#[must_use]
pub fn round_robin_sojourn(servers: u32, utilisation: f64) -> f64 {
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    let load = f64::from(servers) * utilisation;
    // The root of σ = (nρ/(nρ + 1 − σ))^n below one, by bisection: left of it the right side is
    // the larger one, between it and one the left side.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let sigma = 0.5 * (low + high);
        if libm::pow(load / (load + 1.0 - sigma), f64::from(servers)) > sigma {
            low = sigma;
        } else {
            high = sigma;
        }
    }
    1.0 / (1.0 - high)
}

/// The mean sojourn, in service times, where each arrival takes the shortest of `choices` random
/// queues of very many with exponential service: the supermarket model, Mitzenmacher.
#[must_use]
pub fn power_of_choices_sojourn(choices: u32, utilisation: f64) -> f64 {
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    let choices = f64::from(choices);
    // The exponents are (d^k − d)/(d − 1) for k = 1, 2, …: 0, d, d + d², …
    let (mut exponent, mut sum) = (0.0, 0.0);
    loop {
        let term = libm::pow(utilisation, exponent);
        sum += term;
        if term < sum * 1e-16 {
            return sum;
        }
        exponent = choices * (exponent + 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, what: &str) {
        assert!((got - expected).abs() <= 2e-9 * expected.abs().max(1.0), "{what}: {got}");
    }

    #[test]
    fn mm1_is_as_in_the_textbook() {
        // mm1-*: ρ, Wq, W, Lq, L, p99.
        let cases = [
            (0.3, 0.428_571_428_6, 1.428_571_429, 0.128_571_428_6, 0.428_571_428_6, 6.578_814_551),
            (0.8, 4.0, 5.0, 3.2, 4.0, 23.025_850_93),
            (0.99, 99.0, 100.0, 98.01, 99.0, 460.517_018_6),
        ];
        for (rate, wait, sojourn, waiting, in_system, p99) in cases {
            let queue = mm1(rate, 1.0);
            close(queue.mean_wait, wait, "Wq");
            close(queue.mean_sojourn, sojourn, "W");
            close(queue.mean_waiting, waiting, "Lq");
            close(queue.mean_in_system, in_system, "L");
            close(queue.wait_probability, rate, "P(wait)");
            close(mm1_sojourn_quantile(rate, 1.0, 0.99), p99, "p99");
        }
        assert!(mm1(1.0, 1.0).mean_wait.is_infinite());
        assert!(mm1(2.0, 1.0).mean_sojourn.is_infinite());
    }

    #[test]
    fn mmc_is_as_in_the_textbook() {
        // mmc-*: c, λ, Erlang C, Wq, L, p99 of the wait, Erlang B.
        let cases = [
            (2, 1.0, 0.333_333_333_3, 0.333_333_333_3, 1.333_333_333, 3.506_557_897, 0.2),
            (2, 1.8, 0.852_631_578_9, 4.263_157_895, 9.473_684_211, 22.228_712_25, 0.366_515_837_1),
            (
                10,
                9.0,
                0.668_731_524_1,
                0.668_731_524_1,
                15.018_583_72,
                4.202_797_577,
                0.167_963_226_3,
            ),
            (
                100,
                99.0,
                0.882_768_462_6,
                0.882_768_462_6,
                186.394_077_8,
                4.480_477_856,
                0.070_028_074_78,
            ),
        ];
        for (servers, rate, delayed, wait, in_system, p99, blocked) in cases {
            let queue = mmc(rate, 1.0, servers);
            close(queue.wait_probability, delayed, "Erlang C");
            close(queue.mean_wait, wait, "Wq");
            close(queue.mean_in_system, in_system, "L");
            close(mmc_wait_quantile(rate, 1.0, servers, 0.99), p99, "p99 of the wait");
            close(erlang_b(servers, rate), blocked, "Erlang B");
        }
        close(mmc(0.8, 1.0, 1).mean_sojourn, mm1(0.8, 1.0).mean_sojourn, "one server");
        assert!(mmc(3.0, 1.0, 2).mean_wait.is_infinite());
        assert!(mmc_wait_quantile(3.0, 1.0, 2, 0.5).is_infinite());
        close(erlang_b(50, 60.0), 0.216_118_647_8, "erlangb-50-60");
    }

    #[test]
    fn mg1_waits_by_the_variance_of_service() {
        // mg1-scv*: squared coefficient of variation, λ, Wq, L.
        let cases = [
            (0.0, 0.7, 1.166_666_667, 1.516_666_667),
            (0.25, 0.7, 1.458_333_333, 1.720_833_333),
            (1.0, 0.9, 9.0, 9.0),
            (10.0, 0.9, 49.5, 45.45),
        ];
        for (squared_cv, rate, wait, in_system) in cases {
            let queue = mg1(rate, 1.0, squared_cv);
            close(queue.mean_wait, wait, "Wq");
            close(queue.mean_in_system, in_system, "L");
        }
        close(md1(0.9, 1.0).mean_sojourn, 5.5, "M/D/1");
        close(md1(450.0, 0.002).mean_sojourn, 0.011, "M/D/1 in seconds");
    }

    #[test]
    fn bounded_backlogs_turn_away_this_share() {
        // mm1k-*: λ, K, share.
        let cases =
            [(0.8, 5, 0.088_819_498_66), (1.0, 10, 0.090_909_090_91), (1.2, 20, 0.170_369_949)];
        for (rate, room, share) in cases {
            close(mm1k_blocking(rate, 1.0, room), share, "share turned away");
        }
    }

    #[test]
    fn round_robin_and_two_choices_beat_a_random_split() {
        // rr-split-* and dm1-*: n, ρ, W.
        let cases = [
            (1, 0.9, 10.0),
            (2, 0.7, 2.600_622_926),
            (5, 0.8, 3.152_256_73),
            (10, 0.95, 11.154_948_44),
            (100, 0.95, 10.270_680_57),
        ];
        for (servers, utilisation, sojourn) in cases {
            let got = round_robin_sojourn(servers, utilisation);
            assert!((got - sojourn).abs() < 1e-6 * sojourn, "{got} for {servers}, {utilisation}");
        }
        // supermarket-d2-*, and the values printed by Mitzenmacher.
        let cases = [(2, 0.5, 1.265_686), (2, 0.9, 2.614_1), (2, 0.95, 3.383_0), (1, 0.8, 5.0)];
        for (choices, utilisation, sojourn) in cases {
            let got = power_of_choices_sojourn(choices, utilisation);
            assert!((got - sojourn).abs() < 1e-4, "{got} for {choices}, {utilisation}");
        }
    }
}
