//! The least work.

use engine::Time;

use super::{any, any_of_least};
use crate::{Endpoint, EndpointId, Entry, Level, PickContext, Policy};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "oracle.least_work",
    summary: "where a request would be begun first",
    level: Level::Request,
    on_change: "nothing is kept, so nothing is forgotten",
    parameters: &[],
    build: |_, _| Box::<LeastWork>::default(),
};

/// **What it does** The endpoint that would be done first with what it has, whoever sent it. Of
/// equal ones one is drawn.
///
/// **Where it is used** Nowhere: how long requests will take is not known before. It shows what the
/// best of all knowledge could reach.
///
/// **What it needs to know** How long every endpoint still has to work, from an
/// [`Oracle`](crate::Oracle). Where there is none it draws any endpoint. It keeps nothing but the
/// list.
///
/// **When it goes wrong** A long request holds up the short ones behind it, which another order
/// would not. Weights are ignored.
///
/// **Reference** Harchol-Balter: *Performance Modeling and Design of Computer Systems*, chapter 24
/// (LWL).
#[derive(Clone, Debug, Default)]
pub struct LeastWork {
    endpoints: Vec<EndpointId>,
}

impl Policy for LeastWork {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints.clear();
        self.endpoints.extend(endpoints.iter().map(|endpoint| endpoint.id));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let places = self.endpoints.len();
        match context.oracle {
            Some(oracle) => any_of_least(places, context.random, |place| {
                oracle.work_left(self.endpoints[place])
            }),
            None => any(places, context.random, |_| true),
        }
    }
}
