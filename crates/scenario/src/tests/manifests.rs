//! Kubernetes objects: what the API server refuses is refused, in its own words.

use super::{findings, load_files, load_text, scenarios::APP};

/// Replaces a part of the good manifests; what is said besides warnings of the default image and of ports
/// on which its pods do not listen.
fn said(from: &str, to: &str) -> String {
    assert!(APP.contains(from), "{from}");
    let found = findings(&load_text(&APP.replacen(from, to, 1)));
    let found: Vec<&str> = found
        .iter()
        .filter(|line| !["RS0118", "RS0212", "RS0213"].iter().any(|code| line.starts_with(code)))
        .map(|line| line.split_once(": ").map_or(line.as_str(), |(_, message)| message))
        .collect();
    found.join("\n")
}

fn check(cases: &[(&str, &str, &str)]) {
    for (from, to, wanted) in cases {
        assert_eq!(said(from, to), *wanted, "{to}");
    }
}

/// Each message is what a real API server of 1.36 said (`conformance/recorded/validation.json`).
#[test]
fn deployments_are_validated_as_the_api_server_does() {
    let strategy = "  strategy: ";
    let add = |line: &str| format!("  replicas: 3\n{line}");
    let rolling = |fields: &str| add(&format!("{strategy}{{ rollingUpdate: {{ {fields} }} }}"));
    let cases = [
        (
            add("  minReadySeconds: 600"),
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
        ),
        (
            add("  revisionHistoryLimit: -1"),
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            add("  minReadySeconds: -1"),
            "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            rolling("maxSurge: 0, maxUnavailable: 0%"),
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0",
        ),
        (
            rolling("maxSurge: -1"),
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            rolling("maxSurge: 2.5%"),
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"2.5%\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
        (
            rolling("maxUnavailable: 101%"),
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%",
        ),
        (rolling("maxSurge: 150%, maxUnavailable: 9"), ""),
        (
            rolling("maxSurge: 2147483647%"),
            "spec.strategy.rollingUpdate.maxSurge: 64424510 pods more are more than can be simulated",
        ),
        (
            add(&format!("{strategy}{{ type: Recreate, rollingUpdate: {{}} }}")),
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            add(&format!("{strategy}{{ type: BlueGreen }}")),
            "spec.strategy.type: Unsupported value: \"BlueGreen\": supported values: \"Recreate\", \"RollingUpdate\"",
        ),
        ("  replicas: ~".to_owned(), ""),
        (
            "  replicas: \"3\"".to_owned(),
            "spec.replicas: the text \"3\" where a whole number is wanted",
        ),
        (add("  maxSurge: 1"), "unknown field `spec.maxSurge`"),
    ];
    for (to, wanted) in cases {
        check(&[("  replicas: 3", &to, wanted)]);
    }
}

#[test]
fn selectors_and_names_are_validated_as_the_api_server_does() {
    check(&[
        (
            "matchLabels: { app: web }",
            "matchLabels: { app: other }",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
        ),
        ("  selector: { matchLabels: { app: web } }\n", "", "spec.selector: Required value"),
        (
            "{ matchLabels: { app: web } }",
            "{}",
            "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
        ),
        (
            "{ matchLabels: { app: web } }",
            "{ matchExpressions: [ { key: app, operator: Is, values: [web] } ] }",
            "spec.selector.matchExpressions[0].operator: Invalid value: \"Is\": not a valid selector operator",
        ),
        (
            "{ matchLabels: { app: web } }",
            "{ matchExpressions: [ { key: app, operator: In, values: [web, x] } ] }",
            "",
        ),
        (
            "{ name: web }",
            "{ name: my_web }",
            "metadata.name: Invalid value: \"my_web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
        (
            "{ name: web }",
            "{ generateName: web- }",
            "metadata.name: Required value: name or generateName is required",
        ),
        (
            "apps/v1",
            "extensions/v1beta1",
            "Kubernetes serves Deployment in extensions/v1beta1 no longer since 1.16",
        ),
        ("apps/v1", "v1", "there is no kind `Deployment` in v1"),
    ]);
}

#[test]
fn containers_are_validated_as_the_api_server_does() {
    let cases = [
        (
            "lifecycle: { preStop: { sleep: { seconds: 31 } } }",
            "lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
        ),
        (
            "lifecycle: { preStop: {} }",
            "lifecycle.preStop: Required value: must specify a handler type",
        ),
        ("readinessProbe: {}", "readinessProbe: Required value: must specify a handler type"),
        (
            "readinessProbe: { exec: { command: [a] }, tcpSocket: { port: 1 } }",
            "readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
        ),
        (
            "readinessProbe: { tcpSocket: { port: 0 } }",
            "readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            "readinessProbe: { tcpSocket: { port: http }, periodSeconds: -1 }",
            "readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            "livenessProbe: { tcpSocket: { port: http }, successThreshold: 2 }",
            "livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            "readinessProbe: { tcpSocket: { port: http }, terminationGracePeriodSeconds: 5 }",
            "readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes",
        ),
        (
            "resources: { requests: { cpu: lots } }",
            "resources.requests.cpu: Invalid value: \"lots\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "resources: { requests: { cpu: 2 }, limits: { cpu: 500m } }",
            "resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 500m",
        ),
        (
            "imagePullPolicy: Maybe",
            "imagePullPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        ),
        (
            "env: [ { name: A=B } ]",
            "env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
        (
            "env: [ { name: A, value: yes } ]",
            "env[0].value: the boolean true where a text is wanted",
        ),
    ];
    for (field, wanted) in cases {
        let wanted = format!("spec.template.spec.containers[0].{wanted}");
        check(&[("image: web:v1\n", &format!("image: web:v1\n        {field}\n"), &wanted)]);
    }
}

#[test]
fn names_and_ports_of_containers_are_validated_as_the_api_server_does() {
    let at = "spec.template.spec.containers[0]";
    check(&[
        ("        image: web:v1\n", "", &format!("{at}.image: Required value")),
        (
            "- name: web\n",
            "- name: Web\n",
            &format!(
                "{at}.name: Invalid value: \"Web\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ),
        ),
        (
            "containerPort: 8080",
            "containerPort: 70000",
            &format!(
                "{at}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
            ),
        ),
        (
            "    spec:\n      containers",
            "    spec:\n      restartPolicy: Never\n      containers",
            "field `spec.template.spec.restartPolicy` is not simulated: containers are restarted whenever they end\nspec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ),
    ]);
}

#[test]
fn services_are_validated_as_the_api_server_does() {
    let port = "{ port: 80, targetPort: http, nodePort: 30080 }";
    check(&[
        (
            port,
            "{ port: 0, targetPort: http }",
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            port,
            "{ port: 80, nodePort: 80 }",
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
        ),
        (
            port,
            "{ port: 1 }, { port: 2 }",
            "spec.ports[0].name: Required value\nspec.ports[1].name: Required value",
        ),
        (
            port,
            "{ name: a, port: 1 }, { name: a, port: 2 }",
            "spec.ports[1].name: Duplicate value: \"a\"",
        ),
        (
            port,
            "{ name: a, port: 1 }, { name: b, port: 1 }",
            r#"spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}"#,
        ),
        (port, "{ name: a, port: 1 }, { name: b, port: 1, protocol: UDP }", ""),
        (
            port,
            "{ port: 80, protocol: HTTP }",
            "spec.ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ),
        (
            port,
            "{ port: 80, targetPort: \"8080\" }",
            "spec.ports[0].targetPort: Invalid value: \"8080\": must contain at least one letter (a-z)",
        ),
        (&format!("  ports: [ {port} ]\n"), "", "spec.ports: Required value"),
    ]);
}

#[test]
fn types_and_addresses_of_services_are_validated_as_the_api_server_does() {
    check(&[
        (
            "type: NodePort",
            "type: ClusterIP",
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            "type: NodePort",
            "type: Nodeport",
            "spec.type: Unsupported value: \"Nodeport\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
        ),
        (
            "10.96.0.60",
            "10.096.0.10",
            "spec.clusterIPs[0]: Invalid value: \"10.096.0.10\": must not have leading 0s",
        ),
        (
            "10.96.0.60",
            "None",
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
        ),
        (
            "{ name: web-svc }",
            "{ name: web.svc }",
            "metadata.name: Invalid value: \"web.svc\": must not contain dots",
        ),
    ]);
    let named = |line: &str| {
        let spec = format!("type: ExternalName{line}\n  sessionAffinity: None\n");
        said("type: NodePort\n  clusterIP: 10.96.0.60\n", &spec)
    };
    assert_eq!(named("\n  externalName: db.example.com."), "");
    assert_eq!(named(""), "spec.externalName: Required value");
    assert_eq!(
        named("\n  externalName: db.example.com\n  clusterIP: 10.96.0.60"),
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services"
    );
    let other =
        APP.split("---").nth(1).expect("the Service comes second").replace("web-svc", "other");
    let found = findings(&load_text(&format!("{APP}---{other}")));
    assert!(
        found.iter().any(|line| line.ends_with("30080: provided port is already allocated")),
        "{found:?}"
    );
    let address = "spec.clusterIPs: Invalid value: [\"10.96.0.60\"]: failed to allocate IP 10.96.0.60: provided IP is already allocated";
    assert!(found.iter().any(|line| line.ends_with(address)), "{found:?}");
    for (address, problem) in [
        ("10.96.0.10", "provided IP is already allocated"),
        ("10.96.0.1", "provided IP is already allocated"),
        (
            "10.97.0.1",
            "the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
        ),
    ] {
        let found = findings(&load_text(&APP.replace("10.96.0.60", address)));
        let line = format!(
            "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: {problem}"
        );
        assert!(found.iter().any(|said| said.ends_with(&line)), "{found:?}");
    }
}

#[test]
fn fields_that_could_matter_are_named_and_others_are_not() {
    let pod = |field: &str| {
        said("    spec:\n      containers", &format!("    spec:\n      {field}\n      containers"))
    };
    for field in [
        "serviceAccountName: x",
        "securityContext: { runAsUser: 1 }",
        "volumes: [ { name: a, emptyDir: {} } ]",
        "hostNetwork: false",
        "tolerations: []",
        "restartPolicy: Always",
        "dnsPolicy: ClusterFirst",
        "nodeSelector: { a: b }",
        "imagePullSecrets: [ { name: a } ]",
        "priorityClassName: high",
    ] {
        assert_eq!(pod(field), "", "{field}");
    }
    for field in [
        "hostNetwork: true",
        "tolerations: [ { operator: Exists } ]",
        "affinity: { nodeAffinity: {} }",
        "initContainers: [ { name: a, image: b } ]",
        "nodeName: node-1",
        "schedulerName: mine",
        "topologySpreadConstraints: [ { maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule } ]",
    ] {
        let name = field.split(':').next().expect("a name");
        let said = pod(field);
        assert!(
            said.starts_with(&format!("field `spec.template.spec.{name}` is not simulated: ")),
            "{said}"
        );
    }
    let service = |field: &str| said("  type: NodePort", &format!("  type: NodePort\n  {field}"));
    assert_eq!(service("externalTrafficPolicy: Local"), "");
    assert_eq!(
        service("externalIPs: [ 192.0.2.1 ]"),
        "field `spec.externalIPs` is not simulated: nothing listens on these addresses"
    );
    let annotated = said(
        "{ name: web-svc }",
        "{ name: web-svc, annotations: { service.kubernetes.io/topology-mode: Auto } }",
    );
    assert!(
        annotated.starts_with("annotation `service.kubernetes.io/topology-mode` is not simulated"),
        "{annotated}"
    );
}

#[test]
fn kinds_are_told_apart() {
    let with = |text: &str| {
        let found = findings(&load_text(&format!("{APP}---\n{text}")));
        let found = found.iter().filter(|line| !line.starts_with("RS0212"));
        found
            .map(|line| line.split_once(": ").map_or("", |(_, m)| m).to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let object = |version: &str, kind: &str| {
        with(&format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: x }}\n"))
    };
    for (version, kind) in [
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("gateway.networking.k8s.io/v1", "GatewayClass"),
        ("gateway.networking.k8s.io/v1", "GRPCRoute"),
    ] {
        assert_eq!(object(version, kind), "", "{kind}");
    }
    assert_eq!(
        object("apps/v1", "DaemonSet"),
        "kind DaemonSet is not simulated yet: it starts no pods"
    );
    assert_eq!(object("apps/v1", "Deploymnt"), "there is no kind `Deploymnt` in apps/v1");
    assert_eq!(
        object("policy/v1beta1", "PodSecurityPolicy"),
        "Kubernetes serves PodSecurityPolicy in policy/v1beta1 no longer since 1.25"
    );
    assert_eq!(with("- a\n"), "a document is a sequence, not an object");
    assert_eq!(with("kind: Pod\n"), "a document has no `apiVersion`");
    assert_eq!(
        with("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndta: {}\n"),
        "unknown field `dta`"
    );
    assert_eq!(
        with(APP).lines().collect::<Vec<_>>(),
        ["Deployment `default/web` is defined twice", "Service `default/web-svc` is defined twice"]
    );
}

#[test]
fn json_and_lists_are_read_too() {
    let json = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"a"}]}}]}"#;
    let loaded = load_files(&["-"], &[("-", json)]);
    let scenario = loaded.scenario.expect("nothing is wrong with it");
    assert_eq!((scenario.pods.len(), scenario.name.as_str()), (1, "stdin"));
}

/// An Ingress with this in its only path, and this host.
fn ingress(host: &str, path: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: front }}\nspec:\n  rules:\n  - host: {host}\n    http:\n      paths:\n      - {path}\n"
    )
}

#[test]
fn what_is_wrong_with_an_ingress_is_said_in_kubernetes_words() {
    let good = "{ path: /, pathType: Prefix, backend: { service: { name: web-svc, port: { number: 80 } } } }";
    let cases = [
        ("shop.example.com", good.to_owned(), None),
        ("'*.example.com'", good.to_owned(), None),
        (
            "10.0.0.1",
            good.to_owned(),
            Some(
                "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address",
            ),
        ),
        ("a_b", good.to_owned(), Some("spec.rules[0].host: Invalid value: \"a_b\"")),
        (
            "a.b",
            good.replace("path: /", "path: x"),
            Some(
                "spec.rules[0].http.paths[0].path: Invalid value: \"x\": must be an absolute path",
            ),
        ),
        (
            "a.b",
            good.replace("Prefix", "Regex"),
            Some("spec.rules[0].http.paths[0].pathType: Unsupported value: \"Regex\""),
        ),
        (
            "a.b",
            good.replace("port: { number: 80 }", "port: {}"),
            Some(
                "spec.rules[0].http.paths[0].backend: Required value: port name or number is required",
            ),
        ),
        (
            "a.b",
            good.replace("number: 80", "number: 81"),
            Some("Service `default/web-svc` has no port 81"),
        ),
        (
            "a.b",
            good.replace("web-svc", "web-svk"),
            Some("there is no Service `default/web-svk` for this Ingress"),
        ),
    ];
    for (host, path, problem) in cases {
        let text = format!("{APP}---\n{}", ingress(host, &path));
        let found = findings(&load_text(&text));
        let found: Vec<&String> = found.iter().filter(|it| !it.contains("RS0212")).collect();
        match problem {
            None => assert!(found.is_empty(), "{host} {path}: {found:?}"),
            Some(problem) => {
                assert!(found.len() == 1 && found[0].contains(problem), "{host} {path}: {found:?}");
            }
        }
    }
}

/// A Gateway, and an HTTPRoute for it with this host and this in its only rule.
fn http_route(host: &str, rule: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: front }}\nspec:\n  gatewayClassName: any\n  listeners: [ {{ name: http, port: 80, protocol: HTTP }} ]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: shop }}\nspec:\n  parentRefs: [ {{ name: front }} ]\n  hostnames: [ '{host}' ]\n  rules:\n  - {rule}\n"
    )
}

#[test]
fn what_is_wrong_with_an_http_route_is_said() {
    let good = "{ backendRefs: [ { name: web-svc, port: 80, weight: 9 } ] }";
    let with = |path: &str| format!("{{ matches: [ {{ {path} }} ], {}", &good[1..]);
    let cases = [
        (good.to_owned(), None),
        (with("path: { type: Exact, value: /cart }"), None),
        (
            with("path: { type: Prefix, value: /cart }"),
            Some("spec.rules[0].matches[0].path.type: Unsupported value: \"Prefix\""),
        ),
        (
            with("path: { value: cart }"),
            Some("spec.rules[0].matches[0].path.value: Invalid value: \"cart\": value must be an"),
        ),
        (
            with("method: GET"),
            Some("field `spec.rules[0].matches[0].method` is not simulated: requests have none"),
        ),
        (
            with("headers: [ { name: a, value: b } ]"),
            Some("field `spec.rules[0].matches[0].headers` is not simulated: requests have none"),
        ),
        (with("paht: { value: /cart }"), Some("unknown field `spec.rules[0].matches[0].paht`")),
        (
            good.replace("{ backend", "{ timeouts: { request: 1s }, backend"),
            Some("field `spec.rules[0].timeouts` is not simulated: the controller waits"),
        ),
        (
            good.replace("weight: 9", "weight: -1"),
            Some(
                "spec.rules[0].backendRefs[0].weight: Invalid value: -1: \
                 spec.rules[0].backendRefs[0].weight in body should be greater than or equal to 0",
            ),
        ),
        (
            good.replace("weight: 9", "weight: 1000001"),
            Some("weight in body should be less than or equal to 1e+06"),
        ),
        (
            good.replace("port: 80, ", ""),
            Some("spec.rules[0].backendRefs[0].port: Required value: Must have port"),
        ),
        (good.replace("port: 80", "port: 81"), Some("Service `default/web-svc` has no port 81")),
        (
            good.replace("web-svc", "web-svk"),
            Some("there is no Service `default/web-svk` for this HTTPRoute"),
        ),
        (
            good.replace("name: web-svc", "name: web-svc, namespace: other"),
            Some("there is no Service `other/web-svc` for this HTTPRoute"),
        ),
        (
            good.replace("name: web-svc", "name: web-svc, kind: ServiceImport"),
            Some("spec.rules[0].backendRefs[0]: a backend that is no Service is not simulated"),
        ),
    ];
    for (rule, problem) in cases {
        let text = format!("{APP}---\n{}", http_route("shop.example.com", &rule));
        let found = findings(&load_text(&text));
        let found: Vec<&String> = found.iter().filter(|it| !it.contains("RS0212")).collect();
        match problem {
            None => assert!(found.is_empty(), "{rule}: {found:?}"),
            Some(problem) => {
                assert!(found.len() == 1 && found[0].contains(problem), "{rule}: {found:?}");
            }
        }
    }
}

#[test]
fn what_is_wrong_around_an_http_route_is_said() {
    let good = http_route("shop.example.com", "backendRefs: [ { name: web-svc, port: 80 } ]");
    let cases = [
        ("name: front }\nspec", "name: frnt }\nspec", "RS0117 "),
        ("  parentRefs: [ { name: front } ]\n", "", "HTTPRoute `default/shop` is for no Gateway"),
        (
            "[ { name: front } ]",
            "[ { name: front, kind: Service, group: '' } ]",
            "a parent that is no Gateway is not simulated",
        ),
        ("shop.example.com", "a_b", "spec.hostnames[0]: Invalid value: \"a_b\""),
        ("port: 80, protocol", "port: 0, protocol", "spec.listeners[0].port: Invalid value: 0"),
        (", protocol: HTTP", "", "spec.listeners[0].protocol: Required value"),
        ("  gatewayClassName: any\n", "", "spec.gatewayClassName: Required value"),
        (
            "protocol: HTTP",
            "protocol: HTTP, allowedRoutes: { namespaces: { from: Any } }",
            "spec.listeners[0].allowedRoutes.namespaces.from: Unsupported value: \"Any\"",
        ),
    ];
    for (old, new, problem) in cases {
        let text = format!("{APP}---\n{}", good.replacen(old, new, 1));
        let found = findings(&load_text(&text));
        assert!(found.iter().any(|it| it.contains(problem)), "{new}: {found:?}");
    }
}
