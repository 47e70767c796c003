//! Join an idle queue.

use engine::Time;

use super::any;
use crate::{Endpoint, EndpointId, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "oracle.jiq",
    summary: "an idle endpoint, else any",
    level: Level::Request,
    on_change: "nothing is kept, so nothing is forgotten",
    parameters: &[],
    build: |_, _| Box::<JoinIdleQueue>::default(),
};

/// **What it does** An endpoint without any request, whoever sent it, drawn from all such; where
/// there is none, any endpoint.
///
/// **Where it is used** Systems whose servers tell a balancer when they fall idle. Here all
/// balancers know of all servers at once.
///
/// **What it needs to know** Which endpoints are idle at this moment, from an
/// [`Oracle`](crate::Oracle). Where there is none it draws any endpoint. It keeps nothing but the
/// list.
///
/// **When it goes wrong** At high load hardly anybody is idle, and what is left is chance. Weights
/// are ignored.
///
/// **Reference** Lu and others: *Join-Idle-Queue: A Novel Load Balancing Algorithm for Dynamically
/// Scalable Web Services*, Performance Evaluation, 2011.
#[derive(Clone, Debug, Default)]
pub struct JoinIdleQueue {
    endpoints: Vec<EndpointId>,
}

impl Policy for JoinIdleQueue {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints.clear();
        self.endpoints.extend(endpoints.iter().map(|endpoint| endpoint.id));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let places = self.endpoints.len();
        let idle = context.oracle.and_then(|oracle| {
            let is_idle = |place: usize| oracle.queue_length(self.endpoints[place]) == 0;
            any(places, context.random, is_idle)
        });
        idle.or_else(|| any(places, context.random, |_| true))
    }
}
