use std::net::IpAddr;

use api::{Meta, Service, ServiceSpec};
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
