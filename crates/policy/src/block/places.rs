//! Where in the present list each endpoint is.

use crate::{Endpoint, EndpointId};

/// Stands for an endpoint that is not in the list.
const NOWHERE: u32 = u32::MAX;

/// The places of the endpoints of a list, by their identities. Those are dense numbers, so a place
/// is looked up without a search.
#[derive(Clone, Debug, Default)]
pub struct Places {
    ids: Vec<EndpointId>,
    by_id: Vec<u32>,
}

impl Places {
    /// Takes in a new list. Gives back for each of its places the place that its endpoint had in
    /// the list before, `None` for one that was not in it.
    pub fn update(&mut self, endpoints: &[Endpoint]) -> Vec<Option<usize>> {
        let before = endpoints.iter().map(|endpoint| self.of(endpoint.id)).collect();
        for id in self.ids.drain(..) {
            self.by_id[id.0 as usize] = NOWHERE;
        }
        let length = endpoints.iter().map(|endpoint| endpoint.id.0 as usize + 1).max();
        self.by_id.resize(self.by_id.len().max(length.unwrap_or(0)), NOWHERE);
        for (place, endpoint) in (0..).zip(endpoints) {
            self.by_id[endpoint.id.0 as usize] = place;
            self.ids.push(endpoint.id);
        }
        before
    }

    /// The place of an endpoint.
    #[must_use]
    #[inline]
    pub fn of(&self, id: EndpointId) -> Option<usize> {
        let place = *self.by_id.get(id.0 as usize)?;
        (place != NOWHERE).then_some(place as usize)
    }

    /// The endpoint in a place.
    #[must_use]
    #[inline]
    pub fn id(&self, place: usize) -> EndpointId {
        self.ids[place]
    }

    /// How many there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The places of the endpoints that take something new: those with a weight.
#[must_use]
pub fn open_places(endpoints: &[Endpoint]) -> Vec<usize> {
    let open = endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.weight > 0);
    open.map(|(place, _)| place).collect()
}

/// What is kept of each endpoint where a list changes, place by place: the old where it was in the
/// list before, else something fresh.
#[must_use]
pub fn carry<T: Clone>(
    before: &[Option<usize>],
    old: &[T],
    mut fresh: impl FnMut(usize) -> T,
) -> Vec<T> {
    let kept = |(place, before): (usize, &Option<usize>)| match before {
        Some(before) => old[*before].clone(),
        None => fresh(place),
    };
    before.iter().enumerate().map(kept).collect()
}
