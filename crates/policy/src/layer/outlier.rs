//! Endpoints that answer badly are left out for a while.

mod detection;
mod entries;
mod monitor;

pub use detection::{Cap, Detection, Rule, Sampled, Threshold};
use engine::{Random, Span, Stream, Streams, Time};
pub use entries::{ENVOY, GRPC};
use monitor::{Answers, Run};
pub use monitor::{EjectionTime, Monitor};

use super::hand_on;
use crate::{
    Ended, Endpoint, PickContext, Policy,
    block::{Part, Places},
};

/// **What it does** It counts how requests end at each endpoint. One that fails several times in a
/// row, or in an interval much more often than the others, is ejected: nobody is sent there for 30
/// seconds, and longer each time. At most a tenth of the endpoints are ejected at a time.
///
/// **Where it is used** Envoy, and so Istio's `outlierDetection`; gRPC, `outlier_detection`, which
/// has no errors in a row. Each Envoy or channel judges by what it sees itself.
///
/// **What it needs to know** How its own picks ended. An endpoint that leaves is forgotten, others
/// are remembered whatever changes.
///
/// **When it goes wrong** By default Envoy ejects nobody of fewer than ten, while gRPC ejects one.
/// Where more than half are ejected, which takes a higher limit, Envoy panics and uses all of them:
/// `envoy.priority` around the policy says from where on. Of gRPC's all may be out, and nobody is
/// picked.
/// Each balancer needs errors of its own to learn from. What is slow but answers is not noticed.
///
/// **Reference** `source/common/upstream/outlier_detection_impl.cc` of Envoy; gRPC's proposal A50.
/// An answer with an error is a 500, no answer a 503. *Left out:* errors of local origin by
/// themselves.
#[derive(Clone, Debug)]
pub struct Outlier<P> {
    detection: Detection,
    part: Part<P>,
    /// Whether who is ejected stays in the list, without weight, since a layer inside counts it.
    inside_counts: bool,
    /// Whether it uses all of them where fewer than half are left.
    panics: bool,
    endpoints: Vec<Endpoint>,
    places: Places,
    /// Place by place.
    monitors: Vec<Monitor>,
    /// When answers are looked through next; never before the first list.
    next: Time,
    /// For the few decisions of chance that no request brings about.
    random: Stream,
}

impl<P: Policy> Outlier<P> {
    /// Nothing is known yet.
    pub fn new(inside: P, detection: Detection, inside_counts: bool, seed: u64) -> Self {
        Self {
            detection,
            part: Part::new(inside),
            inside_counts,
            panics: false,
            endpoints: Vec::new(),
            places: Places::default(),
            monitors: Vec::new(),
            next: Time::MAX,
            random: Streams::new(seed).named("outlier"),
        }
    }

    /// The same, but that where fewer than half are left it uses all, as Envoy does by default
    /// (`healthy_panic_threshold`).
    #[must_use]
    pub fn panicking(self) -> Self {
        Self { panics: true, ..self }
    }

    /// How many are ejected.
    #[must_use]
    pub fn ejected(&self) -> u32 {
        self.monitors.iter().map(|monitor| u32::from(monitor.is_ejected())).sum()
    }

    fn tell(&mut self, now: Time) {
        let Self { part, endpoints, monitors, inside_counts, .. } = self;
        let is_left = |(endpoint, monitor): &(&Endpoint, &Monitor)| {
            endpoint.weight > 0 && !monitor.is_ejected()
        };
        let left = endpoints.iter().zip(&*monitors).filter(is_left).count();
        let panic = self.panics && 2 * left < endpoints.len();
        let is_out = |place: usize| monitors[place].is_ejected() && !panic;
        let seen = |(place, endpoint): (usize, &Endpoint)| match is_out(place) {
            false => Some((place, *endpoint)),
            true => inside_counts.then(|| (place, endpoint.weighing(0))),
        };
        part.tell(endpoints.len(), endpoints.iter().enumerate().filter_map(seen), now);
    }

    /// Looks through the answers of all intervals that are over; whether anybody was ejected or
    /// came back.
    fn catch_up(&mut self, now: Time) -> bool {
        let mut changed = false;
        let interval = self.detection.interval.max(Span::from_millis(1));
        while self.next <= now {
            changed |= self.sweep(self.next);
            self.next += interval;
            if self.monitors.iter().all(Monitor::is_quiet) && self.next <= now {
                let intervals = now.since(self.next).as_nanos() / interval.as_nanos() + 1;
                self.next += Span::from_nanos(interval.as_nanos().saturating_mul(intervals));
            }
        }
        changed
    }

    /// An interval is over; whether anybody was ejected or came back.
    fn sweep(&mut self, now: Time) -> bool {
        let mut changed = self.detection.returns_first && self.end_ejections(now);
        self.monitors.iter_mut().for_each(Monitor::turn);
        let Detection { success_rate, failure_percentage, .. } = self.detection;
        let answers = self.answers();
        for place in self.detection.by_success_rate(&answers) {
            changed |= self.eject(place, success_rate.enforcing_percent, now);
        }
        for place in self.detection.by_failure_percentage(&answers) {
            changed |= self.eject(place, failure_percentage.enforcing_percent, now);
        }
        let after = if self.detection.returns_first { self.detection.interval } else { Span::ZERO };
        self.monitors.iter_mut().for_each(|monitor| monitor.recovers(now, after));
        if !self.detection.returns_first {
            changed |= self.end_ejections(now);
        }
        changed
    }

    fn end_ejections(&mut self, now: Time) -> bool {
        let before = self.ejected();
        self.monitors.iter_mut().for_each(|monitor| monitor.returns(self.detection.time, now));
        self.ejected() < before
    }

    /// What was answered by those that are not ejected, in the interval before.
    fn answers(&self) -> Vec<Option<Answers>> {
        let answers = |monitor: &Monitor| (!monitor.is_ejected()).then_some(monitor.before);
        self.monitors.iter().map(answers).collect()
    }

    /// Ejects an endpoint, if that may be and chance will have it; whether it did.
    fn eject(&mut self, place: usize, enforcing_percent: u32, now: Time) -> bool {
        let allowed = self.detection.cap.allows(self.ejected(), self.monitors.len() as u32);
        if !allowed || self.monitors[place].is_ejected() || !self.enforces(enforcing_percent) {
            return false;
        }
        let most = self.detection.max_jitter.as_nanos();
        let jitter = if most > 0 { self.random.below_u64(most.saturating_add(1)) } else { 0 };
        let monitor = &mut self.monitors[place];
        let multiplier = self.detection.time.longer(monitor.multiplier());
        monitor.eject(now, multiplier, Span::from_nanos(jitter));
        true
    }

    fn enforces(&mut self, percent: u32) -> bool {
        percent >= 100 || percent > 0 && self.random.below(100) < percent
    }

    /// Counts how a pick ended.
    fn hear(&mut self, ended: &Ended) {
        let Some(place) = self.places.of(ended.endpoint) else { return };
        self.monitors[place].hear(ended.reply);
        let Detection { consecutive_5xx, consecutive_gateway, .. } = self.detection;
        let mut changed = false;
        for (run, rule) in [(Run::Gateway, consecutive_gateway), (Run::Any, consecutive_5xx)] {
            if self.monitors[place].has_run(run, rule.limit) {
                changed |= self.eject(place, rule.enforcing_percent, ended.now);
                self.monitors[place].forget_run(run);
            }
        }
        if changed {
            self.tell(ended.now);
        }
    }
}

impl<P: Policy> Policy for Outlier<P> {
    hand_on!(part: reads_reports, established, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.catch_up(now);
        if self.next == Time::MAX {
            self.next = now + self.detection.interval;
        }
        let before = self.places.update(endpoints).into_iter();
        let monitor = |place: Option<usize>| place.map(|place| self.monitors[place]);
        self.monitors = before.map(|place| monitor(place).unwrap_or_default()).collect();
        self.endpoints.clear();
        self.endpoints.extend_from_slice(endpoints);
        self.tell(now);
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if context.now >= self.next && self.catch_up(context.now) {
            self.tell(context.now);
        }
        self.part.pick(context)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        if self.catch_up(now) {
            self.tell(now);
        }
        !self.monitors[place].is_ejected() && self.part.chosen(place, now)
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if self.catch_up(ended.now) {
            self.tell(ended.now);
        }
        self.part.ended(ended);
        self.hear(ended);
    }
}

#[cfg(test)]
mod tests;
