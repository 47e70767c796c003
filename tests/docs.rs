//! The pages stay true: what they say is held against the code and against a real run.
//!
//! Names that the code knows are read off its source, so that a new field, cause, record or flag
//! fails here until its page has it. Examples are loaded, and command lines compared with the
//! arguments there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use metrics::Collector;
use record::{Cause, JsonLines, Tee};
use scenario::{Cluster, Complaint, Files, Found, Loaded, ProxyMode, Readiness, Severity, Style};
use serde_json::Value;

/// The pages with examples and command lines.
const PAGES: [&str; 9] = [
    "README.md",
    "docs/scenario.md",
    "docs/model.md",
    "docs/record.md",
    "docs/output.md",
    "docs/causes.md",
    "docs/kubectl.md",
    "scenarios/README.md",
    "reports/README.md",
];

/// A run in which everything happens that can be recorded: a crash, pods that fit nowhere, SIGKILL.
const EVENTFUL: &str = "
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: eventful }
spec:
  description: Everything happens.
  duration: 40s
  manifests: [app.yaml]
  cluster: { nodes: { count: 1, cpu: 500m } }
  images: { web:v1: { onSigterm: ignore }, web:v2: { stop: 1s } }
  clients: [ { name: shop, target: http://web-svc/, arrivals: poisson(50/s) } ]
  timeline:
    - { at: 2s, fault: { crash: { pods: app=web } } }
    - { at: 10s, kubectl: set image deployment/web web=web:v2 }
    - { at: 30s, kubectl: rollout restart deployment/web }
  expect: [ requests.failed == 0 ]
";

/// The manifests that the examples speak of.
const APP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 3
      containers:
      - name: web
        image: web:v1
        ports: [ { name: http, containerPort: 8080 } ]
        resources: { requests: { cpu: 250m } }
        readinessProbe: { tcpSocket: { port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: http } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web-np }
spec: { type: NodePort, selector: { app: web }, ports: [ { port: 80, targetPort: http, nodePort: 30080 } ] }
";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A source file without its tests.
fn source(name: &str) -> String {
    let text = read(name);
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The Rust files of a folder and of those in it, by name.
fn sources_in(folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path(folder)).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            names.extend(sources_in(&name));
        } else if name.ends_with(".rs") {
            names.push(name);
        }
    }
    names.sort_unstable();
    names
}

// What stands in a page.

/// What stands in code in a page: `a.b` counts as itself and as `b`.
fn code(page: &str) -> BTreeSet<&str> {
    let spans = page.lines().filter(|line| !line.starts_with("```"));
    let spans = spans.flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.flat_map(|span| [span, span.rsplit('.').next().unwrap_or(span)]).collect()
}

/// The cells of the table rows whose first cell is this, in code.
fn rows<'a>(page: &'a str, first: &str) -> Vec<Vec<&'a str>> {
    let wanted = format!("`{first}`");
    let cells = page.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = cells.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells.first() == Some(&wanted.as_str())).collect()
}

/// The fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let ends = |block: &str| block.split("\n```").next().unwrap_or_default().to_owned();
    page.split(&fence).skip(1).map(ends).collect()
}

#[track_caller]
fn assert_all<'a>(page: &str, known: &BTreeSet<&str>, words: impl IntoIterator<Item = &'a str>) {
    let missing: BTreeSet<&str> = words.into_iter().filter(|word| !known.contains(word)).collect();
    assert!(missing.is_empty(), "{page} does not mention {missing:?} in code");
}

// What stands in a source.

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Mark(char),
}

/// Texts and other characters of Rust source; comments and white space are left out.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = if rest.starts_with("//") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if c == '"' {
            let end = end_of_text(after);
            tokens.push(Token::Text(after[..end].to_owned()));
            after.get(end + 1..).unwrap_or_default()
        } else if c == '\'' && after.starts_with('"') {
            // A character that would look like the beginning of a text.
            &after[1..]
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Mark(c));
            }
            after
        };
    }
    tokens
}

fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// The words in lists of texts, and of tuples that begin with texts: `["name", "from"]`,
/// `[("exit", …), …]`.
fn listed_words(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut words = BTreeSet::new();
    let is_text = |place: usize| matches!(tokens.get(place), Some(Token::Text(_)));
    for (start, token) in tokens.iter().enumerate() {
        let tuple = tokens.get(start + 1) == Some(&Token::Mark('('));
        if *token != Token::Mark('[') || !is_text(start + 1 + usize::from(tuple)) {
            continue;
        }
        let list = tokens[start + 1..].iter().take_while(|token| **token != Token::Mark(']'));
        words.extend(list.filter_map(|token| match token {
            Token::Text(text) => Some(text.clone()),
            Token::Mark(_) => None,
        }));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    words.retain(|word| word.len() > 1 && word.chars().all(plain));
    words
}

/// The second texts of tuples that begin with two: `("PodSpec", "affinity", …)`.
fn seconds_of_tuples(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let found = tokens.windows(4).filter_map(|four| match four {
        [Token::Mark('('), Token::Text(_), Token::Mark(','), Token::Text(second)] => {
            Some(second.clone())
        }
        _ => None,
    });
    found.collect()
}

/// The texts right after each of some beginnings, such as `traffic("`.
fn texts_after<'a>(source: &'a str, beginnings: &[&str]) -> BTreeSet<&'a str> {
    let after = |beginning: &&str| source.split(*beginning).skip(1).collect::<Vec<_>>();
    let texts = beginnings.iter().flat_map(after);
    texts.filter_map(|rest| rest.split('"').next()).collect()
}

/// The variants of an enum.
fn variants<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let body = source.split(&format!("enum {name} {{\n")).nth(1).expect("the enum is there");
    let body = body.split("\n}").next().unwrap_or_default();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants.filter_map(|line| line.split([' ', '(', ',']).next()).collect()
}

// Loading and running.

struct Memory(BTreeMap<&'static str, String>);

impl Files for Memory {
    fn look(&self, path: &str) -> io::Result<Found> {
        self.0.get(path).map(|_| Found::File).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }
}

/// Loads a scenario beside the manifests of the examples.
fn load(text: &str) -> Loaded {
    let files = [
        ("scenario.yaml", text.to_owned()),
        ("app.yaml", APP.to_owned()),
        ("app-v2.yaml", APP.replace("web:v1", "web:v2")),
    ];
    let judge = |text: &str| match metrics::Expectation::parse(text) {
        Ok(_) => Ok(None),
        Err(error) => Err(Complaint {
            offset: error.offset(),
            message: error.to_string(),
            help: String::new(),
        }),
    };
    let loaded =
        scenario::load(&["scenario.yaml".to_owned()], &Memory(files.into_iter().collect()), &judge);
    let errors = loaded.diagnostics.iter().filter(|found| found.severity() == Severity::Error);
    assert_eq!(
        errors.count(),
        0,
        "{text}\n{}",
        scenario::render(&loaded.diagnostics, &loaded.sources, Style::Plain)
    );
    loaded
}

/// The record stream and the result of the run in which everything happens.
fn eventful() -> (Vec<Value>, Value) {
    let loaded = load(EVENTFUL);
    let scenario = loaded.scenario.expect("it has no error");
    let lines = JsonLines::new(Vec::new(), sim::BEGIN);
    let mut both = Tee(Collector::default(), lines);
    sim::run(sim::compile(&scenario, 1), &mut both);
    let measures = both.0.finish();
    let expectation = metrics::Expectation::parse(&scenario.expect[0].text).expect("it is one");
    let report = report::Report {
        tool: "rollsim",
        scenario: &scenario.name,
        description: &scenario.description,
        seed: 1,
        measures: &measures,
        verdicts: vec![expectation.check(&measures)],
        advice: vec![report::Advice {
            summary: String::new(),
            place: None,
            field: String::new(),
            snippet: String::new(),
            outcome: String::new(),
            verified: true,
        }],
        warnings: Vec::new(),
    };
    let stream = both.1.finish().expect("memory takes everything");
    let stream = String::from_utf8(stream).expect("JSON is UTF-8");
    let json = |line: &str| serde_json::from_str(line).expect("it is JSON");
    (stream.lines().map(json).collect(), json(&report::json(&report)))
}

/// The keys of all objects in a value, but for those that are names of causes and versions.
fn keys<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.insert(key);
                if !matches!(key.as_str(), "by_cause" | "replica_sets") {
                    keys(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

// The pages.

#[test]
fn every_word_of_the_scenario_format_is_in_its_page() {
    let mut files = sources_in("crates/scenario/src/spec");
    files.extend(["spec", "profile", "rate"].map(|name| format!("crates/scenario/src/{name}.rs")));
    let words: BTreeSet<String> =
        files.iter().flat_map(|name| listed_words(&source(name))).collect();
    for known in ["crashAfter", "namespace", "podCreateAnswer", "lameDuck", "at", "--to-revision"] {
        assert!(
            words.contains(known),
            "the lists are read wrongly: {known} is not among {words:?}"
        );
    }
    let page = read("docs/scenario.md");
    assert_all("docs/scenario.md", &code(&page), words.iter().map(String::as_str));
}

#[test]
fn everything_that_can_be_expected_is_in_the_page() {
    let quantities = source("crates/metrics/src/quantity.rs");
    let names = texts_after(&quantities, &["traffic(\"", "balance(\"", "rollouts(\""]);
    assert!(names.contains("latency.p99") && names.len() > 15, "{names:?}");
    assert_all("docs/scenario.md", &code(&read("docs/scenario.md")), names);
}

#[test]
fn every_cause_has_a_section() {
    let page = read("docs/causes.md");
    for cause in Cause::ALL {
        assert!(page.contains(&format!("\n## {cause}\n")), "docs/causes.md has no {cause}");
    }
}

#[test]
fn every_record_is_in_its_page_with_its_fields() {
    let page = read("docs/record.md");
    let (stream, _) = eventful();
    let mut met = BTreeMap::new();
    for line in &stream {
        let kind = line["record"].as_str().expect("every line has its kind");
        keys(line, met.entry(kind).or_insert_with(BTreeSet::new));
    }
    for kind in variants(&source("crates/record/src/record.rs"), "Record") {
        assert!(met.contains_key(kind), "the run for this test has no {kind}");
        let rows = rows(&page, kind);
        assert_eq!(rows.len(), 1, "docs/record.md has no row for {kind}");
        let row = rows[0].join("|");
        let text = if kind == "RequestFinished" { &page } else { &row };
        let fields = met[kind].iter().copied().filter(|key| !matches!(*key, "t" | "record"));
        assert_all(&format!("docs/record.md, {kind},"), &code(text), fields);
    }
}

#[test]
fn every_key_of_a_result_is_in_its_page() {
    let (_, result) = eventful();
    let mut found = BTreeSet::new();
    keys(&result, &mut found);
    for known in ["gap_ms", "snippet", "p999", "replica_sets", "superseded", "measured"] {
        assert!(found.contains(known), "the result is too poor for this test: it has no {known}");
    }
    assert_all("docs/output.md", &code(&read("docs/output.md")), found);
}

/// Every setting of a profile, as the page writes it.
fn settings(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let (control, kubelet) = (&cluster.control_plane, &cluster.kubelet);
    let (proxy, network) = (&cluster.proxy, &cluster.network);
    let limit = |rate: Option<f64>| rate.map_or("unlimited".to_owned(), |rate| format!("{rate}/s"));
    let readiness = match kubelet.readiness {
        Readiness::Probes => "probes",
        Readiness::Direct => "direct",
    };
    let mode = match proxy.mode {
        ProxyMode::Iptables => "iptables",
        ProxyMode::Nftables => "nftables",
    };
    vec![
        ("controlPlane.watchLag", control.watch_lag.to_string()),
        ("controlPlane.apiCall", control.api_call.to_string()),
        ("controlPlane.podCreateAnswer", control.pod_create_answer.to_string()),
        ("controlPlane.sync", control.sync.to_string()),
        ("controlPlane.clientQPS", limit(control.client_qps)),
        ("controlPlane.clientBurst", control.client_burst.to_string()),
        ("controlPlane.schedulingCycle", control.scheduling_cycle.to_string()),
        ("controlPlane.bindingQPS", limit(control.binding_qps)),
        ("controlPlane.bindingBurst", control.binding_burst.to_string()),
        ("kubelet.readiness", readiness.to_owned()),
        ("kubelet.reaction", kubelet.reaction.to_string()),
        ("kubelet.containerStart", kubelet.container_start.to_string()),
        ("kubelet.relistPeriod", kubelet.relist_period.to_string()),
        ("kubelet.statusLag", kubelet.status_lag.to_string()),
        ("kubelet.sandboxRemoval", kubelet.sandbox_removal.to_string()),
        ("kubelet.podRemoval", kubelet.pod_removal.to_string()),
        ("proxy.mode", mode.to_owned()),
        ("proxy.minSyncPeriod", proxy.min_sync_period.to_string()),
        ("proxy.syncDuration", proxy.sync_duration.to_string()),
        ("proxy.randomPhase", proxy.random_phase.to_string()),
        ("network.sameNode", network.same_node.to_string()),
        ("network.sameZone", network.same_zone.to_string()),
        ("network.crossZone", network.cross_zone.to_string()),
        ("network.outside", network.outside.to_string()),
        ("dns.latency", cluster.dns_delay.to_string()),
    ]
}

#[test]
fn the_profiles_are_as_the_page_has_them() {
    let page = read("docs/scenario.md");
    let profiles = ["ideal", "small", "large", "legacy"];
    let sources = source("crates/scenario/src/profile.rs");
    let names = sources.split("NAMES: [&str;").nth(1).and_then(|rest| rest.split(';').next());
    assert_eq!(
        listed_words(names.expect("the names are a list")),
        profiles.map(String::from).into()
    );
    let of = |name: &str| {
        let text = EVENTFUL.replace("cluster: {", &format!("cluster: {{ profile: {name},"));
        settings(&load(&text).scenario.expect("it has no error").cluster)
    };
    let small = of("small");
    for (column, name) in profiles.into_iter().enumerate() {
        for ((field, value), (_, of_small)) in of(name).into_iter().zip(&small) {
            let rows = rows(&page, field);
            assert_eq!(rows.len(), 1, "docs/scenario.md has no row for {field} of the profiles");
            let cell = rows[0][column + 1];
            let written = cell.split('`').nth(1).unwrap_or_default();
            let holds = match cell {
                "–" => value == "0",
                "as `small`" => value == *of_small,
                _ => value == written,
            };
            assert!(holds, "{field} of {name} is {value}, and docs/scenario.md says {cell}");
        }
    }
}

#[test]
fn the_default_program_is_as_the_page_has_it() {
    let page = read("docs/scenario.md");
    let images = load(EVENTFUL).scenario.expect("it has no error").images;
    let image = &images["web:v1"];
    let defaults = [
        ("start", image.start.to_string()),
        ("ready", image.ready.to_string()),
        ("stop", image.stop.to_string()),
        ("serviceTime", image.service_time.to_string()),
        ("concurrency", image.concurrency.to_string()),
        ("backlog", image.backlog.to_string()),
    ];
    for (field, value) in defaults {
        let rows = rows(&page, field);
        let stated = rows.iter().any(|row| row[2].trim_matches('`') == value);
        assert!(stated, "the default of {field} is {value}, and docs/scenario.md says {rows:?}");
    }
}

/// What is left out is collected word for word, so that the page cannot promise more than the code.
#[test]
fn all_that_is_left_out_is_in_the_page() {
    let page = read("docs/model.md");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = words(&page);
    for name in ["control_plane", "data_plane"].map(|it| format!("crates/{it}/src")) {
        for file in sources_in(&name) {
            let text = source(&file);
            let head = text.lines().filter_map(|line| line.strip_prefix("//!"));
            let head: String = head.map(|line| format!("{}\n", line.trim())).collect();
            let left_out = head.split("Left out:").skip(1);
            for rest in left_out {
                let rest = rest.trim_start_matches('*').split("\n\n").next().unwrap_or_default();
                assert!(flat.contains(&words(rest)), "docs/model.md lacks, of {file}: {rest}");
                let short = file.rsplit('/').next().unwrap_or_default();
                assert!(page.contains(short), "docs/model.md does not name {file}");
            }
        }
    }
}

#[test]
fn fields_and_kinds_that_are_not_simulated_are_in_the_page() {
    let page = read("docs/model.md");
    let known = code(&page);
    let fields = seconds_of_tuples(&source("crates/scenario/src/kubernetes/left_out.rs"));
    assert!(fields.contains("affinity") && fields.contains("stopSignal"), "{fields:?}");
    assert_all("docs/model.md", &known, fields.iter().map(String::as_str));
    let kinds = source("crates/scenario/src/kinds.rs");
    let kinds = kinds.lines().filter_map(|line| line.split_once(": LeftOut("));
    assert_all("docs/model.md", &known, kinds.map(|(kind, _)| kind.trim()));
}

#[test]
fn every_example_loads() {
    let mut loaded = 0;
    for name in PAGES {
        for block in blocks(&read(name), "yaml") {
            let fragment = name == "docs/scenario.md" && !block.contains("kind: Scenario");
            if fragment {
                let head = "apiVersion: rollsim.dev/v1\nkind: Scenario\nspec:\n";
                let body: String = block.lines().map(|line| format!("  {line}\n")).collect();
                load(&format!("{head}  manifests: [app.yaml]\n{body}"));
                loaded += 1;
            } else if block.contains("kind: Scenario") {
                load(&block);
                loaded += 1;
            }
        }
    }
    assert!(loaded > 4, "only {loaded} examples were found");
}

/// The flags of a struct of arguments, as they are typed.
fn flags(args: &str, name: &str) -> BTreeSet<String> {
    let body = args.split(&format!("struct {name} {{\n")).nth(1).expect("the struct is there");
    let body = body.split("\n}").next().unwrap_or_default();
    let mut flags = BTreeSet::new();
    for attribute in body.split("#[arg(").skip(1) {
        let (options, rest) = attribute.split_once(")]").unwrap_or((attribute, ""));
        let field = rest.lines().map(str::trim).find(|line| line.contains(": "));
        let field = field.and_then(|line| line.split(':').next()).unwrap_or_default();
        let field = field.trim_start_matches("pub(crate) ").replace('_', "-");
        let options: Vec<&str> = options.split(", ").collect();
        if options.contains(&"long") {
            flags.insert(format!("--{field}"));
        }
        if options.contains(&"short") {
            flags.extend(field.chars().next().map(|letter| format!("-{letter}")));
        }
    }
    flags
}

/// The command lines of rollsim in a page, from the verb on.
fn commands(page: &str) -> Vec<String> {
    let lines = blocks(page, "sh");
    let lines = lines.iter().flat_map(|block| block.lines());
    let lines = lines.map(|line| line.split(" #").next().unwrap_or(line));
    let parts = lines.flat_map(|line| line.split(" | "));
    let starts = ["rollsim ", "cargo run --release -- "];
    let command = |part: &str| -> Option<String> {
        starts.iter().find_map(|start| part.trim().strip_prefix(start)).map(str::to_owned)
    };
    parts.filter_map(command).collect()
}

#[test]
fn command_lines_use_what_there_is() {
    let args = read("crates/cli/src/args.rs");
    let verbs = variants(&args, "Verb");
    let global = flags(&args, "Args");
    assert!(global.contains("--color") && flags(&args, "Run").contains("-o"), "{global:?}");
    let mut seen = 0;
    for page in PAGES {
        for line in commands(&read(page)) {
            seen += 1;
            let mut words = line.split_whitespace();
            let verb = words.next().unwrap_or_default();
            let known = verbs.iter().find(|known| known.to_lowercase() == verb);
            let known = known.unwrap_or_else(|| panic!("{page}: there is no verb {verb}: {line}"));
            let own = flags(&args, known);
            // What follows kubectl's command is kubectl's own.
            let kubectls =
                |word: &str| verb == "kubectl" && matches!(word, "expose" | "get" | "rollout");
            let words = words.take_while(|word| !kubectls(word));
            for word in words.filter(|word| word.starts_with('-') && *word != "-") {
                let flag = word.split('=').next().unwrap_or(word);
                let there = own.contains(flag) || global.contains(flag);
                assert!(there, "{page}: `{verb}` has no flag {flag}: {line}");
            }
            for file in line.split_whitespace().filter(|word| word.starts_with("scenarios/")) {
                assert!(path(file).exists(), "{page}: there is no {file}");
            }
        }
    }
    assert!(seen > 10, "only {seen} command lines were found");
}

#[test]
fn every_scenario_is_in_the_list() {
    let page = read("scenarios/README.md");
    for entry in fs::read_dir(path("scenarios")).expect("it is there") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        let listed = page.contains(&format!("[{name}]({name})"));
        assert!(listed || !name.ends_with(".yaml"), "scenarios/README.md does not list {name}");
    }
}
