//! What a name inside the cluster's zone asks for (`plugin/kubernetes/parse.go`).
//!
//! Read from the right: `svc` or `pod`, the namespace, the Service or the pod's address, and then an
//! endpoint's name, or a port and its protocol.

use super::name::Name;

/// What the last label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// `svc`.
    Service,
    /// `pod`.
    Pod,
}

/// A name taken apart; what is not in it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// `svc` or `pod`; `None` for the zone itself, and for these two labels alone.
    pub domain: Option<Domain>,
    /// The namespace.
    pub namespace: String,
    /// The Service, or a pod's address with dashes.
    pub service: String,
    /// An endpoint's name.
    pub endpoint: String,
    /// A port's name, without its underscore.
    pub port: String,
    /// A protocol, without its underscore.
    pub protocol: String,
    /// The zone of nodes that is preferred, or the only one.
    pub zonal: Option<Zonal>,
}

/// `ZONE.pin._zone` or `ZONE.prefer._zone` before a headless Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zonal {
    /// The zone of nodes.
    pub zone: String,
    /// Whether the endpoints of other zones will do where it has none.
    pub prefer: bool,
}

/// The name stands for nothing: NXDOMAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl Request {
    /// Takes a name in `zone` apart. `zonal` says whether names with `_zone` are understood.
    ///
    /// # Errors
    /// A name that ends in neither `svc` nor `pod`, or has too many labels.
    pub fn parse(name: &Name, zone: &Name, zonal: bool) -> Result<Self, Invalid> {
        let name = name.lower();
        let base = name.before(zone).ok_or(Invalid)?;
        let mut request = Self::default();
        if base.is_empty() || base == "svc" || base == "pod" {
            return Ok(request);
        }
        let mut labels: Vec<&str> = base.split('.').collect();
        request.domain = Some(match labels.pop() {
            Some("svc") => Domain::Service,
            Some("pod") => Domain::Pod,
            _ => return Err(Invalid),
        });
        request.namespace = labels.pop().unwrap_or_default().to_owned();
        request.service = labels.pop().unwrap_or_default().to_owned();
        match labels[..] {
            [] => {}
            [endpoint] => endpoint.clone_into(&mut request.endpoint),
            [port, protocol] => {
                let plain = |label: &str| label.strip_prefix('_').unwrap_or(label).to_owned();
                (request.port, request.protocol) = (plain(port), plain(protocol));
            }
            [ref zone @ .., how @ ("pin" | "prefer"), "_zone"] if zonal => {
                request.zonal = Some(Zonal { zone: zone.join("."), prefer: how == "prefer" });
            }
            _ => return Err(Invalid),
        }
        Ok(request)
    }
}
