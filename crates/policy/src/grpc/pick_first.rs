//! The first that answers: gRPC's `pick_first`.

use engine::{Random as _, Stream, Streams, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Reply,
    block::{Places, open_places},
};

static PARAMETERS: &[Parameter] = &[Parameter {
    name: "shuffle_address_list",
    summary: "Whether the addresses are put in a random order, the heavy ones rather to the front.",
    kind: Kind::Flag { default: false },
}];

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "grpc.pick_first",
    summary: "one endpoint for all calls, until its connection breaks or it leaves the list",
    level: Level::Connection,
    on_change: "the endpoint that is in use is kept, as long as it is in the list",
    parameters: PARAMETERS,
    build: |settings, seed| Box::new(PickFirst::new(settings.flag("shuffle_address_list"), seed)),
};

/// **What it does** The first of the list that can be connected to, for everything, until its
/// connection breaks or its address is no longer in the list; then the first of the list again.
///
/// **Where it is used** gRPC's default; and what every client does that knows one address, a
/// cluster IP say.
///
/// **What it needs to know** The list, and whether its connection has broken. The list is put in a
/// random order with `shuffle_address_list`, each time that it changes.
///
/// **When it goes wrong** All calls of a client go to one pod. Without a shuffle those of all
/// clients do, if they are told of the same list. New pods get nothing as long as old connections
/// last.
///
/// **Reference** `balancer/pickfirst/pickfirst.go` of grpc-go; gRFC A62 for the shuffle, A113 for
/// weights.
#[derive(Clone, Debug)]
pub struct PickFirst {
    /// What orders are drawn from, if they are.
    shuffle: Option<Stream>,
    places: Places,
    /// The places in the order in which they are tried.
    order: Vec<usize>,
    current: Option<EndpointId>,
}

impl PickFirst {
    /// With or without a shuffle, for which the seed is.
    #[must_use]
    pub fn new(shuffle: bool, seed: u64) -> Self {
        let shuffle = shuffle.then(|| Streams::new(seed).named(ENTRY.name));
        Self { shuffle, places: Places::default(), order: Vec::new(), current: None }
    }
}

/// A random order: the keys are u^(1/weight), the largest first.
fn shuffle(order: &mut Vec<usize>, endpoints: &[Endpoint], random: &mut Stream) {
    let key = |place: usize| {
        let weight = f64::from(endpoints[place].weight);
        (libm::pow(random.unit(), 1.0 / weight), place)
    };
    let mut keyed: Vec<(f64, usize)> = order.drain(..).map(key).collect();
    keyed.sort_by(|a, b| b.0.total_cmp(&a.0));
    order.extend(keyed.into_iter().map(|(_, place)| place));
}

impl Policy for PickFirst {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.places.update(endpoints);
        self.order = open_places(endpoints);
        if let Some(random) = &mut self.shuffle {
            shuffle(&mut self.order, endpoints, random);
        }
        let places = &self.places;
        let still =
            |id: &EndpointId| places.of(*id).is_some_and(|place| endpoints[place].weight > 0);
        self.current = self.current.filter(still);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let untried = |id: EndpointId| !context.tried.contains(&id);
        if let Some(place) =
            self.current.filter(|id| untried(*id)).and_then(|id| self.places.of(id))
        {
            return Some(place);
        }
        let next = self.order.iter().find(|place| untried(self.places.id(**place)));
        let place = *next.or(self.order.first())?;
        self.current = Some(self.places.id(place));
        Some(place)
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if ended.reply == Reply::Failed && self.current == Some(ended.endpoint) {
            self.current = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Span;

    use super::*;

    fn pick(policy: &mut PickFirst, tried: &[EndpointId]) -> Option<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::ZERO, &mut random);
        context.tried = tried;
        policy.pick(&mut context)
    }

    fn fail(policy: &mut PickFirst, endpoint: EndpointId) {
        let (now, latency, reply) = (Time::ZERO, Span::ZERO, Reply::Failed);
        policy.ended(&Ended { endpoint, now, latency, reply, report: None });
    }

    #[test]
    fn it_stays_where_it_is_until_that_breaks_or_goes() {
        let all = Endpoint::numbered(&[1, 1, 1, 0]);
        let mut policy = PickFirst::new(false, 1);
        assert_eq!(pick(&mut policy, &[]), None);
        policy.update(&all, Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(0));
        fail(&mut policy, all[0].id);
        assert_eq!(pick(&mut policy, &[all[0].id]), Some(1), "the next that was not tried");
        policy.update(&[all[0], all[2], all[1]], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(2), "it stays there");
        fail(&mut policy, all[0].id);
        assert_eq!(pick(&mut policy, &[]), Some(2), "that was another one");
        policy.update(&all[2..], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(0), "it went");
        assert_eq!(pick(&mut policy, &[all[2].id]), Some(0), "there is no other");
        policy.update(&all[3..], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), None);
    }

    #[test]
    fn a_shuffle_prefers_the_heavy() {
        let all = Endpoint::numbered(&[1, 3]);
        let first = |seed| {
            let mut policy = PickFirst::new(true, seed);
            policy.update(&all, Time::ZERO);
            pick(&mut policy, &[])
        };
        let heavy = (0..400).filter(|seed| first(*seed) == Some(1)).count();
        // Five standard deviations of a binomial with n = 400 and p = 3/4.
        assert!(heavy.abs_diff(300) < 44, "{heavy}");
    }
}
