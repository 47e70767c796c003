//! A pod's resolv.conf.

use api::{DnsPolicy, PodDnsConfig};
use control_plane::kubelet::resolv_conf::{
    ClusterDns, PodDns, PodDnsType, fit_nameservers, fit_searches, for_pod, merge_options, parse,
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestParseResolvConf" => check_parse(case),
        "TestFormDNSSearchFitsLimits" => check_searches(case),
        "TestFormDNSNameserversFitsLimits" => check_nameservers(case),
        "TestMergeDNSOptions" => check_options(case),
        "TestGetPodDNSType" => check_type(case),
        "TestGetPodDNSCustom" => check_pod(case),
        _ => case.unknown(),
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn check_parse(case: &Case) -> Result<(), Problem> {
    let (fails, lists) = case.expected(|f| {
        let options = sorted(f.texts("options")?);
        Ok((f.flag("isErr")?, (f.texts("nameservers")?, f.texts("searches")?, options)))
    })?;
    let text = case.input(|f| Ok(f.text_or_empty("data")?.to_owned()))?;
    match parse(&text) {
        Ok(conf) if !fails => {
            // Kubernetes' order of options is a map's.
            let got = (conf.nameservers, conf.searches, sorted(conf.options));
            agree("resolv.conf", &lists, &got)
        }
        result => agree("isErr", &fails, &result.is_err()),
    }
}

fn check_searches(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| Ok((f.texts("resultSearch")?, f.texts("events")?)))?;
    let searches = case.input(|f| f.texts("hostNames"))?;
    let (used, warning) = fit_searches(&searches);
    agree("searches", &expected, &(used, warning.into_iter().collect()))
}

fn check_nameservers(case: &Case) -> Result<(), Problem> {
    let expected =
        case.expected(|f| Ok((f.texts("expectedNameserver")?, f.flag("expectedEvent")?)))?;
    let nameservers = case.input(|f| f.texts("nameservers"))?;
    let (used, warning) = fit_nameservers(&nameservers);
    agree("nameservers", &expected, &(used, warning.is_some()))
}

fn option(f: &Fields<'_>) -> Read<(String, Option<String>)> {
    Ok((f.text_or_empty("name")?.to_owned(), f.text("value")?.map(str::to_owned)))
}

fn check_options(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| f.texts("expectedOptions"))?;
    let (existing, added) = case.input(|f| {
        Ok((f.texts("existingDNSConfigOptions")?, f.objects("dnsConfigOptions", option)?))
    })?;
    let got = merge_options(&existing, &added);
    agree("options", &sorted(expected), &sorted(got))
}

fn check_type(case: &Case) -> Result<(), Problem> {
    let expected =
        case.expected(|f| Ok((f.int_or_zero::<u8>("expectedDNSType")?, f.flag("expectedError")?)))?;
    let (policy, host_network) = case.input(|f| {
        // Whether the kubelet knows a cluster DNS comes in later.
        f.ignore(&["hasClusterDNS"]);
        Ok((DnsPolicy::parse(f.text_or_empty("dnsPolicy")?), f.flag("hostNetwork")?))
    })?;
    let got = match policy.map(|policy| PodDnsType::of(policy, host_network)) {
        Ok(PodDnsType::Cluster) => (0, false),
        Ok(PodDnsType::Host) => (1, false),
        Ok(PodDnsType::None) => (2, false),
        Err(_) => (0, true),
    };
    agree("type", &expected, &got)
}

fn check_pod(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| {
        f.object("expectedDNSConfig", |f| {
            // What Go keeps inside its messages.
            f.ignore(&["sizeCache", "state", "unknownFields"]);
            Ok((f.texts("Servers")?, f.texts("Searches")?, sorted(f.texts("Options")?)))
        })
    })?;
    let (policy, host_network, config) = case.input(|f| {
        let policy = DnsPolicy::parse(f.text_or_empty("dnsPolicy")?)?;
        let config = f.object_if_any("dnsConfig", |f| {
            Ok(PodDnsConfig {
                nameservers: f.texts("nameservers")?,
                searches: f.texts("searches")?,
                options: f.objects("options", option)?,
            })
        })?;
        Ok((policy, f.flag("hostnetwork")?, config))
    })?;
    // The Go test fixes these.
    let cluster = ClusterDns { servers: vec!["10.0.0.10".into()], domain: "kubernetes.io".into() };
    let host = parse("nameserver 8.8.8.8\nsearch host.domain\n")?;
    let pod = PodDns { namespace: "testNS", policy, host_network, config: config.as_ref() };
    let (conf, _) = for_pod(&pod, &cluster, &host);
    agree("config", &expected, &(conf.nameservers, conf.searches, sorted(conf.options)))
}
