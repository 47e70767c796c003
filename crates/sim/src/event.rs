//! Everything that can wake the simulation.

/// Everything that can wake the simulation. Each plane lists its own.
///
/// A variant's number and its content are a machine word each. Events are written and read again
/// within a few instructions; were the words read otherwise than they were written, the processor
/// would wait for its caches each time, which cost a seventh of a run.
#[derive(Clone, Debug)]
#[repr(u64)]
pub enum Event {
    /// The control plane's: in a box, since they are rare and would make all the others larger.
    ControlPlane(Box<control_plane::Event>),
    /// The data plane's.
    DataPlane(Word<data_plane::Event>),
    /// The scenario's clock begins: clients start.
    Begin,
    /// A step of the timeline, by its place.
    Step(u32),
}

/// Something small in a machine word of its own.
#[derive(Clone, Copy, Debug)]
#[repr(align(8))]
pub struct Word<T>(pub T);

impl From<control_plane::Event> for Event {
    fn from(event: control_plane::Event) -> Self {
        Self::ControlPlane(Box::new(event))
    }
}

impl From<data_plane::Event> for Event {
    #[inline]
    fn from(event: data_plane::Event) -> Self {
        Self::DataPlane(Word(event))
    }
}

/// Who an event is for, where several are due at once. What a user does comes before what the
/// cluster makes of it.
pub(crate) mod class {
    /// The scenario itself.
    pub(crate) const SCENARIO: u8 = 1;
}

const _: () =
    assert!(size_of::<Event>() <= 16, "events are copied into the queue: keep them small");
