//! A request whose sender balances itself: its sidecar chooses a pod, and sends it straight there.

use api::PodId;
use policy::{Level, PickContext};

use crate::{
    Cx, DataPlane,
    balancer::Upstream,
    flight::{FlightId, Link},
    kube_proxy::Refusal,
    mesh::Sender,
    probes::Asker,
    wanted::{RequestKey, Truth, flow, tried},
};

impl DataPlane {
    /// A sender's own balancer chooses.
    pub(crate) fn by_sidecar(
        &mut self,
        id: FlightId,
        cx: &mut Cx<'_>,
    ) -> Result<(Option<PodId>, u16), Refusal> {
        if self.lines.is_behind(id, || self.counter_beside(id)) {
            return Err(Refusal::Held { until: None });
        }
        let Self { flights, clients, mesh, probes, runtime, network, proxies, .. } = self;
        let flight = flights.flight_mut(id);
        let request = &flight.request;
        let client = &clients[request.client.0 as usize];
        let asked = flight.asks(client.config.transport).ok_or(Refusal::Reject)?;
        let balancing = client.config.balancing.as_ref().ok_or(Refusal::Reject)?;
        let mesh = mesh.as_mut().ok_or(Refusal::Reject)?;
        // Who passes connections on sees no requests, and so no keys.
        let key = client.key(request.number).filter(|_| balancing.level == Level::Request);
        let (key, tried) = (RequestKey::new(key), tried(request));
        let mut random = client.policy_stream(request.number, request.attempts);
        let truth = Truth { runtime, now: cx.now };
        let mut context = PickContext {
            flow: flow(client, request, asked, runtime),
            key: key.as_bytes(),
            key_number: key.number(),
            tried: tried.as_slice(),
            oracle: Some(&truth),
            ..PickContext::new(cx.now, &mut random)
        };
        let failed_at = tried.map(|tried| PodId(tried.0));
        let sender = Sender {
            id: (request.client, asked.caller),
            name: &client.config.name,
            zone: proxies[request.node.0 as usize].zone(),
            service: asked.service,
            runtime,
        };
        let upstream = mesh.pick(&sender, balancing, failed_at, &mut context, cx);
        let delay = |pod: PodId| Some(network.delay(request.node, runtime.node_of(pod)?));
        if let Some((sidecar, pods)) = mesh.probed(sender.id) {
            probes.send(Asker::Sidecar(sidecar), pods, delay, cx);
        }
        let Some(Upstream { pod, port, kept }) = upstream else {
            let until = context.held_until;
            return Err(until.map_or(Refusal::Reject, |_| Refusal::Held { until }));
        };
        flight.link = if kept { Link::Kept } else { Link::Direct };
        Ok((Some(pod), port))
    }
}
