//! `kubectl expose`: the Service that makes an object reachable (`pkg/cmd/expose/expose.go`).
//!
//! *Left out:* `--overrides`.

use serde_json::{Map, Value, json};

use crate::{Object, polymorphic};

/// What the flags say, or what was found out of the object where they don't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// `--name`, or the object's.
    pub name: String,
    /// `--namespace`: where none is named, the Service says none.
    pub namespace: String,
    /// `--selector`.
    pub selector: String,
    /// `--port`: one, or several with commas between them.
    pub port: String,
    /// Protocols by port, where an object says them: `53/UDP,53/TCP`.
    pub protocols: String,
    /// `--protocol`, for all ports.
    pub protocol: String,
    /// `--target-port`, a number or a name.
    pub target_port: String,
    /// `--labels`.
    pub labels: String,
    /// `--external-ip`.
    pub external_ip: String,
    /// `--load-balancer-ip`.
    pub load_balancer_ip: String,
    /// `--type`.
    pub service_type: String,
    /// `--session-affinity`.
    pub session_affinity: String,
    /// `--cluster-ip`.
    pub cluster_ip: String,
}

/// A Service's name has at most so many characters.
const LONGEST_NAME: usize = 63;

impl Exposure {
    /// Fills in from the object what no flag says.
    ///
    /// # Errors
    /// What cannot be found out.
    pub fn complete(&mut self, object: Object<'_>) -> Result<(), String> {
        if self.name.is_empty() {
            self.name = object.name().chars().take(LONGEST_NAME).collect();
        }
        if self.selector.is_empty() {
            self.selector = polymorphic::map_based_selector_for_object(object).map_err(|problem| {
                format!(
                    "couldn't retrieve selectors via --selector flag or introspection: {problem}"
                )
            })?;
        }
        let headless = self.cluster_ip == "None";
        if self.port.is_empty() {
            let ports = polymorphic::ports_for_object(object)?;
            match ports[..] {
                [] if headless => {}
                [] => return Err("couldn't find port via --port flag or introspection".to_owned()),
                _ => self.port = ports.join(","),
            }
        }
        if self.protocol.is_empty() {
            let protocols = polymorphic::protocols_for_object(object)?;
            let pairs: Vec<String> =
                protocols.iter().map(|(port, protocol)| format!("{port}/{protocol}")).collect();
            self.protocols = pairs.join(",");
        }
        if self.labels.is_empty() {
            let labels = object.entries("metadata.labels");
            let pairs: Vec<String> =
                labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            self.labels = pairs.join(",");
        }
        Ok(())
    }

    /// The Service.
    ///
    /// # Errors
    /// What is missing or wrong, in kubectl's words.
    pub fn create_service(&self) -> Result<Value, String> {
        if self.selector.is_empty() {
            return Err("selector must be specified".to_owned());
        }
        if self.name.is_empty() {
            return Err("name must be specified".to_owned());
        }
        let mut metadata = Map::new();
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), parse_labels(&self.labels)?);
        }
        metadata.insert("name".to_owned(), self.name.as_str().into());
        if !self.namespace.is_empty() {
            metadata.insert("namespace".to_owned(), self.namespace.as_str().into());
        }
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": self.spec()?,
            "status": { "loadBalancer": {} },
        }))
    }

    fn spec(&self) -> Result<Value, String> {
        let mut spec = Map::new();
        let mut say = |field: &str, value: Value| drop(spec.insert(field.to_owned(), value));
        say("selector", parse_labels(&self.selector)?);
        let ports = self.ports()?;
        if !ports.is_empty() {
            say("ports", ports.into());
        }
        if !self.external_ip.is_empty() {
            say("externalIPs", json!([self.external_ip]));
        }
        if !self.service_type.is_empty() {
            say("type", self.service_type.as_str().into());
        }
        if self.service_type == "LoadBalancer" && !self.load_balancer_ip.is_empty() {
            say("loadBalancerIP", self.load_balancer_ip.as_str().into());
        }
        match self.session_affinity.as_str() {
            "" => {}
            known @ ("None" | "ClientIP") => say("sessionAffinity", known.into()),
            unknown => return Err(format!("unknown session affinity: {unknown}")),
        }
        if !self.cluster_ip.is_empty() {
            say("clusterIP", self.cluster_ip.as_str().into());
        }
        Ok(spec.into())
    }

    /// One port is nameless, several are `port-1`, `port-2`, …; where one number has several
    /// protocols, each is a port with its protocol in its name.
    fn ports(&self) -> Result<Vec<Value>, String> {
        if self.port.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<&str> = self.port.split(',').collect();
        let mut ports = Vec::new();
        for (index, text) in numbers.iter().enumerate() {
            let number: i32 = text.parse().map_err(|_| not_a_number(text))?;
            let name = (numbers.len() > 1).then(|| format!("port-{}", index + 1));
            let protocols = self.protocols_of(text);
            if let [_, _, ..] = protocols[..] {
                ports.extend(protocols.iter().map(|protocol| {
                    let name = format!("port-{}-{}", index + 1, protocol.to_lowercase());
                    self.service_port(Some(&name), number, protocol)
                }));
            } else {
                let protocol = protocols.first().copied().unwrap_or("TCP");
                ports.push(self.service_port(name.as_deref(), number, protocol));
            }
        }
        Ok(ports)
    }

    fn protocols_of(&self, port: &str) -> Vec<&str> {
        if !self.protocol.is_empty() {
            return vec![&self.protocol];
        }
        let pairs = self.protocols.split(',').filter_map(|pair| pair.split_once('/'));
        pairs.filter(|(number, _)| *number == port).map(|(_, protocol)| protocol).collect()
    }

    fn service_port(&self, name: Option<&str>, number: i32, protocol: &str) -> Value {
        let target = match self.target_port.parse::<i32>() {
            Ok(target) => Value::from(target),
            Err(_) if self.target_port.is_empty() => number.into(),
            Err(_) => self.target_port.as_str().into(),
        };
        let mut port = Map::new();
        if let Some(name) = name {
            port.insert("name".to_owned(), name.into());
        }
        port.insert("port".to_owned(), number.into());
        port.insert("protocol".to_owned(), protocol.into());
        port.insert("targetPort".to_owned(), target);
        port.into()
    }
}

fn not_a_number(text: &str) -> String {
    format!("strconv.Atoi: parsing {text:?}: invalid syntax")
}

/// `a=b,c=d`.
pub(crate) fn parse_labels(text: &str) -> Result<Value, String> {
    let pairs = text.split(',').map(|pair| {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| format!("unexpected label spec: {pair}"))?;
        Ok((key.to_owned(), Value::from(value)))
    });
    pairs.collect::<Result<Map<_, _>, String>>().map(Value::Object)
}
