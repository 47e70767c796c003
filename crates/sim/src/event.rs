//! Everything that can wake the simulation.

/// Everything that can wake the simulation. Each plane lists its own.
#[derive(Clone, Debug)]
pub enum Event {
    /// The control plane's: in a box, since they are rare and would make all the others larger.
    ControlPlane(Box<control_plane::Event>),
    /// The data plane's.
    DataPlane(data_plane::Event),
    /// The scenario's clock begins: clients start.
    Begin,
    /// A step of the timeline, by its place.
    Step(u32),
}

impl From<control_plane::Event> for Event {
    fn from(event: control_plane::Event) -> Self {
        Self::ControlPlane(Box::new(event))
    }
}

impl From<data_plane::Event> for Event {
    #[inline]
    fn from(event: data_plane::Event) -> Self {
        Self::DataPlane(event)
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
