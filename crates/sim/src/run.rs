//! The loop.

use std::ops::ControlFlow;

use api::Change;
use data_plane::client::Lookups;
use engine::{Source, Span, Time};
use record::{Record, Recorder};

use crate::{
    World,
    event::{Event, class},
    invariants,
};

/// When the scenario's clock begins, on the run's clock. Until then the cluster is set up: the
/// objects are stored, pods start, proxies learn of them. Five minutes are enough for thousands of
/// pods at the controller manager's 20 writes a second, and nobody sends requests meanwhile.
pub const BEGIN: Time = Time::from_secs(300);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Events handled.
    pub events: u64,
    /// Requests that nobody was there to send: their client's pods did not run.
    pub unsent: u64,
    /// Whether every Deployment was complete when the scenario began.
    pub settled: bool,
    /// Whether it was ended before its time.
    pub interrupted: bool,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The scenario's clock; zero while the cluster is set up.
    pub clock: Span,
    /// Where the scenario ends.
    pub duration: Span,
}

/// So many events pass between two looks at the one who attends a run: some milliseconds.
const EVENTS_UNATTENDED: u64 = 1 << 15;

/// Runs a world to the end of its scenario.
pub fn run(world: World, recorder: &mut dyn Recorder) -> Ending {
    run_attended(world, recorder, &mut |_| ControlFlow::Continue(()))
}

/// Runs a world to the end of its scenario, or until whoever attends the run breaks it off. What
/// was recorded until then is whole: the requests still under way are counted, and it has an end.
pub fn run_attended(
    world: World,
    recorder: &mut dyn Recorder,
    attendant: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Ending {
    let end = BEGIN + world.duration;
    let mut run = Run::start(world, recorder);
    let interrupted = run.advance(end, recorder, attendant).is_break();
    let end = if interrupted { run.world.agenda.now() } else { end };
    run.finish(end, interrupted, recorder)
}

/// Runs a world to a moment of its scenario, for a look at it: all that happens until then has
/// happened, that moment's own events among it.
#[must_use]
pub fn run_to(world: World, moment: Span, recorder: &mut dyn Recorder) -> World {
    let mut run = Run::start(world, recorder);
    let _ = run.advance(BEGIN + moment, recorder, &mut |_| ControlFlow::Continue(()));
    run.world
}

/// Runs a world on from where [`run_to`] stopped, and gives back what the API server wrote on the
/// way: each object as it was then, and when.
pub fn run_on(world: World, moment: Span, recorder: &mut dyn Recorder) -> Vec<(Time, Change)> {
    let mut run = Run { world, events: 0, settled: false };
    run.world.control_plane.keep_journal();
    let _ = run.advance(BEGIN + moment, recorder, &mut |_| ControlFlow::Continue(()));
    run.world.control_plane.take_journal()
}

/// A run under way.
struct Run {
    world: World,
    events: u64,
    settled: bool,
}

impl Run {
    fn start(mut world: World, recorder: &mut dyn Recorder) -> Self {
        let source = Source::new(class::SCENARIO, 0);
        world.agenda.at(BEGIN, source, Event::Begin);
        for place in 0..world.timeline.len() {
            let at = BEGIN + world.timeline[place].at;
            world.agenda.at(at, source, Event::Step(place as u32));
        }
        world.set_up(recorder);
        Self { world, events: 0, settled: false }
    }

    /// The loop.
    fn advance(
        &mut self,
        until: Time,
        recorder: &mut dyn Recorder,
        attendant: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let world = &mut self.world;
        while let Some((now, event)) = world.agenda.pop_until(until) {
            if matches!(event, Event::Begin) {
                self.settled = world.control_plane.rollouts_complete();
            }
            let checked = cfg!(debug_assertions) && invariants::may_break(&event);
            world.dispatch(now, event, recorder);
            if checked {
                world.invariants.check(&world.control_plane);
            }
            self.events += 1;
            if self.events.is_multiple_of(EVENTS_UNATTENDED) {
                attendant(world.progress())?;
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(self, end: Time, interrupted: bool, recorder: &mut dyn Recorder) -> Ending {
        let Self { mut world, events, settled } = self;
        world.data_plane.look_at_connections(end, recorder);
        for (client, count) in world.data_plane.in_flight() {
            recorder.record(end, &Record::RequestsInFlight { client, count });
        }
        for (client, lookups) in world.data_plane.lookups() {
            let Lookups { names, queries } = lookups;
            recorder.record(end, &Record::NamesLookedUp { client, names, queries });
        }
        recorder.record(end, &Record::Ended);
        invariants::requests_conserved(&world.data_plane);
        Ending { events, unsent: world.data_plane.unsent(), settled, interrupted }
    }
}

impl World {
    fn progress(&self) -> Progress {
        let clock = self.agenda.now().max(BEGIN).since(BEGIN);
        Progress { clock, duration: self.duration }
    }
}
