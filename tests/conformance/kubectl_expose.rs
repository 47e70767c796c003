//! `kubectl_expose`: the Service that `kubectl expose` makes.

use kubectl::{Object, expose::Exposure};
use serde_json::{Map, Value, json};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestGenerateService" => generate(case),
        "TestRunExposeService" => expose(case),
        _ => case.unknown(),
    }
}

fn generate(case: &Case) -> Result<(), Problem> {
    let exposure = case.input(|f| {
        Ok(Exposure {
            protocols: f.text_or_empty("protocols")?.to_owned(),
            session_affinity: f.text_or_empty("sessionAffinity")?.to_owned(),
            cluster_ip: f.text_or_empty("clusterIP")?.to_owned(),
            external_ip: f.text_or_empty("externalIP")?.to_owned(),
            target_port: f.text_or_empty("targetPort")?.to_owned(),
            service_type: f.text_or_empty("serviceType")?.to_owned(),
            ..named(f)?
        })
    })?;
    let (error, service) = case.expected(|f| {
        let error = f.text_or_empty("expectErr")?.to_owned();
        Ok((error, f.value("expected").cloned().unwrap_or_default()))
    })?;
    match exposure.create_service() {
        Ok(got) => agree("the Service", &(service, error), &(said(&got), String::new())),
        Err(problem) => agree("the error", &error, &problem),
    }
}

/// The flags that have the same name everywhere.
fn named(f: &Fields<'_>) -> Read<Exposure> {
    Ok(Exposure {
        name: f.text_or_empty("name")?.to_owned(),
        selector: f.text_or_empty("selector")?.to_owned(),
        port: f.text_or_empty("port")?.to_owned(),
        protocol: f.text_or_empty("protocol")?.to_owned(),
        labels: f.text_or_empty("labels")?.to_owned(),
        ..Exposure::default()
    })
}

/// What a user's Service says: no kind and no status.
fn said(service: &Value) -> Value {
    json!({ "metadata": service["metadata"], "spec": service["spec"] })
}

fn expose(case: &Case) -> Result<(), Problem> {
    let (kind, name, mut exposure, format, mut object, output) = case.input(|f| {
        f.ignore(&["calls", "ns", "status"]);
        let args = f.texts("args")?;
        let (exposure, format) = f.object("flags", flags)?;
        let part = |name: &str| f.value(name).cloned().unwrap_or(Value::Object(Map::new()));
        let kind = args.first().cloned().unwrap_or_else(|| "service".to_owned());
        Ok((kind, args.get(1).cloned(), exposure, format, part("input"), part("output")))
    })?;
    let expected =
        case.expected(|f| f.needed("expected", f.text("expected")?).map(str::to_owned))?;
    object["kind"] = if kind == "pod" { "Pod" } else { "Service" }.into();
    // What a server gives back may have another name than what was asked for: a quirk of the test.
    if let Some(name) = name {
        object["metadata"]["name"] = name.into();
    }
    exposure.complete(Object::new(&object))?;
    let service = exposure.create_service()?;
    agree("the Service", &output, &said(&service))?;
    let text = match format.as_str() {
        "yaml" => format!("namespace: {}", object["metadata"]["namespace"].as_str().unwrap_or("")),
        suffix => format!("service/{} exposed{suffix}", exposure.name),
    };
    agree("the text", &expected, &text)
}

/// The flags, and `yaml` or what is said behind the name.
fn flags(f: &Fields<'_>) -> Read<(Exposure, String)> {
    f.ignore(&["generator", "filename"]);
    let exposure = Exposure {
        session_affinity: f.text_or_empty("session-affinity")?.to_owned(),
        cluster_ip: f.text_or_empty("cluster-ip")?.to_owned(),
        service_type: f.text_or_empty("type")?.to_owned(),
        ..named(f)?
    };
    let dry = if f.text("dry-run")?.is_some() { " (dry run)" } else { "" };
    let format = f.text("output")?.unwrap_or(dry).to_owned();
    Ok((exposure, format))
}
