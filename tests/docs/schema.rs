//! The JSON Schema of a Scenario: it is in its file, it takes what the reader takes, and it knows
//! each field that the reader knows and no other. `ROLLSIM_BLESS=1 cargo test --test docs schema`
//! writes the file.

mod editor;
mod place;
mod validator;

use std::{collections::BTreeSet, env, fs};

use serde_json::{Value, json};

use self::{editor::documents, place::places, validator::Validator};
use crate::{
    page::{PAGES, as_document, blocks, code, path, read},
    rehearsal::look_at,
    rust_source::{listed_words, source, sources_in},
};

/// Where it is.
const FILE: &str = "schema/scenario.schema.json";

fn schema() -> Value {
    serde_json::from_str(&scenario::schema()).expect("it is JSON")
}

#[test]
fn the_file_is_what_the_program_prints() {
    let printed = scenario::schema();
    if env::var_os("ROLLSIM_BLESS").is_some() {
        fs::create_dir_all(path(FILE).parent().expect("it is in a folder"))
            .expect("it can be made");
        fs::write(path(FILE), &printed).expect("it can be written");
    }
    let found = fs::read_to_string(path(FILE)).unwrap_or_default();
    assert!(found == printed, "{FILE} is not the schema; ROLLSIM_BLESS=1 writes it");
}

/// Manifests beside a Scenario are let be, so every document of a file is held against the schema.
#[test]
fn every_scenario_is_as_the_schema_wants_it() {
    let (schema, mut seen) = (schema(), 0);
    let validator = Validator::new(&schema);
    for entry in fs::read_dir(path("scenarios")).expect("it is there") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        if !name.ends_with(".yaml") {
            continue;
        }
        for document in documents(&read(&format!("scenarios/{name}"))) {
            assert!(validator.accepts(&document), "scenarios/{name}: {document:#}");
            seen += usize::from(document["kind"] == "Scenario");
        }
    }
    assert!(seen > 40, "only {seen} Scenarios were found");
}

#[test]
fn every_example_is_as_the_schema_wants_it() {
    let (schema, mut seen) = (schema(), 0);
    let validator = Validator::new(&schema);
    for page in PAGES {
        for block in blocks(&read(page), "yaml") {
            let Some(text) = as_document(page, &block) else { continue };
            for document in documents(&text) {
                assert!(validator.accepts(&document), "{page}: {document:#}");
                seen += 1;
            }
        }
    }
    assert!(seen > 4, "only {seen} examples were found");
}

/// Names of fields and words of choices in a schema, and the words of its patterns.
fn words<'s>(form: &'s Value, found: &mut BTreeSet<&'s str>) {
    match form {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match (keyword.as_str(), value) {
                    ("description" | "title" | "examples", _) => {}
                    ("properties" | "$defs", Value::Object(fields)) => {
                        found.extend(fields.keys().map(String::as_str));
                        fields.values().for_each(|form| words(form, found));
                    }
                    ("pattern", Value::String(pattern)) => {
                        found.extend(pattern.split(|c: char| !c.is_alphanumeric()));
                    }
                    _ => words(value, found),
                }
            }
        }
        Value::Array(forms) => forms.iter().for_each(|form| words(form, found)),
        Value::String(word) => drop(found.insert(word)),
        _ => {}
    }
}

/// Names that `every_word_of_the_scenario_format_is_in_its_page` looks for in the page, but for
/// those that are planned and those of kubectl's command lines and of what they apply.
#[test]
fn every_word_of_the_scenario_format_is_in_the_schema() {
    let mut files = sources_in("crates/scenario/src/spec");
    files.retain(|name| !name.contains("/command") && !name.contains("/applied_"));
    files.extend(["spec", "profile", "rate"].map(|name| format!("crates/scenario/src/{name}.rs")));
    let mut known: BTreeSet<String> =
        files.iter().flat_map(|name| listed_words(&source(name))).collect();
    let page = read("docs/scenario.md");
    let planned = page.split("\n## Not there yet\n").nth(1).expect("it has this section");
    let planned = code(planned.split("\n## ").next().unwrap_or_default());
    known.retain(|word| !planned.contains(word.as_str()));
    for word in ["crashAfter", "podCreateAnswer", "lameDuck", "forever"] {
        assert!(known.contains(word), "the lists are read wrongly: {word} is not among {known:?}");
    }
    let schema = schema();
    let mut found = BTreeSet::new();
    words(&schema, &mut found);
    let projects = policy::CATALOGUE.iter().filter_map(|entry| entry.name.split('.').next());
    found.extend(projects);
    let missing: Vec<&String> =
        known.iter().filter(|word| !found.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "the schema does not know {missing:?}");
}

/// Asked for a field that is not there, the reader lists those that are.
#[test]
fn the_fields_of_each_mapping_are_those_that_the_reader_lists() {
    const NOBODYS: &str = "nobodysfield";
    let (schema, mut seen) = (schema(), 0);
    let validator = Validator::new(&schema);
    for place in places(&validator) {
        let Some(fields) = place.form.get("properties").and_then(Value::as_object) else {
            continue;
        };
        let mut value = json!({ NOBODYS: null });
        // By this field the reader tells one form of `from` from the other.
        if fields.keys().eq(["outside"]) {
            value["outside"] = Value::Null;
        }
        let loaded = look_at(&place.document(value).to_string());
        let found = loaded.diagnostics.iter().find(|found| found.message.contains(NOBODYS));
        let found = found.unwrap_or_else(|| panic!("{}: any field is taken", place.path()));
        // Policies are too many for a list, and a command shows them.
        if found.help.contains("`rollsim explain balancing`") {
            continue;
        }
        let listed: BTreeSet<&str> = found.help.split('`').skip(1).step_by(2).collect();
        let known: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(listed, known, "{}: left the reader, right the schema", place.path());
        seen += 1;
    }
    assert!(seen > 100, "only {seen} mappings were found");
}

/// What the reader says of the value at a path, for itself.
fn complaints(document: &Value, path: &str) -> Vec<String> {
    let loaded = look_at(&document.to_string());
    let (of_it, word) = (format!("{path}: "), format!("`{path}`"));
    let messages = loaded.diagnostics.into_iter().filter(scenario::Diagnostic::is_error);
    let messages = messages.map(|found| found.message);
    messages.filter(|it| it.starts_with(&of_it) || it.contains(&word)).collect()
}

/// What depends on other fields or on what a text means, which the schema does not look at.
const ELSEWHERE: [&str; 12] = [
    // Of two settings that go together.
    " is less than `",
    "at least 100ms",
    "at most 1h",
    "CoreDNS takes 0s to 1h",
    "is not before the end",
    "0s is not allowed",
    "nothing can be kept for no time",
    "a client that does not wait gets no answer",
    "only ipvs has schedulers",
    "only a program that drains has a lame duck period",
    "nodes are not registered and not timed",
    "workers each are more than 255",
];

/// Values at the edges of what a form allows, and values just beyond.
fn edges(form: &serde_json::Map<String, Value>) -> (Vec<Value>, Vec<Value>) {
    let (mut inside, mut beyond) = (Vec::new(), Vec::new());
    let list = |keyword| form.get(keyword).and_then(Value::as_array).into_iter().flatten();
    inside.extend(list("enum").chain(list("examples")).cloned());
    inside.extend(form.get("const").cloned());
    inside.extend(form.get("default").cloned());
    if form.contains_key("enum") || form.contains_key("pattern") {
        beyond.push(json!("nobody's (word"));
    }
    for (keyword, step) in [("minimum", -1), ("maximum", 1)] {
        if let Some(edge) = form.get(keyword) {
            inside.push(edge.clone());
            beyond.extend(edge.as_i64().and_then(|edge| edge.checked_add(step)).map(Value::from));
        }
    }
    (inside, beyond)
}

/// At each place, what the schema allows is allowed by the reader, and what it forbids is not.
#[test]
fn values_at_the_edges_are_taken_or_refused_by_both() {
    let (schema, mut seen, mut wrong) = (schema(), 0, Vec::new());
    let validator = Validator::new(&schema);
    for place in places(&validator) {
        let path = place.path();
        let (inside, beyond) = edges(place.form);
        seen += inside.len() + beyond.len();
        for value in inside {
            let mut found = complaints(&place.document(value.clone()), &path);
            found.retain(|it| !ELSEWHERE.iter().any(|what| it.contains(what)));
            wrong.extend((!found.is_empty()).then(|| format!("{path}: {value}: {found:?}")));
        }
        for value in beyond {
            let document = place.document(value.clone());
            let (read, fits) =
                (complaints(&document, &path).is_empty(), validator.accepts(&document));
            wrong.extend((read || fits).then(|| format!("{path}: {value}: {read} {fits}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 300, "only {seen} values were found");
}

/// Lines of `spec` that are wrong, where CLIENT is the beginning of a client.
const WRONG_LINES: [&str; 63] = [
    "sed: 1",
    "seed: -1",
    "seed: many",
    "seeds: 20",
    "duration: 120",
    "duration: -5s",
    "duration: [1s]",
    "description: { a: b }",
    "expect: success",
    "cluster: { profile: smal }",
    "cluster: { coredns: {} }",
    "cluster: { kubernetesVersion: \"1.30\" }",
    "cluster: { nodes: { count: 0 } }",
    "cluster: { nodes: { cpu: lots } }",
    "cluster: { nodes: { memory: -1Gi } }",
    "cluster: { nodes: { zones: [] } }",
    "cluster: { proxy: { syncDuration: exp(20) } }",
    "cluster: { proxy: { randomPhase: sometimes } }",
    "cluster: { proxy: { mode: ipvs, scheduler: rrr } }",
    "cluster: { controlPlane: { clientQPS: 0 } }",
    "cluster: { controlPlane: { clientQPS: 5/d } }",
    "cluster: { dns: { loss: 1.5 } }",
    "cluster: { dns: { rewrites: [long-names] } }",
    "balancing: envoy.least_requests",
    "balancing: { envoy.least_request: { choices: 3 } }",
    "balancing: { envoy.least_request: { choice_count: 1 } }",
    "balancing: { envoy.least_request: {}, envoy.random: {} }",
    "balancing: { layers: [ envoy.slow_start ] }",
    "balancing: { envoy.random: {}, layers: [ envoy.slow ] }",
    "balancing: { envoy.random: {}, layers: [ { envoy.slow_start: { window: 1s } } ] }",
    "images: { web:v1: { start: [] } }",
    "images: { web:v1: { serviceTime: \"lognormal(20ms)\" } }",
    "images: { web:v1: { concurrency: 1.5 } }",
    "images: { web:v1: { onSigterm: die } }",
    "images: { web:v1: { warmUp: { for: 1s } } }",
    "images: { web:v1: { listen: [0] } }",
    "clients: {}",
    "clients: [ { name: a } ]",
    "clients: [ CLIENT, from: nowhere } ]",
    "clients: [ CLIENT, from: { zone: a } } ]",
    "clients: [ CLIENT, from: { node: node-1, pods: app=web } } ]",
    "clients: [ CLIENT, from: { pods: web } } ]",
    "cluster: { ingress: { workers: 0 } }",
    "cluster: { ingress: { balancing: metallb.l2 } }",
    "cluster: { loadBalancer: { balancing: ipvs.lc } }",
    "cluster: { loadBalancer: { balancing: oracle.jsq } }",
    "clients: [ CLIENT, balancing: ipvs.lc } ]",
    "clients: [ CLIENT, balancing: aws.nlb } ]",
    "clients: [ CLIENT, connections: { keepAlive: { maxStreams: 3 } } } ]",
    "clients: [ CLIENT, connections: {} } ]",
    "clients: [ CLIENT, retries: { on: [reset] } } ]",
    "clients: [ CLIENT, retries: { attempts: 2, on: [dns] } } ]",
    "clients: [ CLIENT, dns: { cache: always } } ]",
    "clients: [ { name: a, target: web-svc, arrivals: poisson(1/s) } ]",
    "clients: [ { name: a, target: http://web-svc/, arrivals: poisson(1) } ]",
    "clients: [ { name: a, target: http://web-svc/, arrivals: closed(10) } ]",
    "timeline: [ { kubectl: rollout restart deployment/web } ]",
    "timeline: [ { at: 1s } ]",
    "timeline: [ { at: 1s, kubectl: rollout restart deployment/web, fault: {} } ]",
    "timeline: [ { at: 1s, fault: { drain: { node: node-1 } } } ]",
    "timeline: [ { at: 1s, fault: { slow: { pods: app=web } } } ]",
    "timeline: [ { at: 1s, fault: { slow: { pods: app=web, factor: 0.5 } } } ]",
    "expect: [ { success_rate: 1 } ]",
];

/// Documents that are wrong as a whole.
const WRONG_DOCUMENTS: [&str; 7] = [
    "apiVersion: rollsim.dev/v2\nkind: Scenario\nspec: {}\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenery\nspec: {}\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenario\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenario\nspec:\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenario\nmetadata: { name: A_b }\nspec: {}\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenario\nmetadata: { namespace: a }\nspec: {}\n",
    "apiVersion: rollsim.dev/v1\nkind: Scenario\nstatus: {}\nspec: {}\n",
];

#[test]
fn what_the_reader_refuses_the_schema_refuses_where_it_can() {
    let right = "apiVersion: rollsim.dev/v1\nkind: Scenario\nspec:\n  manifests: [app.yaml]\n";
    let client = "{ name: a, target: http://web-svc/, arrivals: poisson(1/s)";
    let schema = schema();
    let validator = Validator::new(&schema);
    let judge = |text: &str| {
        let read = look_at(text).diagnostics.iter().all(|found| !found.is_error());
        (read, documents(text).iter().all(|document| validator.accepts(document)))
    };
    assert_eq!(judge(right), (true, true), "{right}");
    assert_eq!(judge(&format!("{right}  clients: [ {client} }} ]\n")), (true, true), "{client}");
    for line in WRONG_LINES {
        let text = format!("{right}  {}\n", line.replace("CLIENT", client));
        assert_eq!(judge(&text), (false, false), "read, as the schema wants it: {line}");
    }
    for text in WRONG_DOCUMENTS {
        assert_eq!(judge(text), (false, false), "read, as the schema wants it: {text}");
    }
}
