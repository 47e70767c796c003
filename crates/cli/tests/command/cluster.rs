//! What a cluster has beside its workloads: its own Services, its nodes and their ports, and objects
//! that nobody here acts on.

use super::bench::{Ran, folder, rollsim, scenario, short_scenario, write};

fn ask(path: &str, line: &[&str]) -> Ran {
    rollsim(&[&["kubectl", "-s", path, "--at", "5s"], line].concat())
}

#[test]
fn every_cluster_has_two_services_of_its_own() {
    let path = scenario("rolling-update");
    let services = ask(&path, &["get", "service", "-A"]).ended_with(0).stdout;
    let expected = "\
NAMESPACE     NAME         TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)                  AGE
default       kubernetes   ClusterIP   10.96.0.1     <none>        443/TCP                  5m5s
default       web-svc      ClusterIP   10.96.1.200   <none>        80/TCP                   5m5s
kube-system   kube-dns     ClusterIP   10.96.0.10    <none>        53/UDP,53/TCP,9153/TCP   5m5s
";
    assert_eq!(services, expected);
    let described = ask(&path, &["describe", "service", "kubernetes"]).ended_with(0).stdout;
    let expected = "\
Name:                     kubernetes
Namespace:                default
Labels:                   component=apiserver
                          provider=kubernetes
Annotations:              <none>
Selector:                 <none>
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.0.1
IPs:                      10.96.0.1
Port:                     https  443/TCP
TargetPort:               6443/TCP
Endpoints:                172.18.0.10:6443
Session Affinity:         None
Internal Traffic Policy:  Cluster
Events:                   <none>
";
    assert_eq!(described, expected);
    let endpoints = ask(&path, &["get", "endpoints", "-A", "--no-headers"]).ended_with(0).stdout;
    let names: Vec<Vec<&str>> =
        endpoints.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(names[0], ["default", "kubernetes", "172.18.0.10:6443"], "{endpoints}");
    assert_eq!(names[2][..2], ["kube-system", "kube-dns"], "{endpoints}");
    let slices = ask(&path, &["get", "endpointslices", "-A", "-o", "name"]).ended_with(0).stdout;
    assert!(slices.contains("endpointslice.discovery.k8s.io/kubernetes\n"), "{slices}");
    let run = ["run", "tmp", "--image=x", "--rm", "-it", "--", "curl", "-m", "1"];
    for (url, why) in [
        ("http://kubernetes:443", "10.96.0.1 is kubernetes of namespace default"),
        ("http://172.18.0.10:6443", "172.18.0.10 is an endpoint of kubernetes"),
    ] {
        ask(&path, &[&run[..], &[url]].concat()).ended_with(28).says(&[why]);
    }
}

/// Every line of a simulated node's description; what has no line is not known.
#[test]
fn a_node_is_described_with_what_its_pods_request() {
    let path = scenario("rolling-update");
    let nodes = ask(&path, &["get", "nodes", "-o", "wide", "--no-headers"]).ended_with(0).stdout;
    let addresses = nodes.lines().map(|line| line.split_whitespace().nth(5).unwrap_or_default());
    let addresses: Vec<&str> = addresses.collect();
    assert_eq!(addresses, ["172.18.0.11", "172.18.0.12", "172.18.0.13"], "{nodes}");
    let described = ask(&path, &["describe", "node", "node-2"]).ended_with(0).stdout;
    let expected = "\
Name:               node-2
Roles:              <none>
Labels:             kubernetes.io/arch=amd64
                    kubernetes.io/hostname=node-2
                    kubernetes.io/os=linux
                    topology.kubernetes.io/zone=b
Annotations:        <none>
CreationTimestamp:  Thu, 01 Jan 1970 00:00:00 +0000
Taints:             <none>
Unschedulable:      false
Conditions:
  Type    Status  Reason
  ----    ------  ------
  Ready   True    KubeletReady
Addresses:
  InternalIP:  172.18.0.12
  Hostname:    node-2
Allocatable:
  cpu:     4
  memory:  16Gi
  pods:    110
System Info:
  Operating System:   linux
  Architecture:       amd64
  Kubelet Version:    v1.36.2
Non-terminated Pods:  (1 in total)
  Namespace           Name                    CPU Requests  Memory Requests  Age
  ---------           ----                    ------------  ---------------  ---
  default             web-549f9fbb9b-k5wcc    250m (6%)     128Mi (0%)       5m5s
Allocated resources:
  Resource  Requests
  --------  --------
  cpu       250m (6%)
  memory    128Mi (0%)
Events:     <none>
";
    assert_eq!(described, expected);
}

/// A node answers at its port for a pod of any node, whatever the policy for outside says; and so does
/// a load balancer's address.
#[test]
fn a_node_port_is_answered_by_the_rules_in_force() {
    let folder = folder("node-ports");
    let local = "---
apiVersion: v1
kind: Service
metadata: { name: local }
spec:
  type: LoadBalancer
  selector: { app: web }
  externalTrafficPolicy: Local
  internalTrafficPolicy: Local
  ports: [ { port: 80, targetPort: 8080, nodePort: 30080 } ]
---
apiVersion: v1
kind: Service
metadata: { name: empty }
spec:
  type: NodePort
  selector: { app: nothing }
  ports: [ { port: 80, nodePort: 30081 } ]
";
    let path = write(&folder, "app.yaml", &(short_scenario("") + local));
    let curl = |url: &str| {
        let run = ["run", "tmp", "--image=x", "--rm", "-it", "--", "curl", "-m", "1", url];
        ask(&path, &run)
    };
    let nodes = ask(&path, &["get", "nodes", "-o", "name"]).ended_with(0).stdout;
    for node in 0..nodes.lines().count() {
        let ran = curl(&format!("http://172.18.0.{}:30080", 11 + node)).ended_with(0);
        assert!(ran.stdout.starts_with("web-"), "{ran:?}");
    }
    let service = ask(&path, &["get", "svc", "local", "--no-headers"]).ended_with(0).stdout;
    let address = service.split_whitespace().nth(3).expect("it has an address of its own");
    assert!(curl(&format!("http://{address}")).ended_with(0).stdout.starts_with("web-"));
    for (url, why) in [
        ("http://172.18.0.11:30081", "empty has no ready endpoint by the rules in force on node-1"),
        ("http://172.18.0.11:30082", "node-1 has no rule for port 30082: no Service has that node"),
        ("http://172.18.0.11", "node-1 has no rule for port 80"),
    ] {
        curl(url).ended_with(7).says(&[why]);
    }
}

/// A Deployment `web` is in each of these.
const BYSTANDERS: &str = "---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: { name: old }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  maxReplicas: 10
  targetCPUUtilizationPercentage: 75
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: two-metrics }
spec:
  scaleTargetRef: { kind: Deployment, name: nosuch }
  minReplicas: 2
  maxReplicas: 5
  metrics:
  - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }
  - { type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 500Mi } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: half }
spec: { maxUnavailable: 50%, selector: { matchLabels: { app: web } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: others }
spec: { minAvailable: 1, selector: { matchLabels: { app: nothing } } }
";

#[test]
fn autoscalers_and_budgets_are_shown_and_change_nothing() {
    let folder = folder("bystanders");
    let plain = write(&folder, "plain.yaml", &short_scenario(""));
    let path = write(&folder, "app.yaml", &(short_scenario("") + BYSTANDERS));
    let pods = ask(&path, &["get", "pods", "-l", "app=web", "-o", "name"]).ended_with(0).stdout;
    let replicas = pods.lines().count();
    let autoscalers = ask(&path, &["get", "hpa", "--no-headers"]).ended_with(0).stdout;
    let rows: Vec<Vec<&str>> = autoscalers
        .lines()
        .map(|line| line.split("  ").filter(|it| !it.is_empty()).collect())
        .collect();
    let cells = |row: &[&str]| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let metrics = "cpu: <unknown>/50%, memory: <unknown>/500Mi";
    let current = replicas.to_string();
    let old = ["old", "Deployment/web", "cpu: <unknown>/75%", "1", "10", &current, "5m5s"];
    assert_eq!(cells(&rows[0]), old, "{autoscalers}");
    let two = ["two-metrics", "Deployment/nosuch", metrics, "2", "5", "0", "5m5s"];
    assert_eq!(cells(&rows[1]), two, "{autoscalers}");
    let budget = ask(&path, &["describe", "pdb", "half"]).ended_with(0).stdout;
    let allowed = replicas.div_ceil(2);
    let expected = format!(
        "Max unavailable:  50%\nSelector:         app=web\nStatus:\n    Allowed disruptions:  {allowed}\n    \
         Current:              {replicas}\n    Desired:              {}\n    Total:                \
         {replicas}\n",
        replicas - allowed
    );
    assert!(budget.contains(&expected), "{budget}{expected}");
    let others = ask(&path, &["get", "pdb", "others", "--no-headers"]).ended_with(0).stdout;
    assert_eq!(others, "others   1     N/A   0     5m5s\n");

    // Nobody acts on them, so the run is the same to the byte.
    let run = |path: &str| rollsim(&["run", path, "-o", "json"]).ended_with(0);
    let fingerprint = |ran: &Ran| {
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
        json["fingerprint"].clone()
    };
    let with = run(&path);
    let with = with.says(&["RS0024", "the number of replicas stays", "nobody evicts pods"]);
    assert_eq!(fingerprint(&with), fingerprint(&run(&plain)));
}

#[test]
fn budgets_and_autoscalers_are_refused_in_the_api_servers_words() {
    let folder = folder("refused-bystanders");
    let cases = [
        (
            "averageUtilization: 50",
            "averageUtilization: 0",
            "averageUtilization: Invalid value: 0: must be greater than 0",
        ),
        (
            "minReplicas: 2",
            "minReplicas: 6",
            "spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`",
        ),
        (
            "maxReplicas: 10",
            "maxReplicas: 0",
            "spec.maxReplicas: Invalid value: 0: must be greater than 0",
        ),
        ("name: nosuch", "name: \"\"", "spec.scaleTargetRef.name: Required value"),
        (
            "type: Resource, resource: { name: cpu",
            "type: Pods, resource: { name: cpu",
            "spec.metrics[0].pods: Required value: must populate information for the given metric source",
        ),
        (
            "averageValue: 500Mi",
            "averageValue: \"0\"",
            "averageValue: Invalid value: \"0\": must be positive",
        ),
        (
            "minAvailable: 1",
            "minAvailable: -1",
            "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            "maxUnavailable: 50%",
            "maxUnavailable: half",
            "spec.maxUnavailable: Invalid value: \"half\": a valid percent string",
        ),
        ("maxUnavailable: 50%", "maxUnvailable: 50%", "unknown field `spec.maxUnvailable`"),
    ];
    for (from, to, message) in cases {
        let text = (short_scenario("") + BYSTANDERS).replacen(from, to, 1);
        let path = write(&folder, "app.yaml", &text);
        rollsim(&["check", &path]).ended_with(2).says(&[message]);
    }
}

#[test]
fn slices_are_made_of_endpoints_that_somebody_wrote() {
    let folder = folder("mirrored-endpoints");
    let endpoints = "---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { ports: [ { port: 5432 } ] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: db, labels: { tier: data } }
subsets:
- addresses: [ { ip: 192.0.2.10 }, { ip: 192.0.2.11 } ]
  notReadyAddresses: [ { ip: 192.0.2.12 } ]
  ports: [ { port: 5432 } ]
---
apiVersion: v1
kind: Endpoints
metadata: { name: web }
subsets: [ { addresses: [ { ip: 192.0.2.20 } ], ports: [ { port: 80 } ] } ]
---
apiVersion: v1
kind: Endpoints
metadata: { name: lost }
";
    let path = write(&folder, "app.yaml", &(short_scenario("") + endpoints));
    let own =
        ["-l", "endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io"];
    let line = [&["get", "endpointslices", "--show-labels", "--no-headers"], &own[..]].concat();
    let slices = ask(&path, &line).ended_with(0).stdout;
    assert_eq!(slices.lines().count(), 1, "{slices}");
    assert!(slices.starts_with("db-") && slices.contains("192.0.2.10,192.0.2.11,192.0.2.12"));
    assert!(slices.contains("kubernetes.io/service-name=db,tier=data\n"), "{slices}");
    let shown = ask(&path, &["get", "endpoints", "--no-headers"]).ended_with(0).stdout;
    let shown: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(shown[0], ["db", "192.0.2.10:5432,192.0.2.11:5432"], "{shown:?}");
    // Those of a Service with a selector are the controller's, which leaves nobody else's.
    assert!(shown.iter().any(|row| row[0] == "web" && row[1].starts_with("10.128.")), "{shown:?}");
    let described = ask(&path, &["describe", "service", "db"]).ended_with(0).stdout;
    assert!(described.contains("192.0.2.10:5432,192.0.2.11:5432\n"), "{described}");
    rollsim(&["check", &path]).ended_with(0).says(&[
        "the addresses of Endpoints `default/db` are not simulated",
        "Endpoints `default/web` are used by nobody: Service `default/web` has a selector",
        "Endpoints `default/lost` are used by nobody: there is no Service `default/lost`",
    ]);
    let kept = endpoints.replace("tier: data", "endpointslice.kubernetes.io/skip-mirror: \"true\"");
    let path = write(&folder, "app.yaml", &(short_scenario("") + &kept));
    assert_eq!(ask(&path, &line).ended_with(0).stdout, "");
    let wrong = endpoints.replace("{ ip: 192.0.2.10 }", "{ ip: 127.0.0.1 }");
    let path = write(&folder, "app.yaml", &(short_scenario("") + &wrong));
    rollsim(&["check", &path]).ended_with(2).says(&[
        "subsets[0].addresses[0].ip: Invalid value: \"127.0.0.1\": may not be in the loopback range",
    ]);
}
