//! What a stream introduced: names behind numbers, and which pod is whose.

use std::collections::BTreeMap;

use api::{PodId, ServiceId};
use engine::Time;
use record::{ClientId, Record};

use crate::random_scenario::{App, RandomScenario};

/// The names in a stream. An application's Deployment, Service and client have one name.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) nodes: usize,
    /// The application of each pod.
    pub(crate) pods: BTreeMap<PodId, usize>,
    /// The application of each Service.
    pub(crate) services: BTreeMap<ServiceId, usize>,
    /// The application of each client.
    pub(crate) clients: BTreeMap<ClientId, usize>,
    apps: Vec<App>,
}

impl Books {
    /// The books of a run.
    pub(crate) fn of(random: &RandomScenario, records: &[(Time, Record)]) -> Self {
        let mut books = Self { apps: random.apps.clone(), ..Self::default() };
        for (_, record) in records {
            match record {
                Record::NodeAdded { .. } => books.nodes += 1,
                Record::PodCreated { pod, deployment, .. } => {
                    let deployment = deployment.as_deref().expect("every pod has a Deployment");
                    let twice = books.pods.insert(*pod, app_of(deployment));
                    assert_eq!(twice, None, "{pod:?} was created twice");
                }
                Record::ServiceAdded { service, name, .. } => {
                    books.services.insert(*service, app_of(name));
                }
                Record::ClientAdded { client, name, service } => {
                    let service = service.expect("its Service is there");
                    assert_eq!(books.services[&service], app_of(name), "{name} calls its own");
                    books.clients.insert(*client, app_of(name));
                }
                _ => {}
            }
        }
        books
    }

    /// The application of a client.
    pub(crate) fn app(&self, client: ClientId) -> &App {
        &self.apps[self.clients[&client]]
    }
}

/// The number behind `app-N`, with or without a namespace in front.
pub(crate) fn app_of(name: &str) -> usize {
    let number = name.rsplit_once('-').map(|(_, number)| number.parse());
    number.and_then(Result::ok).unwrap_or_else(|| panic!("{name} is no application"))
}
