//! Policies of one kind, each for a part of the list.

use engine::Time;

use super::{Part, Stays};
use crate::{Configured, Ended, Endpoint, EndpointId, Instance, PickContext, Policy, Report};

/// Stands for an endpoint that no part has.
const NOBODY: u32 = u32::MAX;

/// Policies of one kind, one for each part of a list: for each priority, or for each zone. A part
/// is known by a number. Its policy is made when the part first has an endpoint and stays if it has
/// none.
pub struct Parts {
    inside: Configured,
    instance: Instance,
    /// Each with its number. There is always one, so that somebody can say what the kind is like.
    parts: Vec<(u32, Part<Box<dyn Policy>>)>,
    /// Whether they want to know what becomes of their picks.
    listens: bool,
    /// The endpoint in each place of the list, and where in `parts` it is.
    by_place: Vec<(EndpointId, u32)>,
    /// Where in `parts` endpoints are or were last, and were when they were picked: how a pick ended
    /// is to be told even when they have left, and to the part that made it.
    stays: Stays,
    /// Where in `parts` the last pick was.
    last: usize,
}

impl Parts {
    /// Nobody yet; `inside` says of what kind the policies will be.
    #[must_use]
    pub fn new(inside: Configured, instance: Instance) -> Self {
        let first = Part::new(inside.build_as(instance));
        let (listens, parts) = (first.listens(), vec![(0, first)]);
        let (by_place, stays) = (Vec::new(), Stays::default());
        Self { inside, instance, parts, listens, by_place, stays, last: 0 }
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
            self.by_place.push((endpoint.id, index));
            if index != NOBODY {
                self.stays.note(endpoint.id, index, now);
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
            let seed = self.instance.seed.wrapping_add(number.into());
            let inside = self.inside.build_as(Instance { seed, ..self.instance });
            self.parts.push((number, Part::new(inside)));
            self.parts.len() - 1
        }) as u32
    }

    /// Chooses a place in the part of a number; `None` where it has nobody.
    pub fn pick(&mut self, number: u32, context: &mut PickContext<'_>) -> Option<usize> {
        self.last = self.parts.iter().position(|(known, _)| *known == number)?;
        let place = self.parts[self.last].1.pick(context)?;
        self.begin(place);
        Some(place)
    }

    /// What [`Policy::chosen`] says.
    pub fn chosen(&mut self, place: usize, now: Time) -> bool {
        let part = self.by_place.get(place).and_then(|it| self.parts.get_mut(it.1 as usize));
        let taken = part.is_some_and(|(_, part)| part.chosen(place, now));
        if taken {
            self.begin(place);
        }
        taken
    }

    #[inline]
    fn begin(&mut self, place: usize) {
        if self.listens {
            self.stays.begin(self.by_place[place].0);
        }
    }

    /// Whether the policies remember.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.parts[0].1.remembers()
    }

    /// Whether the policies listen.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.listens
    }

    /// Whether the policies read reports.
    #[must_use]
    pub fn reads_reports(&self) -> bool {
        self.parts[0].1.reads_reports()
    }

    /// Tells whose pick it was.
    pub fn established(&mut self, endpoint: EndpointId, now: Time) {
        let index = self.stays.part_of_pick(endpoint);
        if let Some(part) = self.at(index) {
            part.established(endpoint, now);
        }
    }

    /// Tells whose pick it was.
    pub fn ended(&mut self, ended: &Ended) {
        let index = self.stays.end(ended.endpoint, Some(ended.begun()));
        if let Some(part) = self.at(index) {
            part.ended(ended);
        }
    }

    /// Tells whose pick it was.
    pub fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        let index = self.stays.end(endpoint, None);
        if let Some(part) = self.at(index) {
            part.withdrawn(endpoint, now);
        }
    }

    /// Asks the part of the last pick.
    pub fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        self.parts[self.last].1.probes(context, places);
    }

    /// Tells whose endpoint it is.
    pub fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        let index = self.stays.part(endpoint);
        if let Some(part) = self.at(index) {
            part.reported(endpoint, now, report);
        }
    }

    fn at(&mut self, index: Option<u32>) -> Option<&mut Part<Box<dyn Policy>>> {
        self.parts.get_mut(index? as usize).map(|(_, part)| part)
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Reply, Value};

    #[test]
    fn each_part_has_turns_of_its_own() {
        let mut all = Endpoint::numbered(&[1; 5]);
        for (endpoint, zone) in all.iter_mut().zip([7, 3, 7, 3, 9]) {
            endpoint.zone = zone;
        }
        let inside = Configured::by_name("ipvs.rr").expect("it is listed");
        let mut parts = Parts::new(inside, Instance::only(1));
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

    /// How often an endpoint can be picked in a part.
    fn room(parts: &mut Parts, number: u32, secs: u64) -> usize {
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::from_secs(secs), &mut random);
        std::iter::from_fn(|| parts.pick(number, &mut context)).count()
    }

    #[test]
    fn each_part_hears_of_its_own_picks() {
        let mut inside = Configured::by_name("haproxy.first").expect("it is listed");
        inside.set("maxconn", Value::Integer(2)).expect("it can be set");
        let mut parts = Parts::new(inside, Instance::only(1));
        let all = Endpoint::numbered(&[1]);
        let endpoint = all[0].id;
        let move_to = |parts: &mut Parts, number: u32, secs| {
            parts.update(&all, |it| Some((number, *it)), Time::from_secs(secs));
        };
        let end = |parts: &mut Parts, begun, secs| {
            let (now, reply) = (Time::from_secs(secs), Reply::Ok);
            let latency = Span::from_secs(secs - begun);
            parts.ended(&Ended { endpoint, now, latency, reply, report: None });
        };
        move_to(&mut parts, 0, 0);
        assert_eq!(room(&mut parts, 0, 1), 2);
        move_to(&mut parts, 1, 2);
        assert_eq!(room(&mut parts, 1, 3), 2, "here it has none yet");
        end(&mut parts, 1, 4);
        assert_eq!(room(&mut parts, 1, 4), 0, "one of the other part has ended");
        end(&mut parts, 3, 4);
        assert_eq!(room(&mut parts, 1, 4), 1);
        parts.withdrawn(endpoint, Time::from_secs(4));
        assert_eq!(room(&mut parts, 1, 4), 1, "the last pick was of this part");
        move_to(&mut parts, 0, 5);
        assert_eq!(room(&mut parts, 0, 6), 2, "who comes back begins anew");
        end(&mut parts, 1, 7);
        end(&mut parts, 3, 7);
        assert_eq!(room(&mut parts, 0, 7), 0, "both were picked in earlier stays");
        end(&mut parts, 6, 7);
        assert_eq!(room(&mut parts, 0, 7), 1);
    }
}
