//! A request's way through a load balancer, to a node or straight to a pod, and out again when a pod's time
//! is over.

use api::{PodId, TargetId};
use engine::{Random, Time};
use policy::PickContext;
use record::{Cause, Request};

use crate::{
    Cx, DataPlane,
    client::Origin,
    connection::{Caller, Transport},
    flight::{FlightId, Link},
    kube_proxy::{Asked, Refusal},
    load_balancer::pods::PodTargets,
    pool::Route,
    runtime::Runtime,
    wanted::flow,
};

/// The pod that a balancer sends a request to. It goes there past the nodes' proxies, and so comes
/// to the pod's own node.
fn choose(
    targets: &mut PodTargets,
    runtime: &Runtime,
    request: &mut Request,
    Asked { service, port, .. }: Asked,
    context: &mut PickContext<'_>,
) -> Result<(PodId, u16), Refusal> {
    let (pod, port) = targets.pick(service, port, context).ok_or(Refusal::Reject)?;
    if let Some(node) = runtime.node_of(pod) {
        request.node = node;
    }
    Ok((pod, port))
}

impl DataPlane {
    /// The load balancer of a Service chooses a pod, or a node, whose rules are to choose then.
    pub(crate) fn by_load_balancer(
        &mut self,
        id: FlightId,
        asked: Asked,
        random: &mut dyn Random,
        now: Time,
    ) -> Result<Option<(PodId, u16)>, Refusal> {
        let flight = self.flights.flight_mut(id);
        let client = &self.clients[flight.request.client.0 as usize];
        let transport = client.config.transport;
        if !self.balancers.admits(asked.service, client.config.address) {
            return Err(Refusal::NotAdmitted);
        }
        let request = &mut flight.request;
        let mut context = PickContext::new(now, random);
        let targets = self.pod_targets.as_mut().filter(|_| transport == Transport::Tcp);
        if let Some(targets) = targets {
            if targets.have_policy() {
                context.flow = flow(client, request, asked, &self.runtime);
            }
            flight.link = Link::Direct;
            return choose(targets, &self.runtime, request, asked, &mut context).map(Some);
        }
        if self.balancers.have_policy() {
            context.flow = flow(client, request, asked, &self.runtime);
        }
        let node = self.balancers.node(asked.service, request.node, &mut context);
        request.node = node.ok_or(Refusal::Reject)?;
        Ok(None)
    }

    /// A deregistered pod's time is over: what it is still at work on for its balancer is broken
    /// off.
    pub(crate) fn cut_target(&mut self, id: TargetId, cx: &mut Cx<'_>) {
        let Some(target) = self.pod_targets.as_ref().and_then(|it| it.cut(id)) else { return };
        let Some(Some(server)) = self.runtime.listener_of(target.pod, target.target_port) else {
            return;
        };
        for client in &mut self.clients {
            if client.config.origin == Origin::OutsideBalanced {
                let ends = |route: &Route| {
                    route.pod == target.pod
                        && route.asked.is_some_and(|asked| asked.service == target.service)
                };
                client.pools.values_mut().for_each(|pool| pool.close(cx.now, ends));
            }
        }
        for flight_id in self.flights.in_hand_of(server, cx.now) {
            let flight = self.flights.flight_mut(flight_id);
            let Caller::Outside(client) = flight.caller else { continue };
            let origin = &self.clients[client.0 as usize].config.origin;
            let direct =
                matches!(flight.link, Link::Direct | Link::Kept) && flight.ingress.is_none();
            let balanced = *origin == Origin::OutsideBalanced && direct;
            if balanced && flight.request.service == Some(target.service) {
                flight.server = None;
                flight.fail(Cause::ResetDeregistered);
                let reset = cx.now + self.network.outside();
                let moved = self.flights.move_on(flight_id);
                self.end_at(moved, reset, cx);
            }
        }
    }
}
