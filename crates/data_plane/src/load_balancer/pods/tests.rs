use std::net::Ipv4Addr;

use engine::Agenda;
use record::{Discard, Recorder};

use super::*;

const SERVICE: ServiceId = ServiceId(2);

/// Balancers and the clock they live by: what is asked of them takes three seconds, and each target
/// is asked every ten. Two good answers in a row make it healthy, three bad ones unhealthy.
struct Bench {
    balancers: PodTargets,
    agenda: Agenda<Event>,
    now: Time,
    told: String,
}

impl Bench {
    fn new() -> Self {
        let config = Config {
            registration_delay: Distribution::Constant(Span::from_secs(3)),
            deregistration_delay: Span::from_secs(20),
            check: HealthCheck {
                interval: Span::from_secs(10),
                healthy_threshold: 2,
                unhealthy_threshold: 3,
            },
            timeout: Span::from_secs(5),
            asks_program: false,
            policy: None,
        };
        Self {
            balancers: PodTargets::new(config, &Streams::new(1)),
            agenda: Agenda::new(),
            now: Time::ZERO,
            told: String::new(),
        }
    }

    fn with(&mut self, act: impl FnOnce(&mut PodTargets, &mut Cx<'_>)) {
        let (now, recorder): (Time, &mut dyn Recorder) = (self.now, &mut Discard);
        let mut cx = engine::Context { now, agenda: &mut self.agenda, recorder };
        act(&mut self.balancers, &mut cx);
    }

    fn register(&mut self, id: u32) {
        let address = Ipv4Addr::from(0x0a80_0001 + id);
        let (service, pod) = (SERVICE, PodId(id));
        let target = PodTarget { service, port: 80, pod, target_port: 8080, address };
        let request = BalancerRequest::Register { id: TargetId(id), target };
        self.with(|balancers, cx| balancers.requested(request, cx));
    }

    fn deregister(&mut self, id: u32) {
        let request = BalancerRequest::Deregister { id: TargetId(id) };
        self.with(|balancers, cx| balancers.requested(request, cx));
    }

    fn answer(&mut self, id: u32, answers: &str) {
        for answer in answers.chars() {
            self.with(|balancers, cx| balancers.answer(TargetId(id), answer == '+', cx));
        }
    }

    /// Runs until that second. Its checks are not asked of anybody: the test answers.
    fn until(&mut self, second: u64) {
        while let Some((now, event)) = self.agenda.pop_until(Time::from_secs(second)) {
            self.now = now;
            match event {
                Event::RegisterTarget(id) => self.with(|it, cx| it.register(id, cx)),
                Event::DeregisterTarget(id) => self.with(|it, cx| it.deregister(id, cx)),
                Event::TargetHealthy(id) => self.told.push_str(&format!("+{} ", id.0)),
                Event::TargetUnhealthy(id) => self.told.push_str(&format!("-{} ", id.0)),
                Event::CheckPodTarget(_) => {}
                Event::CutPodTarget(id) => {
                    let cut = self.balancers.cut(id).map(|target| target.pod.0);
                    self.told.push_str(&format!("cut {cut:?} "));
                }
                other => panic!("{other:?} is not theirs"),
            }
        }
        self.now = Time::from_secs(second);
    }

    /// The pods that a thousand connections go to.
    fn pods(&mut self) -> Vec<u32> {
        let mut random = Streams::new(1).named("test");
        let picks = (0..1000).filter_map(|_| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            self.balancers.pick(SERVICE, 80, &mut context)
        });
        let mut pods: Vec<u32> = picks.map(|(pod, _)| pod.0).collect();
        pods.sort_unstable();
        pods.dedup();
        pods
    }
}

#[test]
fn a_target_gets_connections_when_it_is_taken_in_and_found_healthy() {
    let mut bench = Bench::new();
    bench.register(0);
    bench.until(4);
    assert_eq!(bench.pods(), [0; 0], "it is taken in, and nothing is known of it");
    bench.answer(0, "+-+");
    assert_eq!(bench.pods(), [0; 0], "no two good answers in a row");
    bench.answer(0, "+");
    assert_eq!(bench.pods(), [0]);
    let mut random = Streams::new(1).named("test");
    let mut context = PickContext::new(Time::ZERO, &mut random);
    assert_eq!(bench.balancers.pick(SERVICE, 81, &mut context), None);
    bench.until(5);
    assert_eq!(bench.told, "+0 ");
}

#[test]
fn where_none_is_healthy_those_found_unhealthy_are_tried() {
    let mut bench = Bench::new();
    (0..3).for_each(|id| bench.register(id));
    bench.until(4);
    bench.answer(0, "++");
    bench.answer(1, "---");
    assert_eq!(bench.pods(), [0], "one is healthy");
    bench.answer(0, "---");
    assert_eq!(bench.pods(), [0, 1], "nothing is known of the third yet");
    bench.answer(2, "++");
    assert_eq!(bench.pods(), [2]);
}

#[test]
fn a_target_is_let_go_after_a_delay_and_cut_off_after_another() {
    let mut bench = Bench::new();
    (0..2).for_each(|id| bench.register(id));
    bench.until(4);
    (0..2).for_each(|id| bench.answer(id, "++"));
    bench.deregister(0);
    bench.until(6);
    assert_eq!(bench.pods(), [0, 1], "it is not carried out yet");
    bench.until(7);
    assert_eq!(bench.pods(), [1]);
    bench.until(26);
    assert_eq!(bench.told, "+0 +1 ");
    bench.until(27);
    assert_eq!(bench.told, "+0 +1 cut Some(0) ");
}

#[test]
fn what_is_let_go_before_it_was_taken_in_never_is() {
    let mut bench = Bench::new();
    bench.balancers.config.registration_delay = Distribution::Constant(Span::from_secs(9));
    bench.register(0);
    bench.balancers.config.registration_delay = Distribution::Constant(Span::from_secs(1));
    bench.deregister(0);
    bench.until(99);
    assert!(bench.pods().is_empty() && bench.told.is_empty(), "{}", bench.told);
    assert_eq!(bench.balancers.targets[0].stage, Stage::Deregistered);
}
