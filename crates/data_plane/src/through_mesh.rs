//! A request whose sender balances itself: its sidecar chooses a pod, and sends it straight there.

use api::PodId;
use engine::Random;
use policy::PickContext;
use record::Request;

use crate::{
    Cx,
    balancer::Upstream,
    client::Client,
    flight::Link,
    kube_proxy::{Asked, Refusal},
    mesh::Mesh,
    network::Network,
    probes::{Asker, Probes},
    runtime::Runtime,
    wanted::{KeyText, Truth, flow, tried},
};

/// Who sends a request, and what its balancer may know.
pub(crate) struct Sender<'a> {
    pub(crate) client: &'a Client,
    pub(crate) request: &'a Request,
    pub(crate) asked: Asked,
    pub(crate) runtime: &'a Runtime,
    pub(crate) network: &'a Network,
}

/// Where a sender's own balancer sends a request, and how it comes there.
pub(crate) fn by_mesh(
    (mesh, probes): (&mut Mesh, &mut Probes),
    from: &Sender<'_>,
    random: &mut impl Random,
    cx: &mut Cx<'_>,
) -> Result<(Option<PodId>, u16, Link), Refusal> {
    let Sender { client, request, asked, runtime, network } = *from;
    let balancing = client.config.balancing.as_ref().ok_or(Refusal::Reject)?;
    let (key, tried) = (KeyText::new(client.key(request.number)), tried(request));
    let truth = Truth { runtime, now: cx.now };
    let mut context = PickContext {
        now: cx.now,
        random,
        flow: flow(client, request, asked, runtime),
        key: key.as_bytes(),
        tried: tried.as_slice(),
        oracle: Some(&truth),
    };
    let sender = (request.client, asked.caller);
    let failed_at = tried.map(|tried| PodId(tried.0));
    let balancing = (client.config.name.as_str(), balancing);
    let upstream = mesh.pick(sender, balancing, failed_at, &mut context);
    let delay = |pod: PodId| Some(network.delay(request.node, runtime.node_of(pod)?));
    if let Some((sidecar, pods)) = mesh.probed(sender) {
        probes.send(Asker::Sidecar(sidecar), pods, delay, cx);
    }
    let Upstream { pod, port, kept } = upstream.ok_or(Refusal::Reject)?;
    Ok((Some(pod), port, if kept { Link::Kept } else { Link::Direct }))
}
