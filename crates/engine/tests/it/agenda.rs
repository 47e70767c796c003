//! The clock, and the order of simultaneous events.

use engine::{Agenda, Schedule, Source, Time};

#[derive(Debug, PartialEq, Eq)]
enum Whole {
    A(u32),
    B(&'static str),
}

impl From<u32> for Whole {
    fn from(part: u32) -> Self {
        Self::A(part)
    }
}

impl From<&'static str> for Whole {
    fn from(part: &'static str) -> Self {
        Self::B(part)
    }
}

#[test]
fn simultaneous_events_come_by_class_entity_and_turn() {
    let mut agenda: Agenda<Whole> = Agenda::new();
    let at = Time::from_secs(1);
    let parts: &mut dyn Schedule<u32> = &mut agenda;
    parts.at(at, Source::new(2, 0), 20);
    parts.at(at, Source::new(1, 9), 19);
    parts.at(at, Source::new(1, 3), 13);
    parts.at(at, Source::new(1, 3), 14);
    let others: &mut dyn Schedule<&'static str> = &mut agenda;
    others.at(at, Source::new(0, 7), "first");
    let order: Vec<Whole> = std::iter::from_fn(|| agenda.pop()).map(|(_, event)| event).collect();
    use Whole::{A, B};
    assert_eq!(order, [B("first"), A(13), A(14), A(19), A(20)]);
}

#[test]
fn the_clock_moves_with_the_events() {
    let mut agenda: Agenda<u32> = Agenda::new();
    for secs in [3, 1, 2] {
        agenda.at(Time::from_secs(secs), Source::new(0, secs as u32), 0);
    }
    assert_eq!((agenda.len(), agenda.next_time()), (3, Some(Time::from_secs(1))));
    agenda.pop();
    assert_eq!(agenda.now(), Time::from_secs(1));
    agenda.at(agenda.now(), Source::new(0, 0), 7);
    assert_eq!(agenda.pop(), Some((Time::from_secs(1), 7)));
}

#[test]
#[should_panic(expected = "schedules for 1s at 2s")]
fn nothing_is_scheduled_in_the_past() {
    let mut agenda: Agenda<u32> = Agenda::new();
    agenda.at(Time::from_secs(2), Source::new(0, 0), 0);
    agenda.pop();
    agenda.at(Time::from_secs(1), Source::new(0, 0), 0);
}
