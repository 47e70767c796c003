//! The fewest connections: HAProxy's `leastconn`.

use engine::{Random, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    block::Outstanding,
    haproxy::weight::{MAX_EFFECTIVE, effective},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.leastconn",
    summary: "the fewest connections for its weight, drawn among those that are level",
    level: Level::Request,
    on_change: "counts belong to servers; a new one begins at 0, so it is taken until it is level",
    parameters: &[],
    build: |_, _| Box::<HaproxyLeastConn>::default(),
};

/// **What it does** The server with the fewest connections for its weight, the new one included
/// where there is one already. Of several one is drawn.
///
/// **Where it is used** HAProxy, `balance leastconn`, a request at a time; it is meant for long
/// sessions.
///
/// **What it needs to know** The connections of this HAProxy, those that wait for a server
/// included. A request that is tried again avoids the server that it was tried on last.
///
/// **When it goes wrong** A new server has none, so it gets everything until it is level
/// (`slowstart` is the cure). Many HAProxy each see their own connections only.
///
/// **Reference** `fwlc_get_key`, `fwlc_get_next_server` in `src/lb_fwlc.c`.
#[derive(Clone, Debug, Default)]
pub struct HaproxyLeastConn {
    outstanding: Outstanding,
    weights: Vec<u32>,
    /// What servers are sorted by, place by place; the largest number for one without weight.
    keys: Vec<u64>,
}

impl HaproxyLeastConn {
    fn sort(&mut self, place: usize) {
        let count = u64::from(self.outstanding.counts()[place]);
        let key = |weight| if count > 0 { (count + 1) * MAX_EFFECTIVE / weight } else { 0 };
        let weight = effective(self.weights[place]);
        self.keys[place] = if weight > 0 { key(weight) } else { u64::MAX };
    }

    /// The least key of the servers in use, and how many have it.
    fn least(&self) -> Option<(u64, u32)> {
        let least = self.keys.iter().copied().min().filter(|least| *least < u64::MAX)?;
        Some((least, self.keys.iter().map(|key| u32::from(*key == least)).sum()))
    }

    /// One of the servers that are level with the least loaded.
    fn draw(&self, random: &mut dyn Random) -> Option<usize> {
        let (least, several) = self.least()?;
        let drawn = if several > 1 { random.below(several) } else { 0 };
        let mut level = (0..self.keys.len()).filter(|place| self.keys[*place] == least);
        level.nth(drawn as usize)
    }

    /// Whether nobody has fewer connections for its weight than a server.
    #[must_use]
    pub fn is_least(&self, place: usize) -> bool {
        self.least().is_some_and(|(least, _)| self.keys[place] == least)
    }

    /// A connection begins.
    pub fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
        self.sort(place);
    }
}

impl Policy for HaproxyLeastConn {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.outstanding.update(endpoints, now);
        self.weights = endpoints.iter().map(|endpoint| endpoint.weight).collect();
        self.keys.resize(endpoints.len(), 0);
        (0..endpoints.len()).for_each(|place| self.sort(place));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let avoid = context.tried.last().and_then(|id| self.outstanding.place(*id));
        let other = avoid.and_then(|avoid| {
            let key = std::mem::replace(&mut self.keys[avoid], u64::MAX);
            let other = self.draw(context.random);
            self.keys[avoid] = key;
            other
        });
        let place = other.or_else(|| self.draw(context.random))?;
        self.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if let Some(place) = self.outstanding.end(ended) {
            self.sort(place);
        }
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        if let Some(place) = self.outstanding.withdraw(endpoint) {
            self.sort(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::Reply;

    #[test]
    fn counts_stay_with_their_servers_and_ties_are_drawn() {
        let all = Endpoint::numbered(&[1, 2, 2, 0]);
        let mut policy = HaproxyLeastConn::default();
        let mut random = Streams::new(1).named("least");
        let mut pick = |policy: &mut HaproxyLeastConn, tried: &[EndpointId]| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = tried;
            policy.pick(&mut context)
        };
        assert_eq!(pick(&mut policy, &[]), None);
        policy.update(&all, Time::ZERO);
        let mut first: Vec<_> = (0..3).filter_map(|_| pick(&mut policy, &[])).collect();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2], "none has any, whatever the weights");
        assert_eq!([0, 1, 2, 3].map(|place| policy.is_least(place)), [false, true, true, false]);
        assert_eq!(pick(&mut policy, &[all[1].id]), Some(2));
        policy.update(&[all[3], all[2], all[1]], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(2));
        let (now, latency, reply) = (Time::ZERO, Span::ZERO, Reply::Ok);
        for endpoint in [all[0].id, all[2].id, all[2].id] {
            policy.ended(&Ended { endpoint, now, latency, reply, report: None });
        }
        assert_eq!(pick(&mut policy, &[]), Some(1));
        policy.update(&all[1..2], Time::ZERO);
        assert_eq!(pick(&mut policy, &[all[1].id]), Some(0), "there is no other");
    }
}
