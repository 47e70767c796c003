//! The types of the Gateway API, of which `k8s-openapi` has none.
//!
//! They are named and spelt as in the API, so that a field that is not here does not exist. What is
//! never looked at, [`Unread`], may be anything.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, de::IgnoredAny};

/// A value that nobody looks at.
type Unread = Option<IgnoredAny>;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPRoute {
    api_version: Unread,
    kind: Unread,
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: HTTPRouteSpec,
    status: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPRouteSpec {
    pub(crate) parent_refs: Option<Vec<ParentReference>>,
    pub(crate) use_default_gateways: Option<String>,
    pub(crate) hostnames: Option<Vec<String>>,
    pub(crate) rules: Option<Vec<HTTPRouteRule>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ParentReference {
    pub(crate) group: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) section_name: Option<String>,
    pub(crate) port: Option<i32>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPRouteRule {
    name: Unread,
    pub(crate) matches: Option<Vec<HTTPRouteMatch>>,
    filters: Unread,
    pub(crate) backend_refs: Option<Vec<HTTPBackendRef>>,
    timeouts: Unread,
    retry: Unread,
    session_persistence: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPRouteMatch {
    pub(crate) path: Option<HTTPPathMatch>,
    pub(crate) headers: Option<Vec<IgnoredAny>>,
    pub(crate) query_params: Option<Vec<IgnoredAny>>,
    pub(crate) method: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPPathMatch {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HTTPBackendRef {
    pub(crate) group: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) port: Option<i32>,
    pub(crate) weight: Option<i32>,
    filters: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Gateway {
    api_version: Unread,
    kind: Unread,
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: GatewaySpec,
    status: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct GatewaySpec {
    pub(crate) gateway_class_name: Option<String>,
    pub(crate) listeners: Option<Vec<Listener>>,
    addresses: Unread,
    infrastructure: Unread,
    allowed_listeners: Unread,
    default_scope: Unread,
    tls: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Listener {
    pub(crate) name: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) port: Option<i32>,
    pub(crate) protocol: Option<String>,
    tls: Unread,
    pub(crate) allowed_routes: Option<AllowedRoutes>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AllowedRoutes {
    pub(crate) namespaces: Option<RouteNamespaces>,
    kinds: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RouteNamespaces {
    pub(crate) from: Option<String>,
    selector: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct GatewayClass {
    api_version: Unread,
    kind: Unread,
    metadata: ObjectMeta,
    spec: GatewayClassSpec,
    status: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GatewayClassSpec {
    controller_name: Unread,
    parameters_ref: Unread,
    description: Unread,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReferenceGrant {
    api_version: Unread,
    kind: Unread,
    metadata: ObjectMeta,
    spec: ReferenceGrantSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReferenceGrantSpec {
    from: Unread,
    to: Unread,
}
