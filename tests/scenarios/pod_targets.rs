//! Load balancers whose targets are pods, and readiness gates.

use std::collections::{BTreeMap, BTreeSet};

use api::PodId;
use engine::{Span, Time};
use record::{Cause, Outcome, Record};

use crate::{
    rehearsal::{Records, load, rehearse},
    seeds::{each_seed, scenario},
    traffic::{lost, requests},
};

/// The pods that a balancer sends to, from each moment on at which that changed.
fn in_force(records: &Records) -> BTreeMap<Time, BTreeSet<PodId>> {
    let lists = records.iter().filter_map(|(time, record)| match record {
        Record::TargetsInForce { pods, .. } => Some((*time, pods.iter().copied().collect())),
        _ => None,
    });
    lists.collect()
}

#[test]
fn a_balancer_sends_only_to_its_targets_and_refuses_where_it_has_none() {
    each_seed(&scenario("pod-targets"), 5, |seed, records| {
        let lists = in_force(records);
        for (_, request) in requests(records) {
            let (since, pods) =
                lists.range(..=request.connected).next_back().expect("it had targets before");
            // Of what is at the very moment of a change, either may be.
            if *since == request.connected {
                continue;
            }
            match request.pod {
                Some(pod) => assert!(pods.contains(&pod), "seed {seed}: {request:?} of {pods:?}"),
                None => {
                    let refused = Outcome::Failed(Cause::RefusedNoEndpoints);
                    assert!(pods.is_empty(), "seed {seed}: {request:?} of {pods:?}");
                    assert_eq!(request.outcome, refused, "seed {seed}");
                }
            }
        }
    });
}

#[test]
fn behind_its_gate_no_pod_is_ready_before_its_balancer_says_so() {
    each_seed(&scenario("pod-targets-readiness-gate"), 10, |seed, records| {
        let (mut healthy, mut ready) = (BTreeSet::new(), 0);
        for (_, record) in records {
            match record {
                Record::PodTargetHealthChanged { pod, healthy: true, .. } => {
                    healthy.insert(*pod);
                }
                Record::PodReady { pod } => {
                    ready += 1;
                    assert!(healthy.contains(pod), "seed {seed}: {pod:?} is ready too soon");
                }
                _ => {}
            }
        }
        assert_eq!(ready, 6, "seed {seed}: three old pods and three new ones");
        assert!(lost(records).is_empty(), "seed {seed}: {:?}", lost(records));
    });
}

/// Requests of twenty seconds, through a balancer that gives what is in progress so long.
fn long_requests(deregistration_delay: &str) -> Records {
    let text = format!(
        "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: long-requests }}
spec:
  duration: 150s
  cluster:
    loadBalancer:
      targets: pods
      registrationDelay: 2s
      deregistrationDelay: {deregistration_delay}
      healthCheck: {{ interval: 1s, healthyThreshold: 1, timeout: 1s }}
  images:
    web:v1: {{ serviceTime: 20s, concurrency: 200, onSigterm: drain }}
  clients:
    - {{ name: out, from: outside, target: http://web/, arrivals: constant(3/s), timeout: 60s }}
  timeline:
    - {{ at: 40s, kubectl: rollout restart deployment/web }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: 2
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      terminationGracePeriodSeconds: 120
      readinessGates: [ {{ conditionType: target-health.example.com/web }} ]
      containers:
        - name: web
          image: web:v1
          ports: [ {{ containerPort: 8080 }} ]
          readinessProbe: {{ tcpSocket: {{ port: 8080 }}, periodSeconds: 1 }}
          lifecycle: {{ preStop: {{ sleep: {{ seconds: 40 }} }} }}
---
apiVersion: v1
kind: Service
metadata: {{ name: web }}
spec:
  type: LoadBalancer
  selector: {{ app: web }}
  ports: [ {{ port: 80, targetPort: 8080 }} ]
"
    );
    rehearse(&load(&text), 1)
}

#[test]
fn what_is_in_progress_is_broken_off_when_the_deregistration_delay_is_over() {
    assert!(lost(&long_requests("300s")).is_empty());
    let records = long_requests("5s");
    let let_go: BTreeMap<PodId, Time> = records
        .iter()
        .filter_map(|(time, record)| match record {
            Record::TargetDeregistered { pod, .. } => Some((*pod, *time)),
            _ => None,
        })
        .collect();
    assert_eq!(let_go.len(), 2, "two pods are replaced");
    let mut broken_off = 0;
    for (time, request) in requests(&records) {
        let Outcome::Failed(cause) = request.outcome else { continue };
        assert_eq!(cause, Cause::ResetDeregistered);
        broken_off += 1;
        let since = let_go[&request.pod.expect("it was sent to a pod")];
        assert!(request.connected < since, "a pod that was let go got another request");
        // The news takes the way from the balancer to the client.
        assert_eq!(time, since + Span::from_secs(5) + Span::from_millis(5));
    }
    // 3/s over two or three targets, of the last 15 s before a pod was let go: some 15 to 22 each.
    assert!((25..50).contains(&broken_off), "{broken_off}");
}
