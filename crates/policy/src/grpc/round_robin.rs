//! In turn: gRPC's `round_robin`.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy, block::open_places};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "grpc.round_robin",
    summary: "in turn, from a random start at each change",
    level: Level::Request,
    on_change: "it begins anew, at an endpoint drawn by chance",
    parameters: &[],
    build: |_, _| Box::<GrpcRoundRobin>::default(),
};

/// **What it does** The endpoints in turn, from a random start.
///
/// **Where it is used** gRPC, `"loadBalancingConfig": [{"round_robin": {}}]`, a call at a time;
/// each channel has turns of its own. It needs the pods' addresses, so a headless Service or xDS.
///
/// **What it needs to know** The list. Each change of it, and in gRPC each connection that is made
/// or breaks, begins anew at an endpoint drawn by chance.
///
/// **When it goes wrong** Through a cluster IP a channel has one connection: nothing is left to
/// balance. During a rollout it begins anew so often that it is nearly random.
///
/// **Reference** `balancer/endpointsharding` of grpc-go.
#[derive(Clone, Debug, Default)]
pub struct GrpcRoundRobin {
    endpoints: Vec<usize>,
    /// Whose turn is next; `None` until chance has said where to begin.
    next: Option<usize>,
}

impl Policy for GrpcRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = open_places(endpoints);
        self.next = None;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let length = self.endpoints.len();
        if length == 0 {
            return None;
        }
        let next = self.next.unwrap_or_else(|| context.random.below(length as u32) as usize);
        self.next = Some(if next + 1 < length { next + 1 } else { 0 });
        Some(self.endpoints[next])
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn a_change_begins_anywhere_and_goes_round() {
        let mut policy = GrpcRoundRobin::default();
        let mut random = Streams::new(1).named("round robin");
        let mut starts = [0; 4];
        for _ in 0..400 {
            policy.update(&Endpoint::numbered(&[1, 1, 0, 1]), Time::ZERO);
            let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
            let picks: Vec<_> = (0..6).filter_map(|_| pick()).collect();
            starts[picks[0]] += 1;
            assert_eq!(picks[..3], picks[3..]);
            let after = |place| [1, 3, 0, 0][place];
            assert!((0..5).all(|turn| picks[turn + 1] == after(picks[turn])), "{picks:?}");
        }
        assert_eq!(starts[2], 0);
        // Five standard deviations of a binomial with n = 400 and p = 1/3.
        assert!([0, 1, 3].iter().all(|place| starts[*place] > 133 - 47), "{starts:?}");
    }
}
