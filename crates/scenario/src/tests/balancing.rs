//! Policies as they are written.

use policy::{Configured, Value};

use super::{load_text, scenarios::with_scenario};

#[test]
fn words_that_are_booleans_to_yaml_are_words() {
    for (written, meant) in [("on", "on"), ("'on'", "on"), ("off", "off"), ("default", "default")] {
        let loaded = load_text(&with_scenario(&format!(
            "\
balancing: {{ haproxy.uri: {{ hash-type: consistent, avalanche: {written} }} }}
clients:
  - {{ name: shop, target: http://web-svc/, arrivals: poisson(1/s) }}
"
        )));
        let mut expected = Configured::by_name("haproxy.uri").expect("it is listed");
        for (name, value) in [("hash-type", "consistent"), ("avalanche", meant)] {
            expected.set(name, Value::Choice(value)).expect("it can be set");
        }
        let scenario = loaded.scenario.expect("it is a scenario");
        assert_eq!(scenario.clients[0].balancing, Some(expected), "{written}");
    }
}
