//! Services.

use std::collections::BTreeSet;

use super::{Options, Printer, always, wide};
use crate::object::{Object, format_labels, listed, or};

pub(super) const SERVICE: Printer = Printer {
    kind: "Service",
    columns: &[
        always("NAME"),
        always("TYPE"),
        always("CLUSTER-IP"),
        always("EXTERNAL-IP"),
        always("PORT(S)"),
        always("AGE"),
        wide("SELECTOR"),
    ],
    cells,
};

fn cells(service: Object<'_>, options: &Options) -> Vec<String> {
    let cluster_ip = service.texts("spec.clusterIPs").next().unwrap_or("<none>");
    vec![
        service.name().to_owned(),
        service.text("spec.type").to_owned(),
        cluster_ip.to_owned(),
        external_ip(service, options.wide),
        ports(service),
        service.age(options.now),
        format_labels(&service.entries("spec.selector")),
    ]
}

fn external_ip(service: Object<'_>, wide: bool) -> String {
    let external = || service.texts("spec.externalIPs");
    match service.text("spec.type") {
        "ClusterIP" | "NodePort" => listed(external()),
        "ExternalName" => service.text("spec.externalName").to_owned(),
        "LoadBalancer" => {
            let balancer = load_balancer(service, wide);
            let addresses: Vec<&str> =
                balancer.split(',').filter(|it| !it.is_empty()).chain(external()).collect();
            if addresses.is_empty() { "<pending>".to_owned() } else { addresses.join(",") }
        }
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses that a load balancer was given, cut to what fits into a narrow column.
pub(crate) fn load_balancer(object: Object<'_>, wide: bool) -> String {
    const NARROW: usize = 16;
    let ingresses = object.list("status.loadBalancer.ingress");
    let addresses: BTreeSet<&str> =
        ingresses.map(|ingress| or(ingress.text("ip"), ingress.text("hostname"))).collect();
    let all = addresses.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(",");
    match all.char_indices().nth(NARROW) {
        Some(_) if !wide => all.chars().take(NARROW - 3).chain("...".chars()).collect(),
        _ => all,
    }
}

fn ports(service: Object<'_>) -> String {
    let ports: Vec<String> = service
        .list("spec.ports")
        .map(|port| {
            let protocol = port.text("protocol");
            match port.number("nodePort") {
                0 => format!("{}/{protocol}", port.number("port")),
                node => format!("{}:{node}/{protocol}", port.number("port")),
            }
        })
        .collect();
    listed(ports.iter().map(String::as_str))
}
