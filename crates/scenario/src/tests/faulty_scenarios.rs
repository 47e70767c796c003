//! What is wrong with a scenario, said with its line.

use super::{
    findings, load_text,
    scenarios::{APP, QUIET, with_scenario},
};

/// What there is to say about a scenario with these fields besides quiet ones.
fn complaints(fields: &str) -> Vec<String> {
    let mut text = String::from(QUIET);
    // The fields replace quiet ones of the same name.
    let name = fields.split(':').next().expect("a field has a name");
    text = text
        .lines()
        .filter(|line| !line.starts_with(name))
        .map(|line| format!("{line}\n"))
        .collect();
    findings(&load_text(&with_scenario(&(text + fields))))
}

fn check(cases: &[(&str, &str)]) {
    for (fields, wanted) in cases {
        let found = complaints(fields);
        let found: Vec<&str> = found
            .iter()
            .map(String::as_str)
            .filter(|line| !line.starts_with("RS0213") && !line.starts_with("RS0212"))
            .collect();
        let without_line = |line: &str| {
            let (code, rest) = line.split_once(' ').expect("a code comes first");
            format!("{code} {}", rest.split_once(": ").map_or(rest, |(_, message)| message))
        };
        let found: Vec<String> = found.into_iter().map(without_line).collect();
        assert_eq!(found.join("\n"), *wanted, "{fields}");
    }
}

#[test]
fn values_of_the_head_are_checked() {
    check(&[
        ("sed: 1", "RS0101 unknown field `spec.sed`"),
        ("seed: -1", "RS0104 spec.seed: the number -1 is not allowed"),
        (
            "seed: 1208925819614629174706176",
            "RS0104 spec.seed: the number 1208925819614629200000000 is not allowed",
        ),
        ("seed: .nan", "RS0015 `.nan` is not a number that JSON can hold"),
        ("duration: -5s", "RS0104 spec.duration: a duration cannot be negative"),
        (
            "duration: 120",
            "RS0104 spec.duration: a duration needs a unit: one of h, m, s, ms, us, ns",
        ),
        ("duration: 0s", "RS0104 spec.duration: 0s is not allowed"),
        ("duration: 500h", "RS0104 spec.duration: 500h is not allowed"),
        (
            "duration: 1208925819614629174706176s",
            "RS0104 spec.duration: a duration cannot exceed 584 years",
        ),
        ("duration: [1s]", "RS0102 spec.duration: a sequence where a text is wanted"),
        ("description: { a: b }", "RS0102 spec.description: a mapping where a text is wanted"),
        (
            "manifests: app.yaml",
            "RS0102 spec.manifests: the text \"app.yaml\" where a list is wanted",
        ),
        ("manifests: [nowhere.yaml]", "RS0001 cannot read `nowhere.yaml`: no such file"),
        ("seeds: 20", "RS0210 `spec.seeds` is not there yet"),
        ("expect: [a bad thing]", "RS0104 unknown measure `bad`"),
    ]);
}

#[test]
fn values_of_the_cluster_are_checked() {
    check(&[
        ("cluster: { profile: smal }", "RS0104 spec.cluster.profile: unknown choice `smal`"),
        ("cluster: { kubernetesVersion: \"1.30\" }", "RS0210 Kubernetes 1.30 is not there yet"),
        (
            "cluster: { nodes: { count: 0 } }",
            "RS0104 spec.cluster.nodes.count: the number 0 is not allowed",
        ),
        (
            "cluster: { nodes: { count: 5001 } }",
            "RS0104 spec.cluster.nodes.count: the number 5001 is not allowed",
        ),
        (
            "cluster: { nodes: { cpu: lots } }",
            "RS0104 spec.cluster.nodes.cpu: \"lots\" is not a quantity",
        ),
        (
            "cluster: { nodes: { memory: -1Gi } }",
            "RS0104 spec.cluster.nodes.memory: a quantity cannot be negative here",
        ),
        (
            "cluster: { nodes: { zones: [] } }",
            "RS0104 spec.cluster.nodes.zones: there must be a zone",
        ),
        (
            "cluster: { proxy: { minSync: 1s } }",
            "RS0101 unknown field `spec.cluster.proxy.minSync`",
        ),
        (
            "cluster: { proxy: { syncDuration: exp(20) } }",
            "RS0104 spec.cluster.proxy.syncDuration: a duration needs a unit: one of h, m, s, ms, us, ns",
        ),
        (
            "cluster: { loadBalancer: { target: pods } }",
            "RS0101 unknown field `spec.cluster.loadBalancer.target`",
        ),
        (
            "cluster: { loadBalancer: { targets: pod } }",
            "RS0104 spec.cluster.loadBalancer.targets: unknown choice `pod`",
        ),
        (
            "cluster: { loadBalancer: { registrationDelay: 5s } }",
            "RS0104 spec.cluster.loadBalancer.registrationDelay: nodes are not registered and not timed",
        ),
        (
            "cluster: { loadBalancer: { healthCheck: { path: / } } }",
            "RS0104 spec.cluster.loadBalancer.healthCheck.path: nodes are not registered and not timed",
        ),
        (
            "cluster: { loadBalancer: { targets: pods, deregistrationDelay: 2h } }",
            "RS0104 spec.cluster.loadBalancer.deregistrationDelay: at most 1h",
        ),
        (
            "cluster: { loadBalancer: { targets: pods, healthCheck: { interval: 5s, timeout: 6s } } }",
            "RS0104 spec.cluster.loadBalancer.healthCheck.timeout: at most the interval, 5s",
        ),
        (
            "cluster: { controlPlane: { clientQPS: 0 } }",
            "RS0104 spec.cluster.controlPlane.clientQPS: a limit must be above zero",
        ),
        (
            "cluster: { kubelet: { readiness: maybe } }",
            "RS0104 spec.cluster.kubelet.readiness: unknown choice `maybe`",
        ),
        ("cluster: small", "RS0102 spec.cluster: the text \"small\" where a mapping is wanted"),
    ]);
}

#[test]
fn values_of_images_are_checked() {
    let image = |fields: &str| format!("images: {{ web:v1: {{ {fields} }} }}");
    let cases = [
        ("serviceTim: 1ms", "RS0101 unknown field `spec.images[\"web:v1\"].serviceTim`"),
        (
            "serviceTime: NaN",
            "RS0104 spec.images[\"web:v1\"].serviceTime: unknown distribution \"NaN\": a duration such as 20ms, or one of exp, uniform, lognormal, pareto",
        ),
        (
            "concurrency: 0",
            "RS0104 spec.images[\"web:v1\"].concurrency: the number 0 is not allowed",
        ),
        ("onSigterm: die", "RS0104 spec.images[\"web:v1\"].onSigterm: unknown choice `die`"),
        (
            "lameDuck: 5s",
            "RS0104 spec.images[\"web:v1\"].lameDuck: only a program that drains has a lame duck period",
        ),
        (
            "warmUp: { for: 1s, factor: 0.5 }",
            "RS0104 spec.images[\"web:v1\"].warmUp.factor: 0.5 is not allowed",
        ),
        ("warmUp: { for: 1s }", "RS0103 `spec.images[\"web:v1\"].warmUp.factor` is missing"),
        ("listen: [0]", "RS0104 spec.images[\"web:v1\"].listen[0]: the number 0 is not allowed"),
        (
            "listen: 8080",
            "RS0102 spec.images[\"web:v1\"].listen: the number 8080 where a list is wanted",
        ),
        ("errorRate: 1%", "RS0210 `spec.images[\"web:v1\"].errorRate` is not there yet"),
    ];
    for (fields, wanted) in cases {
        check(&[(&image(fields), wanted)]);
    }
    check(&[("images: { web:v1: {}, web:v2: {} }", "RS0211 image `web:v2` is used nowhere")]);
}

/// A list of one client with these fields, and those it must have besides.
fn client(fields: &str) -> String {
    let mut all = String::from("clients: [ { ");
    for (name, default) in
        [("name", "a"), ("target", "http://web-svc/"), ("arrivals", "poisson(1/s)")]
    {
        if !fields.contains(&format!("{name}:")) {
            all += &format!("{name}: {default}, ");
        }
    }
    all + fields + " } ]"
}

fn check_clients(cases: &[(&str, &str)]) {
    for (fields, wanted) in cases {
        check(&[(&client(fields), wanted)]);
    }
}

#[test]
fn targets_of_clients_are_checked() {
    check_clients(&[
        ("target: http://web/", "RS0202 there is no Service `default/web`"),
        ("target: http://web-svc.prod/", "RS0202 there is no Service `prod/web-svc`"),
        ("target: http://web-svc.default.cluster.local/", ""),
        (
            "target: http://$(WEB_SVC_SERVICE_HOST)/",
            "RS0104 a client that is in no pod has no environment to find variables in",
        ),
        (
            "from: { pods: app=web }, target: 'http://$(WEB_SERVICE_HOST):$(WEB_SVC_SERVICE_PORT)/'",
            "RS0202 no container of namespace `default` has a variable `WEB_SERVICE_HOST`",
        ),
        (
            "from: { pods: app=web }, target: 'http://$(WEB_SVC_SERVICE_PORT)/'",
            "RS0104 `WEB_SVC_SERVICE_PORT` is a port, not an address",
        ),
        (
            "from: { pods: app=web }, target: 'http://$(WEB_SVC_SERVICE_HOST):$(WEB_PORT)/'",
            "RS0202 no container of namespace `default` has a variable `WEB_PORT`",
        ),
        (
            "from: { pods: app=web }, target: 'http://$(WEB_SVC_SERVICE_HOST):$(WEB_SVC_SERVICE_PORT)/'",
            "",
        ),
        (
            "target: http://example.com.example.org/",
            "RS0202 `example.com.example.org` is not the name of a Service in this cluster",
        ),
        ("target: http://10.0.0.1/", "RS0202 no Service states the address 10.0.0.1"),
        ("target: web-svc", "RS0104 spec.clients[0].target: \"web-svc\" is not a URL"),
        ("target: http://web-svc:8080/", "RS0203 Service `default/web-svc` has no port 8080"),
        ("target: https://web-svc/", "RS0203 Service `default/web-svc` has no port 443"),
        ("target: http://web-svc:99999/", "RS0104 spec.clients[0].target: \"99999\" is not a port"),
        ("target: http://web-svc:30080/", "RS0203 Service `default/web-svc` has no port 30080"),
    ]);
}

#[test]
fn other_fields_of_clients_are_checked() {
    check_clients(&[
        (
            "from: { pods: app=shop,tier=web }",
            "RS0205 no pod of namespace `default` has `app=shop`\nRS0101 unknown field `spec.clients[0].from[\"tier=web\"]`",
        ),
        ("from: { pods: app=shop }", "RS0205 no pod of namespace `default` has `app=shop`"),
        ("from: { pods: app=web, namespace: x }", "RS0205 no pod of namespace `x` has `app=web`"),
        (
            "from: { pods: app }",
            "RS0104 spec.clients[0].from.pods: labels are written app=shop,tier=web",
        ),
        ("from: { node: node-9 }", "RS0206 there is no node `node-9`"),
        ("from: moon", "RS0104 spec.clients[0].from: unknown choice `moon`"),
        ("from: {}", "RS0104 spec.clients[0].from: one of `node` and `pods` is wanted"),
        (
            "arrivals: poison(1/s)",
            "RS0104 spec.clients[0].arrivals: arrivals are constant(200/s), poisson(200/s) or steps(0s: 100/s, 30s: 500/s)",
        ),
        (
            "arrivals: poisson(NaN/s)",
            "RS0104 spec.clients[0].arrivals: a rate starts with a number, as in 200/s",
        ),
        (
            "arrivals: poisson(10000000/s)",
            "RS0104 spec.clients[0].arrivals: these may be more than 1e9 requests",
        ),
        (
            "arrivals: closed(10)",
            "RS0210 spec.clients[0].arrivals: arrivals `closed` are not there yet",
        ),
        (
            "timeout: 0s",
            "RS0104 spec.clients[0].timeout: a client that does not wait gets no answer",
        ),
        (
            "retries: { attempts: 0 }",
            "RS0104 spec.clients[0].retries.attempts: the number 0 is not allowed",
        ),
        (
            "retries: { attempts: 2, on: [refusd] }",
            "RS0104 spec.clients[0].retries.on[0]: unknown choice `refusd`",
        ),
        (
            "from: { outside: 10.0.0 }",
            "RS0104 spec.clients[0].from.outside: `10.0.0` is no address of IPv4",
        ),
        ("users: 10", "RS0210 `spec.clients[0].users` is not there yet"),
        ("nam: b", "RS0101 unknown field `spec.clients[0].nam`"),
        ("name: \"\"", "RS0104 spec.clients[0].name: a name has 1 to 63 characters"),
    ]);
}

#[test]
fn how_clients_use_connections_is_checked() {
    check_clients(&[
        (
            "connections: keepalive",
            "RS0104 spec.clients[0].connections: unknown choice `keepalive`",
        ),
        (
            "connections: { keepAlive: { min: 9, max: 3 } }",
            "RS0104 spec.clients[0].connections.keepAlive: min is more than max",
        ),
        (
            "connections: { http2: { maxIdle: 3 } }",
            "RS0101 unknown field `spec.clients[0].connections.http2.maxIdle`",
        ),
        (
            "connections: { keepAlive: { maxAge: 0s } }",
            "RS0104 spec.clients[0].connections.keepAlive.maxAge: nothing can be kept for no time",
        ),
        (
            "connections: { keepAlive: {}, http2: {} }",
            "RS0104 spec.clients[0].connections: one of keepAlive and http2",
        ),
    ]);
}

#[test]
fn policies_are_checked() {
    check(&[
        (
            "cluster: { proxy: { mode: ipvs, scheduler: rrr } }",
            "RS0104 spec.cluster.proxy.scheduler: there is no scheduler `rrr`",
        ),
        (
            "cluster: { proxy: { scheduler: lc } }",
            "RS0104 spec.cluster.proxy.scheduler: only ipvs has schedulers",
        ),
        (
            "cluster: { loadBalancer: { balancing: ipvs.lc } }",
            "RS0104 spec.cluster.loadBalancer.balancing: `ipvs.lc` does not choose here",
        ),
        (
            "cluster: { loadBalancer: { balancing: oracle.jsq } }",
            "RS0104 spec.cluster.loadBalancer.balancing: a load balancer sees no queue of a pod",
        ),
        (
            "cluster: { ingress: { balancing: metallb.l2 } }",
            "RS0104 spec.cluster.ingress.balancing: `metallb.l2` does not choose here",
        ),
        (
            "cluster: { ingress: { workers: 0 } }",
            "RS0104 spec.cluster.ingress.workers: the number 0 is not allowed",
        ),
        (
            "cluster: { ingress: { replicas: 4, workers: 64 } }",
            "RS0104 spec.cluster.ingress.workers: 4 pods with 64 workers each are more than 255",
        ),
    ]);
    check_clients(&[
        (
            "balancing: envoy.least_requests",
            "RS0104 spec.clients[0].balancing: there is no policy `envoy.least_requests`",
        ),
        (
            "balancing: { envoy.least_request: { choices: 3 } }",
            r#"RS0101 spec.clients[0].balancing["envoy.least_request"].choices: envoy.least_request has no parameter `choices`"#,
        ),
        (
            "balancing: { envoy.least_request: { choice_count: 0 } }",
            r#"RS0104 spec.clients[0].balancing["envoy.least_request"].choice_count: a whole number from 2 is wanted"#,
        ),
        (
            "balancing: { envoy.random: {}, layers: [envoy.slowstart] }",
            "RS0104 spec.clients[0].balancing.layers[0]: there is no layer `envoy.slowstart`",
        ),
        ("balancing: ipvs.lc", "RS0104 spec.clients[0].balancing: `ipvs.lc` does not choose here"),
        ("balancing: aws.nlb", "RS0104 spec.clients[0].balancing: `aws.nlb` does not choose here"),
    ]);
}

#[test]
fn steps_of_the_timeline_are_checked() {
    let cases = [
        (
            "{ at: 120s, kubectl: rollout restart deployment/web }",
            "RS0209 spec.timeline[0].at: 2m is not before the end, which is at 2m",
        ),
        (
            "{ at: 1s, kubectl: rollout restart deployment/wbe }",
            "RS0201 there is no Deployment `default/wbe`",
        ),
        (
            "{ at: 1s, kubectl: rollout restart -n x deployment/web }",
            "RS0201 there is no Deployment `x/web`",
        ),
        (
            "{ at: 1s, kubectl: set image deployment/web app=web:v1 }",
            "RS0208 Deployment `default/web` has no container `app`",
        ),
        ("{ at: 1s, kubectl: drain node-1 }", "RS0207 `drain` cannot be rehearsed"),
        ("{ at: 1s, kubectl: delete pod -l app }", "RS0207 labels are written app=shop,tier=web"),
        (
            "{ at: 1s, kubectl: delete pod -l app=x }",
            "RS0205 no pod of namespace `default` has `app=x`",
        ),
        (
            "{ at: 1s, kubectl: delete namespace defualt }",
            "RS0219 there is nothing in a namespace `defualt`",
        ),
        ("{ at: 1s, kubectl: delete ns default }", "RS0219 namespace `default` may not be deleted"),
        (
            "{ at: 1s, kubectl: apply -f nowhere.yaml }",
            "RS0001 cannot read `nowhere.yaml`: no such file",
        ),
        ("{ at: 1s, fault: { crash: node-2 } }", "RS0210 crashing node `node-2` is not there yet"),
        (
            "{ at: 1s, fault: { slow: { pods: app=web } } }",
            "RS0103 `spec.timeline[0].fault.slow.factor` is missing",
        ),
        (
            "{ at: 1s, fault: { slow: { pods: app=web, factor: 0 } } }",
            "RS0104 spec.timeline[0].fault.slow.factor: 0 is not allowed",
        ),
        (
            "{ at: 1s, fault: {} }",
            "RS0103 spec.timeline[0].fault: one of `crash` and `slow` is wanted",
        ),
        ("{ at: 1s }", "RS0103 spec.timeline[0]: one of `kubectl` and `fault` is wanted"),
        ("{ kubectl: rollout restart deployment/web }", "RS0103 `spec.timeline[0].at` is missing"),
        (
            "{ at: -1s, kubectl: rollout restart deployment/web }",
            "RS0104 spec.timeline[0].at: a duration cannot be negative",
        ),
    ];
    for (step, wanted) in cases {
        check(&[(&format!("timeline: [ {step} ]"), wanted)]);
    }
}

#[test]
fn heads_of_documents_are_checked() {
    let wrong = with_scenario(QUIET).replace("rollsim.dev/v1", "rollsim.dev/v2");
    assert!(
        findings(&load_text(&wrong))[0]
            .starts_with("RS0022 1: the text \"rollsim.dev/v2\" is no version")
    );
    let twice = format!("{}---\n{}", with_scenario(QUIET), with_scenario(QUIET).replace(APP, ""));
    let found = findings(&load_text(&twice));
    assert!(found.iter().any(|line| line.contains("there is more than one Scenario")), "{found:?}");
    let empty = "apiVersion: rollsim.dev/v1\nkind: Scenario\n";
    let found = findings(&load_text(empty));
    assert_eq!(
        found,
        [
            "RS0103 1: `spec` is missing",
            "RS0004 0: there is no Deployment, Pod or Service to rehearse"
        ]
    );
    let named = with_scenario(QUIET).replace("name: test", "name: A B");
    assert!(
        findings(&load_text(&named))[0]
            .starts_with("RS0104 3: metadata.name: Invalid value: \"A B\"")
    );
}

#[test]
fn what_is_wrong_with_dns_is_said() {
    let cases = [
        ("cluster: { dns: { loss: 100% } }", "spec.cluster.dns.loss: \"100%\" is not a share"),
        ("cluster: { dns: { loss: -1% } }", "spec.cluster.dns.loss: \"-1%\" is not a share"),
        ("cluster: { dns: { loss: NaN } }", "spec.cluster.dns.loss: \"NaN\" is not a share"),
        ("cluster: { dns: { ttl: 2h } }", "spec.cluster.dns.ttl: CoreDNS takes 0s to 1h"),
        ("cluster: { dns: { cache: some } }", "spec.cluster.dns.cache: "),
        ("cluster: { dns: { nodeLocal: 3 } }", "spec.cluster.dns.nodeLocal: "),
        ("cluster: { dns: { ndots: 2 } }", "`spec.cluster.dns.ndots` is not there yet"),
    ];
    for (field, message) in cases {
        let text = with_scenario(QUIET).replace("  clients:", &format!("  {field}\n  clients:"));
        let found = findings(&load_text(&text));
        assert!(found.len() == 1 && found[0].contains(message), "{field}: {found:?}");
    }
    let cache = with_scenario(QUIET).replace("name: shop,", "name: shop, dns: { cache: java },");
    let found = findings(&load_text(&cache));
    assert!(found.len() == 1 && found[0].contains("unknown choice `java`"), "{found:?}");
}

/// Manifest mistakes: a typo in a selector, and a target port nobody has.
#[test]
fn a_service_that_leads_nowhere_still_runs() {
    let text = with_scenario(QUIET);
    let typo = load_text(
        &text.replace("selector: { app: web }\n  ports", "selector: { app: wbe }\n  ports"),
    );
    assert_eq!(findings(&typo), ["RS0108 28: Service `default/web-svc` selects no pod"]);
    assert!(typo.scenario.is_some());
    let port = load_text(&text.replace("targetPort: http,", "targetPort: web,"));
    let wanted =
        "RS0109 29: no container behind Service `default/web-svc` declares a port named `web`";
    assert_eq!(findings(&port), [wanted]);
    assert!(port.scenario.is_some());
}

#[test]
fn errors_in_one_document_do_not_cause_complaints_about_another() {
    let text = with_scenario(QUIET).replace("kind: Deployment", "kind: Deploymnt");
    let found = findings(&load_text(&text));
    let codes: Vec<&str> = found.iter().map(|line| &line[..6]).collect();
    assert_eq!(codes, ["RS0022"], "{found:?}");
}

#[test]
fn what_is_too_much_together_is_refused() {
    let client = |name| {
        format!("- {{ name: {name}, target: http://web-svc/, arrivals: poisson(6000000/s) }}")
    };
    let clients = format!("clients:\n{}\n{}\nduration: 100s", client("a"), client("b"));
    let scale = |replicas| {
        format!(
            "cluster: {{ nodes: {{ count: 5000 }} }}\ntimeline: [ {{ at: 1s, kubectl: scale deployment/web --replicas={replicas} }} ]"
        )
    };
    check(&[
        (&clients, "RS0104 all clients together may send more than 1e9 requests"),
        (&scale(400), ""),
        (&scale(401), "RS0111 5000 nodes with 401 pods are more than can be simulated"),
    ]);
}
