//! In which part of a list an endpoint was when it was picked.

use engine::Time;

use crate::EndpointId;

/// Stands for an endpoint that was in no part yet.
const NOWHERE: u32 = u32::MAX;

/// Which part of a list each endpoint is in, and how many picks of it are not over there. One that
/// moves to another part leaves them behind: each is over in the part in which it was made.
#[derive(Clone, Debug, Default)]
pub struct Stays {
    /// The last stay of each endpoint, by its identity. It is kept when the endpoint has left.
    last: Vec<Stay>,
    /// Those before, the first first, as long as they have picks that are not over.
    earlier: Vec<Earlier>,
}

/// An endpoint's time in a part.
#[derive(Clone, Copy, Debug)]
struct Stay {
    part: u32,
    /// How many picks are not over.
    open: u32,
}

#[derive(Clone, Debug)]
struct Earlier {
    endpoint: EndpointId,
    stay: Stay,
    until: Time,
}

impl Stays {
    /// An endpoint is in a part from now on, or still.
    pub fn note(&mut self, endpoint: EndpointId, part: u32, now: Time) {
        let id = endpoint.0 as usize;
        self.last.resize(self.last.len().max(id + 1), Stay { part: NOWHERE, open: 0 });
        if self.last[id].part != part {
            let stay = std::mem::replace(&mut self.last[id], Stay { part, open: 0 });
            self.earlier.push(Earlier { endpoint, stay, until: now });
            self.forget();
        }
    }

    /// Forgets earlier stays of which all picks are over.
    fn forget(&mut self) {
        self.earlier.retain(|earlier| earlier.stay.open > 0);
    }

    /// The part that an endpoint is in, or was in last.
    #[must_use]
    pub fn part(&self, endpoint: EndpointId) -> Option<u32> {
        self.last.get(endpoint.0 as usize).map(|stay| stay.part)
    }

    /// A pick of an endpoint is made.
    #[inline]
    pub fn begin(&mut self, endpoint: EndpointId) {
        self.last[endpoint.0 as usize].open += 1;
    }

    /// A pick of an endpoint is over, which was made at that moment; the last of all, where nobody
    /// says when. Gives back the part that it was made in.
    pub fn end(&mut self, endpoint: EndpointId, begun: Option<Time>) -> Option<u32> {
        let stay = self.of_pick(endpoint, begun)?;
        stay.open = stay.open.saturating_sub(1);
        let part = stay.part;
        self.forget();
        Some(part)
    }

    /// The part in which the last pick of an endpoint was made that is not over.
    pub fn part_of_pick(&mut self, endpoint: EndpointId) -> Option<u32> {
        self.of_pick(endpoint, None).map(|stay| stay.part)
    }

    /// The stay in which a pick was made: the first that lasted until then; and the one before the
    /// last, where all picks of the last are over.
    fn of_pick(&mut self, endpoint: EndpointId, begun: Option<Time>) -> Option<&mut Stay> {
        let last = self.last.get_mut(endpoint.0 as usize)?;
        let own = |earlier: &Earlier| earlier.endpoint == endpoint;
        let lasted = |earlier: &Earlier| begun.is_some_and(|begun| begun <= earlier.until);
        let stays = &mut self.earlier;
        let earlier = stays.iter().position(|it| own(it) && lasted(it));
        let earlier = earlier.or_else(|| stays.iter().rposition(own).filter(|_| last.open == 0));
        Some(match earlier {
            Some(earlier) => &mut stays[earlier].stay,
            None => last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pick_is_over_where_it_was_made() {
        let (here, there) = (EndpointId(0), EndpointId(1));
        let at = Time::from_secs;
        let mut stays = Stays::default();
        assert_eq!((stays.part(here), stays.end(here, None)), (None, None));
        stays.note(there, 5, at(0));
        for (part, secs) in [(5, 0), (6, 2), (7, 4)] {
            stays.note(here, part, at(secs));
            (0..2).for_each(|_| stays.begin(here));
        }
        stays.begin(there);
        assert_eq!([here, there].map(|it| stays.part_of_pick(it)), [Some(7), Some(5)]);
        for (begun, expected) in [
            (Some(5), 7),
            (Some(1), 5),
            // The last of all.
            (None, 7),
            (Some(3), 6),
            // All in part 7 are over, so these were made before, whatever is said.
            (None, 6),
            (Some(9), 5),
            // No more is known of.
            (Some(1), 7),
        ] {
            assert_eq!(stays.end(here, begun.map(at)), Some(expected), "made at {begun:?}");
        }
        assert!(stays.earlier.is_empty());
    }
}
