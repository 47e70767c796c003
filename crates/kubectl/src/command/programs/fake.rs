//! A container to try programs in.

use std::net::IpAddr;

use super::{Connection, Inside, Lookup, Reverse};

/// A container whose cluster has `web`, with a port for each thing that can happen.
pub(super) struct Container;

impl Inside for Container {
    fn service_variables(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn resolv_conf(&self) -> String {
        String::new()
    }

    fn name_server(&self) -> IpAddr {
        IpAddr::from([10, 96, 0, 10])
    }

    fn look_up(&self, name: &str) -> Result<Lookup, String> {
        let (addresses, outcome) = match name {
            "web" => (vec![IpAddr::from([10, 96, 0, 7])], "NOERROR".to_owned()),
            "pods" => {
                let pods = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
                (pods.to_vec(), "NOERROR".to_owned())
            }
            _ => (Vec::new(), "NXDOMAIN".to_owned()),
        };
        Ok(Lookup { addresses, outcome, queries: 8, ..Lookup::default() })
    }

    fn look_up_address(&self, address: IpAddr) -> Reverse {
        let (question, names) = match address.to_string().as_str() {
            "10.96.0.7" => {
                ("7.0.96.10.in-addr.arpa", vec!["web.default.svc.cluster.local".to_owned()])
            }
            _ => ("8.8.8.8.in-addr.arpa", Vec::new()),
        };
        Reverse { question: question.to_owned(), names, outcome: "NXDOMAIN".to_owned() }
    }

    fn address(&self) -> IpAddr {
        IpAddr::from([10, 0, 0, 9])
    }

    fn connect(&self, address: IpAddr, port: u16) -> Connection {
        match (address.to_string().as_str(), port) {
            ("10.96.0.7", 80 | 443) | ("10.0.0.2", 80) => Connection::Answered("web-1".to_owned()),
            ("10.96.0.7", 81) => Connection::Refused("no endpoint".to_owned()),
            ("10.0.0.1", _) => Connection::Refused("nobody listens".to_owned()),
            _ => Connection::Unanswered("no rule".to_owned()),
        }
    }
}
