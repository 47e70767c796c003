//! What a proxy knows of Services and their endpoints.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{Cidr, EndpointSlice, Key};
use data_plane::proxy::{
    endpoints_tracker::{
        EndpointsChangeTracker, EndpointsMap, endpoints_map, local_ready_endpoints,
    },
    service_map::{Family, service_to_service_map},
    service_port::ServicePortName,
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::address,
    proxy_objects::{backend, cidr, number, service, service_key, service_port_name, slice},
};

/// The node that the Go test of updates is on.
const NODE: &str = "test-hostname";

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestServiceToServiceMap" => service_map(case),
        "TestUpdateEndpointsMap" => update_endpoints_map(case),
        "TestEndpointsMapFromESC" | "TestEndpointInfoByServicePort" => from_slices(case),
        "TestEsDataChanged" => data_changed(case),
        "TestGetLocalEndpointIPs" => local_endpoints(case),
        "TestEndpointSliceUpdate" => slice_update(case),
        _ => case.unknown(),
    }
}

/// What the Go test compares of a port.
type Compared = (String, u16, Vec<std::net::IpAddr>, Vec<std::net::IpAddr>, Vec<Cidr>, Option<u16>);

fn service_map(case: &Case) -> Result<(), Problem> {
    let (service, family) = case.input(|f| {
        let ipv6 = f.text_or_empty("ipFamily")? == "IPv6";
        let family = if ipv6 { Family::Ipv6 } else { Family::Ipv4 };
        Ok((f.object_if_any("service", service)?, family))
    })?;
    let got = service.map(|(key, service)| service_to_service_map(&key, &service, family));
    let got: BTreeMap<ServicePortName, Compared> = got
        .unwrap_or_default()
        .into_iter()
        .map(|(name, port)| {
            let ip = port.cluster_ip.to_string();
            let (outside, vips) = (port.external_ips, port.load_balancer_vips);
            let ranges = port.load_balancer_source_ranges;
            (name, (ip, port.port, outside, vips, ranges, port.health_check_node_port))
        })
        .collect();
    let expected = case.expected(|f| pairs(f, "expected", |f, name| f.object(name, compared)))?;
    agree("ports", &expected, &got)
}

fn compared(f: &Fields<'_>) -> Read<Compared> {
    // The Go test leaves these as they are by default, and compares neither.
    f.ignore(&["externalPolicyLocal", "internalPolicyLocal", "nodePort", "sessionAffinityType"]);
    // The protocol is in the port's name.
    f.ignore(&["protocol", "stickyMaxAgeSeconds"]);
    let ips = |name: &str| f.texts(name)?.iter().map(|ip| address(ip)).collect::<Read<Vec<_>>>();
    let ranges = f.texts("loadBalancerSourceRanges")?;
    Ok((
        f.text_or_empty("clusterIP")?.to_owned(),
        f.int_or_zero("port")?,
        ips("externalIPs")?,
        ips("loadBalancerVIPs")?,
        ranges.iter().map(|range| cidr(range)).collect::<Read<_>>()?,
        number(f, "healthCheckNodePort")?,
    ))
}

/// A Go map by ports of Services.
fn pairs<'a, T>(
    f: &Fields<'a>,
    name: &str,
    mut read: impl FnMut(&Fields<'a>, &str) -> Read<T>,
) -> Read<BTreeMap<ServicePortName, T>> {
    let list = f.objects(name, |f| Ok((f.object("key", service_port_name)?, read(f, "value")?)))?;
    Ok(list.into_iter().collect())
}

fn listed(f: &Fields<'_>, name: &str) -> Read<EndpointsMap> {
    pairs(f, name, |f, name| f.objects(name, backend))
}

fn update_endpoints_map(case: &Case) -> Result<(), Problem> {
    let mut tracker = EndpointsChangeTracker::new(NODE.into());
    let mut map = EndpointsMap::new();
    let (before, after, known) = case.input(|f| {
        let known = listed(f, "previousEndpointsMap")?;
        Ok((slices(f, "previousEndpointSlices")?, slices(f, "currentEndpointSlices")?, known))
    })?;
    for slice in before.iter().flatten() {
        tracker.update(slice, false);
    }
    tracker.apply(&mut map);
    agree("before", &known, &map)?;
    for index in 0..before.len().max(after.len()) {
        match (before.get(index).cloned().flatten(), after.get(index).cloned().flatten()) {
            (_, Some(slice)) => tracker.update(&slice, false),
            (Some(slice), None) => tracker.update(&slice, true),
            (None, None) => false,
        };
    }
    let updated = tracker.apply(&mut map);
    case.expected(|f| {
        agree("after", &listed(f, "expectedResult")?, &map)?;
        let changed = f.objects("expectedChangedEndpoints", service_key)?;
        agree("changed", &changed.into_iter().collect::<BTreeSet<_>>(), &updated.services)?;
        let cleanup = f.flag("expectedConntrackCleanupRequired")?;
        agree("conntrack", &cleanup, &updated.conntrack_cleanup_required)?;
        let counts = |f: &Fields<'_>| Ok((f.object("key", service_key)?, f.int_or_zero("value")?));
        let expected = f.objects("expectedLocalEndpoints", counts)?;
        let got = local_ready_endpoints(&map);
        let got: BTreeMap<Key, usize> = got.into_iter().map(|(k, ips)| (k, ips.len())).collect();
        agree("local", &expected.into_iter().collect(), &got)
    })
}

/// Slices; `None` where the Go test has nil.
fn slices(f: &Fields<'_>, name: &str) -> Read<Vec<Option<Arc<EndpointSlice>>>> {
    f.each(
        name,
        |value, at| {
            if value.is_null() { Ok(None) } else { Fields::of(value, at, slice).map(Some) }
        },
    )
}

fn from_slices(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let slices = f.objects("endpointSlices", slice)?;
        let service = f.object("namespacedName", service_key)?;
        let node = f.text_or_empty("hostname")?;
        Ok(endpoints_map(&service, slices.iter().map(Arc::as_ref), node))
    })?;
    let by_name = case.test == "TestEndpointInfoByServicePort";
    let expected = case.expected(|f| {
        if !by_name {
            return listed(f, "expectedMap");
        }
        pairs(f, "expectedMap", |f, name| {
            f.object(name, |f| {
                let each = |(name, value)| Fields::of(value, name, backend);
                f.rest().into_iter().map(each).collect()
            })
        })
    })?;
    agree("endpoints", &expected, &got)
}

fn data_changed(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        f.ignore(&["cache"]);
        let mut tracker = EndpointsChangeTracker::new("".into());
        tracker.update(&f.object("initialSlice", slice)?, false);
        tracker.apply(&mut EndpointsMap::new());
        Ok(tracker.update(&f.object("updatedSlice", slice)?, false))
    })?;
    agree("changed", &case.expected(|f| f.flag("expectChanged"))?, &got)
}

fn local_endpoints(case: &Case) -> Result<(), Problem> {
    let map = case.input(|f| listed(f, "endpointsMap"))?;
    let expected = case.expected(|f| {
        f.objects("expected", |f| {
            let ips = f.texts("value")?;
            let ips: BTreeSet<_> = ips.iter().map(|ip| address(ip)).collect::<Read<_>>()?;
            Ok((f.object("key", service_key)?, ips))
        })
    })?;
    agree("local", &expected.into_iter().collect(), &local_ready_endpoints(&map))
}

fn slice_update(case: &Case) -> Result<(), Problem> {
    let (changed, current) = case.input(|f| {
        let node = f.object("endpointsChangeTracker", |f| {
            f.ignore(&["addressType", "lastChangeTriggerTimes", "trackerStartTime"]);
            f.object("endpointSliceCache", |f| {
                f.ignore(&["makeEndpointInfo", "trackerByServiceMap"]);
                f.text_or_empty("nodeName")
            })
        })?;
        let mut tracker = EndpointsChangeTracker::new(node.into());
        for slice in f.objects("startingSlices", slice)? {
            tracker.update(&slice, false);
        }
        tracker.apply(&mut EndpointsMap::new());
        let service = f.object("namespacedName", service_key)?;
        let gone = f.flag("paramRemoveSlice")?;
        let changed = tracker.update(&f.object("paramEndpointSlice", slice)?, gone);
        Ok((changed, tracker.current(&service)))
    })?;
    case.expected(|f| {
        agree("changed", &f.flag("expectedReturnVal")?, &changed)?;
        // Where nothing changed there is no change to look at.
        let expected = f.value("expectedCurrentChange").map(|_| listed(f, "expectedCurrentChange"));
        expected.transpose()?.map_or(Ok(()), |expected| agree("current", &expected, &current))
    })
}
