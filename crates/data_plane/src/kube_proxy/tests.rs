use api::{
    Endpoint, EndpointSlice, IntOrString, Meta, ServicePort as ApiPort, ServiceSpec, ServiceStatus,
    SlicePort, TrafficPolicy,
};
use engine::Agenda;
use record::{Discard, Recorder};

use super::*;

/// The proxy of one node, and what drives it.
struct Bench {
    proxy: KubeProxy,
    shared: Shared,
    agenda: Agenda<Event>,
}

impl Bench {
    fn new(mode: Mode) -> Self {
        let by_chance = policy::Configured::by_name("kube-proxy.random");
        Self::with(mode, by_chance.expect("the catalogue lists it"))
    }

    fn with(mode: Mode, policy: policy::Configured) -> Self {
        Self::on((0, "node-1", "a"), mode, policy)
    }

    /// On a node of this number and name, and in a zone.
    fn on((node, name, zone): (u32, &str, &str), mode: Mode, policy: policy::Configured) -> Self {
        let config = Config {
            min_sync_period: Span::from_secs(1),
            sync_duration: Distribution::Constant(Span::from_millis(10)),
            random_phase: false,
            mode,
            policy,
            looks_at_flows: false,
        };
        let (name, zone) = (name.into(), zone.into());
        let zones = Zones::of([&zone]);
        let proxy = KubeProxy::new(NodeId(node), (name, zone), config, zones, &Streams::new(1));
        Self { proxy, shared: Shared::default(), agenda: Agenda::new() }
    }

    fn hear(&mut self, verb: Verb, object: Object) {
        let recorder: &mut dyn Recorder = &mut Discard;
        let now = self.agenda.now();
        let mut cx = Cx { now, agenda: &mut self.agenda, recorder };
        self.proxy.observe(&Change { verb, object }, &mut self.shared, &mut cx);
    }

    /// Lets everything that is planned happen.
    fn settle(&mut self) {
        while let Some((now, event)) = self.agenda.pop() {
            let recorder: &mut dyn Recorder = &mut Discard;
            let mut cx = Cx { now, agenda: &mut self.agenda, recorder };
            match event {
                Event::SyncProxy(_) => self.proxy.sync(&mut self.shared, &mut cx),
                Event::ProgramRules(_) => self.proxy.program_rules(&mut cx),
                other => panic!("{other:?} is not a proxy's"),
            }
        }
    }

    /// Where a connection to a Service's port goes, by the port of the pod.
    fn pick(&mut self, service: u32, port: u16) -> Result<u16, Refusal> {
        let mut random = Streams::new(1).named("test");
        let (service, caller) = (ServiceId(service), Caller::Node(NodeId(0)));
        let asked = Asked { service, protocol: Protocol::Tcp, port, caller };
        let picked = self.proxy.pick(asked, &mut PickContext::new(self.agenda.now(), &mut random));
        picked.map(|target| target.port)
    }
}

/// Service `web` of a number, with ports by name and number.
fn service(id: u32, ports: &[(&str, u16)]) -> Object {
    let port = |(name, number): &(&str, u16)| ApiPort {
        name: (*name).to_owned(),
        protocol: Protocol::Tcp,
        port: *number,
        target_port: IntOrString::Int(8080),
        node_port: None,
    };
    let spec = ServiceSpec {
        cluster_ip: Some([10, 96, 3, 3].into()),
        ports: ports.iter().map(port).collect(),
        ..ServiceSpec::default()
    };
    let (meta, status) = (Meta::new("default", "web"), ServiceStatus::default());
    Object::Service(Arc::new(Service { meta, id: ServiceId(id), spec, status }))
}

/// Its slice: one ready pod that listens for a named port.
fn slice(port: (&str, u16)) -> Object {
    slice_of(1, port)
}

/// The same with several.
fn slice_of(pods: u8, port: (&str, u16)) -> Object {
    let endpoint = |pod: u8| Endpoint {
        address: [10, 244, 0, 2 + pod].into(),
        ready: true,
        serving: true,
        terminating: false,
        node_name: Some("node-1".into()),
        zone: None,
        target: Some((PodId(pod.into()), format!("web-{pod}").into())),
        hostname: None,
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    };
    let (name, number) = port;
    let port = SlicePort { name: name.into(), protocol: Protocol::Tcp, port: Some(number) };
    Object::EndpointSlice(Arc::new(EndpointSlice {
        meta: Meta::new("default", "web-x"),
        service_name: "web".into(),
        service: None,
        ports: vec![port],
        endpoints: (0..pods).map(endpoint).map(Arc::new).collect(),
    }))
}

#[test]
fn a_port_that_changes_is_served_at_its_old_number_until_the_next_sync() {
    for (mode, told) in [(Mode::Nftables, true), (Mode::Iptables, false)] {
        let mut bench = Bench::new(mode);
        bench.hear(Verb::Added, service(0, &[("http", 80)]));
        bench.hear(Verb::Added, slice(("http", 8080)));
        bench.settle();
        assert_eq!(bench.pick(0, 80), Ok(8080), "{mode:?}");
        bench.hear(Verb::Modified, service(0, &[("http", 81)]));
        assert_eq!(bench.pick(0, 80), Ok(8080), "{mode:?}: heard, and not in force");
        bench.settle();
        assert_eq!(bench.pick(0, 81), Ok(8080), "{mode:?}");
        assert_eq!(bench.pick(0, 80), Err(Refusal::NoSuchPort { told }), "{mode:?}");
    }
}

#[test]
fn a_port_that_comes_leads_to_the_endpoints_of_its_name() {
    let mut bench = Bench::new(Mode::Nftables);
    bench.hear(Verb::Added, service(0, &[("http", 80)]));
    bench.hear(Verb::Added, slice(("http", 8080)));
    bench.settle();
    bench.hear(Verb::Modified, service(0, &[("http", 80), ("admin", 90)]));
    bench.settle();
    assert_eq!(bench.pick(0, 80), Ok(8080));
    assert_eq!(bench.pick(0, 90), Err(Refusal::Reject), "no slice has a port of that name yet");
    bench.hear(Verb::Modified, slice(("admin", 9090)));
    bench.settle();
    assert_eq!(bench.pick(0, 90), Ok(9090));
    assert_eq!(bench.pick(0, 80), Err(Refusal::Reject), "the slice has it no more");
}

#[test]
fn a_service_that_is_made_anew_is_served_at_its_new_address_only() {
    let mut bench = Bench::new(Mode::Nftables);
    bench.hear(Verb::Added, service(0, &[("http", 80)]));
    bench.hear(Verb::Added, slice(("http", 8080)));
    bench.settle();
    bench.hear(Verb::Deleted, service(0, &[("http", 80)]));
    bench.hear(Verb::Added, service(1, &[("http", 80)]));
    bench.settle();
    assert_eq!(bench.pick(1, 80), Ok(8080));
    assert_eq!(bench.pick(0, 80), Err(Refusal::NoRules { withdrawn: true }));
}

/// A policy is made anew with each sync, unless it remembers; who is new is not.
#[test]
fn slow_start_knows_who_was_there_before() {
    for name in ["traefik.wrr", "envoy.round_robin"] {
        let mut policy = policy::Configured::by_name(name).expect("the catalogue lists it");
        policy.wrap(policy::layer_by_name("envoy.slow_start").expect("it is listed"));
        let mut bench = Bench::with(Mode::Nftables, policy);
        bench.hear(Verb::Added, service(0, &[("http", 80)]));
        bench.hear(Verb::Added, slice_of(1, ("http", 8080)));
        bench.settle();
        // A minute later the first one is not new any more.
        bench.agenda.at(Time::from_secs(61), bench.proxy.source(), Event::SyncProxy(NodeId(0)));
        bench.settle();
        bench.hear(Verb::Modified, slice_of(2, ("http", 8080)));
        bench.settle();
        let mut random = Streams::new(1).named("unused");
        let caller = Caller::Node(NodeId(0));
        let asked = Asked { service: ServiceId(0), protocol: Protocol::Tcp, port: 80, caller };
        let now = bench.agenda.now();
        let mut pick = || bench.proxy.pick(asked, &mut PickContext::new(now, &mut random));
        let to_new = (0..110).filter_map(|_| pick().ok()).filter(|it| it.pod == Some(PodId(1)));
        assert_eq!(to_new.count(), 10, "{name}: a tenth of what the other gets");
    }
}

/// What the proxies of two nodes make of something together is what each makes of it alone.
#[test]
fn proxies_that_share_their_work_have_the_rules_of_one_alone() {
    let by_chance = || policy::Configured::by_name("kube-proxy.random").expect("it is listed");
    let place = [(0, "node-1", "a"), (1, "node-2", "b")];
    let mut together = place.map(|place| Bench::on(place, Mode::Nftables, by_chance()));
    let mut alone = place.map(|place| Bench::on(place, Mode::Nftables, by_chance()));
    let mut hear = |verb: Verb, object: &Object| {
        let mut shared = std::mem::take(&mut together[0].shared);
        for (one, lone) in together.iter_mut().zip(&mut alone) {
            std::mem::swap(&mut one.shared, &mut shared);
            for bench in [&mut *one, lone] {
                bench.hear(verb, object.clone());
                bench.settle();
            }
            std::mem::swap(&mut one.shared, &mut shared);
        }
        together[0].shared = shared;
        for (one, lone) in together.iter().zip(&alone) {
            for (service, port) in [(0, 80), (0, 90), (1, 80)] {
                let service = ServiceId(service);
                let (shared, own) =
                    (one.proxy.targets(service, port), lone.proxy.targets(service, port));
                assert_eq!(shared, own, "{:?} {service:?} {port}", one.proxy.name);
                assert_eq!(
                    one.proxy.targets_around(service, port),
                    lone.proxy.targets_around(service, port)
                );
            }
        }
        together.each_ref().map(|it| {
            let targets = it.proxy.targets(ServiceId(0), 80);
            targets.and_then(Result::ok).map_or(0, <[Target]>::len)
        })
    };
    // Two pods are on each node; the last is only in the second version.
    let slice = |pods: u8, hinted: bool| {
        let Object::EndpointSlice(slice) = slice_of(pods, ("http", 8080)) else {
            unreachable!("it is one")
        };
        let mut slice = (*slice).clone();
        for (number, endpoint) in slice.endpoints.iter_mut().enumerate() {
            let endpoint = Arc::make_mut(endpoint);
            let (node, zone) = if number % 2 == 0 { ("node-1", "a") } else { ("node-2", "b") };
            endpoint.node_name = Some(node.into());
            endpoint.for_zones = hinted.then(|| zone.into()).into_iter().collect();
        }
        Object::EndpointSlice(Arc::new(slice))
    };
    let local = |object: &Object| {
        let Object::Service(service) = object else { unreachable!("it is one") };
        let mut service = (**service).clone();
        service.spec.internal_traffic_policy = TrafficPolicy::Local;
        Object::Service(Arc::new(service))
    };
    let web = service(0, &[("http", 80), ("admin", 90)]);
    hear(Verb::Added, &web);
    assert_eq!(hear(Verb::Added, &slice(4, false)), [4, 4]);
    assert_eq!(hear(Verb::Modified, &slice(5, false)), [5, 5]);
    assert_eq!(hear(Verb::Modified, &slice(5, true)), [3, 2], "by zone");
    assert_eq!(hear(Verb::Modified, &slice(4, false)), [4, 4]);
    assert_eq!(hear(Verb::Modified, &local(&web)), [2, 2], "by node");
    assert_eq!(hear(Verb::Modified, &web), [4, 4]);
    hear(Verb::Deleted, &web);
    hear(Verb::Added, &service(1, &[("http", 80)]));
    hear(Verb::Deleted, &slice(4, false));
}
