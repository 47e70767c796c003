//! Round robin as the kernel's IP virtual server has it: kube-proxy's choice in ipvs mode.

use engine::Time;

use crate::{Endpoint, EndpointId, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.rr",
    summary: "in turn, what came last first (ipvs mode)",
    level: Level::Connection,
    on_change: "the cursor stays, or falls back to its predecessor where its endpoint goes",
    parameters: &[],
    build: |_, _| Box::<IpvsRoundRobin>::default(),
};

/// **What it does** The next endpoint in the kernel's list after the one of the last connection. An
/// endpoint of weight 0 is passed over: it gets no new connections.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `rr`, which is its default; one cursor for each
/// port of a Service on each node.
///
/// **What it needs to know** The list and which weights are 0. The cursor stays where endpoints come and
/// go; if its own goes, it falls back to the one before. A new endpoint comes to the head of the list.
///
/// **When it goes wrong** Many nodes with few connections each: every cursor begins at the same endpoint.
///
/// **Reference** `net/netfilter/ipvs/ip_vs_rr.c`, `ip_vs_ctl.c` of Linux.
#[derive(Clone, Debug, Default)]
pub struct IpvsRoundRobin {
    /// The kernel's list: what came last is first.
    list: Vec<Listed>,
    /// The place of the last connection in it; `None` at its head.
    cursor: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Listed {
    id: EndpointId,
    weight: u32,
    /// Where it is in the list of the last update.
    place: usize,
}

impl IpvsRoundRobin {
    /// Takes an endpoint out of the list.
    fn remove(&mut self, place: usize) {
        self.list.remove(place);
        self.cursor = match self.cursor {
            Some(cursor) if cursor >= place => cursor.checked_sub(1),
            cursor => cursor,
        };
    }

    fn insert_at_head(&mut self, listed: Listed) {
        self.list.insert(0, listed);
        self.cursor = self.cursor.map(|cursor| cursor + 1);
    }
}

impl Policy for IpvsRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        for place in (0..self.list.len()).rev() {
            let id = self.list[place].id;
            match endpoints.iter().position(|endpoint| endpoint.id == id) {
                Some(now) => {
                    self.list[place] = Listed { id, weight: endpoints[now].weight, place: now };
                }
                None => self.remove(place),
            }
        }
        for (place, Endpoint { id, weight, .. }) in endpoints.iter().copied().enumerate() {
            if !self.list.iter().any(|listed| listed.id == id) {
                self.insert_at_head(Listed { id, weight, place });
            }
        }
    }

    fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
        let length = self.list.len();
        let first = self.cursor.map_or(0, |cursor| cursor + 1);
        let mut turns = (0..length).map(|turn| (first + turn) % length);
        let place = turns.find(|place| self.list[*place].weight > 0)?;
        self.cursor = Some(place);
        Some(self.list[place].place)
    }

    fn remembers(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    fn endpoints(ids: &[u32]) -> Vec<Endpoint> {
        let all = Endpoint::numbered(&[1; 10]);
        ids.iter().map(|id| all[*id as usize]).collect()
    }

    /// The ids that come up, where the endpoints of the last update are these.
    fn picks(policy: &mut IpvsRoundRobin, of: &[Endpoint], count: usize) -> Vec<u32> {
        let mut random = Streams::new(1).named("unused");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..count).filter_map(|_| pick()).map(|place| of[place].id.0).collect()
    }

    #[test]
    fn what_came_last_is_first_and_a_weight_of_zero_is_passed_over() {
        let mut policy = IpvsRoundRobin::default();
        // Added one after the other, these are 3, 2, 1, 0 in the kernel.
        let mut all = endpoints(&[0, 1, 2, 3]);
        all[2].weight = 0;
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 7), [3, 1, 0, 3, 1, 0, 3]);
        all.iter_mut().for_each(|endpoint| endpoint.weight = 0);
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 7), [0; 0]);
    }

    #[test]
    fn the_cursor_falls_back_where_its_endpoint_goes_and_stays_otherwise() {
        let mut policy = IpvsRoundRobin::default();
        let all = endpoints(&[4, 3, 2, 1]);
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 2), [1, 2]);
        let three = endpoints(&[4, 3, 1]);
        policy.update(&three, Time::ZERO);
        assert_eq!(picks(&mut policy, &three, 4), [3, 4, 1, 3]);
        let more = endpoints(&[4, 3, 1, 9]);
        policy.update(&more, Time::ZERO);
        assert_eq!(picks(&mut policy, &more, 4), [4, 9, 1, 3], "the new one is at the head");
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
    }
}
