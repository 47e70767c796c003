//! What a part of the model is handed when an event reaches it.

use crate::{Agenda, EventQueue, Lane, Source, Span, Time};

/// Somewhere to schedule events of type `E`.
///
/// Each part of the model has an event type of its own and schedules through this trait, so it
/// need not know the enum that its events end up in.
pub trait Schedule<E> {
    /// Schedules an event for `source` at `time`, which must not have passed.
    fn at(&mut self, time: Time, source: Source, event: E);

    /// The same, with the hint that it comes last of its lane so far; see [`Agenda::in_lane`].
    fn in_lane(&mut self, lane: Lane, time: Time, source: Source, event: E);
}

/// An agenda of the whole schedules the events of any part.
impl<Whole, Part, Q> Schedule<Part> for Agenda<Whole, Q>
where
    Whole: From<Part>,
    Q: EventQueue<Whole>,
{
    #[inline]
    fn at(&mut self, time: Time, source: Source, event: Part) {
        Self::at(self, time, source, Whole::from(event));
    }

    #[inline]
    fn in_lane(&mut self, lane: Lane, time: Time, source: Source, event: Part) {
        Self::in_lane(self, lane, time, source, Whole::from(event));
    }
}

/// The present moment, a way to schedule events, and a way to say what happened.
///
/// `R` is the recorder, about which the engine knows nothing. Randomness is not here: each part
/// owns its streams, so that one part's draws never shift another's.
pub struct Context<'a, E, R: ?Sized> {
    /// The present moment.
    pub now: Time,
    /// Where events are scheduled.
    pub agenda: &'a mut dyn Schedule<E>,
    /// Where facts are recorded.
    pub recorder: &'a mut R,
}

impl<E, R: ?Sized> Context<'_, E, R> {
    /// Schedules an event for `source` at `time`, which must not have passed.
    #[inline]
    pub fn at(&mut self, time: Time, source: Source, event: E) {
        self.agenda.at(time, source, event);
    }

    /// Schedules an event for `source` when `span` has passed.
    #[inline]
    pub fn after(&mut self, span: Span, source: Source, event: E) {
        self.agenda.at(self.now + span, source, event);
    }
}
