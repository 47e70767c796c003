//! Which endpoints a proxy uses.

use api::node::ZONE_LABEL;
use data_plane::endpoints::{Categorized, EndpointInfo, Place, ServiceInfo, categorize_endpoints};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    case.fixture(|_| Ok(()))?;
    case.input(|f| {
        let (names, endpoints): (Vec<_>, Vec<_>) =
            f.objects("endpoints", endpoint)?.into_iter().unzip();
        let service = f.object("serviceInfo", service_info)?;
        let labels = f.labels("nodeLabels")?;
        let place = Place {
            node: f.text_or_empty("nodeName")?,
            zone: labels.get(ZONE_LABEL).map(String::as_str),
            prefer_same: f.flag("preferSameEnabled")?,
        };
        let got = categorize_endpoints(&endpoints, service, place);
        compare(case, &names, &got)
    })
}

fn compare(case: &Case, endpoints: &[String], got: &Categorized) -> Result<(), Problem> {
    let names = |chosen: &Vec<usize>| {
        let mut names: Vec<String> = chosen.iter().map(|index| endpoints[*index].clone()).collect();
        names.sort();
        names
    };
    case.expected(|f| {
        let sorted = |name| {
            let mut texts = f.texts_if_any(name)?;
            texts.iter_mut().for_each(|texts| texts.sort());
            Ok::<_, Problem>(texts)
        };
        agree("cluster", &sorted("clusterEndpoints")?, &got.cluster.as_ref().map(names))?;
        agree("local", &sorted("localEndpoints")?, &got.local.as_ref().map(names))?;
        agree("all", &sorted("allReachable")?.unwrap_or_default(), &names(&got.all))?;
        agree("has any", &f.flag("hasAnyEndpoints")?, &got.has_any)
    })
}

/// An endpoint and its name.
fn endpoint(f: &Fields<'_>) -> Read<(String, EndpointInfo)> {
    // The address is in `endpoint`, together with the port.
    f.ignore(&["ip", "port"]);
    let name = f.needed("endpoint", f.text("endpoint")?)?.to_owned();
    let info = EndpointInfo {
        is_local: f.flag("isLocal")?,
        ready: f.flag("ready")?,
        serving: f.flag("serving")?,
        terminating: f.flag("terminating")?,
        zone_hints: f.texts("zoneHints")?.into_iter().map(Into::into).collect(),
        node_hints: f.texts("nodeHints")?.into_iter().map(Into::into).collect(),
    };
    Ok((name, info))
}

fn service_info(f: &Fields<'_>) -> Read<ServiceInfo> {
    // Affinity and health checks choose nothing here, nor does which port it is.
    f.ignore(&[
        "clusterIP",
        "healthCheckNodePort",
        "port",
        "protocol",
        "sessionAffinityType",
        "stickyMaxAgeSeconds",
    ]);
    let externally_accessible = f.int_or_zero::<i64>("nodePort")? != 0
        || !f.texts("loadBalancerVIPs")?.is_empty()
        || !f.texts("externalIPs")?.is_empty();
    Ok(ServiceInfo {
        internal_policy_local: f.flag("internalPolicyLocal")?,
        external_policy_local: f.flag("externalPolicyLocal")?,
        externally_accessible,
    })
}
