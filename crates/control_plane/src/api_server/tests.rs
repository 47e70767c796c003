use std::net::IpAddr;

use api::{Meta, Service, ServiceId, ServiceSpec};
use engine::Span;

use super::*;

fn service(name: &str, address: Option<IpAddr>) -> Object {
    Object::Service(Arc::new(Service {
        meta: Meta::new("default", name),
        id: ServiceId(0),
        spec: ServiceSpec { cluster_ip: address, ..ServiceSpec::default() },
    }))
}

/// An API server that has given all addresses but these.
fn full_but(free: &[u16]) -> ApiServer {
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
fn writing<T>(api: &mut ApiServer, write: impl FnOnce(&mut ApiServer, &mut Cx<'_>) -> T) -> T {
    let mut agenda = engine::Agenda::<Event>::new();
    let recorder: &mut dyn record::Recorder = &mut record::Discard;
    write(api, &mut engine::Context { now: Time::ZERO, agenda: &mut agenda, recorder })
}

fn stored(object: &Object) -> &Service {
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
