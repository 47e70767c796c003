//! What a policy is.

use engine::{Random, Span, Time};

/// Identity of an endpoint as long as the run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u32);

/// An endpoint as a balancer was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Who it is.
    pub id: EndpointId,
    /// Its share relative to the others', 1 where nobody said.
    pub weight: u32,
}

/// What a pick may know.
pub struct PickContext<'a> {
    /// The moment.
    pub now: Time,
    /// Chance: the request's own, so that what other requests draw shifts nothing.
    pub random: &'a mut dyn Random,
}

/// How a pick ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Answered.
    Ok,
    /// Not answered, or badly.
    Failed,
}

/// A way of choosing one of several endpoints.
pub trait Policy {
    /// Takes in a new list of endpoints; what is kept of the old state is the policy's to say.
    fn update(&mut self, endpoints: &[Endpoint]);

    /// Chooses a place in the list of the last update; `None` where it is empty.
    fn pick(&mut self, context: PickContext<'_>) -> Option<usize>;

    /// Whether it keeps anything when its list changes, so that it has to outlive the change.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether it wants to hear how its picks end. Most policies do not listen.
    fn listens(&self) -> bool {
        false
    }

    /// Hears how a pick ended, if it [listens](Self::listens).
    fn done(&mut self, _endpoint: EndpointId, _reply: Reply, _latency: Span) {}
}
