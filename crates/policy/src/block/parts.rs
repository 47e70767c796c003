//! Policies of one kind, each for a part of the list.

use engine::Time;

use super::Part;
use crate::{Configured, Ended, Endpoint, EndpointId, PickContext, Policy, Report};

/// Stands for an endpoint that no part has.
const NOBODY: u32 = u32::MAX;

/// Policies of one kind, one for each part of a list: for each priority, or for each zone. A part
/// is known by a number. Its policy is made when the part first has an endpoint and stays if it has
/// none.
pub struct Parts {
    inside: Configured,
    seed: u64,
    /// Each with its number. There is always one, so that somebody can say what the kind is like.
    parts: Vec<(u32, Part<Box<dyn Policy>>)>,
    /// Where in `parts` the endpoint in each place of the list is.
    by_place: Vec<u32>,
    /// Where in `parts` each endpoint is or was last: how a pick ended is to be told even when it
    /// has left.
    by_id: Vec<u32>,
    /// Where in `parts` the last pick was.
    last: usize,
}

impl Parts {
    /// Nobody yet; `inside` says of what kind the policies will be.
    #[must_use]
    pub fn new(inside: Configured, seed: u64) -> Self {
        let first = (0, Part::new(inside.build(seed)));
        let parts = vec![first];
        Self { inside, seed, parts, by_place: Vec::new(), by_id: Vec::new(), last: 0 }
    }

    /// Splits a list: `part` gives for each place the number of its part, and what that is to take
    /// the endpoint for. Parts that stay as they were hear nothing.
    pub fn update(
        &mut self,
        endpoints: &[Endpoint],
        part: impl Fn(&Endpoint) -> Option<(u32, Endpoint)>,
        now: Time,
    ) {
        let split: Vec<Option<(u32, Endpoint)>> = endpoints.iter().map(part).collect();
        self.by_place.clear();
        for (endpoint, split) in endpoints.iter().zip(&split) {
            let index = split.map_or(NOBODY, |(number, _)| self.find_or_make(number));
            self.by_place.push(index);
            let id = endpoint.id.0 as usize;
            if index != NOBODY {
                self.by_id.resize(self.by_id.len().max(id + 1), NOBODY);
                self.by_id[id] = index;
            }
        }
        for (number, part) in &mut self.parts {
            let own = split.iter().enumerate().filter_map(|(place, split)| {
                split.filter(|(of, _)| of == number).map(|(_, endpoint)| (place, endpoint))
            });
            part.tell_change(endpoints.len(), own, now);
        }
    }

    fn find_or_make(&mut self, number: u32) -> u32 {
        let found = self.parts.iter().position(|(known, _)| *known == number);
        found.unwrap_or_else(|| {
            let seed = self.seed.wrapping_add(number.into());
            self.parts.push((number, Part::new(self.inside.build(seed))));
            self.parts.len() - 1
        }) as u32
    }

    /// Chooses a place in the part of a number; `None` where it has nobody.
    pub fn pick(&mut self, number: u32, context: &mut PickContext<'_>) -> Option<usize> {
        self.last = self.parts.iter().position(|(known, _)| *known == number)?;
        self.parts[self.last].1.pick(context)
    }

    /// What [`Policy::chosen`] says.
    pub fn chosen(&mut self, place: usize, now: Time) -> bool {
        let part = self.by_place.get(place).and_then(|index| self.parts.get_mut(*index as usize));
        part.is_some_and(|(_, part)| part.chosen(place, now))
    }

    /// Whether the policies remember.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.parts[0].1.remembers()
    }

    /// Whether the policies listen.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.parts[0].1.listens()
    }

    /// Tells whose endpoint it is.
    pub fn established(&mut self, endpoint: EndpointId, now: Time) {
        if let Some(part) = self.of(endpoint) {
            part.established(endpoint, now);
        }
    }

    /// Tells whose endpoint it is, or was last.
    pub fn ended(&mut self, ended: &Ended) {
        if let Some(part) = self.of(ended.endpoint) {
            part.ended(ended);
        }
    }

    /// Asks the part of the last pick.
    pub fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        self.parts[self.last].1.probes(context, places);
    }

    /// Tells whose endpoint it is.
    pub fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        if let Some(part) = self.of(endpoint) {
            part.reported(endpoint, now, report);
        }
    }

    fn of(&mut self, endpoint: EndpointId) -> Option<&mut Part<Box<dyn Policy>>> {
        let index = *self.by_id.get(endpoint.0 as usize)?;
        self.parts.get_mut(index as usize).map(|(_, part)| part)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn each_part_has_turns_of_its_own() {
        let mut all = Endpoint::numbered(&[1; 5]);
        for (endpoint, zone) in all.iter_mut().zip([7, 3, 7, 3, 9]) {
            endpoint.zone = zone;
        }
        let inside = Configured::by_name("ipvs.rr").expect("it is listed");
        let mut parts = Parts::new(inside, 1);
        let by_zone = |it: &Endpoint| (it.zone != 9).then_some((it.zone, *it));
        parts.update(&all, by_zone, Time::ZERO);
        let mut random = Streams::new(1).named("unused");
        let mut pick = |parts: &mut Parts, zone| {
            parts.pick(zone, &mut PickContext::new(Time::ZERO, &mut random))
        };
        let turns = [7, 7, 3, 7, 3, 9].map(|zone| pick(&mut parts, zone));
        assert_eq!(turns, [Some(2), Some(0), Some(3), Some(2), Some(1), None]);
        assert!(parts.chosen(0, Time::ZERO) && !parts.chosen(4, Time::ZERO));
        // Zone 3 goes on where it was, zone 7 is empty.
        parts.update(&all[1..=1], by_zone, Time::ZERO);
        assert_eq!([7, 3].map(|zone| pick(&mut parts, zone)), [None, Some(0)]);
        assert!(parts.remembers() && !parts.listens());
    }
}
