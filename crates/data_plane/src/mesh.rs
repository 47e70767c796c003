//! Balancers beside the senders: the sidecars of a mesh, or a library in each client.
//!
//! Each sender has one of its own, with its own policy and its own view of the endpoints. A server tells
//! them what pods there are: it watches EndpointSlices, waits until nothing more has changed for a while,
//! and pushes, and each sidecar hears of it when its own news arrives. A request goes from the sender straight
//! to the pod that its balancer chose, past the nodes' proxies.
//!
//! *Left out:* that Istio looks whether it has waited long enough only when a quiet time would end,
//! sidecars that lose their server, and what a sidecar itself costs.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use api::{Change, PodId, ServiceId};
use engine::{Distribution, Random, Source, Span, Stream, Streams, Time};
use policy::{Configured, Ended, Instance, Level, PickContext, Report};
use record::{ClientId, Record};

use crate::{
    Cx,
    balancer::{Balancer, Upstream},
    connection::Caller,
    event::{Event, class},
    known_pods::{Backend, KnownPod, KnownPods},
    runtime::Runtime,
    zones::Zones,
};

/// How a mesh tells its sidecars of endpoints.
#[derive(Clone, Debug)]
pub struct Config {
    /// So long nothing more may change until the server pushes.
    pub debounce: Span,
    /// But it pushes so long after the first change, whatever changes meanwhile.
    pub debounce_max: Span,
    /// How long a push takes to a sidecar.
    pub push: Distribution,
}

/// How the requests of a client are balanced beside its senders.
#[derive(Clone, Debug)]
pub struct Balancing {
    /// By which policy.
    pub policy: Configured,
    /// Over the pods of what.
    pub backend: Backend,
    /// What for: each request, over connections of its own to the pods, or each connection of its sender,
    /// of whose requests it sees nothing.
    pub level: Level,
}

/// A sidecar, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SidecarId(u32);

impl SidecarId {
    /// Whose events they are.
    pub(crate) fn source(self) -> Source {
        Source { class: class::MESH, entity: self.0 }
    }
}

/// Whose request a sidecar chooses for.
pub(crate) struct Sender<'a> {
    /// Its client, and who of it.
    pub(crate) id: (ClientId, Caller),
    /// The client's name.
    pub(crate) name: &'a str,
    /// Where it is.
    pub(crate) zone: &'a str,
    /// What it calls.
    pub(crate) service: ServiceId,
    /// Where it runs if it is a pod.
    pub(crate) runtime: &'a Runtime,
}

impl Sender<'_> {
    /// Whether its pod, if it is one, still has a network.
    fn is_there(&self) -> bool {
        match self.id.1 {
            Caller::Pod(pod) => self.runtime.sandbox(pod).is_some(),
            Caller::Node(_) | Caller::Outside(_) => true,
        }
    }
}

/// What the server knows of a backend. All sidecars that were told of it share it.
#[derive(Clone, Default)]
struct List {
    pods: Arc<[KnownPod]>,
    /// Which they are, for the record.
    ids: Arc<[PodId]>,
}

impl List {
    /// These pods, after those of the list before.
    fn after(before: Option<&Self>, pods: Arc<[KnownPod]>) -> Self {
        let mut ids: Vec<PodId> = pods.iter().map(|it| it.pod).collect();
        ids.dedup();
        let same = before.filter(|before| *before.ids == ids[..]);
        let ids = same.map_or_else(|| ids.into(), |before| before.ids.clone());
        Self { pods, ids }
    }
}

/// The balancer of one sender, and what is on its way to it.
struct Sidecar {
    id: SidecarId,
    client: ClientId,
    /// What its sender called last; `None` where its sender had gone before it came up, so that nobody would
    /// hear when it goes.
    service: Option<ServiceId>,
    /// What was last said that it lists.
    listed: Arc<[PodId]>,
    /// Its number among those of its backend.
    number: u32,
    balancer: Balancer,
    backend: Backend,
    coming: VecDeque<(Time, List)>,
    delays: Stream,
}

impl Sidecar {
    /// Takes in what the server knows.
    fn hear(&mut self, list: &List, cx: &mut Cx<'_>) {
        self.balancer.update(&list.pods, cx.now);
        if self.listed != list.ids {
            self.listed = list.ids.clone();
            self.say(self.listed.clone(), cx);
        }
    }

    /// Its sender calls another Service of the same name, the one that it called having been deleted.
    #[cold]
    fn call(&mut self, service: ServiceId, cx: &mut Cx<'_>) {
        self.say(Arc::default(), cx);
        self.service = Some(service);
        self.say(self.listed.clone(), cx);
    }

    /// Says what it lists from now on.
    fn say(&self, pods: Arc<[PodId]>, cx: &mut Cx<'_>) {
        if let Some(service) = self.service {
            let (client, sidecar) = (self.client, self.id.0);
            let record = Record::SidecarListed { client, sidecar, service, pods };
            cx.recorder.record(cx.now, &record);
        }
    }
}

/// The server, and all sidecars.
pub(crate) struct Mesh {
    config: Config,
    streams: Streams,
    known: KnownPods,
    /// When the first change came that it has not pushed yet.
    changed: Option<Time>,
    /// When it pushes, if nothing changes until then.
    due: Option<Time>,
    pushed: BTreeMap<Backend, List>,
    /// By number; `None` once its sender has gone.
    sidecars: Vec<Option<Sidecar>>,
    by_sender: BTreeMap<(ClientId, Caller), SidecarId>,
    /// The pods that a request's sidecar probes: room that is used again.
    probed: Vec<PodId>,
}

impl Mesh {
    /// A mesh without a sidecar, whose server will know of these backends.
    pub(crate) fn new(
        config: Config,
        backends: Vec<Backend>,
        zones: Zones,
        streams: &Streams,
    ) -> Self {
        Self {
            config,
            streams: *streams,
            known: KnownPods::new(backends, zones),
            changed: None,
            due: None,
            pushed: BTreeMap::new(),
            sidecars: Vec::new(),
            by_sender: BTreeMap::new(),
            probed: Vec::new(),
        }
    }

    /// The server hears of a change.
    pub(crate) fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        if self.known.observe(change) {
            let latest = *self.changed.get_or_insert(cx.now) + self.config.debounce_max;
            let due = latest.min(cx.now + self.config.debounce);
            if self.due.replace(due) != Some(due) {
                cx.agenda.at(due, SERVER, Event::PushEndpoints);
            }
        }
    }

    /// The server pushes what it knows, unless more has changed since.
    pub(crate) fn push(&mut self, cx: &mut Cx<'_>) {
        if self.due != Some(cx.now) {
            return;
        }
        (self.due, self.changed) = (None, None);
        for (backend, pods) in self.known.ready() {
            let list = List::after(self.pushed.get(&backend), pods);
            self.pushed.insert(backend, list);
        }
        for sidecar in self.sidecars.iter_mut().flatten() {
            let Some(list) = self.pushed.get(&sidecar.backend) else { continue };
            // News come in their order.
            let before = sidecar.coming.back().map_or(cx.now, |(at, _)| *at);
            let at = before.max(cx.now + self.config.push.sample(&mut sidecar.delays));
            sidecar.coming.push_back((at, list.clone()));
            cx.agenda.at(at, sidecar.id.source(), Event::HearEndpoints(sidecar.id));
        }
    }

    /// News arrive at a sidecar.
    pub(crate) fn hear(&mut self, id: SidecarId, cx: &mut Cx<'_>) {
        let Some(sidecar) = &mut self.sidecars[id.0 as usize] else { return };
        if let Some((_, list)) = sidecar.coming.pop_front() {
            sidecar.hear(&list, cx);
        }
    }

    /// Chooses a pod for a request of a sender.
    pub(crate) fn pick(
        &mut self,
        sender: &Sender<'_>,
        balancing: &Balancing,
        failed_at: Option<PodId>,
        context: &mut PickContext<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Upstream> {
        let mut probed = std::mem::take(&mut self.probed);
        let balancer = &mut self.sidecar(sender, balancing, cx).balancer;
        let picked = balancer.pick((failed_at, true), context);
        let picked =
            picked.map(|it| Upstream { kept: it.kept && balancing.level == Level::Request, ..it });
        balancer.probes(context, &mut probed);
        self.probed = probed;
        picked
    }

    /// The sidecar of a sender, where it has one already.
    pub(crate) fn sidecar_of(&self, sender: (ClientId, Caller)) -> Option<SidecarId> {
        self.by_sender.get(&sender).copied()
    }

    /// The pods that a sender's last pick has asked to be probed, and its sidecar; `None` where there are
    /// none.
    pub(crate) fn probed(
        &mut self,
        sender: (ClientId, Caller),
    ) -> Option<(SidecarId, impl Iterator<Item = PodId>)> {
        let sidecar = self.by_sender.get(&sender).filter(|_| !self.probed.is_empty());
        sidecar.map(|sidecar| (*sidecar, self.probed.drain(..)))
    }

    /// A sidecar hears what a pod says of itself.
    pub(crate) fn reported(&mut self, id: SidecarId, pod: PodId, now: Time, report: &Report) {
        let sidecar = self.sidecars[id.0 as usize].as_mut();
        sidecar.into_iter().for_each(|it| it.balancer.reported(pod, now, report));
    }

    /// Hears how a sender's request ended, and can ask what its pod says of itself. Gives back the sidecar
    /// that it concerns.
    pub(crate) fn ended(
        &mut self,
        sender: (ClientId, Caller),
        ended: &Ended,
        report: impl FnOnce() -> Option<Report>,
    ) -> Option<SidecarId> {
        let id = self.sidecar_of(sender)?;
        self.sidecars[id.0 as usize].as_mut()?.balancer.ended(ended, report);
        Some(id)
    }

    /// The sidecars that a pod has for any client.
    pub(crate) fn sidecars_of(&self, pod: PodId) -> impl Iterator<Item = SidecarId> {
        let senders = self.by_sender.iter();
        senders.filter(move |((_, caller), _)| *caller == Caller::Pod(pod)).map(|(_, id)| *id)
    }

    /// A pod is gone, and the sidecars that it had for any client.
    pub(crate) fn leave(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let sidecars = &mut self.sidecars;
        self.by_sender.retain(|(_, caller), id| {
            let stays = *caller != Caller::Pod(pod);
            if !stays && let Some(sidecar) = sidecars[id.0 as usize].take() {
                sidecar.say(Arc::default(), cx);
            }
            stays
        });
    }

    /// The sidecar of a sender. One that has just come up knows what was pushed last.
    fn sidecar(
        &mut self,
        sender: &Sender<'_>,
        balancing: &Balancing,
        cx: &mut Cx<'_>,
    ) -> &mut Sidecar {
        let Self { sidecars, by_sender, streams, pushed, known, .. } = self;
        let id = *by_sender.entry(sender.id).or_insert_with(|| {
            let (client, caller) = sender.id;
            let mut own = streams.named(&format!("sidecar/{}/{caller:?}", sender.name));
            let number = free_number(sidecars, &balancing.backend);
            let instance = Instance { seed: own.next_u64(), number, zone: known.zone(sender.zone) };
            let mut balancer = Balancer::new(&balancing.policy, instance);
            let List { pods, ids } = pushed.get(&balancing.backend).cloned().unwrap_or_default();
            balancer.update(&pods, cx.now);
            let sidecar = Sidecar {
                id: SidecarId(sidecars.len() as u32),
                client,
                service: sender.is_there().then_some(sender.service),
                listed: ids,
                number,
                balancer,
                backend: balancing.backend.clone(),
                coming: VecDeque::new(),
                delays: own,
            };
            sidecar.say(sidecar.listed.clone(), cx);
            let id = sidecar.id;
            sidecars.push(Some(sidecar));
            id
        });
        let sidecar = sidecars[id.0 as usize].as_mut().expect("its sender is there");
        if sidecar.service.is_some_and(|service| service != sender.service) {
            sidecar.call(sender.service, cx);
        }
        sidecar
    }
}

/// The least number that none of a backend's sidecars has, so that there are no gaps but where one has
/// just gone.
fn free_number(sidecars: &[Option<Sidecar>], backend: &Backend) -> u32 {
    let of_backend = sidecars.iter().flatten().filter(|sidecar| sidecar.backend == *backend);
    let taken: BTreeSet<u32> = of_backend.map(|sidecar| sidecar.number).collect();
    (0..).zip(&taken).find(|(free, taken)| free != *taken).map_or(taken.len() as u32, |it| it.0)
}

/// The server's events.
const SERVER: Source = Source { class: class::MESH, entity: u32::MAX };

#[cfg(test)]
mod tests {
    use api::{EndpointSlice, Meta, Object, Verb};
    use engine::Agenda;
    use record::Discard;

    use super::*;

    /// When the server pushes, where a slice changes at these times.
    fn pushes(changes: &[u64], debounce: u64, debounce_max: u64) -> Vec<u64> {
        let config = Config {
            debounce: Span::from_millis(debounce),
            debounce_max: Span::from_millis(debounce_max),
            push: Distribution::Constant(Span::ZERO),
        };
        let backend =
            Backend { service: Meta::new("default", "web").key(), port_name: String::new() };
        let slice = EndpointSlice {
            meta: Meta::new("default", "web-1"),
            service_name: "web".into(),
            service: None,
            ports: Vec::new(),
            endpoints: Vec::new(),
        };
        let object = Object::EndpointSlice(Arc::new(slice));
        let change = Change { verb: Verb::Modified, object };
        let mut mesh = Mesh::new(config, vec![backend], Zones::of([]), &Streams::new(1));
        let (mut agenda, mut pushed) = (Agenda::new(), Vec::new());
        for at in changes {
            agenda.at(Time::from_millis(*at), SERVER, Event::Arrive(ClientId(0)));
        }
        while let Some((now, event)) = agenda.pop() {
            let mut cx = Cx { now, agenda: &mut agenda, recorder: &mut Discard };
            match event {
                Event::PushEndpoints => {
                    if mesh.due == Some(now) {
                        pushed.push(now.as_nanos() / 1_000_000);
                    }
                    mesh.push(&mut cx);
                }
                _ => mesh.observe(&change, &mut cx),
            }
        }
        pushed
    }

    #[test]
    fn it_pushes_when_nothing_has_changed_for_a_while_or_for_long_enough() {
        assert_eq!(pushes(&[0, 50, 400], 100, 1_000), [150, 500]);
        let without_end: Vec<u64> = (0..50).map(|number| number * 50).collect();
        assert_eq!(pushes(&without_end, 100, 1_000), [1_000, 2_050, 2_550]);
        assert_eq!(pushes(&[0, 50], 0, 1_000), [0, 50]);
    }
}
