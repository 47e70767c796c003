//! A policy of one's own: random, but not where a request failed last.

use engine::Time;
use rollsim_policy::{Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy, Reply};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "example.once_bitten",
    summary: "at random, but not where a request failed last",
    level: Level::Request,
    on_change: "who failed last is remembered",
    parameters: &[],
    build: |_, _| Box::<OnceBitten>::default(),
};

/// **What it does** Each endpoint with the same probability, but for the one that failed last.
///
/// **Where it is used** Nowhere: it shows how a policy is written.
///
/// **What it needs to know** The list, and how its own picks ended.
///
/// **When it goes wrong** Where two fail in turn, it goes to and fro between them.
///
/// **Reference** None.
#[derive(Clone, Debug, Default)]
pub struct OnceBitten {
    endpoints: Vec<EndpointId>,
    failed: Option<EndpointId>,
}

impl Policy for OnceBitten {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.endpoints = endpoints.iter().map(|endpoint| endpoint.id).collect();
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let avoided = self.endpoints.iter().position(|id| Some(*id) == self.failed);
        match (self.endpoints.len() as u32, avoided) {
            (0, _) => None,
            (1, _) => Some(0),
            (count, None) => Some(context.random.below(count) as usize),
            (count, Some(avoided)) => {
                let place = context.random.below(count - 1) as usize;
                Some(place + usize::from(place >= avoided))
            }
        }
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if ended.reply != Reply::Ok {
            self.failed = Some(ended.endpoint);
        }
    }
}
