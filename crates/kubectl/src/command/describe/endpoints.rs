//! `kubectl describe endpoints` and `kubectl describe endpointslice`.

use super::{
    Options,
    lines::{annotations, labels},
};
use crate::{
    Object,
    object::{listed, or},
    table::elastic,
};

/// What is known of Endpoints.
#[must_use]
pub fn describe_endpoints(endpoints: Object<'_>, options: Options) -> String {
    let mut text = head(endpoints);
    text.push_str("Subsets:\n");
    text.extend(endpoints.list("subsets").map(subset));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

fn head(object: Object<'_>) -> String {
    let name = format!("Name:\t{}\nNamespace:\t{}\n", object.name(), object.namespace());
    let labels = labels("Labels", &object.entries("metadata.labels"));
    name + &labels + &annotations("Annotations", &object.entries("metadata.annotations"))
}

fn subset(subset: Object<'_>) -> String {
    let all = |path: &str| listed(subset.list(path).map(|address| address.text("ip")));
    let mut text = format!(
        "  Addresses:\t{}\n  NotReadyAddresses:\t{}\n",
        all("addresses"),
        all("notReadyAddresses")
    );
    let rows: String =
        subset.list("ports").map(|it| format!("    {}\n", port(it, it.number("port")))).collect();
    if !rows.is_empty() {
        let rule = "    ----\t----\t--------\n";
        text.push_str(&format!("  Ports:\n    Name\tPort\tProtocol\n{rule}{rows}"));
    }
    text + "\n"
}

fn port(port: Object<'_>, number: impl std::fmt::Display) -> String {
    format!("{}\t{number}\t{}", or(port.text("name"), "<unset>"), port.text("protocol"))
}

/// What is known of an EndpointSlice.
#[must_use]
pub fn describe_endpoint_slice(slice: Object<'_>, options: Options) -> String {
    let mut text = head(slice);
    text.push_str(&format!("AddressType:\t{}\n", slice.text("addressType")));
    let ports = slice.list("ports").map(|it| {
        let number = it.some_number("port").map(|number| number.to_string());
        format!("  {}\n", port(it, number.as_deref().unwrap_or("<unset>")))
    });
    let ports: String = ports.collect();
    text.push_str(&match ports.is_empty() {
        true => "Ports: <unset>\n".to_owned(),
        false => {
            format!("Ports:\n  Name\tPort\tProtocol\n  ----\t----\t--------\n{ports}")
        }
    });
    let endpoints: String = slice.list("endpoints").map(endpoint).collect();
    text.push_str(&match endpoints.is_empty() {
        true => "Endpoints: <none>\n".to_owned(),
        false => format!("Endpoints:\n{endpoints}"),
    });
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

fn endpoint(endpoint: Object<'_>) -> String {
    let addresses: Vec<&str> = endpoint.texts("addresses").collect();
    let ready = match endpoint.at("conditions.ready") {
        ready if !ready.is_set() => "<unset>".to_owned(),
        _ => endpoint.flag("conditions.ready").to_string(),
    };
    let known = |path: &str| or(endpoint.text(path), "<unset>");
    let target = match endpoint.at("targetRef") {
        target if target.is_set() => {
            format!("    TargetRef:\t{}/{}\n", target.text("kind"), target.text("name"))
        }
        _ => String::new(),
    };
    format!(
        "  - Addresses:\t{}\n    Conditions:\n      Ready:\t{ready}\n    Hostname:\t{}\n{target}    \
         NodeName:\t{}\n    Zone:\t{}\n",
        or(&addresses.join(", "), "<none>"),
        known("hostname"),
        known("nodeName"),
        known("zone"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    const OPTIONS: Options = Options { now: Timestamp::UNIX_EPOCH, events: true, complete: false };

    #[test]
    fn endpoints_are_described_by_their_subsets() {
        let endpoints = json!({
            "metadata": { "name": "db", "namespace": "default" },
            "subsets": [{
                "addresses": [{ "ip": "192.0.2.1" }, { "ip": "192.0.2.2" }],
                "ports": [{ "port": 5432, "protocol": "TCP" }],
            }],
        });
        let expected = "\
Name:         db
Namespace:    default
Labels:       <none>
Annotations:  <none>
Subsets:
  Addresses:          192.0.2.1,192.0.2.2
  NotReadyAddresses:  <none>
  Ports:
    Name     Port  Protocol
    ----     ----  --------
    <unset>  5432  TCP

Events:  <none>
";
        assert_eq!(describe_endpoints(Object::new(&endpoints), OPTIONS), expected);
    }

    #[test]
    fn slices_are_described_endpoint_by_endpoint() {
        let slice = json!({
            "metadata": { "name": "web-abcde", "namespace": "default" },
            "addressType": "IPv4",
            "ports": [{ "name": "http", "port": 80, "protocol": "TCP" }],
            "endpoints": [{
                "addresses": ["10.0.0.1"],
                "conditions": { "ready": true },
                "nodeName": "node-1",
                "targetRef": { "kind": "Pod", "name": "web-1" },
            }],
        });
        let expected = "\
Name:         web-abcde
Namespace:    default
Labels:       <none>
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name  Port  Protocol
  ----  ----  --------
  http  80    TCP
Endpoints:
  - Addresses:  10.0.0.1
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/web-1
    NodeName:   node-1
    Zone:       <unset>
Events:         <none>
";
        assert_eq!(describe_endpoint_slice(Object::new(&slice), OPTIONS), expected);
        let empty = json!({ "metadata": { "name": "a", "namespace": "b" }, "addressType": "IPv4" });
        let text = describe_endpoint_slice(Object::new(&empty), OPTIONS);
        assert!(text.contains("\nPorts: <unset>\nEndpoints: <none>\nEvents:"), "{text}");
    }
}
