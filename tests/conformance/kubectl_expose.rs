//! `kubectl_expose`: the Service that `kubectl expose` makes.

use kubectl::{
    command::{Cluster, execute},
    expose::Exposure,
};
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
            name: f.text_or_empty("name")?.to_owned(),
            selector: f.text_or_empty("selector")?.to_owned(),
            port: f.text_or_empty("port")?.to_owned(),
            protocol: f.text_or_empty("protocol")?.to_owned(),
            labels: f.text_or_empty("labels")?.to_owned(),
            ..Exposure::default()
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

/// What a user's Service says: no kind and no status.
fn said(service: &Value) -> Value {
    json!({ "metadata": service["metadata"], "spec": service["spec"] })
}

/// Runs the command itself. A cluster that stands still takes no Service, so what is to be stored is
/// looked at in a dry run, which says so behind the text that is expected.
fn expose(case: &Case) -> Result<(), Problem> {
    let (line, cluster, output) = case.input(|f| {
        f.ignore(&["calls", "status"]);
        let part = |name: &str| f.value(name).cloned().unwrap_or(Value::Object(Map::new()));
        let args = f.texts("args")?;
        let namespace = f.text_or_empty("ns")?.to_owned();
        let object = part("input");
        // Without arguments the object comes of a file, a Service.
        let name = args.get(1).cloned().or(text(&object["metadata"]["name"]));
        let kind = args.first().cloned().unwrap_or_else(|| "service".to_owned());
        let name = name.unwrap_or_default();
        let cluster = One { object: placed(object, &kind, &name, &namespace) };
        let mut line = vec!["expose".to_owned(), kind, name, format!("--namespace={namespace}")];
        line.extend(f.object("flags", flags)?);
        Ok((line, cluster, part("output")))
    })?;
    let expected =
        case.expected(|f| f.needed("expected", f.text("expected")?).map(str::to_owned))?;
    let dry = |format: &str| {
        let more = ["--dry-run=client".to_owned(), format.to_owned()];
        let line = line.iter().filter(|word| !word.starts_with("--dry-run")).cloned();
        execute(
            &line.chain(more.into_iter().filter(|word| !word.is_empty())).collect::<Vec<_>>(),
            &cluster,
        )
    };
    let json = dry("--output=json");
    let mut service: Value = serde_json::from_str(&json.stdout).map_err(|_| json.stderr)?;
    // The namespace is where it is sent to; the Service that was recorded does not repeat it.
    service["metadata"].as_object_mut().map(|metadata| metadata.remove("namespace"));
    agree("the Service", &output, &said(&service))?;
    let printed = dry("").stdout;
    let stated = expected.ends_with("(dry run)") || !expected.starts_with("service/");
    let expected = if stated { expected } else { format!("{expected} (dry run)") };
    match printed.contains(&expected) {
        true => Ok(()),
        false => agree("the text", &expected, &printed),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The recorded object as the cluster has it: what the test's stand-in server gave back may have
/// another name than was asked for.
fn placed(mut object: Value, kind: &str, name: &str, namespace: &str) -> Value {
    object["kind"] = if kind == "pod" { "Pod" } else { "Service" }.into();
    object["metadata"]["name"] = name.into();
    object["metadata"]["namespace"] = namespace.into();
    object
}

/// The flags as words of a command line.
fn flags(f: &Fields<'_>) -> Read<Vec<String>> {
    f.ignore(&["generator", "filename"]);
    let words = f.rest().into_iter().map(|(name, value)| {
        let value = value.as_str().ok_or_else(|| format!("--{name} is no text"))?;
        Ok(format!("--{name}={value}"))
    });
    words.collect()
}

/// A cluster of one object.
struct One {
    object: Value,
}

impl Cluster for One {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        if self.object["kind"] == kind { vec![self.object.clone()] } else { Vec::new() }
    }
}
