//! What a policy is.

use std::net::{Ipv4Addr, SocketAddrV4};

use engine::{Random, Span, Time};

/// Identity of an endpoint as long as the run lasts. A pod that comes back is another endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u32);

/// An endpoint as a balancer was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Who it is.
    pub id: EndpointId,
    /// Where it listens: hash policies digest it, in the text `10.244.0.7:8080`.
    pub address: SocketAddrV4,
    /// Its share relative to the others', 1 where nobody said; 0 takes nothing new.
    pub weight: u32,
    /// Its zone, by number: zone 0 where nobody said.
    pub zone: u32,
    /// Its priority: others take over only where those of lower numbers are too few to be had. 0
    /// where nobody said.
    pub priority: u32,
    /// When this balancer first heard that it is ready.
    pub since: Time,
}

impl Endpoint {
    /// An endpoint of weight 1 of which nothing more is known.
    #[must_use]
    pub const fn new(id: EndpointId, address: SocketAddrV4) -> Self {
        Self { id, address, weight: 1, zone: 0, priority: 0, since: Time::ZERO }
    }

    /// The same with a weight.
    #[must_use]
    pub const fn weighing(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The same with a priority.
    #[must_use]
    pub const fn of_priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// Endpoints of these weights, numbered from 0, at 10.244.0.1:8080 and on: what tests and
    /// benchmarks are about.
    #[must_use]
    pub fn numbered(weights: &[u32]) -> Vec<Self> {
        let first = u32::from(Ipv4Addr::new(10, 244, 0, 1));
        let numbered = (0..).zip(weights);
        let endpoint = |(id, weight): (u32, &u32)| {
            let address = SocketAddrV4::new(Ipv4Addr::from(first + id), 8080);
            Self::new(EndpointId(id), address).weighing(*weight)
        };
        numbered.map(endpoint).collect()
    }
}

/// Where a connection comes from and where it goes, as its first packet says.
// It is as large as one store, so that it is handed over in one: a processor that reads an address
// across two stores has to wait until both are in its cache, which takes as long as a pick.
#[repr(align(16))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who sends.
    pub source: SocketAddrV4,
    /// The address that was asked for, before it is rewritten to an endpoint's.
    pub destination: SocketAddrV4,
}

impl Flow {
    /// A flow of which nothing is known.
    pub const UNKNOWN: Self = Self {
        source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
        destination: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
    };
}

/// What a pick may know.
pub struct PickContext<'a> {
    /// The moment.
    pub now: Time,
    /// Chance: the request's own, so that what other requests draw shifts nothing.
    pub random: &'a mut dyn Random,
    /// The connection's ends.
    pub flow: Flow,
    /// What requests are told apart by, a header or a path as it is written; empty where a request
    /// has none.
    pub key: &'a [u8],
    /// The number of that key, where keys are numbered: one number stands for one key, whoever asks. It tells
    /// keys apart without a look at their bytes.
    pub key_number: Option<u32>,
    /// The endpoints that were tried for this request already.
    pub tried: &'a [EndpointId],
    /// What no balancer can know: for the policies under `oracle` alone.
    pub oracle: Option<&'a dyn Oracle>,
    /// Said by a policy that gives nothing because of limits of its own: when there is room again;
    /// [`Time::MAX`] where that is not before something ends.
    pub held_until: Option<Time>,
}

impl<'a> PickContext<'a> {
    /// A pick of which nothing more is known.
    #[must_use]
    pub fn new(now: Time, random: &'a mut dyn Random) -> Self {
        let flow = Flow::UNKNOWN;
        let (key, key_number, tried) = (&[], None, &[]);
        Self { now, random, flow, key, key_number, tried, oracle: None, held_until: None }
    }
}

/// What is true of the endpoints at this moment, wherever the work came from. No real balancer has
/// it; policies that ask for it show what knowledge would be worth.
pub trait Oracle {
    /// How many requests an endpoint has, waiting and in service.
    fn queue_length(&self, endpoint: EndpointId) -> u32;

    /// How long it would take an endpoint to do what it has.
    fn work_left(&self, endpoint: EndpointId) -> Span;
}

/// How a pick ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Answered.
    Ok,
    /// Answered that it cannot: a status of 500 and above.
    ServerError,
    /// Not answered: refused, reset, or too late.
    Failed,
}

/// The end of what a pick began.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Where it was.
    pub endpoint: EndpointId,
    /// The moment.
    pub now: Time,
    /// How long after the pick.
    pub latency: Span,
    /// How.
    pub reply: Reply,
    /// What the endpoint said of itself along with the answer, for a policy that
    /// [reads it](Policy::reads_reports).
    pub report: Option<Report>,
}

impl Ended {
    /// The moment of the pick.
    #[must_use]
    #[inline]
    pub fn begun(&self) -> Time {
        Time::from_nanos(self.now.as_nanos().saturating_sub(self.latency.as_nanos()))
    }
}

/// What an endpoint says of itself: the trailer of an answer (ORCA), or the answer to a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// How many requests it has.
    pub in_flight: u32,
    /// How long its requests take.
    pub latency: Span,
    /// How much of its capacity is in use, 1 for all of it.
    pub utilization: f64,
    /// Requests a second.
    pub rate: f64,
    /// Requests a second that it answered with an error.
    pub errors: f64,
}

/// A way of choosing one of several endpoints.
///
/// Whoever owns one tells it of each list that it learns of, asks it for a place in the last, and
/// says exactly once what became of each pick: how it ended, or that it is withdrawn. One instance
/// belongs to one balancer.
pub trait Policy {
    /// Takes in a new list of endpoints; what is kept of the old state is the policy's to say.
    fn update(&mut self, endpoints: &[Endpoint], now: Time);

    /// Takes in the list again, with other weights: nobody has come or gone, and whoever weighs nothing
    /// did so before.
    fn reweighed(&mut self, endpoints: &[Endpoint], now: Time) {
        self.update(endpoints, now);
    }

    /// Chooses a place in the list of the last update; `None` where it is empty, or nothing in it
    /// is to be had, or not yet ([`PickContext::held_until`]).
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize>;

    /// Hears that a place was chosen for it, by an affinity: a policy that counts its picks counts
    /// this one like its own, and hears how it ended. `false` where the endpoint is not to be had,
    /// so that nothing is counted and the choice is the policy's own after all.
    fn chosen(&mut self, _place: usize, _now: Time) -> bool {
        true
    }

    /// Whether it keeps anything when its list changes, so that it has to outlive the change.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether it wants to hear what becomes of its picks. Most policies do not listen.
    fn listens(&self) -> bool {
        false
    }

    /// Whether it looks at what endpoints say of themselves along with their answers
    /// ([`Ended::report`]). Endpoints measure their load only where somebody does.
    fn reads_reports(&self) -> bool {
        false
    }

    /// Hears that a connection it picked an endpoint for is established, if it
    /// [listens](Self::listens).
    fn established(&mut self, _endpoint: EndpointId, _now: Time) {}

    /// Hears how a pick ended, if it [listens](Self::listens).
    fn ended(&mut self, _ended: &Ended) {}

    /// Hears, in place of an end, that nothing is sent for the last pick of an endpoint, which was
    /// made at this moment, if it [listens](Self::listens). What is not over is one less, and there
    /// is nothing to be learnt from it. A turn that it took is taken.
    fn withdrawn(&mut self, _endpoint: EndpointId, _now: Time) {}

    /// Names places to probe along with a request, if it probes at all.
    fn probes(&mut self, _context: &mut PickContext<'_>, _places: &mut Vec<usize>) {}

    /// Hears what an endpoint says of itself: the answer to a probe, or a report out of band.
    fn reported(&mut self, _endpoint: EndpointId, _now: Time, _report: &Report) {}
}

impl<P: Policy + ?Sized> Policy for Box<P> {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        (**self).update(endpoints, now);
    }

    fn reweighed(&mut self, endpoints: &[Endpoint], now: Time) {
        (**self).reweighed(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        (**self).pick(context)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        (**self).chosen(place, now)
    }

    fn remembers(&self) -> bool {
        (**self).remembers()
    }

    fn listens(&self) -> bool {
        (**self).listens()
    }

    fn reads_reports(&self) -> bool {
        (**self).reads_reports()
    }

    fn established(&mut self, endpoint: EndpointId, now: Time) {
        (**self).established(endpoint, now);
    }

    fn ended(&mut self, ended: &Ended) {
        (**self).ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        (**self).withdrawn(endpoint, now);
    }

    fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        (**self).probes(context, places);
    }

    fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        (**self).reported(endpoint, now, report);
    }
}
