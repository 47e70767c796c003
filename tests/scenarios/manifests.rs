//! Manifests that several tests put behind a Scenario of their own.

/// A Deployment of a name, as a document behind others. Its pods are labelled `app` with that name, have an image
/// `NAME:v1` that listens on port 80, and are ready once it does.
pub(crate) fn deployment(name: &str, replicas: u32) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  replicas: {replicas}
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec:
      containers:
        - name: {name}
          image: '{name}:v1'
          ports: [ {{ containerPort: 80 }} ]
          readinessProbe: {{ tcpSocket: {{ port: 80 }}, periodSeconds: 1 }}
"
    )
}
