//! The servers of an HAProxy backend, which keep their numbers.

use super::weight::capped;
use crate::{Endpoint, EndpointId};

/// The servers in the order of their numbers, which begin with 1. A server that stays keeps its
/// number; a new one takes the lowest that is free, as the slots of an ingress controller are
/// filled.
#[derive(Clone, Debug, Default)]
pub(super) struct Servers {
    ids: Vec<Option<EndpointId>>,
}

/// A server that is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    /// Its number.
    pub number: u32,
    /// Its weight.
    pub weight: u32,
    /// Its place in the list.
    pub place: usize,
}

impl Servers {
    /// Takes in a new list. Gives back those of it that weigh anything, by their numbers.
    pub(super) fn update(&mut self, endpoints: &[Endpoint]) -> Vec<Server> {
        let place = |id: EndpointId| endpoints.iter().position(|endpoint| endpoint.id == id);
        for id in &mut self.ids {
            *id = id.filter(|id| place(*id).is_some());
        }
        for endpoint in endpoints {
            if self.ids.contains(&Some(endpoint.id)) {
                continue;
            }
            match self.ids.iter_mut().find(|id| id.is_none()) {
                Some(free) => *free = Some(endpoint.id),
                None => self.ids.push(Some(endpoint.id)),
            }
        }
        let server = |(number, id): (u32, &Option<EndpointId>)| {
            let place = place((*id)?)?;
            let weight = capped(endpoints[place].weight);
            (weight > 0).then_some(Server { number, weight, place })
        };
        (1..).zip(&self.ids).filter_map(server).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_keeps_its_number_and_who_comes_takes_a_free_one() {
        let all = Endpoint::numbered(&[1; 5]);
        let mut servers = Servers::default();
        let mut numbers = |list: &[Endpoint]| -> Vec<(u32, u32)> {
            let servers = servers.update(list);
            servers.iter().map(|server| (server.number, list[server.place].id.0)).collect()
        };
        assert_eq!(numbers(&all[..3]), [(1, 0), (2, 1), (3, 2)]);
        assert_eq!(numbers(&[all[2], all[0]]), [(1, 0), (3, 2)]);
        assert_eq!(numbers(&[all[4], all[2], all[0].weighing(0)]), [(2, 4), (3, 2)]);
        assert_eq!(numbers(&[all[3], all[1], all[4]]), [(1, 3), (2, 4), (3, 1)]);
    }
}
