//! The same scenario with more or fewer requests.

use crate::{Arrivals, Scenario, spec::MOST_REQUESTS};

impl Scenario {
    /// This scenario with every client's rate of requests multiplied by `factor`; `None` where that
    /// would be more requests than can be simulated.
    #[must_use]
    pub fn at_load(&self, factor: f64) -> Option<Self> {
        let mut scenario = self.clone();
        for client in &mut scenario.clients {
            match &mut client.arrivals {
                Arrivals::Constant { per_second } | Arrivals::Poisson { per_second } => {
                    *per_second *= factor;
                }
                Arrivals::Steps { steps } => {
                    steps.iter_mut().for_each(|(_, per_second)| *per_second *= factor);
                }
            }
        }
        let rates = scenario.clients.iter().map(|client| client.arrivals.most_per_second());
        let most = rates.sum::<f64>() * scenario.duration.as_secs_f64();
        (most <= MOST_REQUESTS).then_some(scenario)
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::load_text;

    #[test]
    fn every_rate_is_multiplied_and_too_many_requests_are_refused() {
        let text = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: two }
spec:
  duration: 100s
  clients:
    - { name: a, target: 'http://web/', arrivals: constant(10/s) }
    - { name: b, target: 'http://web/', arrivals: 'steps(0s: 1/s, 5s: 20/s)' }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [ { port: 80 } ] }
";
        let loaded = load_text(text);
        let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let doubled = scenario.at_load(2.0).expect("it can be simulated");
        let rates: Vec<f64> =
            doubled.clients.iter().map(|client| client.arrivals.most_per_second()).collect();
        assert_eq!(rates, [20.0, 40.0]);
        assert_eq!(format!("{:?}", scenario.at_load(1.0)), format!("{:?}", Some(&scenario)));
        assert!(scenario.at_load(1e9).is_none());
    }
}
