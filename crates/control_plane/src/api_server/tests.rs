use std::net::IpAddr;

use api::{
    IntOrString, Meta, Protocol, Service, ServiceId, ServicePort, ServiceSpec, service::ServiceType,
};
use engine::{Agenda, Context, Span};
use record::{Discard, Recorder};

use super::*;

pub(super) fn service(name: &str, address: Option<IpAddr>) -> Object {
    Object::Service(Arc::new(Service {
        meta: Meta::new("default", name),
        id: ServiceId(0),
        spec: ServiceSpec { cluster_ip: address, ..ServiceSpec::default() },
        status: api::ServiceStatus::default(),
    }))
}

/// An API server that has given all addresses but these.
pub(super) fn full_but(free: &[u16]) -> ApiServer {
    let mut api = ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1));
    for offset in (1..u16::MAX).filter(|offset| !free.contains(offset)) {
        let [high, low] = offset.to_be_bytes();
        let object = service(&format!("s{offset}"), Some([10, 96, high, low].into()));
        api.objects.insert((Kind::Service, object.key()), object);
    }
    api
}

#[test]
fn addresses_are_given_until_there_are_none() {
    let mut api = full_but(&[7, 300]);
    assert_eq!(api.new_cluster_ip(), Some([10, 96, 1, 44].into()), "the upper band comes first");
    assert_eq!(full_but(&[7]).new_cluster_ip(), Some([10, 96, 0, 7].into()));
    assert_eq!(full_but(&[]).new_cluster_ip(), None);
}

/// Carries out some writes of an API server.
pub(super) fn writing<T>(
    api: &mut ApiServer,
    write: impl FnOnce(&mut ApiServer, &mut Cx<'_>) -> T,
) -> T {
    let mut agenda = Agenda::<Event>::new();
    let recorder: &mut dyn Recorder = &mut Discard;
    write(api, &mut Context { now: Time::ZERO, agenda: &mut agenda, recorder })
}

pub(super) fn stored(object: &Object) -> &Service {
    match object {
        Object::Service(service) => service,
        other => panic!("{other:?} is no Service"),
    }
}

/// The number of a Service stands for its address, so it goes with the address.
#[test]
fn whoever_gets_an_address_gets_its_number() {
    let mut api = ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1));
    let address = Some([10, 96, 3, 3].into());
    writing(&mut api, |api, cx| {
        let first = api.create(service("a", address), cx).expect("it is free");
        let other = api.create(service("b", None), cx).expect("it is free");
        let taken = api.create(service("c", address), cx);
        assert_eq!(taken.err(), Some(ApiError::Invalid), "it is a's");
        let meta = first.meta();
        api.delete(Kind::Service, &meta.key(), &meta.uid, None, cx).expect("it is there");
        let again = api.create(service("c", address), cx).expect("it is free again");
        let elsewhere = api.create(service("a", None), cx).expect("there are others");
        let number = |object: &Object| stored(object).id;
        assert_eq!(number(&again), number(&first));
        assert!(![number(&first), number(&other)].contains(&number(&elsewhere)));
    });
}

#[test]
fn a_service_keeps_what_it_was_given() {
    let mut api = ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1));
    writing(&mut api, |api, cx| {
        let before = api.create(service("a", None), cx).expect("there are addresses");
        let mut after = before.clone();
        let Object::Service(changed) = &mut after else { panic!("it is a Service") };
        Arc::make_mut(changed).spec.cluster_ip = None;
        let now = api.update(after.clone(), cx).expect("nothing forbids it");
        assert_eq!(stored(&now).spec.cluster_ip, stored(&before).spec.cluster_ip);
        let Object::Service(changed) = &mut after else { panic!("it is a Service") };
        Arc::make_mut(changed).spec.cluster_ip = Some([10, 96, 9, 9].into());
        after.meta_mut().resource_version = 0;
        assert_eq!(api.update(after, cx).err(), Some(ApiError::Invalid));
    });
}

#[test]
fn a_name_for_a_host_outside_gets_neither_an_address_nor_node_ports() {
    let port = |kind, headless| {
        let port = ServicePort {
            name: String::new(),
            protocol: Protocol::Tcp,
            port: 80,
            target_port: IntOrString::Int(80),
            node_port: None,
        };
        ServiceSpec { kind, headless, ports: vec![port], ..ServiceSpec::default() }
    };
    let cases = [
        ("a", ServiceType::ClusterIP, false, (true, false)),
        ("b", ServiceType::ClusterIP, true, (false, false)),
        ("c", ServiceType::NodePort, false, (true, true)),
        ("d", ServiceType::LoadBalancer, false, (true, true)),
        ("e", ServiceType::ExternalName, false, (false, false)),
    ];
    let mut api = full_but(&[7, 8, 9]);
    let mut agenda = Agenda::<Event>::new();
    let recorder: &mut dyn Recorder = &mut Discard;
    let mut cx = Context { now: Time::ZERO, agenda: &mut agenda, recorder };
    for (name, kind, headless, expected) in cases {
        let (meta, id) = (Meta::new("default", name), ServiceId(0));
        let service =
            Service { meta, id, spec: port(kind, headless), status: api::ServiceStatus::default() };
        let stored = api.create(Object::Service(Arc::new(service)), &mut cx).expect("it is new");
        let Object::Service(stored) = stored else { panic!("a Service is stored as one") };
        let given = (stored.spec.cluster_ip.is_some(), stored.spec.ports[0].node_port.is_some());
        assert_eq!(given, expected, "{kind:?}");
    }
}

/// A slice that somebody wrote by hand knows its Service by name, in its own namespace.
#[test]
fn a_slice_belongs_to_the_service_that_its_label_names() {
    let mut api = ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1));
    let mut agenda = Agenda::<Event>::new();
    let recorder: &mut dyn Recorder = &mut Discard;
    let mut cx = Context { now: Time::ZERO, agenda: &mut agenda, recorder };
    for name in ["web", "db"] {
        api.create(service(name, None), &mut cx).expect("it is new");
    }
    let cases = [
        ("default", "db", Some(ServiceId(1))),
        ("default", "other", None),
        ("shop", "db", None),
        ("default", "", None),
    ];
    for (index, (namespace, service_name, expected)) in cases.into_iter().enumerate() {
        let slice = EndpointSlice {
            meta: Meta::new(namespace, format!("slice-{index}")),
            service_name: service_name.into(),
            service: None,
            ports: Vec::new(),
            endpoints: Vec::new(),
        };
        let slice = Object::EndpointSlice(Arc::new(slice));
        let Ok(Object::EndpointSlice(stored)) = api.create(slice, &mut cx) else {
            panic!("a slice is stored as one")
        };
        assert_eq!(stored.service, expected, "{namespace}/{service_name}");
    }
}
