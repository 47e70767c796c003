//! Turns by the weights that endpoints report: gRPC's `weighted_round_robin`.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Report,
    Settings,
    block::{OrcaWeight, Places, Scaling, StaticStride, next_number, open_places},
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "implementation",
        summary: "Whose: that in C++ keeps weights between a hundredth of their mean and ten times \
                  it.",
        kind: Kind::Choice { of: &["go", "cpp"] },
    },
    Parameter {
        name: "blackout_period",
        summary: "How long an endpoint has to report before its weight is used.",
        kind: Kind::Duration { default: Span::from_secs(10) },
    },
    Parameter {
        name: "weight_expiration_period",
        summary: "How long after the last report a weight is used.",
        kind: Kind::Duration { default: Span::from_secs(180) },
    },
    Parameter {
        name: "weight_update_period",
        summary: "How often weights are taken up, every 100 ms at most.",
        kind: Kind::Duration { default: Span::from_secs(1) },
    },
    Parameter {
        name: "error_utilization_penalty",
        summary: "How much utilization an error for each answer stands for.",
        kind: Kind::Number { default: 1.0, min: 0.0, max: f64::INFINITY },
    },
    Parameter {
        name: "enable_oob_load_report",
        summary: "Whether reports are taken that come by themselves, not those that come with \
                  answers.",
        kind: Kind::Flag { default: false },
    },
];

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "grpc.weighted_round_robin",
    summary: "turns by weights that endpoints report: requests a second for each unit of \
              utilization",
    level: Level::Request,
    on_change: "weights are kept by those that stay; the turns begin anew at random",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(WeightedRoundRobin::new(settings)),
};

/// **What it does** Each endpoint has turns by its weight: the requests a second that it answers
/// for each unit of utilization. Once a second the weights are taken up; one that is not known, too
/// young or too old counts as the mean of the others. Where fewer than two are known it is plain
/// round robin.
///
/// **Where it is used** gRPC, `weighted_round_robin`, in service configs and by xDS, a call at a
/// time; each channel has one of its own.
///
/// **What it needs to know** What endpoints report of themselves (ORCA), with each answer or by
/// themselves.
///
/// **When it goes wrong** A channel with few calls hears little. For ten seconds a new pod has the
/// share of an average one, however cold it is. Errors that cost nothing look like strength; that
/// is what the penalty is for. A report of no utilization is not heard.
///
/// **Reference** `balancer/weightedroundrobin` of grpc-go; `static_stride_scheduler.cc`,
/// `weighted_round_robin.cc` of gRPC in C++; gRFC A58.
#[derive(Clone, Debug)]
pub struct WeightedRoundRobin {
    scaling: Scaling,
    blackout: Span,
    expiration: Span,
    period: Span,
    penalty: f64,
    out_of_band: bool,
    places: Places,
    open: Vec<usize>,
    /// The weights, place by place.
    weights: Vec<OrcaWeight>,
    /// Those that are in use, in the order of `open`.
    taken: Vec<f64>,
    stride: StaticStride,
    weighted: bool,
    /// Counts up with each turn; `None` until chance has said where to begin.
    sequence: Option<u32>,
    /// When the weights are taken up next.
    next: Time,
}

impl WeightedRoundRobin {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let cpp = settings.choice("implementation") == "cpp";
        Self {
            scaling: if cpp { Scaling::Cpp } else { Scaling::Go },
            blackout: settings.duration("blackout_period"),
            expiration: settings.duration("weight_expiration_period"),
            period: settings.duration("weight_update_period").max(Span::from_millis(100)),
            penalty: settings.number("error_utilization_penalty"),
            out_of_band: settings.flag("enable_oob_load_report"),
            places: Places::default(),
            open: Vec::new(),
            weights: Vec::new(),
            taken: Vec::new(),
            stride: StaticStride::default(),
            weighted: false,
            sequence: None,
            next: Time::ZERO,
        }
    }

    /// Takes up the weights as they were when it was last time to, if that has not been done.
    /// Between two reports they change with time only, so earlier times make no difference.
    fn catch_up(&mut self, now: Time) {
        if now >= self.next {
            let late = now.since(self.next).as_nanos() / self.period.as_nanos();
            let time = self.next + Span::from_nanos(late * self.period.as_nanos());
            self.take_up(time);
        }
    }

    fn take_up(&mut self, now: Time) {
        self.taken.clear();
        for place in &self.open {
            let usable = self.weights[*place].usable(now, self.blackout, self.expiration);
            self.taken.push(usable.unwrap_or(0.0));
        }
        self.weighted = self.stride.scale(&self.taken, self.scaling);
        self.next = now + self.period;
    }

    fn hear(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        if let Some(place) = self.places.of(endpoint) {
            self.catch_up(now);
            self.weights[place].report(report, self.penalty, now);
        }
    }
}

impl Policy for WeightedRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.places.update(endpoints).into_iter();
        let kept = |place: Option<usize>| place.map(|place| self.weights[place]);
        self.weights = before.map(|place| kept(place).unwrap_or_default()).collect();
        self.open = open_places(endpoints);
        self.sequence = None;
        self.take_up(now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let length = self.open.len() as u32;
        if length == 0 {
            return None;
        }
        self.catch_up(context.now);
        let random = || (context.random.next_u64() >> 32) as u32;
        let sequence = self.sequence.get_or_insert_with(random);
        let turn = if self.weighted {
            self.stride.next(sequence)
        } else {
            (next_number(sequence) % length) as usize
        };
        Some(self.open[turn])
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn reads_reports(&self) -> bool {
        !self.out_of_band
    }

    fn ended(&mut self, ended: &Ended) {
        if let Some(report) = ended.report.filter(|_| !self.out_of_band) {
            self.hear(ended.endpoint, ended.now, &report);
        }
    }

    fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        if self.out_of_band {
            self.hear(endpoint, now, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::{Configured, Reply, Value};

    fn shares(policy: &mut dyn Policy, of: usize, second: u64) -> Vec<usize> {
        let mut random = Streams::new(1).named("shares");
        let mut counts = vec![0; of];
        for _ in 0..600 {
            let now = Time::from_secs(second);
            let place = policy.pick(&mut PickContext::new(now, &mut random)).expect("somebody");
            counts[place] += 1;
        }
        counts
    }

    fn answer(policy: &mut dyn Policy, endpoint: u32, second: u64, rate: f64) {
        let (endpoint, now) = (EndpointId(endpoint), Time::from_secs(second));
        let report = Some(Report { rate, utilization: 0.5, ..Report::default() });
        policy.ended(&Ended { endpoint, now, latency: Span::ZERO, reply: Reply::Ok, report });
    }

    #[test]
    fn weights_count_after_the_blackout_at_the_next_second() {
        let mut policy = Configured::new(&ENTRY).build(1);
        let all = Endpoint::numbered(&[1, 1, 0, 1]);
        policy.update(&all, Time::ZERO);
        for (endpoint, rate) in [(0, 10.0), (1, 30.0)] {
            answer(&mut *policy, endpoint, 1, rate);
            answer(&mut *policy, endpoint, 10, rate);
        }
        assert_eq!(shares(&mut *policy, 4, 10), [200, 200, 0, 200]);
        assert_eq!(shares(&mut *policy, 4, 11), [100, 300, 0, 200], "the third is as the mean");
        answer(&mut *policy, 1, 12, 10.0);
        assert_eq!(shares(&mut *policy, 4, 12), [100, 300, 0, 200], "not yet");
        assert_eq!(shares(&mut *policy, 4, 13), [200, 200, 0, 200]);
        answer(&mut *policy, 1, 14, 30.0);
        policy.update(&all[..2], Time::from_secs(14));
        assert_eq!(shares(&mut *policy, 2, 14), [150, 450], "those that stay keep theirs");
        assert_eq!(shares(&mut *policy, 2, 190), [300, 300], "the first's is too old");
        policy.update(&all[2..3], Time::from_secs(191));
        let mut random = Streams::new(1).named("unused");
        assert_eq!(policy.pick(&mut PickContext::new(Time::from_secs(191), &mut random)), None);
    }

    #[test]
    fn out_of_band_only_what_comes_by_itself_is_heard() {
        let mut configured = Configured::new(&ENTRY);
        for (name, value) in [
            ("enable_oob_load_report", Value::Flag(true)),
            ("blackout_period", Value::Duration(Span::ZERO)),
            ("implementation", Value::Choice("cpp")),
        ] {
            assert!(configured.set(name, value).is_ok(), "{name}");
        }
        let mut policy = configured.build(1);
        policy.update(&Endpoint::numbered(&[1, 1]), Time::ZERO);
        answer(&mut *policy, 0, 1, 10.0);
        answer(&mut *policy, 1, 1, 30.0);
        assert_eq!(shares(&mut *policy, 2, 2), [300, 300]);
        for (endpoint, rate) in [(0, 10.0), (1, 1e6)] {
            let report = Report { rate, utilization: 0.5, ..Report::default() };
            policy.reported(EndpointId(endpoint), Time::from_secs(2), &report);
        }
        let [light, heavy] = shares(&mut *policy, 2, 3)[..] else { panic!("there are two") };
        assert!(light.abs_diff(3) <= 1, "{light} to {heavy}: a hundredth of the mean, the half");
    }
}
