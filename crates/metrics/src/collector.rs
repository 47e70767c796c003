//! The fold of a stream of records.

use std::{collections::BTreeSet, sync::Arc};

use api::{PodId, ServiceId};
use engine::Time;
use record::{Cause, Fingerprint, Outcome, Record, Recorder, Request};

use crate::{
    clock::Clock,
    hindrance::Service,
    kept_connections::KeptConnections,
    listing::{Listing, Proxy, Way},
    measures::{Lookups, Measures},
    pod_tallies::PodTallies,
    pods::{Pod, Pods},
    rollouts::{Rollouts, Scale, Turn},
    scalings::Scalings,
    summary,
    traffic::{CauseTally, Causes, SecondTally, Tally, count, second_of, slot},
    windows::Windows,
};

/// Listens to a run and measures it, in one pass.
///
/// What it holds grows with pods, nodes, rollouts and simulated seconds, not with requests. Times
/// count from `ScenarioBegan`; everything before it counts as having happened at its beginning.
///
/// ```
/// use engine::Time;
/// use record::{Record, Recorder};
///
/// let mut collector = rollsim_metrics::Collector::default();
/// collector.record(Time::ZERO, &Record::ScenarioBegan);
/// collector.record(Time::from_secs(120), &Record::Ended);
/// let measures = collector.finish();
/// assert_eq!(measures.requests.total(), 0);
/// assert_eq!(measures.warnings, ["no request was sent, so nothing was measured"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Collector {
    fingerprint: Fingerprint,
    clock: Clock,
    /// The time of the last record, on the scenario's clock.
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Arc<str>>,
    pub(crate) services: Vec<Service>,
    pub(crate) clients: Vec<Client>,
    pub(crate) pods: Pods,
    pub(crate) listing: Listing,
    pub(crate) rollouts: Rollouts,
    pub(crate) scalings: Scalings,
    /// The Deployments whose rollouts are held.
    pub(crate) paused: BTreeSet<Arc<str>>,
    windows: Windows,
    /// The steps of the timeline that were refused, with what kubectl says of it.
    pub(crate) refused: Vec<(Time, Arc<str>)>,
    /// When the scenario last did harm.
    last_fault: Option<Time>,
    pub(crate) pod_tallies: PodTallies,
    pub(crate) seconds: Vec<SecondTally>,
    pub(crate) during_rollout: Tally,
    pub(crate) causes: [CauseTally; Cause::ALL.len()],
    /// Of the requests that nodes' rules were to lead to a pod.
    pub(crate) node_causes: Vec<Causes>,
    pub(crate) service_causes: Vec<Causes>,
}

/// A client, and what became of its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    pub(crate) name: Arc<str>,
    /// Of all requests in the end; until then, of those that fell into no rollout.
    pub(crate) tally: Tally,
    /// Of those that did.
    in_rollout: Tally,
    pub(crate) lookups: Lookups,
    pub(crate) kept: KeptConnections,
    /// Whether its requests come in through an Ingress.
    pub(crate) by_ingress: bool,
    /// Whether its requests are balanced beside their senders.
    pub(crate) by_sidecar: bool,
    /// Whether they come in through a load balancer whose targets are pods.
    pub(crate) by_balancer: bool,
}

impl Client {
    /// How it comes to the pods of a Service.
    pub(crate) fn way(&self) -> Way {
        if self.by_ingress {
            Way::Ingress
        } else if self.by_sidecar {
            Way::Sidecars
        } else if self.by_balancer {
            Way::Balancer
        } else {
            Way::Rules
        }
    }
}

impl Collector {
    /// The measures of what was recorded.
    #[must_use]
    pub fn finish(mut self) -> Measures {
        self.pod_tallies.settle();
        for client in &mut self.clients {
            client.tally.merge(&client.in_rollout);
            self.during_rollout.merge(&client.in_rollout);
        }
        let fingerprint = self.fingerprint.text();
        summary::measures(self, fingerprint)
    }

    /// The names of the called Services that ever had a pod.
    pub(crate) fn called_services(&self, pod: PodId) -> Vec<Arc<str>> {
        let services = self.listing.called_services(pod);
        let name = |id: ServiceId| Some(Arc::clone(&self.services.get(id.0 as usize)?.name));
        services.filter_map(name).collect()
    }

    /// The hot path: dense lists by number, no search, no allocation once they are long enough.
    // It has two callers, of which one matters; without a word it would become a call for both.
    #[inline(always)]
    fn finish_request(&mut self, finished: Time, request: &Request) {
        let arrived = self.clock.read(request.arrived);
        let latency = finished.since(arrived);
        let rollouts = &mut self.rollouts;
        let hit = |rollout| count(rollouts.requests(rollout), request);
        let in_rollout =
            request.service.is_some_and(|service| self.windows.find(service, arrived, hit));
        let client = slot(&mut self.clients, request.client.0 as usize);
        let tally = if in_rollout { &mut client.in_rollout } else { &mut client.tally };
        tally.add(request, latency);
        slot(&mut self.seconds, second_of(arrived)).add(request);
        if let Some(pod) = request.pod {
            let connected = self.clock.read(request.connected);
            self.pod_tallies.add(pod, request, connected, latency);
        }
        if let Outcome::Failed(cause) = request.outcome {
            self.causes[cause.index()].add(request, arrived);
            if let (Cause::ResetKilledInFlight, Some(pod)) = (cause, request.pod) {
                self.pods.at(pod).cut_off();
            }
            let way = slot(&mut self.clients, request.client.0 as usize).way();
            if way == Way::Rules {
                slot(&mut self.node_causes, request.node.0 as usize)[cause.index()] += 1;
            }
            if let Some(service) = request.service {
                slot(&mut self.service_causes, service.0 as usize)[cause.index()] += 1;
            }
        }
    }

    fn create_pod(&mut self, record: &Record, now: Time) {
        let Record::PodCreated { pod: id, namespace, name, labels, deployment, image, .. } = record
        else {
            return;
        };
        let place = deployment.as_ref().map(|deployment| self.rollouts.deployment(deployment));
        let mut pod = Pod::default();
        (pod.namespace, pod.name) = (Arc::clone(namespace), Arc::clone(name));
        (pod.version, pod.labels) = (Arc::clone(image), labels.clone());
        pod.deployment = deployment.clone().zip(place);
        self.pods.create(*id, pod, now);
        self.restand(*id, now);
    }

    /// Makes a change to a pod's life.
    fn live(&mut self, id: PodId, now: Time, change: impl FnOnce(&mut Pod)) {
        change(self.pods.at(id));
        self.restand(id, now);
    }

    /// Tells the pod's Deployment where it counts for something else than the Deployment knows.
    fn restand(&mut self, id: PodId, now: Time) {
        let pod = self.pods.at(id);
        let after = pod.standing();
        let before = std::mem::replace(&mut pod.told, after);
        if before != after
            && let Some(deployment) = pod.place()
        {
            let turn = self.rollouts.change(deployment, before, after, now);
            self.turn(turn, now);
        }
    }

    fn open(&mut self, (id, container): (PodId, u8), ports: &[u16], now: Time) {
        if self.pods.at(id).containers.is_closed(container) {
            self.listing.reopened((id, container), &self.pods, now);
        }
        self.live(id, now, |pod| pod.open(container, ports, now));
    }

    fn write_slice(&mut self, record: &Record) {
        let Record::EndpointSliceWritten { service, ports, endpoints, .. } = record else { return };
        let service = *service;
        self.listing.lead(service, ports.iter().filter_map(|port| port.port));
        if endpoints.iter().any(|it| it.ready) {
            let known = slot(&mut self.services, service.0 as usize);
            match ports.iter().any(|port| port.port.is_some()) {
                true => known.ready_with_port = true,
                false => known.ready_without_port = true,
            }
        }
        for pod in endpoints.iter().filter_map(|endpoint| endpoint.pod) {
            self.mention(service, pod);
        }
    }

    /// Somebody chooses among other pods from now on.
    fn list(&mut self, record: &Record, now: Time) {
        let (service, proxy, pods) = match record {
            Record::RulesProgrammed { node, service, pods } => (service, Proxy::Node(*node), pods),
            Record::TargetsInForce { service, pods } => (service, Proxy::Balancer, pods),
            Record::IngressListed { worker, service, pods } => {
                (service, Proxy::Ingress(*worker), pods)
            }
            Record::SidecarListed { client, sidecar, service, pods } => {
                (service, Proxy::Sidecar(*client, *sidecar), pods)
            }
            _ => unreachable!("only called for these"),
        };
        let change = self.listing.list((*service, proxy), pods, &mut self.pods, now);
        for id in &change.added {
            self.mention(*service, *id);
        }
        for id in change.added.into_iter().chain(change.dropped) {
            self.restand(id, now);
        }
    }

    /// A Service has a pod; where that is news, the rollout of the pod's Deployment touches it.
    fn mention(&mut self, service: ServiceId, pod: PodId) {
        if !self.listing.mention(service, pod) {
            return;
        }
        let Some(deployment) = self.pods.at(pod).place() else { return };
        if self.rollouts.serve(deployment, service)
            && let Some((rollout, start)) = self.rollouts.current(deployment)
        {
            self.windows.open(service, rollout, start);
        }
    }

    fn turn(&mut self, turn: Option<Turn>, now: Time) {
        match turn {
            Some(Turn::Began(rollout)) => {
                for service in self.rollouts.services(rollout) {
                    self.windows.open(*service, rollout, now);
                }
            }
            Some(Turn::Ended(rollout)) => self.windows.close(rollout, now),
            None => {}
        }
    }

    fn workload(&mut self, record: &Record, now: Time) {
        match record {
            Record::RolloutStarted { deployment, from, to } => {
                let deployment = self.rollouts.deployment(deployment);
                self.scalings.supersede(deployment);
                for turn in self.rollouts.start(deployment, (from, to), now) {
                    self.turn(Some(turn), now);
                }
            }
            Record::ReplicaSetScaled {
                deployment: name,
                replica_set,
                image,
                revision,
                replicas,
            } => {
                let deployment = self.rollouts.deployment(name);
                let (revision, replicas) = (*revision, *replicas);
                let scale = Scale { replica_set, image, revision, replicas };
                let sizes = self.rollouts.scale(deployment, scale, now);
                // What the cluster is set up with was there before.
                if let Some(sizes) = sizes.filter(|_| self.clock.has_begun()) {
                    self.scalings.start(deployment, name, sizes, now);
                }
            }
            Record::DeploymentPaused { deployment, paused } => {
                if *paused {
                    self.paused.insert(Arc::clone(deployment));
                } else {
                    self.paused.remove(deployment);
                }
            }
            Record::DeploymentDeleted { deployment: name } => {
                self.paused.remove(name);
                let deployment = self.rollouts.deployment(name);
                self.scalings.supersede(deployment);
                let turn = self.rollouts.delete(deployment, now);
                self.turn(turn, now);
            }
            Record::DeploymentStatusWritten { deployment, complete, deadline_exceeded, .. } => {
                let deployment = self.rollouts.deployment(deployment);
                if *complete {
                    self.scalings.complete(deployment, now);
                }
                let turn =
                    self.rollouts.write_status(deployment, *complete, *deadline_exceeded, now);
                self.turn(turn, now);
            }
            _ => unreachable!("only called for these"),
        }
    }

    /// A step of the timeline ran, or was refused: then an arrow leads from it to what kubectl says, which
    /// begins in one of these ways.
    fn step(&mut self, text: &Arc<str>, now: Time) {
        let refusals = ["error: ", "Error from server (", "The "];
        let said = text.rsplit_once(" -> ").map(|(_, said)| said);
        if said.is_some_and(|said| refusals.iter().any(|begin| said.starts_with(begin))) {
            self.refused.push((now, Arc::clone(text)));
        }
    }

    fn introduce(&mut self, record: &Record, now: Time) {
        match record {
            Record::NodeAdded { node, name, .. } => {
                *slot(&mut self.nodes, node.0 as usize) = Arc::clone(name);
            }
            Record::ServiceAdded { service, name, cluster_ip, selector, target_ports } => {
                *slot(&mut self.services, service.0 as usize) = Service {
                    name: Arc::clone(name),
                    headless: cluster_ip.is_none(),
                    selector: selector.clone(),
                    target_ports: Arc::clone(target_ports),
                    ready_without_port: false,
                    ready_with_port: false,
                };
            }
            Record::ServiceChanged { service, selector, target_ports } => {
                let service = slot(&mut self.services, service.0 as usize);
                service.selector.clone_from(selector);
                service.target_ports = Arc::clone(target_ports);
            }
            Record::IngressUsed { client } => {
                slot(&mut self.clients, client.0 as usize).by_ingress = true;
            }
            Record::SidecarUsed { client } => {
                slot(&mut self.clients, client.0 as usize).by_sidecar = true;
            }
            Record::LoadBalancerUsed { client } => {
                slot(&mut self.clients, client.0 as usize).by_balancer = true;
            }
            Record::ClientAdded { client, name, service } => {
                slot(&mut self.clients, client.0 as usize).name = Arc::clone(name);
                if let Some(service) = service {
                    self.listing.call(*service, Way::Rules, &mut self.pods, now);
                }
            }
            _ => unreachable!("only called for these"),
        }
    }

    /// What happens in the life of a pod.
    fn follow_pod(&mut self, record: &Record, now: Time) {
        match record {
            Record::PodUnschedulable { pod, reason } => {
                self.pods.at(*pod).unschedulable = Some(Arc::clone(reason));
            }
            Record::PodScheduled { pod, node } => {
                let pod = self.pods.at(*pod);
                (pod.node, pod.unschedulable) = (Some(*node), None);
            }
            Record::ContainerStarted { pod, container, .. } => {
                self.live(*pod, now, |pod| pod.start(*container, now));
            }
            Record::ListenerOpened { pod, container, ports } => {
                self.open((*pod, *container), ports, now);
            }
            Record::ProbeFailed { pod, probe, port, .. } => {
                self.pods.at(*pod).failed_probes.insert((*probe, *port));
            }
            Record::ListenerClosed { pod, container } => {
                self.live(*pod, now, |pod| pod.close(*container, now));
            }
            Record::PodReady { pod } => self.live(*pod, now, |pod| pod.set_ready(true, now)),
            Record::PodUnready { pod } => self.live(*pod, now, |pod| pod.set_ready(false, now)),
            Record::PodDeletionRequested { pod, .. } => {
                self.live(*pod, now, |pod| pod.delete(now));
            }
            Record::ContainerTerminated { pod, .. } => self.pods.at(*pod).terminate(now),
            Record::ContainerKilled { pod, .. } => self.pods.at(*pod).kill(),
            Record::ContainerExited { pod, container, in_flight, .. } => {
                let fault = self.last_fault == Some(now);
                self.live(*pod, now, |pod| pod.exit(*container, *in_flight, (now, fault)));
            }
            Record::SandboxRemoved { pod } => self.live(*pod, now, |pod| pod.disconnect(now)),
            Record::PodGone { pod } => self.live(*pod, now, |pod| pod.vanish(now)),
            _ => unreachable!("only called for these"),
        }
    }
}

impl Recorder for Collector {
    fn request_finished(&mut self, time: Time, request: &Request) {
        self.fingerprint.request_finished(time, request);
        self.now = self.clock.read(time);
        self.finish_request(self.now, request);
    }

    fn record(&mut self, time: Time, record: &Record) {
        self.fingerprint.record(time, record);
        let now = self.clock.read(time);
        self.now = now;
        match record {
            Record::RequestFinished(request) => self.finish_request(now, request),
            Record::RequestsInFlight { client, count } => {
                let client = slot(&mut self.clients, client.0 as usize);
                client.tally.counts.in_flight += count;
            }
            Record::ServiceCalled { client, service } => {
                let way = slot(&mut self.clients, client.0 as usize).way();
                self.listing.call(*service, way, &mut self.pods, now);
            }
            Record::NamesLookedUp { client, names, queries } => {
                let client = slot(&mut self.clients, client.0 as usize);
                client.lookups = Lookups { names: *names, queries: *queries };
            }
            Record::ConnectionOpened { client, pod, .. } => {
                slot(&mut self.clients, client.0 as usize).kept.open(*pod);
            }
            Record::ConnectionClosed { client, pod, .. } => {
                slot(&mut self.clients, client.0 as usize).kept.close(*pod);
            }
            Record::ScenarioBegan => self.clock.begin(time),
            Record::NodeAdded { .. }
            | Record::ServiceAdded { .. }
            | Record::ServiceChanged { .. }
            | Record::ClientAdded { .. }
            | Record::IngressUsed { .. }
            | Record::SidecarUsed { .. }
            | Record::LoadBalancerUsed { .. } => self.introduce(record, now),
            Record::RolloutStarted { .. }
            | Record::ReplicaSetScaled { .. }
            | Record::DeploymentStatusWritten { .. }
            | Record::DeploymentPaused { .. }
            | Record::DeploymentDeleted { .. } => self.workload(record, now),
            Record::PodCreated { .. } => self.create_pod(record, now),
            Record::PodUnschedulable { .. }
            | Record::PodScheduled { .. }
            | Record::ContainerStarted { .. }
            | Record::ListenerOpened { .. }
            | Record::ProbeFailed { .. }
            | Record::ListenerClosed { .. }
            | Record::PodReady { .. }
            | Record::PodUnready { .. }
            | Record::PodDeletionRequested { .. }
            | Record::ContainerTerminated { .. }
            | Record::ContainerKilled { .. }
            | Record::ContainerExited { .. }
            | Record::SandboxRemoved { .. }
            | Record::PodGone { .. } => self.follow_pod(record, now),
            Record::EndpointSliceWritten { .. } => self.write_slice(record),
            Record::RulesProgrammed { .. }
            | Record::TargetsInForce { .. }
            | Record::IngressListed { .. }
            | Record::SidecarListed { .. } => self.list(record, now),
            Record::FaultBegan { .. } => self.last_fault = Some(now),
            Record::StepRan { text } => self.step(text, now),
            Record::ServiceDeleted { service } => self.listing.end(*service, now),
            Record::TargetHealthChanged { .. }
            | Record::FlowsForgotten { .. }
            | Record::TargetRegistered { .. }
            | Record::PodTargetHealthChanged { .. }
            | Record::TargetDeregistered { .. }
            | Record::Ended => {}
        }
    }
}
