//! `spec.cluster`: a profile, and what is different from it.

use std::sync::Arc;

use engine::{Distribution, Span};
use policy::Configured;

use super::item::{Fields, Item, Reading};
use crate::{
    Cluster, Code, ControlPlaneTimings, Diagnostic, IngressController, Kubelet, LoadBalancer,
    Network, Node, Proxy, ProxyMode, Readiness, Targets,
    diagnostic::suggest,
    profile,
    quantity::Quantity,
    rate::{self, Refusal},
};

/// A load balancer that asks more often than this would do nothing else.
const SHORTEST_INTERVAL: Span = Span::from_millis(100);
/// The longest that Elastic Load Balancing takes.
const LONGEST_DEREGISTRATION: Span = Span::from_secs(3600);
/// A request remembers its worker in a byte.
const MOST_WORKERS: u32 = 255;
/// More nodes than Kubernetes itself is tested with.
const MOST_NODES: u32 = 5000;
/// As many as a node has addresses for: a /22, without the network's, the node's and the broadcast's.
const MOST_PODS: u32 = 1021;
/// Three nodes in three zones, one for each zone of a small region.
const DEFAULT_NODES: u32 = 3;
/// The zones of a cluster that names none.
const DEFAULT_ZONES: [&str; 3] = ["a", "b", "c"];
/// 4 cores, an ordinary node.
const DEFAULT_CPU_MILLIS: u64 = 4000;
/// 16 GiB, an ordinary node.
const DEFAULT_MEMORY_BYTES: u64 = 16 << 30;
/// The kubelet's own default, `maxPods`.
const DEFAULT_MAX_PODS: u32 = 110;

/// The cluster of a scenario that says nothing about it.
pub(crate) fn default_cluster() -> Cluster {
    let mut cluster = profile::profile(profile::DEFAULT).expect("the default profile has a name");
    let zones = DEFAULT_ZONES.map(Arc::from);
    cluster.nodes =
        nodes(DEFAULT_NODES, &zones, DEFAULT_CPU_MILLIS, DEFAULT_MEMORY_BYTES, DEFAULT_MAX_PODS);
    cluster
}

fn nodes(
    count: u32,
    zones: &[Arc<str>],
    cpu_millis: u64,
    memory_bytes: u64,
    max_pods: u32,
) -> Vec<Node> {
    let zones = zones.iter().cycle().cloned();
    let node = |(number, zone): (u32, Arc<str>)| Node {
        name: format!("node-{number}").into(),
        zone,
        cpu_millis,
        memory_bytes,
        max_pods,
    };
    (1..=count).zip(zones).map(node).collect()
}

/// Sets a value if its field is there and right.
pub(super) fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

impl Reading<'_> {
    /// `spec.cluster`.
    pub(super) fn cluster(&mut self, item: &Item<'_>) -> Cluster {
        const KNOWN: [&str; 11] = [
            "profile",
            "kubernetesVersion",
            "nodes",
            "proxy",
            "kubelet",
            "controlPlane",
            "network",
            "dns",
            "loadBalancer",
            "ingress",
            "mesh",
        ];
        let fields = self.fields(item, &KNOWN, &["coredns"]);
        let mut cluster = default_cluster();
        if let Some(item) = fields.get("profile") {
            let choices = profile::NAMES.map(|name| (name, name));
            if let Some(named) = self.choice(&item, &choices).and_then(profile::profile) {
                cluster = Cluster { nodes: cluster.nodes, ..named };
            }
        }
        if let Some(item) = fields.get("kubernetesVersion") {
            self.kubernetes_version(&item);
        }
        if let Some(item) = fields.get("nodes") {
            self.nodes(&item, &mut cluster.nodes);
        }
        if let Some(item) = fields.get("proxy") {
            self.proxy(&item, &mut cluster.proxy);
        }
        if let Some(item) = fields.get("kubelet") {
            self.kubelet(&item, &mut cluster.kubelet);
        }
        if let Some(item) = fields.get("controlPlane") {
            self.control_plane(&item, &mut cluster.control_plane);
        }
        if let Some(item) = fields.get("network") {
            self.network(&item, &mut cluster.network);
        }
        if let Some(item) = fields.get("loadBalancer") {
            self.load_balancer(&item, &mut cluster.load_balancer);
        }
        if let Some(item) = fields.get("ingress") {
            self.ingress_controller(&item, &mut cluster.ingress);
        }
        if let Some(item) = fields.get("mesh") {
            self.mesh(&item, &mut cluster.mesh);
        }
        if let Some(item) = fields.get("dns") {
            self.dns(&item, &mut cluster.dns);
        }
        cluster
    }

    fn kubernetes_version(&mut self, item: &Item<'_>) {
        let Some(text) = self.text(item) else { return };
        if text != "1.36" {
            let message = format!("Kubernetes {text} is not there yet");
            self.report(Code::NotYet, item, message, "write \"1.36\", or leave it out");
        }
    }

    fn nodes(&mut self, item: &Item<'_>, target: &mut Vec<Node>) {
        let known = ["count", "zones", "cpu", "memory", "maxPods"];
        let fields = self.fields(item, &known, &["taints", "labels", "cordoned", "unschedulable"]);
        let mut integer = |name: &str, range, default| {
            fields.get(name).and_then(|item| self.small(&item, range)).unwrap_or(default)
        };
        let count = integer("count", 1..=MOST_NODES, DEFAULT_NODES);
        let max_pods = integer("maxPods", 1..=MOST_PODS, DEFAULT_MAX_PODS);
        let mut zones: Vec<Arc<str>> = Vec::new();
        if let Some(item) = fields.get("zones") {
            for item in self.list(&item) {
                zones.extend(self.text(&item).map(Arc::from));
            }
            if zones.is_empty() {
                let message = format!("{}: there must be a zone", item.path());
                self.report(Code::BadValue, &item, message, "name a zone, or leave `zones` out");
            }
        }
        if zones.is_empty() {
            zones = DEFAULT_ZONES.map(Arc::from).to_vec();
        }
        let cpu = fields.get("cpu").and_then(|item| self.quantity(&item)).map(Quantity::milli);
        let memory =
            fields.get("memory").and_then(|item| self.quantity(&item)).map(Quantity::whole);
        let (cpu, memory) =
            (cpu.unwrap_or(DEFAULT_CPU_MILLIS), memory.unwrap_or(DEFAULT_MEMORY_BYTES));
        *target = nodes(count, &zones, cpu, memory, max_pods);
    }

    fn quantity(&mut self, item: &Item<'_>) -> Option<Quantity> {
        self.parse(item, "write a quantity such as \"4\", 500m or 16Gi", |text| {
            match text.parse::<Quantity>() {
                Ok(quantity) if quantity.is_negative() => {
                    Err(Refusal::new(0, "a quantity cannot be negative here"))
                }
                Ok(quantity) => Ok(quantity),
                Err(_) => Err(Refusal::new(0, format!("{text:?} is not a quantity"))),
            }
        })
    }

    fn proxy(&mut self, item: &Item<'_>, target: &mut Proxy) {
        let known = ["mode", "scheduler", "minSyncPeriod", "syncDuration", "randomPhase"];
        let fields = self.fields(item, &known, &["syncPeriod"]);
        if let Some(item) = fields.get("mode") {
            let modes = [
                ("iptables", ProxyMode::Iptables),
                ("nftables", ProxyMode::Nftables),
                ("ipvs", ProxyMode::Ipvs),
            ];
            set(&mut target.mode, self.choice(&item, &modes));
        }
        if let Some(item) = fields.get("scheduler") {
            set(&mut target.policy, self.scheduler(&item, target.mode).map(Some));
        }
        self.set_span(&fields, "minSyncPeriod", &mut target.min_sync_period);
        self.set_distribution(&fields, "syncDuration", &mut target.sync_duration);
        if let Some(item) = fields.get("randomPhase") {
            set(&mut target.random_phase, self.boolean(&item));
        }
    }

    /// `scheduler`, as kube-proxy has it for ipvs: the name of a policy without its project.
    fn scheduler(&mut self, item: &Item<'_>, mode: ProxyMode) -> Option<Configured> {
        let name = self.text(item)?;
        let found = Configured::by_name(&format!("ipvs.{name}"));
        if mode != ProxyMode::Ipvs {
            let message = format!("{}: only ipvs has schedulers", item.path());
            self.report(Code::BadValue, item, message, "write `mode: ipvs` too");
        } else if found.is_none() {
            let names = policy::CATALOGUE.iter().filter_map(|it| it.name.strip_prefix("ipvs."));
            let message = format!("{}: there is no scheduler `{name}`", item.path());
            self.report(Code::BadValue, item, message, suggest(&name, "scheduler", names));
        }
        found
    }

    fn kubelet(&mut self, item: &Item<'_>, target: &mut Kubelet) {
        const KNOWN: [&str; 7] = [
            "readiness",
            "reaction",
            "containerStart",
            "relistPeriod",
            "statusLag",
            "sandboxRemoval",
            "podRemoval",
        ];
        let fields = self.fields(item, &KNOWN, &["imagePull"]);
        if let Some(item) = fields.get("readiness") {
            let choices = [("probes", Readiness::Probes), ("direct", Readiness::Direct)];
            let choice = self.choice(&item, &choices);
            // A kubelet that is told has no runtime to wait for either; what follows may say so.
            if choice == Some(Readiness::Direct) && target.readiness == Readiness::Probes {
                *target = profile::stand_in_kubelet();
            }
            set(&mut target.readiness, choice);
        }
        self.set_distribution(&fields, "reaction", &mut target.reaction);
        self.set_distribution(&fields, "containerStart", &mut target.container_start);
        self.set_span(&fields, "relistPeriod", &mut target.relist_period);
        self.set_distribution(&fields, "statusLag", &mut target.status_lag);
        self.set_distribution(&fields, "sandboxRemoval", &mut target.sandbox_removal);
        self.set_distribution(&fields, "podRemoval", &mut target.pod_removal);
    }

    fn control_plane(&mut self, item: &Item<'_>, target: &mut ControlPlaneTimings) {
        const KNOWN: [&str; 10] = [
            "watchLag",
            "apiCall",
            "writeTime",
            "podCreateAnswer",
            "sync",
            "clientQPS",
            "clientBurst",
            "schedulingCycle",
            "bindingQPS",
            "bindingBurst",
        ];
        let fields = self.fields(item, &KNOWN, &["workers"]);
        self.set_distribution(&fields, "watchLag", &mut target.watch_lag);
        self.set_distribution(&fields, "apiCall", &mut target.api_call);
        self.set_distribution(&fields, "writeTime", &mut target.write_time);
        self.set_distribution(&fields, "podCreateAnswer", &mut target.pod_create_answer);
        self.set_distribution(&fields, "sync", &mut target.sync);
        self.set_distribution(&fields, "schedulingCycle", &mut target.scheduling_cycle);
        let limits = [
            ("clientQPS", "clientBurst", &mut target.client_qps, &mut target.client_burst),
            ("bindingQPS", "bindingBurst", &mut target.binding_qps, &mut target.binding_burst),
        ];
        for (qps_name, burst_name, qps, burst) in limits {
            if let Some(item) = fields.get(qps_name) {
                set(qps, self.limit(&item));
            }
            if let Some(item) = fields.get(burst_name) {
                set(burst, self.small(&item, 1..=1_000_000));
                if qps.is_none() {
                    self.burst_of_no_limit(&item, fields.get(qps_name).as_ref(), qps_name);
                }
            } else if *burst == 0 && qps.is_some() {
                // A profile without a limit has no burst either, and a bucket needs a token.
                *burst = 1;
            }
        }
    }

    /// Warns of a burst where there is no limit that it could exceed.
    fn burst_of_no_limit(&mut self, burst: &Item<'_>, qps: Option<&Item<'_>>, qps_name: &str) {
        let message = format!("{}: without a limit a burst has no effect", burst.path());
        let help = format!("leave it out, or write a rate such as 20/s as `{qps_name}`");
        let diagnostic = Diagnostic::new(Code::NoEffect, message, help).at(burst.at(), "");
        self.findings.push(match qps {
            Some(qps) => diagnostic.because_of(qps.at(), "no limit"),
            None => diagnostic,
        });
    }

    /// A limit such as `20/s` or 20; `unlimited` for none.
    fn limit(&mut self, item: &Item<'_>) -> Option<Option<f64>> {
        self.parse(item, "write a rate such as 20/s, or `unlimited`", |text| {
            if text == "unlimited" {
                return Ok(None);
            }
            let bare = text.parse::<f64>().is_ok_and(f64::is_finite);
            if !bare && !text.contains('/') {
                let message = format!("{text:?} is neither a rate such as 20/s nor `unlimited`");
                return Err(Refusal::new(0, message));
            }
            if text.starts_with('-') {
                return Err(Refusal::new(0, "a limit must be above zero"));
            }
            let rate = rate::per_second(&if bare { format!("{text}/s") } else { text.to_owned() })?;
            if rate <= 0.0 {
                return Err(Refusal::new(0, "a limit must be above zero"));
            }
            Ok(Some(rate))
        })
    }

    fn network(&mut self, item: &Item<'_>, target: &mut Network) {
        let known = ["sameNode", "sameZone", "crossZone", "outside"];
        let fields = self.fields(item, &known, &["loss", "bandwidth"]);
        self.set_span(&fields, "sameNode", &mut target.same_node);
        self.set_span(&fields, "sameZone", &mut target.same_zone);
        self.set_span(&fields, "crossZone", &mut target.cross_zone);
        self.set_span(&fields, "outside", &mut target.outside);
    }

    /// `ingress`.
    fn ingress_controller(&mut self, item: &Item<'_>, target: &mut IngressController) {
        let known = ["replicas", "workers", "minSyncPeriod", "pollPeriod", "balancing"];
        let fields = self.fields(item, &known, &["keepAlive", "retries"]);
        if let Some(item) = fields.get("replicas") {
            set(&mut target.replicas, self.small(&item, 1..=100));
        }
        self.set_span(&fields, "minSyncPeriod", &mut target.min_sync_period);
        self.set_span(&fields, "pollPeriod", &mut target.poll_period);
        if let Some(item) = fields.get("workers") {
            set(&mut target.workers, self.small(&item, 1..=255));
            if target.workers * target.replicas > MOST_WORKERS {
                let message = format!(
                    "{}: {} pods with {} workers each are more than {MOST_WORKERS}",
                    item.path(),
                    target.replicas,
                    target.workers
                );
                self.report(Code::BadValue, &item, message, "write fewer of either");
                target.workers = 1;
            }
        }
        if let Some(item) = fields.get("balancing") {
            set(&mut target.policy, self.ingress_balancing(&item));
        }
    }

    /// `loadBalancer`.
    fn load_balancer(&mut self, item: &Item<'_>, target: &mut LoadBalancer) {
        let known =
            ["targets", "registrationDelay", "deregistrationDelay", "healthCheck", "balancing"];
        let fields = self.fields(item, &known, &[]);
        let choices = [("nodes", Targets::Nodes), ("pods", Targets::Pods)];
        let targets = fields.get("targets").and_then(|item| self.choice(&item, &choices));
        if targets == Some(Targets::Pods) {
            *target = profile::pod_targets(target.clone());
        }
        if target.targets == Targets::Nodes {
            self.of_pods_only(&fields, &["registrationDelay", "deregistrationDelay"]);
        }
        self.set_distribution(&fields, "registrationDelay", &mut target.registration_delay);
        self.set_span(&fields, "deregistrationDelay", &mut target.deregistration_delay);
        if let Some(item) = fields.get("deregistrationDelay")
            && target.deregistration_delay > LONGEST_DEREGISTRATION
        {
            let message = format!("{}: at most {LONGEST_DEREGISTRATION}", item.path());
            self.report(Code::BadValue, &item, message, "write 300s, as clouds have it");
            target.deregistration_delay = LONGEST_DEREGISTRATION;
        }
        if let Some(item) = fields.get("healthCheck") {
            self.health_check(&item, target);
        }
        if let Some(item) = fields.get("balancing") {
            target.policy = self.front_balancing(&item);
        }
    }

    /// Reports fields of load balancers that have no meaning where their targets are nodes.
    fn of_pods_only(&mut self, fields: &Fields<'_>, names: &[&str]) {
        for item in names.iter().filter_map(|name| fields.get(name)) {
            let message = format!("{}: nodes are not registered and not timed", item.path());
            let help = "leave it out, or write `targets: pods` in `loadBalancer`";
            self.report(Code::BadValue, &item, message, help);
        }
    }

    /// `loadBalancer.healthCheck`.
    fn health_check(&mut self, item: &Item<'_>, target: &mut LoadBalancer) {
        let known = ["interval", "healthyThreshold", "unhealthyThreshold", "timeout", "path"];
        let fields = self.fields(item, &known, &[]);
        self.set_span(&fields, "interval", &mut target.interval);
        if let Some(item) = fields.get("interval")
            && target.interval < SHORTEST_INTERVAL
        {
            let message = format!("{}: at least {SHORTEST_INTERVAL}", item.path());
            self.report(Code::BadValue, &item, message, "write 10s, as clouds have it");
            target.interval = SHORTEST_INTERVAL;
        }
        let thresholds = [
            ("healthyThreshold", &mut target.healthy_threshold),
            ("unhealthyThreshold", &mut target.unhealthy_threshold),
        ];
        for (name, threshold) in thresholds {
            if let Some(item) = fields.get(name) {
                set(threshold, self.small(&item, 1..=100));
            }
        }
        if target.targets == Targets::Nodes {
            return self.of_pods_only(&fields, &["timeout", "path"]);
        }
        self.set_span(&fields, "timeout", &mut target.timeout);
        if let Some(item) = fields.get("timeout")
            && target.timeout > target.interval
        {
            let message = format!("{}: at most the interval, {}", item.path(), target.interval);
            self.report(Code::BadValue, &item, message, "shorten it, or lengthen `interval`");
        }
        target.timeout = target.timeout.min(target.interval);
        if let Some(path) = fields.get("path").and_then(|item| self.text(&item)) {
            path.clone_into(&mut target.path);
        }
    }

    pub(super) fn set_span(&mut self, fields: &Fields<'_>, name: &str, target: &mut Span) {
        if let Some(item) = fields.get(name) {
            set(target, self.span(&item));
        }
    }

    /// How long something of the cluster takes.
    pub(super) fn set_distribution(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        target: &mut Distribution,
    ) {
        let Some(item) = fields.get(name) else { return };
        let Some(distribution) = self.distribution(&item) else { return };
        self.outlasts_run(&item, &distribution);
        *target = distribution;
    }

    /// Warns of what takes so long that the run ends before it is over, half of the time or more.
    fn outlasts_run(&mut self, item: &Item<'_>, distribution: &Distribution) {
        let (run, median) = (self.duration, distribution.quantile(0.5));
        if median > run {
            let message = format!(
                "{}: takes {median} or longer half of the time, and the run is over after {run}",
                item.path()
            );
            let help = "shorten it, or lengthen `spec.duration`";
            self.report(Code::OutlastsRun, item, message, help);
        }
    }
}
