//! A scenario to a world: names become numbers, random streams are seeded.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use api::{
    DnsPolicy, Key, Kind, Meta, NodeId, Object, PodSpec, Protocol, ResolvConf, Service,
    node::ZONE_LABEL, pod::Resources,
};
use control_plane::{
    ControlPlane, controller_manager, kubelet, load_balancer_controller, scheduler,
};
use data_plane::{
    Behaviour, DataPlane, NodeConfig, OnSigterm, WarmUp,
    arrivals::Arrivals,
    client::{self, ClientConfig, Origin},
    connection::Transport,
    dns::{
        self,
        cache::Limits,
        lookup::{self, NodeCache},
    },
    ingress, kube_proxy,
    load_balancer::{self, HealthCheck},
    mesh::{self, Balancing},
    name_cache::NameCache,
    network::Delays,
    pool::Keeping,
    proxy::mode::Mode,
    weighted_backends::WeightedBackends,
};
use engine::{Span, Streams};
use policy::Level;
use record::Family;
use scenario::{
    Action, Client, Cluster, Connections, Dns, Host, Image, IngressController, LoadBalancer, Node,
    Port, ProxyMode, Readiness, Scenario, Targets,
};

use crate::{
    discovery,
    world::{Initial, World},
};

/// The world of a scenario under a seed. Two worlds of one scenario and one seed behave alike.
#[must_use]
pub fn compile(scenario: &Scenario, seed: u64) -> World {
    let streams = Streams::new(seed);
    let cluster = &scenario.cluster;
    let control_plane = ControlPlane::new(&control_plane_config(cluster), &streams);
    let data_plane = DataPlane::new(data_plane_config(scenario), &streams);
    // Who states an address gets it before another is given it by chance.
    let (stated, by_chance): (Vec<_>, Vec<_>) =
        scenario.services.iter().cloned().partition(|object| object.spec.cluster_ip.is_some());
    let services = stated.into_iter().chain(by_chance);
    let services = services.map(|object| Object::Service(Arc::new(object)));
    let slices = scenario.endpoint_slices.iter().cloned();
    let slices = slices.map(|object| Object::EndpointSlice(Arc::new(object)));
    let ingresses = scenario.ingresses.iter().cloned();
    let ingresses = ingresses.map(|object| Object::Ingress(Arc::new(object)));
    let pods = scenario.pods.iter().cloned().map(|object| Object::Pod(Arc::new(object)));
    let deployments =
        scenario.deployments.iter().cloned().map(|object| Object::Deployment(Arc::new(object)));
    let initial = Initial {
        nodes: cluster.nodes.iter().map(node).collect(),
        kubelet: kubelet_config(cluster),
        bystanders: scenario.bystanders.clone(),
        objects: services.chain(slices).chain(ingresses).chain(deployments).chain(pods).collect(),
        streams,
    };
    let plan = (scenario.timeline.clone(), scenario.duration);
    World::new(control_plane, data_plane, initial, plan)
}

fn node(node: &Node) -> api::Node {
    let mut meta = Meta::new("", node.name.clone());
    // What every kubelet says of its node, for node selectors (`pkg/kubelet/kubelet_node_status.go`).
    let labels = [
        (ZONE_LABEL, &*node.zone),
        ("kubernetes.io/hostname", &*node.name),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
    ];
    // A zone without a name is none: its nodes lack the label.
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    meta.labels.extend(labels.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let allocatable = Resources { cpu_millis: node.cpu_millis, memory_bytes: node.memory_bytes };
    let id = NodeId::default();
    api::Node { meta, id, allocatable, max_pods: node.max_pods, unschedulable: false }
}

fn control_plane_config(cluster: &Cluster) -> control_plane::Config {
    let timings = &cluster.control_plane;
    control_plane::Config {
        watch_lag: timings.watch_lag.clone(),
        write_time: timings.write_time.clone(),
        controllers: controller_manager::Config {
            sync: timings.sync.clone(),
            api_call: timings.api_call.clone(),
            pod_create_answer: timings.pod_create_answer.clone(),
            client_qps: timings.client_qps,
            client_burst: timings.client_burst,
        },
        scheduler: scheduler::Config {
            cycle: timings.scheduling_cycle.clone(),
            api_call: timings.api_call.clone(),
            qps: timings.binding_qps,
            burst: timings.binding_burst,
        },
        load_balancers: (cluster.load_balancer.targets == Targets::Pods).then(|| {
            load_balancer_controller::Config {
                sync: timings.sync.clone(),
                api_call: timings.api_call.clone(),
            }
        }),
    }
}

fn kubelet_config(cluster: &Cluster) -> kubelet::Config {
    let kubelet = &cluster.kubelet;
    kubelet::Config {
        direct_readiness: kubelet.readiness == Readiness::Direct,
        reaction: kubelet.reaction.clone(),
        container_start: kubelet.container_start.clone(),
        relist_period: kubelet.relist_period,
        status_lag: kubelet.status_lag.clone(),
        sandbox_removal: kubelet.sandbox_removal.clone(),
        pod_removal: kubelet.pod_removal.clone(),
        cluster_dns: discovery::cluster_dns(),
    }
}

fn data_plane_config(scenario: &Scenario) -> data_plane::Config {
    let cluster = &scenario.cluster;
    let names: BTreeMap<&str, NodeId> =
        cluster.nodes.iter().map(|node| &*node.name).zip((0..).map(NodeId)).collect();
    let network = &cluster.network;
    data_plane::Config {
        nodes: cluster
            .nodes
            .iter()
            .map(|node| NodeConfig { name: node.name.clone(), zone: node.zone.clone() })
            .collect(),
        delays: Delays {
            same_node: network.same_node,
            same_zone: network.same_zone,
            cross_zone: network.cross_zone,
            outside: network.outside,
        },
        dns: dns(cluster),
        services_change: applied_services(scenario).next().is_some()
            || scenario.timeline.iter().any(|it| deletes_services(&it.action)),
        names_pods: scenario.clients.iter().any(|client| names_pods(client, scenario)),
        proxy: kube_proxy::Config {
            min_sync_period: cluster.proxy.min_sync_period,
            sync_duration: cluster.proxy.sync_duration.clone(),
            random_phase: cluster.proxy.random_phase,
            mode: proxy_mode(cluster.proxy.mode),
            looks_at_flows: cluster.proxy.policy.is_some(),
            policy: cluster.proxy.policy.clone().unwrap_or_else(|| {
                policy::Configured::by_name(proxy_policy(cluster.proxy.mode))
                    .expect("the catalogue lists it")
            }),
        },
        ingress: ingress_config(scenario),
        mesh: mesh::Config {
            debounce: cluster.mesh.debounce,
            debounce_max: cluster.mesh.debounce_max,
            push: cluster.mesh.push.clone(),
        },
        health_check: health_check(&cluster.load_balancer),
        node_policy: cluster.load_balancer.policy.clone(),
        pod_targets: pod_targets(&cluster.load_balancer),
        images: scenario
            .images
            .iter()
            .map(|(name, image)| (name.clone(), Arc::new(behaviour(image))))
            .collect(),
        clients: scenario.clients.iter().map(|config| client(config, scenario, &names)).collect(),
    }
}

fn deletes_services(action: &Action) -> bool {
    matches!(action, Action::Delete { kind: Kind::Service, .. } | Action::DeleteNamespace { .. })
}

fn health_check(balancer: &LoadBalancer) -> HealthCheck {
    HealthCheck {
        interval: balancer.interval,
        healthy_threshold: balancer.healthy_threshold,
        unhealthy_threshold: balancer.unhealthy_threshold,
    }
}

/// How load balancers treat pods; `None` where nodes are their targets.
fn pod_targets(balancer: &LoadBalancer) -> Option<load_balancer::pods::Config> {
    (balancer.targets == Targets::Pods).then(|| load_balancer::pods::Config {
        registration_delay: balancer.registration_delay.clone(),
        deregistration_delay: balancer.deregistration_delay,
        check: health_check(balancer),
        timeout: balancer.timeout,
        asks_program: !balancer.path.is_empty(),
        policy: balancer.policy.clone(),
    })
}

fn proxy_mode(mode: ProxyMode) -> Mode {
    match mode {
        ProxyMode::Iptables => Mode::Iptables,
        ProxyMode::Nftables => Mode::Nftables,
        ProxyMode::Ipvs => Mode::Ipvs,
    }
}

/// Which policy the rules of a mode are.
fn proxy_policy(mode: ProxyMode) -> &'static str {
    match mode {
        ProxyMode::Iptables | ProxyMode::Nftables => "kube-proxy.random",
        ProxyMode::Ipvs => "ipvs.rr",
    }
}

fn behaviour(image: &Image) -> Behaviour {
    Behaviour {
        start: image.start.clone(),
        ready: image.ready.clone(),
        stop: image.stop.clone(),
        service_time: image.service_time.clone(),
        concurrency: image.concurrency,
        backlog: image.backlog,
        warm_up: image.warm_up.map(|w| WarmUp { span: w.span, factor: w.factor }),
        on_sigterm: match image.on_sigterm {
            scenario::OnSigterm::Exit => OnSigterm::Exit,
            scenario::OnSigterm::Drain { lame_duck } => OnSigterm::Drain { lame_duck },
            scenario::OnSigterm::Ignore => OnSigterm::Ignore,
        },
        listen: image.listen.clone(),
        crash_after: image.crash_after,
        idle_timeout: image.idle_timeout,
    }
}

/// The pods of the Ingress controller; none where no client needs them.
fn ingress_config(scenario: &Scenario) -> ingress::Config {
    let IngressController { replicas, workers, min_sync_period, poll_period, policy } =
        &scenario.cluster.ingress;
    let needed = scenario.clients.iter().any(|client| !client.target.routed.is_empty());
    ingress::Config {
        pods: if needed { *replicas } else { 0 },
        workers: *workers,
        min_sync_period: *min_sync_period,
        poll_period: *poll_period,
        policy: policy.clone(),
    }
}

/// The cluster's DNS as the Corefile of kubeadm has it, but for what the scenario says.
fn dns(cluster: &Cluster) -> dns::Config {
    let Dns { latency, loss, rewrites, ttl, cache, node_local } = &cluster.dns;
    let round_trip = cluster.network.same_node + cluster.network.same_node;
    dns::Config {
        server: dns::server::Config {
            ttl: (ttl.as_nanos() / 1_000_000_000) as u32,
            ..discovery::name_server(*rewrites)
        },
        system: discovery::system_services(),
        lookup: lookup::Config {
            latency: latency.clone(),
            loss: *loss,
            cache: (*cache > Span::ZERO).then_some(Limits { success: *cache, denial: *cache }),
            node_cache: node_local
                .then_some(NodeCache { limits: discovery::NODE_LOCAL, latency: round_trip }),
        },
    }
}

/// The Services that steps of the timeline apply.
fn applied_services(scenario: &Scenario) -> impl Iterator<Item = &Service> {
    scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyService { service, .. } => Some(&**service),
        _ => None,
    })
}

/// Whether the host of a client is a name that leads to pods at some time.
fn names_pods(client: &Client, scenario: &Scenario) -> bool {
    let services = scenario.services.iter().chain(applied_services(scenario));
    let mut called = services.filter(|service| service.meta.key() == client.target.service);
    matches!(client.target.host, Host::Name(_)) && called.any(|service| service.spec.headless)
}

/// The resolv.conf of a client, if it does not depend on which of its pods sends.
fn resolv_conf(client: &Client, scenario: &Scenario) -> Option<ResolvConf> {
    let plain =
        |spec: &PodSpec| spec.dns_policy == DnsPolicy::default() && spec.dns_config.is_none();
    let deployments = scenario.deployments.iter().map(|it| &it.spec.template.spec);
    let pods = scenario.pods.iter().map(|pod| &pod.spec);
    let applied = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyDeployment { deployment: it, .. } => Some(&it.spec.template.spec),
        _ => None,
    });
    match &client.from {
        scenario::From::Pods { namespace, .. } => deployments
            .chain(pods)
            .chain(applied)
            .all(|spec| plain(spec))
            .then(|| discovery::plain_resolv_conf(namespace)),
        scenario::From::Node(_) => Some(discovery::plain_resolv_conf("default")),
        // The world outside has the whole name.
        scenario::From::Outside => Some(ResolvConf::default()),
    }
}

fn host(client: &Client) -> client::Host {
    match &client.target.host {
        Host::Name(_) if client.from == scenario::From::Outside => {
            let Key { namespace, name } = &client.target.service;
            client::Host::Name(format!("{name}.{namespace}.svc.{}.", discovery::ZONE))
        }
        Host::Name(name) => client::Host::Name(name.clone()),
        Host::Address(address) => client::Host::Address(*address),
        Host::Variable(name) => client::Host::Variable(name.clone()),
    }
}

/// Where an Ingress or an HTTPRoute leads to.
fn routed(client: &Client) -> Option<WeightedBackends> {
    let backends = client.target.routed.iter().map(|it| {
        let backend = it.backend.as_ref().map(|it| ingress::Backend {
            service: it.service.clone(),
            port_name: it.port_name.clone(),
        });
        (backend, it.weight)
    });
    (!client.target.routed.is_empty()).then(|| WeightedBackends::new(backends))
}

fn client(client: &Client, scenario: &Scenario, nodes: &BTreeMap<&str, NodeId>) -> ClientConfig {
    ClientConfig {
        name: client.name.clone(),
        ingress: routed(client),
        origin: match &client.from {
            scenario::From::Pods { namespace, labels } => {
                Origin::Pods { namespace: namespace.to_string(), labels: labels.clone() }
            }
            scenario::From::Node(Some(name)) => Origin::Node(nodes[&**name]),
            scenario::From::Node(None) => Origin::AnyNode,
            scenario::From::Outside if client.target.balanced => Origin::OutsideBalanced,
            scenario::From::Outside => Origin::Outside,
        },
        // One of TEST-NET-2, which nobody has.
        address: client.address.unwrap_or(Ipv4Addr::new(198, 51, 100, 1)),
        host: host(client),
        port: match &client.target.port {
            Port::Number(number) => client::Port::Number(*number),
            Port::Variable(name, _) => client::Port::Variable(name.clone()),
        },
        resolv_conf: resolv_conf(client, scenario),
        transport: match client.target.protocol {
            Protocol::Udp => {
                Transport::Udp { one_socket: client.connections == Connections::OneSocket }
            }
            Protocol::Tcp | Protocol::Sctp => Transport::Tcp,
        },
        keys: client.keys,
        balancing: balancing(client),
        keeping: match (client.connections, &client.balancing) {
            (Connections::PerRequest | Connections::OneSocket, _) => None,
            // They end beside the sender, at a balancer that keeps its own to the pods.
            (Connections::Kept(_), Some(beside)) if beside.level == Level::Request => None,
            (Connections::Kept(kept), _) => Some(keeping(kept)),
        },
        name_cache: match client.name_cache {
            scenario::NameCache::None => NameCache::None,
            scenario::NameCache::Ttl => NameCache::Ttl,
            scenario::NameCache::Jvm => NameCache::Jvm,
            scenario::NameCache::Forever => NameCache::Forever,
        },
        arrivals: match &client.arrivals {
            scenario::Arrivals::Constant { per_second } => {
                Arrivals::Constant { per_second: *per_second }
            }
            scenario::Arrivals::Poisson { per_second } => Arrivals::poisson(*per_second),
            scenario::Arrivals::Steps { steps } => Arrivals::Poisson { steps: steps.clone() },
        },
        timeout: if client.timeout == Span::ZERO { Span::MAX } else { client.timeout },
        attempts: client.retries.attempts,
        retry_on: client.retries.on.iter().filter_map(|name| family(name)).collect(),
    }
}

/// How a client's senders balance requests themselves.
fn balancing(client: &Client) -> Option<Balancing> {
    let scenario::Beside { policy, level } = client.balancing.clone()?;
    let backend = client.target.backend.as_ref()?;
    let (service, port_name) = (backend.service.clone(), backend.port_name.clone());
    Some(Balancing { policy, backend: ingress::Backend { service, port_name }, level })
}

/// Which connections each sender of a client keeps.
fn keeping(kept: scenario::Keeping) -> Keeping {
    let scenario::Keeping { streams, min, max, max_idle, .. } = kept;
    Keeping {
        streams,
        min,
        max,
        max_idle,
        max_age: kept.max_age,
        idle_timeout: kept.idle_timeout,
        ping_timeout: kept.ping_timeout,
        newest_first: kept.newest_first,
    }
}

/// The family of a name; the scenario checked that it is one.
fn family(name: &str) -> Option<Family> {
    [Family::Refused, Family::Reset, Family::Timeout, Family::Dns, Family::Rejected]
        .into_iter()
        .find(|family| family.name() == name)
}
