//! Pods as the stations of a textbook.

use api::PodId;
use record::{Outcome, Record};

use crate::rehearsal::{load, rehearse};

/// Pods behind a Service in an ideal cluster, and who calls it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Station {
    pub(crate) pods: usize,
    /// Requests that a pod works on at once.
    pub(crate) workers: u32,
    /// How long it works on one, as a scenario writes it.
    pub(crate) service: &'static str,
    /// When requests come, as a scenario writes it.
    pub(crate) arrivals: &'static str,
    pub(crate) seconds: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) pod: PodId,
    pub(crate) sojourn_secs: f64,
    pub(crate) wait_secs: f64,
}

impl Station {
    fn yaml(&self) -> String {
        let Self { pods, workers, service, arrivals, seconds } = self;
        format!(
            "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: station }}
spec:
  duration: {seconds}s
  cluster: {{ profile: ideal, nodes: {{ count: 1, cpu: '64' }} }}
  images:
    server: {{ start: 0s, serviceTime: {service}, concurrency: {workers}, backlog: 1000000 }}
  clients:
    - {{ name: client, target: 'http://station/', arrivals: {arrivals}, timeout: 1000s }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: server }}
spec:
  replicas: {pods}
  selector: {{ matchLabels: {{ app: server }} }}
  template:
    metadata: {{ labels: {{ app: server }} }}
    spec: {{ containers: [ {{ name: server, image: server, ports: [ {{ containerPort: 80 }} ] }} ] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: station }}
spec: {{ selector: {{ app: server }}, ports: [ {{ port: 80 }} ] }}
"
        )
    }

    /// Serves its requests, and gives them back in the order of their arrival, without the first
    /// tenth, which found the pods emptier than they are on average, and the last hundredth, some
    /// of which were not done.
    pub(crate) fn serve(&self, seed: u64) -> Vec<Served> {
        let records = rehearse(&load(&self.yaml()), seed);
        let mut served: Vec<(u64, Served)> = Vec::new();
        for (time, record) in &records {
            let Record::RequestFinished(request) = record else { continue };
            assert_eq!(request.outcome, Outcome::Ok, "{self:?}: {request:?}");
            let sojourn_secs = (*time - request.arrived).as_secs_f64();
            let pod = request.pod.expect("it was served");
            let wait_secs = request.queued.as_secs_f64();
            served.push((request.number, Served { pod, sojourn_secs, wait_secs }));
        }
        served.sort_by_key(|(number, _)| *number);
        let kept = served.len() / 10..served.len() - served.len() / 100;
        let kept = &served[kept];
        let whole = kept.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        assert!(whole, "{self:?}: a request is missing in the midst of others");
        kept.iter().map(|(_, served)| *served).collect()
    }
}
