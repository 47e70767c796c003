//! What kubectl asks of several kinds, and what it says of a rollout.
//!
//! The objects of these cases lost their kinds, which are Go types there; they are told by what is
//! in them.

use std::collections::BTreeMap;

use kubectl::{
    Object,
    polymorphic::{
        can_be_exposed, map_based_selector_for_object, ports_for_object, protocols_for_object,
        rollout_status,
    },
};
use serde_json::{Value, json};

use crate::{
    case::{Case, agree},
    fields::{Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestCanBeExposed" => {
            let refused = case.expected(|f| f.flag("expectErr"))?;
            let (group, kind) = case.input(|f| {
                let kind = f.value("kind").ok_or("there is no kind")?;
                let text = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                Ok((text("Group"), text("Kind")))
            })?;
            agree("refused", &refused, &can_be_exposed(&group, &kind).is_err())
        }
        "TestMapBasedSelectorForObject" => {
            let expected = case.expected(|f| {
                let selector = f.text_or_empty("expectSelector")?.to_owned();
                Ok(Some(selector).filter(|_| !f.flag("expectErr").unwrap_or(true)))
            })?;
            let object = object(case)?;
            agree("selector", &expected, &map_based_selector_for_object(Object::new(&object)).ok())
        }
        "TestPortsForObject" => {
            let expected = case.expected(|f| {
                let refused = f.flag("expectErr")?;
                let ports = f.texts("expected")?;
                Ok((!refused).then_some(ports))
            })?;
            let object = object(case)?;
            agree("ports", &expected, &ports_for_object(Object::new(&object)).ok())
        }
        "TestMultiProtocolsForObject" => check_protocols(case),
        "TestDeploymentStatusViewerStatus" => check_status(case),
        _ => case.unknown(),
    }
}

fn check_protocols(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| {
        let refused = f.flag("expectErr")?;
        let ports = f.value("expected").and_then(Value::as_object).cloned().unwrap_or_default();
        let texts = |value: &Value| -> Vec<String> {
            let texts = value.as_array().into_iter().flatten();
            texts.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
        };
        let ports: BTreeMap<String, Vec<String>> =
            ports.iter().map(|(port, protocols)| (port.clone(), texts(protocols))).collect();
        Ok((!refused).then_some(ports))
    })?;
    let object = object(case)?;
    let got = protocols_for_object(Object::new(&object)).ok().map(|pairs| {
        let mut ports: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (port, protocol) in pairs {
            ports.entry(port).or_default().push(protocol);
        }
        ports
    });
    agree("protocols", &expected, &got)
}

fn check_status(case: &Case) -> Result<(), Problem> {
    let expected = case.expected(|f| Ok((f.text_or_empty("msg")?.to_owned(), f.flag("done")?)))?;
    let deployment = case.input(|f| {
        Ok(json!({
            "metadata": { "name": "foo", "generation": f.int::<i64>("generation")? },
            "spec": { "replicas": f.int::<i64>("specReplicas")? },
            "status": f.value("status"),
        }))
    })?;
    agree("status", &Ok(expected), &rollout_status(Object::new(&deployment)))
}

/// The object of a case, with the kind that its fields tell.
fn object(case: &Case) -> Read<Value> {
    let mut object = case.input(|f| Ok(f.value("object").cloned().unwrap_or_else(|| json!({}))))?;
    let has = |path: &str| object.pointer(path).is_some();
    let kind = if has("/spec/containers") {
        "Pod"
    } else if has("/status/nodeInfo") {
        "Node"
    } else if !has("/spec/template") && has("/status/replicas") {
        "ReplicationController"
    } else if has("/spec/template") && has("/status/replicas") {
        "ReplicaSet"
    } else if has("/spec/template") {
        "Deployment"
    } else {
        "Service"
    };
    object["kind"] = kind.into();
    Ok(object)
}
