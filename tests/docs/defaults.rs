//! What holds where nothing is said.

use scenario::{Cluster, ProxyMode, Readiness, Targets};

use crate::{
    page::{read, rows},
    rehearsal::{EVENTFUL, load},
    rust_source::{listed_words, source},
};

/// Every setting of a profile, as the page writes it.
fn settings(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let (control, kubelet) = (&cluster.control_plane, &cluster.kubelet);
    let (proxy, network) = (&cluster.proxy, &cluster.network);
    let limit = |rate: Option<f64>| rate.map_or("unlimited".to_owned(), |rate| format!("{rate}/s"));
    let readiness = match kubelet.readiness {
        Readiness::Probes => "probes",
        Readiness::Direct => "direct",
    };
    let targets = match cluster.load_balancer.targets {
        Targets::Nodes => "nodes",
        Targets::Pods => "pods",
    };
    let mode = match proxy.mode {
        ProxyMode::Iptables => "iptables",
        ProxyMode::Nftables => "nftables",
        ProxyMode::Ipvs => "ipvs",
    };
    vec![
        ("controlPlane.watchLag", control.watch_lag.to_string()),
        ("controlPlane.apiCall", control.api_call.to_string()),
        ("controlPlane.writeTime", control.write_time.to_string()),
        ("controlPlane.podCreateAnswer", control.pod_create_answer.to_string()),
        ("controlPlane.sync", control.sync.to_string()),
        ("controlPlane.clientQPS", limit(control.client_qps)),
        ("controlPlane.clientBurst", control.client_burst.to_string()),
        ("controlPlane.schedulingCycle", control.scheduling_cycle.to_string()),
        ("controlPlane.bindingQPS", limit(control.binding_qps)),
        ("controlPlane.bindingBurst", control.binding_burst.to_string()),
        ("kubelet.readiness", readiness.to_owned()),
        ("kubelet.reaction", kubelet.reaction.to_string()),
        ("kubelet.containerStart", kubelet.container_start.to_string()),
        ("kubelet.relistPeriod", kubelet.relist_period.to_string()),
        ("kubelet.statusLag", kubelet.status_lag.to_string()),
        ("kubelet.sandboxRemoval", kubelet.sandbox_removal.to_string()),
        ("kubelet.podRemoval", kubelet.pod_removal.to_string()),
        ("proxy.mode", mode.to_owned()),
        ("proxy.minSyncPeriod", proxy.min_sync_period.to_string()),
        ("proxy.syncDuration", proxy.sync_duration.to_string()),
        ("proxy.randomPhase", proxy.random_phase.to_string()),
        ("network.sameNode", network.same_node.to_string()),
        ("network.sameZone", network.same_zone.to_string()),
        ("network.crossZone", network.cross_zone.to_string()),
        ("network.outside", network.outside.to_string()),
        ("dns.latency", cluster.dns.latency.to_string()),
        ("dns.loss", format!("{}%", cluster.dns.loss * 100.0)),
        ("dns.ttl", cluster.dns.ttl.to_string()),
        ("dns.cache", cluster.dns.cache.to_string()),
        ("ingress.replicas", cluster.ingress.replicas.to_string()),
        ("ingress.minSyncPeriod", cluster.ingress.min_sync_period.to_string()),
        ("ingress.pollPeriod", cluster.ingress.poll_period.to_string()),
        ("loadBalancer.targets", targets.to_owned()),
        ("loadBalancer.registrationDelay", cluster.load_balancer.registration_delay.to_string()),
        (
            "loadBalancer.deregistrationDelay",
            cluster.load_balancer.deregistration_delay.to_string(),
        ),
        ("loadBalancer.healthCheck.timeout", cluster.load_balancer.timeout.to_string()),
        ("loadBalancer.healthCheck.interval", cluster.load_balancer.interval.to_string()),
        (
            "loadBalancer.healthCheck.healthyThreshold",
            cluster.load_balancer.healthy_threshold.to_string(),
        ),
        (
            "loadBalancer.healthCheck.unhealthyThreshold",
            cluster.load_balancer.unhealthy_threshold.to_string(),
        ),
        ("dns.nodeLocal", cluster.dns.node_local.to_string()),
    ]
}

#[test]
fn the_profiles_are_as_the_page_has_them() {
    let page = read("docs/scenario.md");
    let profiles = ["ideal", "small", "large", "legacy"];
    let sources = source("crates/scenario/src/profile.rs");
    let names = sources.split("NAMES: [&str;").nth(1).and_then(|rest| rest.split(';').next());
    assert_eq!(
        listed_words(names.expect("the names are a list")),
        profiles.map(String::from).into()
    );
    let of = |name: &str| {
        let text = EVENTFUL.replace("cluster: {", &format!("cluster: {{ profile: {name},"));
        settings(&load(&text).scenario.expect("it has no error").cluster)
    };
    let small = of("small");
    for (column, name) in profiles.into_iter().enumerate() {
        for ((field, value), (_, of_small)) in of(name).into_iter().zip(&small) {
            let rows = rows(&page, field);
            assert_eq!(rows.len(), 1, "docs/scenario.md has no row for {field} of the profiles");
            let cell = rows[0][column + 1];
            let written = cell.split('`').nth(1).unwrap_or_default();
            let holds = match cell {
                "–" => value == "0",
                "as `small`" => value == *of_small,
                _ => value == written,
            };
            assert!(holds, "{field} of {name} is {value}, and docs/scenario.md says {cell}");
        }
    }
}

#[test]
fn the_default_program_is_as_the_page_has_it() {
    let page = read("docs/scenario.md");
    let images = load(EVENTFUL).scenario.expect("it has no error").images;
    let image = &images["web:v1"];
    let defaults = [
        ("start", image.start.to_string()),
        ("ready", image.ready.to_string()),
        ("stop", image.stop.to_string()),
        ("serviceTime", image.service_time.to_string()),
        ("concurrency", image.concurrency.to_string()),
        ("backlog", image.backlog.to_string()),
    ];
    for (field, value) in defaults {
        let rows = rows(&page, field);
        let stated = rows.iter().any(|row| row[2].trim_matches('`') == value);
        assert!(stated, "the default of {field} is {value}, and docs/scenario.md says {rows:?}");
    }
}
