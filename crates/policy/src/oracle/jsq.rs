//! Join the shortest queue.

use engine::Time;

use super::{any, any_of_least};
use crate::{Endpoint, EndpointId, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "oracle.jsq",
    summary: "the shortest queue, whoever fills it",
    level: Level::Request,
    on_change: "nothing is kept, so nothing is forgotten",
    parameters: &[],
    build: |_, _| Box::<JoinShortestQueue>::default(),
};

/// **What it does** The endpoint with the fewest requests, waiting and in service, whoever sent
/// them. Of equal ones one is drawn.
///
/// **Where it is used** Nowhere: no balancer sees what others send. It shows what balancing by
/// queue lengths could reach at best.
///
/// **What it needs to know** The queue of every endpoint at this moment, from an
/// [`Oracle`](crate::Oracle). Where there is none it draws any endpoint. It keeps nothing but the
/// list.
///
/// **When it goes wrong** A short queue can be a slow one, where requests take unequal times.
/// Weights are ignored.
///
/// **Reference** Winston: *Optimality of the Shortest Line Discipline*, Journal of Applied
/// Probability, 1977.
#[derive(Clone, Debug, Default)]
pub struct JoinShortestQueue {
    endpoints: Vec<EndpointId>,
}

impl Policy for JoinShortestQueue {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints.clear();
        self.endpoints.extend(endpoints.iter().map(|endpoint| endpoint.id));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let places = self.endpoints.len();
        match context.oracle {
            Some(oracle) => any_of_least(places, context.random, |place| {
                oracle.queue_length(self.endpoints[place])
            }),
            None => any(places, context.random, |_| true),
        }
    }
}
