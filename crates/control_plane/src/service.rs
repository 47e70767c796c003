//! The Service controller of a cloud: gives each Service of type LoadBalancer a load balancer, whose address
//! it writes into the Service's status (`k8s.io/cloud-provider/controllers/service`).
//!
//! The balancer itself is on the data plane. *Left out:* the minute or so that a cloud takes, its failures,
//! and what it costs.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use api::{Change, Key, Object, Service, service::ServiceType};

use crate::{
    controller::{Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};

/// The addresses that are given: those of documentation (RFC 5737), as nobody has them.
const FIRST_ADDRESS: [u8; 4] = [203, 0, 113, 1];
const ADDRESSES: usize = 254;

/// The Service controller.
#[derive(Debug, Default)]
pub struct ServiceController {
    /// The address of each load balancer that there ever was.
    given: BTreeMap<Key, IpAddr>,
}

impl Controller for ServiceController {
    fn observe(
        &mut self,
        change: &Change,
        _old: Option<&Object>,
        _informers: &Informers,
        queue: &mut WorkQueue,
    ) {
        if let Object::Service(service) = &change.object
            && (wants_load_balancer(service) || !service.status.ingress.is_empty())
        {
            queue.add(service.meta.key());
        }
    }

    fn reconcile(&mut self, key: &Key, informers: &Informers, _: &mut SyncContext<'_>) -> Plan {
        let mut plan = Plan::default();
        let Some(service) = informers.service(key) else { return plan };
        let wanted: Vec<IpAddr> =
            wants_load_balancer(service).then(|| self.address(key)).into_iter().collect();
        if service.status.ingress != wanted {
            let mut service = Service::clone(service);
            service.status.ingress = wanted;
            plan.then(Write::UpdateStatus(Object::Service(Arc::new(service))));
        }
        plan
    }
}

impl ServiceController {
    fn address(&mut self, key: &Key) -> IpAddr {
        let [a, b, c, first] = FIRST_ADDRESS;
        let next = first + (self.given.len() % ADDRESSES) as u8;
        *self.given.entry(key.clone()).or_insert(IpAddr::from([a, b, c, next]))
    }
}

fn wants_load_balancer(service: &Service) -> bool {
    service.spec.kind == ServiceType::LoadBalancer
}

#[cfg(test)]
mod tests {
    use api::{Meta, ServiceId, ServiceSpec, ServiceStatus, Verb};
    use engine::{Streams, Time};

    use super::*;
    use crate::work_queue::BackOff;

    fn service(name: &str, kind: ServiceType, ingress: Vec<IpAddr>) -> Service {
        Service {
            meta: Meta::new("default", name),
            id: ServiceId(0),
            spec: ServiceSpec { kind, ..ServiceSpec::default() },
            status: ServiceStatus { ingress },
        }
    }

    /// The addresses that it writes into a Service's status; `None` where it writes nothing.
    fn written(controller: &mut ServiceController, service: Service) -> Option<Vec<IpAddr>> {
        let (mut informers, mut queue) = (Informers::default(), WorkQueue::new(BackOff::SERVICE));
        let key = service.meta.key();
        let change = Change { verb: Verb::Added, object: Object::Service(Arc::new(service)) };
        informers.observe(&change);
        controller.observe(&change, None, &informers, &mut queue);
        let mut random = Streams::new(1).named("test");
        let mut sync = SyncContext { now: Time::ZERO, wall_nanos: 0, random: &mut random };
        let plan = controller.reconcile(&key, &informers, &mut sync);
        match plan.batches.into_iter().flatten().next()? {
            Write::UpdateStatus(Object::Service(service)) => Some(service.status.ingress.clone()),
            other => panic!("{other:?} is no status"),
        }
    }

    #[test]
    fn each_load_balancer_has_its_own_address_and_keeps_it() {
        let mut controller = ServiceController::default();
        let first: IpAddr = [203, 0, 113, 1].into();
        let second: IpAddr = [203, 0, 113, 2].into();
        let cases = [
            ("a", ServiceType::LoadBalancer, vec![], Some(vec![first])),
            ("b", ServiceType::LoadBalancer, vec![], Some(vec![second])),
            ("a", ServiceType::LoadBalancer, vec![first], None),
            ("c", ServiceType::NodePort, vec![], None),
            ("a", ServiceType::ClusterIP, vec![first], Some(vec![])),
            ("a", ServiceType::LoadBalancer, vec![], Some(vec![first])),
        ];
        for (name, kind, ingress, expected) in cases {
            let case = format!("{name} {kind:?} {ingress:?}");
            let service = service(name, kind, ingress);
            assert_eq!(written(&mut controller, service), expected, "{case}");
        }
    }
}
