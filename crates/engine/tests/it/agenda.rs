//! The clock, and the order of simultaneous events.

use engine::{Agenda, Lane, Random, Schedule, Source, Span, Streams, Time};

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

/// Whatever the lanes, the order is that of an agenda without any.
#[test]
fn a_lane_is_a_hint_and_changes_no_order() {
    for seed in 0..40 {
        let mut random = Streams::new(seed).requests("lanes").request(0);
        let (mut plain, mut laned) = (Agenda::<u32>::new(), Agenda::<u32>::new());
        let mut popped = 0;
        for number in 0..4_000 {
            if random.below(5) < 2 {
                assert_eq!(laned.next_time(), plain.next_time(), "seed {seed}");
                let next = plain.pop();
                assert_eq!(laned.pop(), next, "seed {seed}");
                popped += usize::from(next.is_some());
            }
            // Most events keep to their lane's delay; some do not, and several fall on one moment.
            let lane = random.below(6);
            let delay = if random.below(10) == 0 { random.below(9) } else { lane };
            let (now, span) = (plain.now(), Span::from_nanos(u64::from(delay)));
            let source = Source::new(random.below(3) as u8, random.below(3));
            plain.at(now + span, source, number);
            laned.in_lane(Lane(lane as u8), now + span, source, number);
        }
        assert!(popped > 1_000, "the clock moved");
        assert_eq!(laned.len(), plain.len());
        let rest =
            |agenda: &mut Agenda<u32>| std::iter::from_fn(|| agenda.pop()).collect::<Vec<_>>();
        assert_eq!(rest(&mut laned), rest(&mut plain), "seed {seed}");
    }
}
