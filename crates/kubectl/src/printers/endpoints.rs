//! Endpoints and EndpointSlices.

use super::{Options, Printer, always, first_few};
use crate::object::Object;

/// So many ports and endpoints are shown.
const MOST: usize = 3;

pub(super) const ENDPOINTS: Printer = Printer {
    kind: "Endpoints",
    columns: &[always("NAME"), always("ENDPOINTS"), always("AGE")],
    cells: endpoints,
};

pub(super) const ENDPOINT_SLICE: Printer = Printer {
    kind: "EndpointSlice",
    columns: &[
        always("NAME"),
        always("ADDRESSTYPE"),
        always("PORTS"),
        always("ENDPOINTS"),
        always("AGE"),
    ],
    cells: endpoint_slice,
};

fn endpoints(object: Object<'_>, options: &Options) -> Vec<String> {
    let all: Vec<String> = object.list("subsets").flat_map(addresses).collect();
    let shown = if all.is_empty() { "<none>".to_owned() } else { first_few(&all, MOST) };
    vec![object.name().to_owned(), shown, object.age(options.now)]
}

/// Each port of a subset with each of its addresses.
fn addresses(subset: Object<'_>) -> Vec<String> {
    let ips = || subset.list("addresses").map(|address| address.text("ip").to_owned());
    let ports: Vec<i64> = subset.list("ports").map(|port| port.number("port")).collect();
    if ports.is_empty() {
        return ips().collect();
    }
    let joined = |ip: String, port: i64| match ip.contains(':') {
        true => format!("[{ip}]:{port}"),
        false => format!("{ip}:{port}"),
    };
    ports.iter().flat_map(|port| ips().map(move |ip| joined(ip, *port))).collect()
}

fn endpoint_slice(slice: Object<'_>, options: &Options) -> Vec<String> {
    let ports: Vec<String> = slice
        .list("ports")
        .map(|port| match port.some_number("port") {
            Some(number) => number.to_string(),
            None if port.at("name").is_set() => port.text("name").to_owned(),
            None => "*".to_owned(),
        })
        .collect();
    let endpoints: Vec<String> = slice
        .list("endpoints")
        .flat_map(|endpoint| endpoint.texts("addresses"))
        .map(str::to_owned)
        .collect();
    let shown = |all: &[String]| match all {
        [] => "<unset>".to_owned(),
        all => first_few(all, MOST),
    };
    vec![
        slice.name().to_owned(),
        slice.text("addressType").to_owned(),
        shown(&ports),
        shown(&endpoints),
        slice.age(options.now),
    ]
}
