//! The loop.

use engine::{Source, Time};
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
}

/// Runs a world to the end of its scenario.
pub fn run(mut world: World, recorder: &mut dyn Recorder) -> Ending {
    let source = Source::new(class::SCENARIO, 0);
    world.agenda.at(BEGIN, source, Event::Begin);
    for place in 0..world.timeline.len() {
        let at = BEGIN + world.timeline[place].at;
        world.agenda.at(at, source, Event::Step(place as u32));
    }
    world.set_up(recorder);
    let end = BEGIN + world.duration;
    let mut events = 0;
    let mut settled = false;
    while world.agenda.next_time().is_some_and(|next| next <= end) {
        let (now, event) = world.agenda.pop().expect("there is a next one");
        if matches!(event, Event::Begin) {
            settled = world.control_plane.rollouts_complete();
        }
        let checked = cfg!(debug_assertions) && invariants::may_break(&event);
        world.dispatch(now, event, recorder);
        if checked {
            world.invariants.check(&world.control_plane);
        }
        events += 1;
    }
    for (client, count) in world.data_plane.in_flight() {
        recorder.record(end, &Record::RequestsInFlight { client, count });
    }
    recorder.record(end, &Record::Ended);
    invariants::requests_conserved(&world.data_plane);
    Ending { events, unsent: world.data_plane.unsent(), settled }
}
