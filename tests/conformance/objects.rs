//! Objects as Kubernetes writes them.

use std::sync::Arc;

use api::{
    Deployment, DeploymentSpec, DeploymentStatus, Endpoint, EndpointSlice, IntOrPercent,
    IntOrString, Kind, LabelSelector, Meta, Node, NodeId, Owner, PodId, ReplicaSet, ReplicaSetSpec,
    ReplicaSetStatus, Service, ServiceId, ServicePort, ServiceSpec, Strategy,
    deployment::{ConditionStatus, DeploymentCondition},
    endpoint_slice::SERVICE_NAME_LABEL,
    pod::Resources,
    selector::Requirement,
    service::ServiceType,
};
use control_plane::endpoint_slice::endpoint::AddressType;

use crate::{
    fields::{Fields, Read},
    intstr::int_or_string,
    moment::timestamp,
    pods::{address, pod_template, protocol},
};

/// `metadata`.
pub(crate) fn meta(f: &Fields<'_>) -> Read<Meta> {
    // Only the API server has use for it, and the name that it makes is there as well.
    f.ignore(&["generateName"]);
    let owners = f.objects("ownerReferences", owner)?;
    let version = f.text("resourceVersion")?.unwrap_or("0");
    Ok(Meta {
        namespace: f.text_or_empty("namespace")?.into(),
        name: f.text_or_empty("name")?.into(),
        uid: f.text_or_empty("uid")?.into(),
        labels: f.labels("labels")?,
        annotations: f.labels("annotations")?,
        owner: owners.into_iter().flatten().next(),
        creation_timestamp: timestamp(f, "creationTimestamp")?,
        deletion_timestamp: timestamp(f, "deletionTimestamp")?,
        deletion_grace_period_seconds: f.int("deletionGracePeriodSeconds")?,
        resource_version: version.parse().map_err(|_| format!("resourceVersion {version}"))?,
        generation: f.int_or_zero::<i64>("generation")?.unsigned_abs(),
    })
}

/// An owner; none if it is not the controller.
fn owner(f: &Fields<'_>) -> Read<Option<Owner>> {
    f.ignore(&["apiVersion", "blockOwnerDeletion"]);
    let kind = match f.text_or_empty("kind")? {
        "" | "Deployment" => Kind::Deployment,
        // Those of other workloads are told apart by their ids as well.
        "ReplicaSet" | "ReplicationController" | "StatefulSet" => Kind::ReplicaSet,
        "Service" => Kind::Service,
        other => return Err(format!("no such owner: {other}")),
    };
    let name = f.text_or_empty("name")?.into();
    let uid = f.text_or_empty("uid")?.into();
    Ok(f.flag("controller")?.then_some(Owner { kind, name, uid }))
}

/// A label selector.
pub(crate) fn label_selector(f: &Fields<'_>) -> Read<LabelSelector> {
    let match_expressions = f.objects("matchExpressions", |f| {
        let key = f.text_or_empty("key")?.to_owned();
        let values = f.texts("values")?;
        match f.text_or_empty("operator")? {
            "In" => Ok(Requirement::In(key, values)),
            "NotIn" => Ok(Requirement::NotIn(key, values)),
            "Exists" => Ok(Requirement::Exists(key)),
            "DoesNotExist" => Ok(Requirement::DoesNotExist(key)),
            other => Err(format!("no such operator: {other}")),
        }
    })?;
    Ok(LabelSelector { match_labels: f.labels("matchLabels")?, match_expressions })
}

/// A ReplicaSet.
pub(crate) fn replica_set(f: &Fields<'_>) -> Read<ReplicaSet> {
    f.ignore(&["apiVersion", "kind"]);
    let spec = |f: &Fields<'_>| {
        Ok(ReplicaSetSpec {
            replicas: f.int("replicas")?.unwrap_or(1),
            selector: f.object("selector", label_selector)?,
            template: f.object("template", pod_template)?,
            min_ready_seconds: f.int_or_zero("minReadySeconds")?,
        })
    };
    Ok(ReplicaSet {
        meta: f.object("metadata", meta)?,
        spec: f.object("spec", spec)?,
        status: f.object("status", replica_set_status)?,
    })
}

/// The status of a ReplicaSet.
pub(crate) fn replica_set_status(f: &Fields<'_>) -> Read<ReplicaSetStatus> {
    Ok(ReplicaSetStatus {
        replicas: f.int_or_zero("replicas")?,
        fully_labeled_replicas: f.int_or_zero("fullyLabeledReplicas")?,
        ready_replicas: f.int_or_zero("readyReplicas")?,
        available_replicas: f.int_or_zero("availableReplicas")?,
        terminating_replicas: f.int("terminatingReplicas")?,
        observed_generation: f.int_or_zero::<i64>("observedGeneration")?.unsigned_abs(),
    })
}

/// A list of ReplicaSets.
pub(crate) fn replica_sets(f: &Fields<'_>, name: &str) -> Read<Vec<Arc<ReplicaSet>>> {
    f.objects(name, |f| Ok(Arc::new(replica_set(f)?)))
}

/// A Deployment.
pub(crate) fn deployment(f: &Fields<'_>) -> Read<Deployment> {
    f.ignore(&["apiVersion", "kind"]);
    let spec = |f: &Fields<'_>| {
        Ok(DeploymentSpec {
            replicas: f.int("replicas")?.unwrap_or(1),
            selector: f.object("selector", label_selector)?,
            template: f.object("template", pod_template)?,
            strategy: f.object("strategy", strategy)?,
            min_ready_seconds: f.int_or_zero("minReadySeconds")?,
            revision_history_limit: f.int("revisionHistoryLimit")?.unwrap_or(10),
            progress_deadline_seconds: f.int("progressDeadlineSeconds")?,
            paused: f.flag("paused")?,
        })
    };
    Ok(Deployment {
        meta: f.object("metadata", meta)?,
        spec: f.object("spec", spec)?,
        status: f.object("status", deployment_status)?,
    })
}

/// A strategy. Without a type it is no rolling update, and so Recreate here.
fn strategy(f: &Fields<'_>) -> Read<Strategy> {
    let fences = f.object_if_any("rollingUpdate", |f| {
        Ok(Strategy::RollingUpdate {
            max_surge: fence(f, "maxSurge")?,
            max_unavailable: fence(f, "maxUnavailable")?,
        })
    })?;
    match f.text_or_empty("type")? {
        "RollingUpdate" => f.needed("rollingUpdate", fences),
        "Recreate" | "" => Ok(Strategy::Recreate),
        other => Err(format!("no such strategy: {other}")),
    }
}

/// `maxSurge` or `maxUnavailable`; absent is 0, as for the functions under test.
pub(crate) fn fence(f: &Fields<'_>, name: &str) -> Read<IntOrPercent> {
    let value = int_or_string(f, name)?.unwrap_or(IntOrString::Int(0));
    IntOrPercent::try_from(&value).map_err(|e| e.to_string())
}

/// The status of a Deployment.
pub(crate) fn deployment_status(f: &Fields<'_>) -> Read<DeploymentStatus> {
    Ok(DeploymentStatus {
        observed_generation: f.int_or_zero::<i64>("observedGeneration")?.unsigned_abs(),
        replicas: f.int_or_zero("replicas")?,
        updated_replicas: f.int_or_zero("updatedReplicas")?,
        ready_replicas: f.int_or_zero("readyReplicas")?,
        available_replicas: f.int_or_zero("availableReplicas")?,
        unavailable_replicas: f.int_or_zero("unavailableReplicas")?,
        terminating_replicas: f.int("terminatingReplicas")?,
        conditions: f.objects("conditions", deployment_condition)?,
        collision_count: f.int("collisionCount")?,
    })
}

/// A condition of a Deployment.
pub(crate) fn deployment_condition(f: &Fields<'_>) -> Read<DeploymentCondition> {
    Ok(DeploymentCondition {
        kind: f.text_or_empty("type")?.to_owned(),
        status: match f.text_or_empty("status")? {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            "Unknown" | "" => ConditionStatus::Unknown,
            other => return Err(format!("no such status: {other}")),
        },
        reason: f.text_or_empty("reason")?.to_owned(),
        message: f.text_or_empty("message")?.to_owned(),
        last_update_time: timestamp(f, "lastUpdateTime")?,
        last_transition_time: timestamp(f, "lastTransitionTime")?,
    })
}

/// A Node.
pub(crate) fn node(f: &Fields<'_>) -> Read<Node> {
    // What the node says of its machine and its capacity.
    f.ignore(&["apiVersion", "kind", "status"]);
    let unschedulable = f.object("spec", |f| f.flag("unschedulable"))?;
    Ok(Node {
        meta: f.object("metadata", meta)?,
        id: NodeId::default(),
        allocatable: Resources::default(),
        max_pods: 110,
        unschedulable,
    })
}

/// A Service, and its `spec.ipFamilies`, which the model's Services do not have.
pub(crate) fn service(f: &Fields<'_>) -> Read<(Service, Vec<AddressType>)> {
    f.ignore(&["apiVersion", "kind", "status"]);
    let meta = f.object("metadata", meta)?;
    let (spec, families) = f.object("spec", |f| {
        let families = f.each("ipFamilies", |value, at| match value.as_str() {
            Some("IPv4") => Ok(AddressType::IPv4),
            Some("IPv6") => Ok(AddressType::IPv6),
            _ => Err(format!("{at}: IPv4 or IPv6 is wanted")),
        })?;
        let cluster_ip = f.text_or_empty("clusterIP")?;
        let headless = cluster_ip == "None";
        let given = !headless && !cluster_ip.is_empty();
        let spec = ServiceSpec {
            kind: service_type(f.text_or_empty("type")?)?,
            cluster_ip: given.then(|| address(cluster_ip)).transpose()?,
            headless,
            selector: f.value("selector").map(|_| f.labels("selector")).transpose()?,
            ports: f.objects("ports", service_port)?,
            publish_not_ready_addresses: f.flag("publishNotReadyAddresses")?,
            ..ServiceSpec::default()
        };
        Ok((spec, families))
    })?;
    let (id, status) = (ServiceId::default(), api::ServiceStatus::default());
    Ok((Service { meta, id, spec, status }, families))
}

fn service_type(text: &str) -> Read<ServiceType> {
    match text {
        "" | "ClusterIP" => Ok(ServiceType::ClusterIP),
        "NodePort" => Ok(ServiceType::NodePort),
        "LoadBalancer" => Ok(ServiceType::LoadBalancer),
        other => Err(format!("no such type of Service: {other}")),
    }
}

fn service_port(f: &Fields<'_>) -> Read<ServicePort> {
    let protocol_name = f.text_or_empty("protocol")?;
    let port = f.int_or_zero("port")?;
    Ok(ServicePort {
        name: f.text_or_empty("name")?.to_owned(),
        protocol: protocol(protocol_name).ok_or_else(|| format!("protocol {protocol_name}"))?,
        port,
        target_port: int_or_string(f, "targetPort")?.unwrap_or(IntOrString::Int(port.into())),
        node_port: f.int("nodePort")?,
    })
}

/// An EndpointSlice without endpoints and ports: what a tracker looks at.
pub(crate) fn endpoint_slice(f: &Fields<'_>) -> Read<EndpointSlice> {
    f.ignore(&["addressType", "apiVersion", "kind"]);
    let meta = f.object("metadata", meta)?;
    let service_name = meta.labels.get(SERVICE_NAME_LABEL).map_or("", String::as_str).into();
    Ok(EndpointSlice {
        meta,
        service_name,
        service: None,
        ports: Vec::new(),
        endpoints: Vec::new(),
    })
}

/// An endpoint. The pod behind it gets its number from its uid, which vectors give as a text.
pub(crate) fn endpoint(f: &Fields<'_>, pod_of: impl Fn(&str) -> PodId) -> Read<Endpoint> {
    let addresses = f.texts("addresses")?;
    let [only] = &addresses[..] else { return Err("endpoints have one address".to_owned()) };
    let (ready, serving, terminating) = f.object("conditions", |f| {
        let ready = f.needed("ready", f.flag_if_any("ready")?)?;
        // A condition that is absent is not one that this controller wrote, and so unlike `true`.
        Ok((ready, f.flag("serving")?, f.flag("terminating")?))
    })?;
    let target = f.object_if_any("targetRef", |f| {
        // The version is of the pod when it was read, and the namespace the slice's own.
        f.ignore(&["kind", "namespace", "resourceVersion"]);
        Ok((pod_of(f.text_or_empty("uid")?), f.text_or_empty("name")?.into()))
    })?;
    let (for_zones, for_nodes) = f.object("hints", |f| {
        let named = |f: &Fields<'_>| Ok(f.text_or_empty("name")?.into());
        Ok((f.objects("forZones", named)?, f.objects("forNodes", named)?))
    })?;
    Ok(Endpoint {
        address: address(only)?,
        ready,
        serving,
        terminating,
        node_name: f.text("nodeName")?.map(Into::into),
        zone: f.text("zone")?.map(Into::into),
        target,
        hostname: f.text("hostname")?.map(Into::into),
        for_zones,
        for_nodes,
    })
}
