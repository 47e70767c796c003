//! What the API server fills in of a Service.

use scenario::validation::with_defaults;
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestSetDefaultServiceSessionAffinityConfig" => {
            let spec = case.input(|f| Ok(f.value("spec").cloned().unwrap_or_default()))?;
            case.fixture(|f| f.text("input").map(drop))?;
            let name = "sessionAffinityConfig.clientIP.timeoutSeconds";
            let expected = case.expected(|f| f.int::<i64>(name))?;
            let got = defaulted(&serde_json::json!({ "spec": spec }))?;
            let path = "/spec/sessionAffinityConfig/clientIP/timeoutSeconds";
            agree(name, &expected, &got.pointer(path).and_then(Value::as_i64))
        }
        "TestSetDefaultServiceLoadbalancerIPMode" => {
            let expected = case.expected(|f| f.texts("expectedIPMode"))?;
            let got = service(case)?;
            let ingress = got.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
            let modes = ingress.into_iter().flatten().map(|ingress| &ingress["ipMode"]);
            let modes: Vec<String> =
                modes.filter_map(|mode| Some(mode.as_str()?.to_owned())).collect();
            agree("ipMode", &expected, &modes)
        }
        "TestSetDefaultServiceInternalTrafficPolicy" => {
            let expected = case.expected(|f| f.text("expectedInternalTrafficPolicy"))?;
            let got = service(case)?;
            let policy = got.pointer("/spec/internalTrafficPolicy").and_then(Value::as_str);
            agree("internalTrafficPolicy", &expected, &policy)
        }
        _ => case.unknown(),
    }
}

fn service(case: &Case) -> Read<Value> {
    let service = case.input(|f| Ok(f.value("svc").cloned().unwrap_or_default()))?;
    defaulted(&service)
}

fn defaulted(service: &Value) -> Read<Value> {
    let whole = with_defaults(service, serde_json::value::Serializer);
    whole.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
