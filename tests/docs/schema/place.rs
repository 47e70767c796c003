//! Every place in a document that the schema speaks of.

use serde_json::{Map, Value, json};

use super::validator::Validator;

/// A step from a value to one inside it.
#[derive(Clone, Debug)]
enum Step {
    Field(String),
    /// A name of the writer's own, as of an image.
    Name,
    Item,
}

/// A place, and what may stand there.
#[derive(Debug)]
pub(crate) struct Place<'s> {
    steps: Vec<Step>,
    pub(crate) form: &'s Map<String, Value>,
}

/// All places of Scenarios, in each of the forms that a value may have.
pub(crate) fn places<'s>(schema: &Validator<'s>) -> Vec<Place<'s>> {
    let mut places = Vec::new();
    visit(schema, schema.resolve("#/$defs/scenario"), &[], &mut places);
    places
}

fn visit<'s>(schema: &Validator<'s>, form: &'s Value, steps: &[Step], found: &mut Vec<Place<'s>>) {
    let Value::Object(form) = form else { return };
    if let Some(reference) = form.get("$ref").and_then(Value::as_str) {
        return visit(schema, schema.resolve(reference), steps, found);
    }
    let mut inside = |form, step: Option<Step>| {
        let steps: Vec<Step> = steps.iter().cloned().chain(step).collect();
        visit(schema, form, &steps, found);
    };
    for form in form.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        inside(form, None);
    }
    for (name, form) in form.get("properties").and_then(Value::as_object).into_iter().flatten() {
        inside(form, Some(Step::Field(name.clone())));
    }
    for (keyword, step) in [("items", Step::Item), ("additionalProperties", Step::Name)] {
        if let Some(form) = form.get(keyword) {
            inside(form, Some(step));
        }
    }
    found.push(Place { steps: steps.to_vec(), form });
}

impl Place<'_> {
    /// As the reader calls it: `spec.clients[0].name`.
    pub(crate) fn path(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let mut path = String::new();
        for step in &self.steps {
            path += &match step {
                Step::Field(name) if !name.chars().all(plain) => format!("[{name:?}]"),
                Step::Field(name) if path.is_empty() => name.clone(),
                Step::Field(name) => format!(".{name}"),
                Step::Name => ".own".to_owned(),
                Step::Item => "[0]".to_owned(),
            };
        }
        path
    }

    /// A Scenario with this value there and little else.
    pub(crate) fn document(&self, value: Value) -> Value {
        let mut document = self.steps.iter().rev().fold(value, |value, step| match step {
            Step::Item => json!([value]),
            Step::Name => json!({ "own": value }),
            // Layers go around a policy.
            Step::Field(name) if name == "layers" => {
                json!({ "envoy.least_request": null, "layers": value })
            }
            Step::Field(name) => json!({ name: value }),
        });
        if let Value::Object(fields) = &mut document {
            for (name, value) in [
                ("apiVersion", json!("rollsim.dev/v1")),
                ("kind", json!("Scenario")),
                ("spec", json!({})),
            ] {
                fields.entry(name).or_insert(value);
            }
        }
        document
    }
}
