//! Any object, and a change to one.

use std::{fmt, sync::Arc};

use crate::{
    Deployment, EndpointSlice, Endpoints, Gateway, HorizontalPodAutoscaler, HttpRoute, Ingress,
    Key, Meta, Node, Pod, PodDisruptionBudget, ReplicaSet, Service,
};

/// The kinds of objects that are modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1` Node.
    Node,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `v1` Pod.
    Pod,
    /// `v1` Service.
    Service,
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice,
    /// `networking.k8s.io/v1` Ingress.
    Ingress,
    /// `v1` Endpoints.
    Endpoints,
    /// `policy/v1` PodDisruptionBudget.
    PodDisruptionBudget,
    /// `autoscaling/v2` HorizontalPodAutoscaler.
    HorizontalPodAutoscaler,
    /// `gateway.networking.k8s.io/v1` HTTPRoute.
    HttpRoute,
    /// `gateway.networking.k8s.io/v1` Gateway.
    Gateway,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpRoute => f.write_str("HTTPRoute"),
            named => fmt::Debug::fmt(named, f),
        }
    }
}

/// A stored object. Readers share it; a write makes another.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A Node.
    Node(Arc<Node>),
    /// A Deployment.
    Deployment(Arc<Deployment>),
    /// A ReplicaSet.
    ReplicaSet(Arc<ReplicaSet>),
    /// A Pod.
    Pod(Arc<Pod>),
    /// A Service.
    Service(Arc<Service>),
    /// An EndpointSlice.
    EndpointSlice(Arc<EndpointSlice>),
    /// An Ingress.
    Ingress(Arc<Ingress>),
    /// Endpoints.
    Endpoints(Arc<Endpoints>),
    /// A PodDisruptionBudget.
    PodDisruptionBudget(Arc<PodDisruptionBudget>),
    /// A HorizontalPodAutoscaler.
    HorizontalPodAutoscaler(Arc<HorizontalPodAutoscaler>),
    /// An HTTPRoute.
    HttpRoute(Arc<HttpRoute>),
    /// A Gateway.
    Gateway(Arc<Gateway>),
}

impl Object {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Node(_) => Kind::Node,
            Self::Deployment(_) => Kind::Deployment,
            Self::ReplicaSet(_) => Kind::ReplicaSet,
            Self::Pod(_) => Kind::Pod,
            Self::Service(_) => Kind::Service,
            Self::EndpointSlice(_) => Kind::EndpointSlice,
            Self::Ingress(_) => Kind::Ingress,
            Self::Endpoints(_) => Kind::Endpoints,
            Self::PodDisruptionBudget(_) => Kind::PodDisruptionBudget,
            Self::HorizontalPodAutoscaler(_) => Kind::HorizontalPodAutoscaler,
            Self::HttpRoute(_) => Kind::HttpRoute,
            Self::Gateway(_) => Kind::Gateway,
        }
    }

    /// Its metadata.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Node(object) => &object.meta,
            Self::Deployment(object) => &object.meta,
            Self::ReplicaSet(object) => &object.meta,
            Self::Pod(object) => &object.meta,
            Self::Service(object) => &object.meta,
            Self::EndpointSlice(object) => &object.meta,
            Self::Ingress(object) => &object.meta,
            Self::Endpoints(object) => &object.meta,
            Self::PodDisruptionBudget(object) => &object.meta,
            Self::HorizontalPodAutoscaler(object) => &object.meta,
            Self::HttpRoute(object) => &object.meta,
            Self::Gateway(object) => &object.meta,
        }
    }

    /// Its metadata, to change before it is stored; readers keep the object they have.
    pub fn meta_mut(&mut self) -> &mut Meta {
        match self {
            Self::Node(object) => &mut Arc::make_mut(object).meta,
            Self::Deployment(object) => &mut Arc::make_mut(object).meta,
            Self::ReplicaSet(object) => &mut Arc::make_mut(object).meta,
            Self::Pod(object) => &mut Arc::make_mut(object).meta,
            Self::Service(object) => &mut Arc::make_mut(object).meta,
            Self::EndpointSlice(object) => &mut Arc::make_mut(object).meta,
            Self::Ingress(object) => &mut Arc::make_mut(object).meta,
            Self::Endpoints(object) => &mut Arc::make_mut(object).meta,
            Self::PodDisruptionBudget(object) => &mut Arc::make_mut(object).meta,
            Self::HorizontalPodAutoscaler(object) => &mut Arc::make_mut(object).meta,
            Self::HttpRoute(object) => &mut Arc::make_mut(object).meta,
            Self::Gateway(object) => &mut Arc::make_mut(object).meta,
        }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Key {
        self.meta().key()
    }
}

/// What happened to an object, in the words of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It was stored for the first time.
    Added,
    /// It was written again.
    Modified,
    /// It is gone; the change carries its last state.
    Deleted,
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub verb: Verb,
    /// The object after it, or before it for a deletion.
    pub object: Object,
}
