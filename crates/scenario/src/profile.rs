//! Named clusters: every number that decides how fast the parts of a cluster are, in one place.
//!
//! Sources, by the letters used below:
//! - R: recordings of a Kubernetes 1.36.2 control plane, kube-proxy and real traffic on an idle
//!   machine (etcd not syncing to disk), twelve rollouts of 4 and 10 pods. p50 / p90 in ms: template
//!   patch → new ReplicaSet 11 / 12, replicas up → first pod 8 / 20, created → bound 7 / 15, Ready →
//!   `availableReplicas` 8 / 17, replicas down → first deletion 8 / 21, Ready → slice ready 10 / 20,
//!   deletion → slice terminating 11 / 19, terminal → endpoint gone 9 / 16; a proxy's sync 19 / 27;
//! - D: defaults in Kubernetes' own code: controller-manager 20/s burst 30, scheduler 50/s burst
//!   100, kube-proxy `minSyncPeriod` 1s, kubelet relist 1s, 110 pods a node;
//! - L: what is published: KEP-3453 and `slos/` of kubernetes/community, k/k #98570, perf-tests;
//! - A: an assumption of ours, where nobody has published a number.
//!
//! Each hop of R is a watch, a controller's own time and an API call: `watch_lag + sync + api_call`,
//! which together have a median of 8.5 ms and a p90 of 15.
//!
//! In R and the other recordings at a load below one, a ReplicaSet's next batch of creates comes 9, 14
//! and 18 ms (medians of 42, 33 and 15) after one of 1, 2 and 4 pods, and came 36 ms after the only one
//! of 8: 3 to 4 ms more for each pod. Some three writes of a pod fall between two batches (itself, its
//! binding, the events and statuses that follow), so the API server is busy for 1.3 ms with each.

use engine::{Distribution, Span};
use policy::Configured;

use crate::{
    Cluster, ControlPlaneTimings, Dns, IngressController, Kubelet, LoadBalancer, Mesh, Network,
    Proxy, ProxyMode, Readiness, Targets,
};

/// The names of the profiles.
pub(crate) const NAMES: [&str; 4] = ["ideal", "small", "large", "legacy"];

/// The profile of a scenario that names none.
pub(crate) const DEFAULT: &str = "small";

/// A profile by its name; its nodes are for the caller to add.
pub(crate) fn profile(name: &str) -> Option<Cluster> {
    match name {
        "ideal" => Some(ideal()),
        "small" => Some(small()),
        "large" => Some(large()),
        "legacy" => Some(legacy()),
        _ => None,
    }
}

/// No delay anywhere but in the programs themselves: with it a rollout loses nothing.
fn ideal() -> Cluster {
    Cluster {
        profile: "ideal".to_owned(),
        nodes: Vec::new(),
        control_plane: ControlPlaneTimings {
            watch_lag: none(),
            api_call: none(),
            write_time: none(),
            pod_create_answer: none(),
            sync: none(),
            client_qps: None,
            client_burst: 0,
            scheduling_cycle: none(),
            binding_qps: None,
            binding_burst: 0,
        },
        kubelet: Kubelet {
            readiness: Readiness::Direct,
            reaction: none(),
            container_start: none(),
            relist_period: Span::ZERO,
            status_lag: none(),
            sandbox_removal: none(),
            pod_removal: none(),
        },
        proxy: Proxy {
            mode: ProxyMode::Nftables,
            min_sync_period: Span::ZERO,
            sync_duration: none(),
            random_phase: false,
            policy: None,
        },
        network: Network {
            same_node: Span::ZERO,
            same_zone: Span::ZERO,
            cross_zone: Span::ZERO,
            outside: Span::ZERO,
        },
        dns: Dns { latency: none(), ..small().dns },
        load_balancer: LoadBalancer { registration_delay: none(), ..small().load_balancer },
        mesh: Mesh { debounce: Span::ZERO, debounce_max: Span::from_secs(10), push: none() },
        ingress: IngressController {
            min_sync_period: Span::ZERO,
            poll_period: Span::ZERO,
            ..small().ingress
        },
    }
}

/// A quiet cluster of a few nodes.
fn small() -> Cluster {
    Cluster {
        profile: "small".to_owned(),
        nodes: Vec::new(),
        control_plane: ControlPlaneTimings {
            watch_lag: lognormal(ms(2), ms(12)), // R: a third of each hop
            api_call: lognormal(ms(4), ms(15)),  // R: between two calls of one sync
            write_time: Distribution::Constant(us(1300)), // R: see above
            pod_create_answer: lognormal(ms(3), ms(9)), // R: see above, one pod
            sync: lognormal(us(1500), ms(10)),   // R: what is left of each hop
            client_qps: Some(20.0),              // D
            client_burst: 30,                    // D
            scheduling_cycle: Distribution::Constant(us(500)), // R: created → bound 7 / 15
            binding_qps: Some(50.0),             // D
            binding_burst: 100,                  // D
        },
        kubelet: Kubelet {
            readiness: Readiness::Probes,
            reaction: lognormal(ms(20), ms(100)), // L: C, suggested profile
            container_start: lognormal(ms(800), ms(2500)), // L: start-up SLO p99 ≤ 5s in all
            relist_period: Span::from_secs(1),    // D: PLEG
            status_lag: lognormal(ms(10), ms(50)), // A
            sandbox_removal: lognormal(ms(50), ms(200)), // A
            pod_removal: lognormal(ms(100), ms(500)), // A
        },
        proxy: Proxy {
            mode: ProxyMode::Nftables,
            min_sync_period: Span::from_secs(1),      // D
            sync_duration: lognormal(ms(19), ms(38)), // R: a proxy's sync
            random_phase: false,                      // R: nothing else changes on a quiet cluster
            policy: None,                             // D: as its mode does it
        },
        network: Network {
            same_node: us(50),   // L: C.5, half a round trip of 0.1 ms
            same_zone: us(250),  // L: C.5, 0.5 ms
            cross_zone: us(500), // L: C.5, 1 ms
            outside: ms(5),      // A
        },
        dns: Dns {
            latency: Distribution::Constant(ms(1)), // A: a cached answer
            loss: 0.0,                              // A: no race of its two questions
            rewrites: true,                         // A: as courses teach it
            ttl: Span::from_secs(30),               // D: the Corefile of kubeadm
            cache: Span::ZERO, // D: kubeadm 1.36 has none for the cluster's zone
            node_local: false, // D: an add-on
        },
        load_balancer: LoadBalancer {
            targets: Targets::Nodes, // L: AWS Load Balancer Controller, target type `instance`
            registration_delay: lognormal(Span::from_secs(5), Span::from_secs(30)), // A: see below
            deregistration_delay: Span::from_secs(300), // L: C.5, Elastic Load Balancing
            interval: Span::from_secs(10), // L: C.5, AWS Load Balancer Controller, policy Local
            healthy_threshold: 2,    // L: C.5
            unhealthy_threshold: 2,  // L: C.5
            timeout: Span::from_secs(6), // L: C.5
            path: String::new(),     // L: a Network Load Balancer asks for a connection
            policy: None,            // A: by chance, as hashes of connections are
        },
        mesh: Mesh {
            debounce: ms(100),                 // L: PILOT_DEBOUNCE_AFTER of Istio
            debounce_max: Span::from_secs(10), // L: PILOT_DEBOUNCE_MAX of Istio
            push: lognormal(ms(10), ms(50)),   // A
        },
        ingress: IngressController {
            replicas: 2,                              // A: two for availability
            workers: 1, // A: `worker_processes: 1`; ingress-nginx has one for each core
            min_sync_period: Span::from_millis(3333), // L: ingress-nginx, sync-rate-limit 0.3/s
            poll_period: Span::from_secs(1), // L: ingress-nginx, its Lua workers
            policy: ingress_nginx(), // L: ingress-nginx
        },
    }
}

/// How pods are asked, for `targets: pods`: as a Network Load Balancer does it by default (L: C.5,
/// AWS Load Balancer Controller).
///
/// Nobody has published how long such a balancer takes to carry a registration or a deregistration
/// out. The assumption fits what people report: connections come for 25 s after a deregistration
/// now and then, for 40 s very rarely (aws-load-balancer-controller#1064, #2106).
pub(crate) fn pod_targets(nodes: LoadBalancer) -> LoadBalancer {
    LoadBalancer {
        targets: Targets::Pods,
        healthy_threshold: 3,
        unhealthy_threshold: 3,
        timeout: Span::from_secs(10),
        ..nodes
    }
}

/// The kubelet of the recordings, for `readiness: direct`: it has no container runtime to wait for,
/// and is told at once when a program is ready.
pub(crate) fn stand_in_kubelet() -> Kubelet {
    Kubelet {
        readiness: Readiness::Direct,
        reaction: lognormal(us(500), ms(5)), // R: deletion seen → SIGTERM 0.3 / 2.6
        container_start: lognormal(ms(3), ms(12)), // R: bound → Ready, less the program's own time
        relist_period: Span::ZERO,           // it is told
        status_lag: lognormal(ms(4), ms(15)), // R: an API call
        sandbox_removal: lognormal(ms(4), ms(30)), // R: SIGTERM → gone 4 / 23
        pod_removal: lognormal(ms(10), ms(35)), // R: Succeeded → deleted 15 / 29, with the call
    }
}

/// A busy cluster of hundreds of nodes: longer ways, and proxies whose timers are never idle.
fn large() -> Cluster {
    let small = small();
    Cluster {
        profile: "large".to_owned(),
        control_plane: ControlPlaneTimings {
            watch_lag: lognormal(ms(20), ms(200)), // L: C, suggested profile 10–50 ms a hop
            api_call: lognormal(ms(10), ms(200)),  // L: C.1, SLO p99 ≤ 1s
            write_time: Distribution::Constant(us(250)), // A: more processors
            pod_create_answer: lognormal(ms(7), ms(20)), // A: longer ways
            sync: lognormal(ms(5), ms(50)),        // A
            scheduling_cycle: Distribution::Constant(ms(10)), // A: more nodes to look at
            ..small.control_plane
        },
        kubelet: Kubelet {
            reaction: lognormal(ms(100), ms(500)), // L: C, suggested profile
            container_start: lognormal(ms(1500), ms(4500)), // L: start-up SLO p99 ≤ 5s
            status_lag: lognormal(ms(50), ms(300)), // A
            sandbox_removal: lognormal(ms(100), ms(500)), // A
            pod_removal: lognormal(ms(300), ms(1500)), // A
            ..small.kubelet
        },
        proxy: Proxy {
            sync_duration: lognormal(ms(300), ms(3000)), // L: C.1, KEP-3453 p50 ≈ 5s at 5000 nodes
            random_phase: true, // R: e2e_churn, an unrelated Service's changes do this
            policy: None,       // D: as its mode does it
            ..small.proxy
        },
        network: Network { cross_zone: us(750), ..small.network }, // L: C.5, 0.25–3.37 ms
        dns: Dns {
            latency: lognormal(ms(2), ms(20)), // L: C.4, perf-tests p50 20 ms, p99 100 ms are limits
            ..small.dns
        },
        ..small
    }
}

/// A cluster set up years ago: iptables, and a proxy that waits ten seconds between syncs.
fn legacy() -> Cluster {
    let small = small();
    Cluster {
        profile: "legacy".to_owned(),
        proxy: Proxy {
            mode: ProxyMode::Iptables,
            min_sync_period: Span::from_secs(10), // L: C.1, GKE (k/k #98570), scale tests
            sync_duration: lognormal(ms(500), ms(3000)), // L: KEP-3453, full restores
            random_phase: true,                   // R: e2e_churn
            policy: None,                         // D: as its mode does it
        },
        dns: Dns { cache: Span::from_secs(30), ..small.dns }, // D: the Corefile before kubeadm 1.36
        ..small
    }
}

fn none() -> Distribution {
    Distribution::Constant(Span::ZERO)
}

fn lognormal(median: Span, p99: Span) -> Distribution {
    Distribution::LogNormal { median, p99 }
}

fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn us(micros: u64) -> Span {
    Span::from_micros(micros)
}

/// How ingress-nginx balances where nobody says.
fn ingress_nginx() -> Configured {
    Configured::by_name("ingress-nginx.round_robin").expect("the catalogue lists it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_profile_of_that_name() {
        for name in NAMES {
            assert_eq!(profile(name).map(|cluster| cluster.profile).as_deref(), Some(name));
        }
        assert!(NAMES.contains(&DEFAULT) && profile("medium").is_none());
    }

    #[test]
    fn the_ideal_cluster_has_no_delay() {
        let cluster = ideal();
        let delays = [
            cluster.control_plane.watch_lag,
            cluster.control_plane.api_call,
            cluster.control_plane.write_time,
            cluster.control_plane.pod_create_answer,
            cluster.control_plane.sync,
            cluster.control_plane.scheduling_cycle,
            cluster.kubelet.reaction,
            cluster.kubelet.container_start,
            cluster.kubelet.status_lag,
            cluster.kubelet.sandbox_removal,
            cluster.kubelet.pod_removal,
            cluster.proxy.sync_duration,
            cluster.dns.latency,
        ];
        assert!(delays.iter().all(Distribution::is_zero));
    }
}
