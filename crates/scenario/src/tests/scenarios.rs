//! Good scenarios: what they are read as.

use api::{IntOrPercent, IntOrString, Key, Kind, Strategy, pod::PreStop, service::ServiceType};
use engine::{Distribution, Span};

use super::{findings, load_files, load_text, shown};
use crate::{
    Action, Arrivals, Fault, From, Host, Loaded, Manifest, OnSigterm, Port, ProxyMode, Readiness,
    Scenario, States, TemplateChange,
};

/// A Deployment `web` with a Service `web-svc`.
pub(super) const APP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - name: web
        image: web:v1
        ports: [ { name: http, containerPort: 8080 } ]
---
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec:
  type: NodePort
  clusterIP: 10.96.0.60
  selector: { app: web }
  ports: [ { port: 80, targetPort: http, nodePort: 30080 } ]
";

/// A scenario for it: `rest` are further fields of its spec.
pub(super) fn with_scenario(rest: &str) -> String {
    let head = "apiVersion: rollsim.dev/v1\nkind: Scenario\nmetadata: { name: test }\nspec:\n";
    let rest: String = rest.lines().map(|line| format!("  {line}\n")).collect();
    format!("{head}{rest}---\n{APP}")
}

/// Images that are stated, and a client, so that nothing is worth a warning.
pub(super) const QUIET: &str = "\
images: { web:v1: {} }
clients: [ { name: shop, target: http://web-svc/, arrivals: poisson(10/s) } ]
";

fn scenario(loaded: &Loaded) -> &Scenario {
    assert_eq!(findings(loaded), Vec::<String>::new(), "{}", shown(loaded));
    loaded.scenario.as_ref().expect("nothing is wrong with it")
}

#[test]
fn every_field_of_a_scenario_is_read() {
    let text = with_scenario(
        "\
description: A rolling update.
seed: 7
duration: 2m
cluster:
  profile: large
  kubernetesVersion: 1.36
  nodes: { count: 4, zones: [a, b], cpu: 2, memory: 1Gi, maxPods: 20 }
  proxy: { mode: iptables, minSyncPeriod: 2s, syncDuration: exp(5ms), randomPhase: no }
  kubelet: { readiness: direct, reaction: 1ms, containerStart: 2ms, relistPeriod: 0, statusLag: 3ms, sandboxRemoval: 4ms, podRemoval: 5ms }
  controlPlane: { watchLag: 1ms, apiCall: 2ms, writeTime: 7ms, podCreateAnswer: 8ms, sync: 3ms, clientQPS: 30, clientBurst: 40, schedulingCycle: 4ms, bindingQPS: 60/s, bindingBurst: 70 }
  network: { sameNode: 1us, sameZone: 2us, crossZone: 3us, outside: 4us }
  dns: { latency: 6ms }
images:
  web:v1: { start: 3s, ready: 1s, stop: 2s, serviceTime: uniform(1ms, 5ms), concurrency: 4, backlog: 0, onSigterm: ignore, listen: [8080], crashAfter: 9s }
  web:v2: { warmUp: { for: 30s, factor: 4 }, onSigterm: drain, lameDuck: 5s }
clients:
- { name: in, from: { pods: app=web }, target: 'http://web-svc.default.svc.cluster.local/x', arrivals: constant(5/s), timeout: 2s, retries: { attempts: 2, on: [timeout] } }
- { name: node, from: { node: node-4 }, target: http://10.96.0.60, arrivals: 'steps(0s: 1/s, 30s: 5/s)', connections: perRequest }
- { name: out, from: outside, target: http://web-svc:30080, arrivals: poisson(60/m) }
timeline:
- { at: 70s, fault: { slow: { pods: app=web, factor: 5 } } }
- { at: 30s, kubectl: set image deployment/web web=web:v2 }
- { at: 60s, fault: { crash: { pods: app=web } } }
- { at: 80s, kubectl: delete pod -l app=web }
- { at: 90s, kubectl: rollout undo deployment/web --to-revision=1 }
- { at: 95s, kubectl: rollout pause deployment/web }
- { at: 99s, kubectl: scale deployment/web --replicas=0 }
expect:
- success_rate >= 99.9%
",
    );
    let loaded = load_text(&text);
    let scenario = scenario(&loaded);
    assert_eq!((scenario.name.as_str(), scenario.seed), ("test", 7));
    assert_eq!(scenario.duration, Span::from_secs(120));
    cluster_is_read(scenario);
    images_are_read(scenario);
    clients_are_read(scenario);
    timeline_is_read(scenario);
    let place = scenario.expect[0].place.as_ref().expect("it stands in a file");
    assert_eq!((place.file.as_str(), place.column), ("app.yaml", 5));
}

fn cluster_is_read(scenario: &Scenario) {
    let cluster = &scenario.cluster;
    assert_eq!(cluster.profile, "large");
    let nodes: Vec<_> =
        cluster.nodes.iter().map(|node| format!("{}/{}", node.name, node.zone)).collect();
    assert_eq!(nodes, ["node-1/a", "node-2/b", "node-3/a", "node-4/b"]);
    let node = &cluster.nodes[0];
    assert_eq!((node.cpu_millis, node.memory_bytes, node.max_pods), (2000, 1 << 30, 20));
    assert_eq!(cluster.proxy.mode, ProxyMode::Iptables);
    assert!(!cluster.proxy.random_phase && cluster.proxy.min_sync_period == Span::from_secs(2));
    assert_eq!(cluster.kubelet.readiness, Readiness::Direct);
    assert_eq!(cluster.kubelet.relist_period, Span::ZERO);
    assert_eq!(cluster.kubelet.pod_removal, constant_ms(5));
    let timings = &cluster.control_plane;
    assert_eq!((timings.client_qps, timings.client_burst), (Some(30.0), 40));
    assert_eq!((timings.binding_qps, timings.binding_burst), (Some(60.0), 70));
    assert_eq!(timings.write_time, constant_ms(7));
    assert_eq!(timings.pod_create_answer, constant_ms(8));
    assert_eq!(timings.scheduling_cycle, constant_ms(4));
    assert_eq!(cluster.network.outside, Span::from_micros(4));
    assert_eq!(cluster.dns.latency, constant_ms(6));
}

fn constant_ms(millis: u64) -> Distribution {
    Distribution::Constant(Span::from_millis(millis))
}

fn images_are_read(scenario: &Scenario) {
    let image = &scenario.images["web:v1"];
    assert_eq!(image.start, constant_ms(3000).into());
    assert_eq!((image.concurrency, image.backlog, &image.listen[..]), (4, 0, &[8080][..]));
    assert_eq!(image.on_sigterm, OnSigterm::Ignore);
    assert_eq!(image.crash_after, Some(Span::from_secs(9)));
    let image = &scenario.images["web:v2"];
    assert_eq!(image.on_sigterm, OnSigterm::Drain { lame_duck: Span::from_secs(5) });
    assert_eq!((image.concurrency, image.backlog), (8, 128));
    assert!(image.stated && image.warm_up.is_some_and(|w| w.span == Span::from_secs(30)));
}

fn clients_are_read(scenario: &Scenario) {
    let [inside, node, outside] = &scenario.clients[..] else { panic!("there are three") };
    assert!(matches!(&inside.from, From::Pods { namespace, .. } if &**namespace == "default"));
    let web = Host::Name("web-svc.default.svc.cluster.local".to_owned());
    assert_eq!((&inside.target.port, &inside.target.host), (&Port::Number(80), &web));
    assert_eq!((inside.retries.attempts, &inside.retries.on[..]), (2, &["timeout".to_owned()][..]));
    assert_eq!(node.from, From::Node(Some("node-4".into())));
    assert!(matches!(node.target.host, Host::Address(_)), "it has the Service's address");
    assert_eq!(node.target.service, Key::new("default", "web-svc"));
    assert!(matches!(&node.arrivals, Arrivals::Steps { steps } if steps.len() == 2));
    assert_eq!((outside.from.clone(), outside.target.port.number()), (From::Outside, 80));
    assert_eq!(outside.arrivals, Arrivals::Poisson { per_second: 1.0 });
    assert_eq!((outside.timeout, outside.retries.attempts), (Span::from_secs(1), 1));
}

fn timeline_is_read(scenario: &Scenario) {
    let times: Vec<String> = scenario.timeline.iter().map(|step| step.at.to_string()).collect();
    assert_eq!(times, ["30s", "1m", "70s", "80s", "90s", "95s", "99s"]);
    let web = Key::new("default", "web");
    let actions: Vec<&Action> = scenario.timeline.iter().map(|step| &step.action).collect();
    let images = TemplateChange::Images(vec![("web".to_owned(), "web:v2".into())]);
    assert_eq!(actions[0], &Action::SetTemplate { deployment: web.clone(), change: images });
    assert!(matches!(actions[1], Action::Fault(Fault::CrashPod { .. })));
    assert_eq!(scenario.timeline[2].text, "slow pods app=web by 5");
    assert!(matches!(actions[3], Action::DeletePod { .. }));
    let undo =
        Action::SetTemplate { deployment: web.clone(), change: TemplateChange::Undo(Some(1)) };
    assert_eq!(actions[4], &undo);
    assert_eq!(actions[5], &Action::Pause { deployment: web.clone(), paused: true });
    assert_eq!(actions[6], &Action::Scale { deployment: web, replicas: 0 });
}

#[test]
fn defaults_of_kubernetes_are_filled_in() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: tool, namespace: ops }}\nspec:\n  terminationGracePeriodSeconds: -5\n  containers:\n  - name: a\n    image: web:v1\n    resources: {{ limits: {{ cpu: 500m, memory: 64Mi }}, requests: {{ cpu: 0.1 }} }}\n    lifecycle: {{ preStop: {{ exec: {{ command: [sh, -c, sleep 7] }} }} }}\n    readinessProbe: {{ tcpSocket: {{ port: 80 }}, periodSeconds: 0 }}\n",
        with_scenario(QUIET)
    );
    let loaded = load_text(&text);
    let scenario = scenario(&loaded);
    let spec = &scenario.deployments[0].spec;
    let quarter = IntOrPercent::Percent(25);
    assert_eq!(
        spec.strategy,
        Strategy::RollingUpdate { max_surge: quarter, max_unavailable: quarter }
    );
    assert_eq!((spec.revision_history_limit, spec.progress_deadline_seconds), (10, Some(600)));
    assert_eq!(spec.template.spec.termination_grace_period_seconds, 30);
    let port = &scenario.services[0].spec.ports[0];
    assert_eq!(
        (&port.target_port, port.node_port),
        (&IntOrString::String("http".to_owned()), Some(30080))
    );
    let pod = &scenario.pods[0];
    assert_eq!(
        (pod.meta.key().to_string().as_str(), pod.spec.termination_grace_period_seconds),
        ("ops/tool", 1)
    );
    let container = &pod.spec.containers[0];
    assert_eq!((container.requests.cpu_millis, container.requests.memory_bytes), (100, 64 << 20));
    assert_eq!(container.pre_stop, Some(PreStop::Exec { seconds: 7 }));
    let probe = container.readiness_probe.as_ref().expect("it is written");
    assert_eq!((probe.period_seconds, probe.timeout_seconds, probe.failure_threshold), (10, 1, 3));
}

#[test]
fn a_port_without_a_target_port_leads_to_itself() {
    let app =
        APP.replace(", targetPort: http", "").replace("containerPort: 8080", "containerPort: 80");
    let loaded = load_text(&with_scenario(QUIET).replace(APP, &app));
    assert_eq!(scenario(&loaded).services[0].spec.ports[0].target_port, IntOrString::Int(80));
}

/// A name has no address and no node ports, and nothing is behind what it selects.
#[test]
fn a_service_may_be_a_name_for_a_host_outside() {
    let name = "---
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  type: ExternalName
  externalName: db.example.com
  selector: { app: nobody }
  ports: [ { port: 5432, nodePort: 30080 } ]
";
    let loaded = load_text(&(with_scenario(QUIET) + name));
    let spec = &scenario(&loaded).services[0].spec;
    assert_eq!(spec.kind, ServiceType::ExternalName);
    assert_eq!(spec.external_name.as_deref(), Some("db.example.com"));
    assert_eq!((spec.cluster_ip, spec.ports[0].port, spec.ports[0].node_port), (None, 5432, None));
    assert!(!spec.needs_cluster_ip());
}

#[test]
fn objects_are_located_by_field_path() {
    let loaded = load_text(&with_scenario(QUIET));
    let place = |kind, name, path| {
        let located =
            loaded.sources.locate((kind, &Key::new("default", name)), Manifest::Initial, path)?;
        Some((located.place.line, located.exact, located.path))
    };
    let image = "spec.template.spec.containers[0].image";
    assert_eq!(place(Kind::Deployment, "web", image), Some((19, true, image.to_owned())));
    let container = "spec.template.spec.containers[0]";
    let hook = format!("{container}.lifecycle.preStop");
    assert_eq!(place(Kind::Deployment, "web", &hook), Some((18, false, container.to_owned())));
    assert_eq!(
        place(Kind::Service, "web-svc", "spec.type"),
        Some((26, true, "spec.type".to_owned()))
    );
    assert_eq!(place(Kind::Service, "web", "spec"), None);
}

#[test]
fn without_a_scenario_every_service_is_loaded_and_every_deployment_restarted() {
    let loaded =
        load_files(&["k8s"], &[("k8s/app.yaml", APP), ("k8s/values.yaml", "replicas: 3\n")]);
    assert_eq!(
        findings(&loaded),
        [
            "RS0212 12: how image `web:v1` behaves is not stated: start 2s, exp(20ms) a request and exit on SIGTERM are taken",
            "RS0021 1: a document has neither `apiVersion` nor `kind`, and is passed over",
        ]
    );
    let scenario = loaded.scenario.as_ref().expect("there are only warnings");
    assert_eq!((scenario.name.as_str(), scenario.clients.len()), ("k8s", 1));
    let client = &scenario.clients[0];
    assert_eq!(client.target.url, "http://web-svc.default:80/");
    assert_eq!(client.arrivals, Arrivals::Poisson { per_second: 100.0 });
    assert_eq!(scenario.timeline[0].text, "rollout restart deployment/web");
    assert_eq!(scenario.timeline[0].at, Span::from_secs(30));
    assert!(scenario.duration >= Span::from_secs(90) && !scenario.images["web:v1"].stated);
}

/// A guestbook: three tiers in one file, as tutorials have them, and a kind that is left out.
#[test]
fn manifests_of_several_tiers_are_taken_as_they_are() {
    let tier = |name: &str, kind: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  {kind}\n  ports:\n  - port: 6379\n  selector:\n    tier: {name}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  selector:\n    matchLabels:\n      tier: {name}\n  template:\n    metadata:\n      annotations: {{ prometheus.io/scrape: \"true\" }}\n      labels:\n        tier: {name}\n    spec:\n      serviceAccountName: app\n      containers:\n      - name: main\n        image: example.com/{name}:1.20\n        imagePullPolicy: IfNotPresent\n        env:\n        - {{ name: HOSTS_FROM, value: dns }}\n        securityContext: {{ runAsNonRoot: true }}\n        resources: {{ requests: {{ cpu: 100m, memory: 100Mi }}, limits: {{ cpu: 1 }} }}\n        ports:\n        - containerPort: 6379\n---\n"
        )
    };
    let other = "apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { x: \"1\" } }\n- { apiVersion: example.com/v1, kind: Thing, metadata: { name: a } }\n- { apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: a }, spec: { maxReplicas: 3, scaleTargetRef: { kind: Deployment, name: back } } }\n";
    let text = tier("back", "type: ClusterIP") + &tier("front", "type: LoadBalancer") + other;
    let loaded = load_text(&text);
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|d| d.code.id()).collect();
    assert_eq!(codes, ["RS0212", "RS0024"], "{}", shown(&loaded));
    let summary = &loaded.summary;
    assert_eq!((summary.files, summary.documents), (1, 5));
    assert_eq!(summary.objects[&Kind::Deployment] + summary.objects[&Kind::Service], 4);
    let passed: Vec<_> = summary.passed_over.keys().map(String::as_str).collect();
    assert_eq!(passed, ["ConfigMap", "Thing"]);
}

#[test]
fn an_applied_file_is_a_change_and_not_there_from_the_start() {
    let v2 = APP.replace("web:v1", "web:v2").replace("  replicas: 3\n", "");
    let v2 = v2.split("---").next().expect("the Deployment comes first").to_owned();
    let scenario_text = with_scenario(&format!(
        "{}manifests: [.]\ntimeline: [ {{ at: 30s, kubectl: apply -f v2.yaml }} ]\n",
        QUIET.replace("{ web:v1: {} }", "{ web:v1: {}, web:v2: {} }")
    ));
    let (head, _) = scenario_text.split_once("---").expect("objects follow");
    let files = [("s/scenario.yaml", head), ("s/app.yaml", APP), ("s/v2.yaml", &v2)];
    for paths in [&["s"][..], &["s/scenario.yaml"], &["s/scenario.yaml", "s"], &["./s/"]] {
        let loaded = load_files(paths, &files);
        let scenario = loaded.scenario.as_ref().expect("there are only warnings");
        assert_eq!((scenario.deployments.len(), scenario.timeline.len()), (1, 1), "{paths:?}");
        let Action::ApplyDeployment { deployment, states, .. } = &scenario.timeline[0].action
        else {
            panic!("the Deployment is applied");
        };
        let said = "this takes the replicas of Deployment `default/web` from 3 to 1";
        assert!(findings(&loaded).iter().any(|it| it.contains(said)), "{:?}", findings(&loaded));
        // The file says nothing of replicas any more, so kubectl takes them back to the default.
        assert_eq!((deployment.spec.replicas, states.replicas), (1, true));
        assert_eq!(&*deployment.spec.template.spec.containers[0].image, "web:v2");
    }
}

/// What a timeline of steps against APP's Service says, with this file to apply.
fn with_applied(steps: &str, applied: &str) -> Loaded {
    let text = with_scenario(&format!("{QUIET}manifests: [app.yaml]\ntimeline: [ {steps} ]\n"));
    let (head, _) = text.split_once("---").expect("objects follow");
    load_files(
        &["scenario.yaml"],
        &[("scenario.yaml", head), ("app.yaml", APP), ("svc.yaml", applied)],
    )
}

#[test]
fn services_are_applied_and_deleted() {
    const SVC: &str = "\
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec:
  selector: { app: web }
  ports: [ { port: 81, targetPort: 8080 } ]
";
    let loaded = with_applied(
        "{ at: 2s, kubectl: apply -f svc.yaml }, { at: 1s, kubectl: delete svc web-svc }",
        SVC,
    );
    let scenario = scenario(&loaded);
    let [first, second] = &scenario.timeline[..] else { panic!("{:?}", scenario.timeline) };
    let key = Key::new("default", "web-svc");
    assert_eq!(first.action, Action::Delete { kind: Kind::Service, key: key.clone() });
    assert!(
        matches!(&second.action, Action::ApplyService { service: it, .. } if it.spec.ports[0].port == 81)
    );

    let apply = "{ at: 2s, kubectl: apply -f svc.yaml }";
    let moved = SVC.replace("spec:\n", "spec:\n  clusterIP: 10.96.0.50\n");
    let unchanging = "spec.clusterIPs[0]: Invalid value: [\"10.96.0.50\"]: may not change once set";
    let anew = format!("{{ at: 1s, kubectl: delete service/web-svc }}, {apply}");
    let other = SVC.replace("app: web", "app: wbe");
    let cases = [
        ("the same address", apply, SVC, None),
        ("another address", apply, &moved, Some(unchanging)),
        ("another address of a new one", &anew, &moved, None),
        ("nobody", apply, &other, Some("Service `default/web-svc` selects no pod")),
        (
            "nobody to delete",
            "{ at: 1s, kubectl: delete svc wbe }",
            SVC,
            Some("there is no Service `default/wbe`"),
        ),
        (
            "none there",
            "{ at: 1s, kubectl: delete svc -n x web-svc }",
            SVC,
            Some("there is no Service `x/web-svc`"),
        ),
    ];
    for (what, steps, applied, problem) in cases {
        let found = findings(&with_applied(steps, applied));
        let found: Vec<&String> = found.iter().filter(|it| !it.contains("has no effect")).collect();
        match problem {
            None => assert!(found.is_empty(), "{what}: {found:?}"),
            Some(text) => {
                assert!(found.len() == 1 && found[0].contains(text), "{what}: {found:?}");
            }
        }
    }
}

/// What the API server is certain to refuse is said before the run, at the line that asks for it.
#[test]
fn conflicts_of_applied_services_are_found_before_the_run() {
    const OTHER: &str = "\
apiVersion: v1
kind: Service
metadata: { name: other }
spec:
  type: NodePort
  selector: { app: web }
  ports: [ { port: 80, targetPort: 8080 } ]
";
    let with = |field: &str| OTHER.replace("spec:\n", &format!("spec:\n  {field}\n"));
    let node_port = |port: u16| OTHER.replace("port: 80,", &format!("port: 80, nodePort: {port},"));
    let apply = "{ at: 2s, kubectl: apply -f svc.yaml }";
    let freed = format!("{{ at: 1s, kubectl: delete service web-svc }}, {apply}");
    let too_late = format!("{{ at: 3s, kubectl: delete service web-svc }}, {apply}");
    let address = "spec.clusterIPs: Invalid value: [\"10.96.0.60\"]: failed to allocate IP \
                   10.96.0.60: provided IP is already allocated";
    let port = "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated";
    // APP's Service has the address 10.96.0.60 and the node port 30080.
    let headless = |spec: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{ name: web-svc }}\nspec: {spec}\n")
    };
    let cases = [
        ("its own", apply, OTHER.to_owned(), None),
        ("an address", apply, with("clusterIP: 10.96.0.60"), Some((5, address))),
        ("that is free by then", &freed, with("clusterIP: 10.96.0.60"), None),
        ("that is free after that", &too_late, with("clusterIP: 10.96.0.60"), Some((5, address))),
        ("a node port", apply, node_port(30_080), Some((7, port))),
        ("another", apply, node_port(30_081), None),
        (
            "no address any more",
            apply,
            headless("{ clusterIP: None, selector: { app: web } }"),
            Some((4, "spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set")),
        ),
    ];
    for (what, steps, applied, problem) in cases {
        let found = findings(&with_applied(steps, &applied));
        match problem {
            None => assert!(found.is_empty(), "{what}: {found:?}"),
            Some((line, text)) => {
                let expected = format!(" {line}: {text}");
                assert!(found.iter().any(|it| it.ends_with(&expected)), "{what}: {found:?}");
            }
        }
    }
}

/// What the cluster gave is kept, whichever it is, and what a type cannot have is no less wrong for that.
#[test]
fn a_service_is_applied_over_one_that_states_nothing() {
    let service = |spec: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{ name: late }}\nspec: {spec}\n")
    };
    const PLAIN: &str = "{ selector: { app: web }, ports: [ { port: 8080 } ] }";
    const NONE: &str = "{ clusterIP: None, selector: { app: web }, ports: [ { port: 8080 } ] }";
    const NODES: &str = "{ type: NodePort, selector: { app: web }, ports: [ { port: 8080 } ] }";
    const STATED: &str =
        "{ clusterIP: 10.96.0.50, selector: { app: web }, ports: [ { port: 8080 } ] }";
    let changed = "may not change once set";
    let cases = [
        (PLAIN, PLAIN, None),
        (PLAIN, NODES, None),
        (PLAIN, STATED, Some(changed)),
        (PLAIN, NONE, Some(changed)),
        (NONE, PLAIN, None),
        (NONE, STATED, Some(changed)),
        (NONE, NODES, Some("may not be set to 'None' for NodePort services")),
        (STATED, PLAIN, None),
    ];
    for (before, after, problem) in cases {
        let text = with_scenario(&format!(
            "{QUIET}manifests: [app.yaml, late.yaml]\n\
             timeline: [ {{ at: 2s, kubectl: apply -f svc.yaml }} ]\n"
        ));
        let (head, _) = text.split_once("---").expect("objects follow");
        let (before, after) = (service(before), service(after));
        let files =
            [("s.yaml", head), ("app.yaml", APP), ("late.yaml", &before), ("svc.yaml", &after)];
        let found = findings(&load_files(&["s.yaml"], &files));
        let expected = problem.is_some();
        assert_eq!(found.len(), usize::from(expected), "{before}{after}{found:?}");
        assert!(problem.is_none_or(|it| found[0].ends_with(it)), "{before}{after}{found:?}");
    }
}

#[test]
fn a_deployment_that_is_applied_first_is_looked_at_like_the_others() {
    const LATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: late }
spec:
  selector: { matchLabels: { app: late } }
  template:
    metadata: { labels: { app: late } }
    spec:
      containers:
        - name: late
          image: web:v1
          resources: { requests: { cpu: 1 } }
---
apiVersion: v1
kind: Service
metadata: { name: late }
spec: { selector: { app: late }, ports: [ { port: 80 } ] }
";
    let apply = "{ at: 2s, kubectl: apply -f svc.yaml }";
    let loaded = with_applied(
        &format!("{apply}, {{ at: 9s, kubectl: set image deploy/late late=web:v1 }}"),
        LATE,
    );
    let timeline = &scenario(&loaded).timeline;
    assert!(matches!(
        timeline[0].action,
        Action::ApplyDeployment { states: States { replicas: false, .. }, .. }
    ));
    assert!(matches!(timeline[1].action, Action::ApplyService { .. }));
    let problem = |steps: &str, applied: &str| findings(&with_applied(steps, applied)).join("\n");
    let unknown = problem(apply, &LATE.replace("web:v1", "late:v1"));
    assert!(unknown.contains("how image `late:v1` behaves is not stated"), "{unknown}");
    let large = problem(apply, &LATE.replace("cpu: 1", "cpu: 100"));
    assert!(large.contains("no node has room for a pod of Deployment `default/late`"), "{large}");
    let other = problem(&format!("{apply}, {{ at: 3s, kubectl: delete deploy lat }}"), LATE);
    assert!(other.contains("there is no Deployment `default/lat`"), "{other}");
}

#[test]
fn folders_are_descended_into_only_where_they_have_no_manifest() {
    let other = APP.replace("web", "other").replace("30080", "30081").replace("0.60", "0.61");
    let deep = [("k/a/app.yaml", APP), ("k/b/c/other.yml", &other), ("k/.git/x.yaml", "a: b")];
    let count = |files: &[(&str, &str)]| {
        let loaded = load_files(&["k"], files);
        loaded.scenario.as_ref().map_or(0, |scenario| scenario.deployments.len())
    };
    assert_eq!(count(&deep), 2);
    assert_eq!(count(&[("k/app.yaml", APP), deep[1]]), 1);
}

/// The example of the design, word for word but for what is not there yet.
#[test]
fn functions_need_no_quotes_in_flow_mappings() {
    let loaded = load_text(&with_scenario(
        "\
images:
  web:v1: { start: 2s, serviceTime: exp(20ms), concurrency: 8, onSigterm: exit }
  web:v2: { start: uniform(1s, 5s), stop: uniform(2s, 5s), serviceTime: lognormal(20ms, p99=90ms), warmUp: { for: 30s, factor: 4 }, onSigterm: drain }
clients:
  - name: shop
    from: { pods: app=web }
    target: http://web-svc:80/
    arrivals: poisson(200/s)
    connections: perRequest
    timeout: 1s
    retries: { attempts: 2, on: [refused, reset] }
timeline:
  - { at: 30s, kubectl: set image deployment/web web=web:v2 }
",
    ));
    let scenario = scenario(&loaded);
    let image = &scenario.images["web:v2"];
    assert_eq!(image.start.to_string(), "uniform(1s, 5s)");
    assert_eq!(image.stop.to_string(), "uniform(2s, 5s)");
    assert_eq!(image.service_time.to_string(), "lognormal(20ms, p99=90ms)");
    assert_eq!(scenario.clients[0].retries.on, ["refused", "reset"]);
}
