//! The building blocks of the EndpointSlice controller.

use std::collections::BTreeSet;

use api::{
    Endpoint, EndpointSlice, Key, Labels, Meta, PodId, PodSpec, Service, ServiceSpec, SlicePort,
    endpoint_slice::SERVICE_NAME_LABEL,
};
use control_plane::endpoint_slice::{
    endpoint::{
        AddressType, endpoints_equal_beyond_hash, get_endpoint_ports, hints_enabled,
        pod_to_endpoint, should_pod_be_in_endpoints, should_set_hostname, supported_address_types,
    },
    memberships::{determine_needed_service_updates, get_pod_service_memberships},
    tracker::{EndpointSliceTracker, Tracked, service_key},
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    intstr::int_or_string,
    objects,
    pods::{self, protocol},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestPodToEndpoint" => endpoint_of_pod(case),
        "TestShouldSetHostname" => hostname(case),
        "TestGetEndpointPorts" => ports(case),
        "TestSupportedServiceAddressType" => address_types(case),
        "Test_hintsEnabled" => hints(case),
        "TestFindPort" => find_port(case),
        "TestServiceControllerKey" => key_of_slice(case),
        "TestDetermineNeededServiceUpdates" => needed_updates(case),
        "TestShouldPodBeInEndpoints" => inclusion(case),
        "TestGetPodServicesToUpdate" | "TestGetPodServiceMemberships" => memberships(case),
        "TestEndpointsEqualBeyondHash" => equality(case),
        "TestEndpointSliceTrackerUpdate" => tracker_update(case),
        "TestEndpointSliceTrackerStaleSlices" => tracker_stale(case),
        "TestEndpointSliceTrackerDeletion" => tracker_deletion(case),
        "TestEndpointSliceTrackerDeleteService" => tracker_delete_service(case),
        _ => case.unknown(),
    }
}

fn endpoint_of_pod(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        // The Service says it, and the test's table repeats it.
        f.flag("publishNotReadyAddresses")?;
        let pod = f.object("pod", pods::pod)?.pod;
        let node = f.object_if_any("node", objects::node)?;
        let (service, families) = f.object("svc", objects::service)?;
        let family = families.first().copied().unwrap_or(AddressType::IPv4);
        Ok(pod_to_endpoint(&pod, node.as_ref(), &service, family))
    })?;
    let read = |f: &Fields<'_>| objects::endpoint(f, |_| PodId::default());
    let expected = case.expected(|f| f.object_if_any("expectedEndpoint", read))?;
    agree("endpoint", &expected, &got)
}

fn hostname(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let pod = f.object("pod", pods::pod)?.pod;
        let (service, _) = f.object("service", objects::service)?;
        Ok(should_set_hostname(&pod, &service))
    })?;
    agree("hostname", &case.expected(|f| f.flag("expected"))?, &got)
}

fn ports(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let pod = f.object("pod", pods::pod)?.pod;
        let (service, _) = f.object("service", objects::service)?;
        Ok(get_endpoint_ports(&service, &pod))
    })?;
    let read = |f: &Fields<'_>| {
        let text = f.text_or_empty("protocol")?;
        Ok(SlicePort {
            name: f.text_or_empty("name")?.to_owned(),
            protocol: f.needed("protocol", protocol(text))?,
            port: f.int("port")?,
        })
    };
    let expected = case.expected(|f| f.objects("expectedPorts", read))?;
    agree("ports", &expected, &got)
}

fn address_types(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let (service, families) = f.object("service", objects::service)?;
        Ok(supported_address_types(&families, service.spec.cluster_ip))
    })?;
    let expected = case.expected(|f| f.texts("expectedAddressTypes"))?;
    agree("families", &expected, &got.iter().map(|family| format!("{family:?}")).collect())
}

fn hints(case: &Case) -> Result<(), Problem> {
    let annotations = case.input(|f| f.labels("annotations"))?;
    let expected = case.expected(|f| f.flag("expectEnabled"))?;
    agree("enabled", &expected, &hints_enabled(&annotations))
}

/// The Service's port is a TCP port, as in the Go test.
fn find_port(case: &Case) -> Result<(), Problem> {
    let (spec, target, found) = case.input(|f| {
        let mut unmodelled = Labels::new();
        let mut containers = f.objects("containers", |f| pods::container(f, &mut unmodelled))?;
        containers.extend(pods::sidecars(f, &mut unmodelled)?);
        pods::only_without_effect(&unmodelled)?;
        let target = f.needed("port", int_or_string(f, "port")?)?;
        Ok((PodSpec { containers, ..PodSpec::default() }, target, f.flag("pass")?))
    })?;
    let expected = case.expected(|f| f.int_or_zero::<u16>("expected"))?;
    let got = spec.find_port(&target, api::Protocol::Tcp);
    agree("port", &found.then_some(expected), &got)
}

fn key_of_slice(case: &Case) -> Result<(), Problem> {
    let slice = case.input(|f| f.object("endpointSlice", objects::endpoint_slice))?;
    let expected = case.expected(|f| {
        let fails = f.object_if_any("expectedErr", |f| f.text("error"))?.is_some();
        let key = f.text_or_empty("expectedKey")?.to_owned();
        Ok((!fails).then_some(key))
    })?;
    agree("key", &expected, &service_key(&slice).map(|key| key.to_string()))
}

fn needed_updates(case: &Case) -> Result<(), Problem> {
    let keys = |f: &Fields<'_>, name: &str| {
        Ok::<_, Problem>(f.texts(name)?.into_iter().map(|key| Key::new("", key)).collect())
    };
    let (old, new): (BTreeSet<Key>, BTreeSet<Key>) =
        case.input(|f| Ok((keys(f, "a")?, keys(f, "b")?)))?;
    case.expected(|f| {
        let got = |pod_changed| determine_needed_service_updates(&old, &new, pod_changed);
        agree("where the pod changed", &keys(f, "union")?, &got(true))?;
        agree("where only its labels changed", &keys(f, "xor")?, &got(false))
    })
}

fn inclusion(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let pod = f.object("pod", pods::pod)?.pod;
        Ok(should_pod_be_in_endpoints(&pod, f.flag("includeTerminating")?))
    })?;
    agree("in endpoints", &case.expected(|f| f.flag("expected"))?, &got)
}

fn memberships(case: &Case) -> Result<(), Problem> {
    let services = case.fixture(|f| match f.text_or_empty("services")? {
        "test/service-0..2 with selector app=test-<i>" => Ok([0, 1, 2].map(numbered_service)),
        other => Err(format!("fixture.services is not understood: {other}")),
    })?;
    let pod = case.input(|f| Ok(f.object("pod", pods::pod)?.pod))?;
    let expected: BTreeSet<String> =
        case.expected(|f| Ok(f.texts("expect")?.into_iter().collect()))?;
    let got = get_pod_service_memberships(&services, &pod);
    agree("Services", &expected, &got.iter().map(Key::to_string).collect())
}

fn numbered_service(number: u8) -> Service {
    let selector = Labels::from([("app".to_owned(), format!("test-{number}"))]);
    Service {
        meta: Meta::new("test", format!("service-{number}")),
        id: api::ServiceId::default(),
        spec: ServiceSpec { selector: Some(selector), ..ServiceSpec::default() },
        status: api::ServiceStatus::default(),
    }
}

fn equality(case: &Case) -> Result<(), Problem> {
    // Pods are numbered here by their uids: equal uids, equal numbers.
    let number = |uid: &str| {
        PodId(uid.bytes().fold(0, |hash: u32, byte| hash.wrapping_mul(31) + u32::from(byte)))
    };
    let read = |f: &Fields<'_>, name: &str| -> Read<Endpoint> {
        f.object(name, |f| objects::endpoint(f, number))
    };
    let (a, b) = case.input(|f| Ok((read(f, "ep1")?, read(f, "ep2")?)))?;
    let expected = case.expected(|f| f.flag("expected"))?;
    agree("equal", &expected, &endpoints_equal_beyond_hash(&a, &b))
}

/// A tracker's three answers to a slice: whether it has it, whether to sync, and the generation.
fn answers(tracker: &EndpointSliceTracker, slice: &EndpointSlice) -> (bool, bool, i64) {
    (tracker.has(slice), tracker.should_sync(slice), generation(tracker, slice))
}

/// As Kubernetes stores it: −1 for an expected deletion, 0 for nothing.
fn generation(tracker: &EndpointSliceTracker, slice: &EndpointSlice) -> i64 {
    match tracker.tracked(slice) {
        Some(Tracked::Generation(generation)) => generation as i64,
        Some(Tracked::DeletionExpected) => -1,
        None => 0,
    }
}

fn tracker_update(case: &Case) -> Result<(), Problem> {
    let slice = |f: &Fields<'_>, name| f.object(name, objects::endpoint_slice);
    let (update, asked) =
        case.input(|f| Ok((slice(f, "updateParam")?, slice(f, "checksParam")?)))?;
    let mut tracker = EndpointSliceTracker::default();
    tracker.update(&update);
    // The Go test asks for the generation of the slice that was written.
    let (has, should_sync, _) = answers(&tracker, &asked);
    let got = (has, should_sync, generation(&tracker, &update));
    agree("(has, should sync, generation)", &expected_answers(case)?, &got)
}

fn expected_answers(case: &Case) -> Read<(bool, bool, i64)> {
    case.expected(|f| {
        let generation = f.int_or_zero("expectGeneration")?;
        Ok((f.flag("expectHas")?, f.flag("expectShouldSync")?, generation))
    })
}

fn tracker_stale(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let service = f.object("serviceParam", |f| f.object("metadata", objects::meta))?;
        let slices = f.objects("slicesParam", objects::endpoint_slice)?;
        let tracker = f.object("tracker", tracker)?;
        Ok(tracker.stale_slices(&service.key(), &slices))
    })?;
    agree("stale", &case.expected(|f| f.flag("expectNewer"))?, &got)
}

/// A tracker in a state that the Go test sets by hand.
fn tracker(f: &Fields<'_>) -> Read<EndpointSliceTracker> {
    let mut tracker = EndpointSliceTracker::default();
    f.objects("generationsByService", |f| {
        let service = f.object("key", key)?;
        f.object("value", |f| {
            for (uid, generation) in f.rest() {
                let number = generation.as_i64().ok_or("a generation is a number")?;
                let slice = slice_of(&service, uid, number.unsigned_abs());
                match number {
                    -1 => tracker.expect_deletion(&slice),
                    0.. => tracker.update(&slice),
                    other => return Err(format!("no such generation: {other}")),
                }
            }
            Ok(())
        })
    })?;
    Ok(tracker)
}

fn key(f: &Fields<'_>) -> Read<Key> {
    Ok(Key::new(f.text_or_empty("Namespace")?, f.text_or_empty("Name")?))
}

fn slice_of(service: &Key, uid: &str, generation: u64) -> EndpointSlice {
    let mut meta = Meta::new(service.namespace.clone(), "example-1");
    meta.uid = uid.into();
    meta.generation = generation;
    meta.labels.insert(SERVICE_NAME_LABEL.to_owned(), service.name.to_string());
    EndpointSlice {
        meta,
        service_name: service.name.clone(),
        service: None,
        ports: Vec::new(),
        endpoints: Vec::new(),
    }
}

fn tracker_deletion(case: &Case) -> Result<(), Problem> {
    let slice = |f: &Fields<'_>, name: &str| f.object(name, objects::endpoint_slice);
    // The Go test writes and finally deletes this slice, whatever its table says under deleteParam.
    let original = slice_of(&Key::new("ns1", "svc1"), "original", 1);
    let asked = case.input(|f| {
        slice(f, "deleteParam")?;
        slice(f, "checksParam")
    })?;
    let (to_expect, expected) = case.expected(|f| {
        let answers = (f.flag("expectHas")?, f.flag("expectShouldSync")?);
        let handled = f.flag("expectedHandleDeletionResp")?;
        Ok((slice(f, "expectDeletionParam")?, (answers, handled, false)))
    })?;
    let mut tracker = EndpointSliceTracker::default();
    tracker.update(&original);
    tracker.expect_deletion(&to_expect);
    let answers = (tracker.has(&asked), tracker.should_sync(&asked));
    let handled = tracker.handle_deletion(&original);
    let got = (answers, handled, tracker.has(&original));
    agree("((has, should sync), expected deletion, has after)", &expected, &got)
}

fn tracker_delete_service(case: &Case) -> Result<(), Problem> {
    let (update, service) = case.input(|f| {
        let update = f.object("updateParam", objects::endpoint_slice)?;
        Ok((update, f.object("deleteServiceParam", key)?))
    })?;
    let mut tracker = EndpointSliceTracker::default();
    tracker.update(&update);
    tracker.delete_service(&service);
    agree("(has, should sync, generation)", &expected_answers(case)?, &answers(&tracker, &update))
}
