//! The kinds of findings, each with a code that never changes its meaning.
//!
//! One table makes the enum, the codes and what `rollsim explain RS0101` prints.

use std::{fmt, str::FromStr};

use crate::Severity;

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $explanation:literal)*) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All kinds of findings.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its code, such as `RS0101`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, in a paragraph.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

codes! {
    // Files.
    CannotRead "RS0001" Error "a file cannot be read"
        "The file or folder does not exist, or may not be read. Names in `spec.manifests` and after `kubectl apply -f` are looked for beside the scenario file."
    TooLarge "RS0002" Error "an input is too large"
        "A file may have 16 MiB, a folder 10 000 files and 64 MiB in all. Real manifests are a thousand times smaller; the API server itself takes requests of 3 MiB at most. The limits let any input end in an answer within a second."
    NotUtf8 "RS0003" Error "a file is not UTF-8"
        "YAML is text in UTF-8. kubectl replaces bytes that are not by U+FFFD and goes on; rollsim says where they are, because such a name never matches anything."
    NothingThere "RS0004" Error "there is nothing in the input"
        "A folder without .yaml, .yml or .json files, files without documents, or documents without a Deployment, Pod or Service."
    // YAML.
    Syntax "RS0010" Error "a file is not YAML"
        "The text cannot be read as YAML. Indent with spaces, keep one indentation, and quote texts with `: ` or ` #` in them. Templates of Helm and the like must be rendered first: `helm template . | rollsim run -`."
    TooDeep "RS0011" Error "values are nested too deeply"
        "Sequences and mappings may be nested 100 deep; no Kubernetes object comes near."
    TooManyValues "RS0012" Error "a file holds too many values"
        "All files together may hold a million values with aliases written out, and one file 10 000 documents. A short file that grows beyond through aliases of aliases is called a billion laughs."
    DuplicateKey "RS0013" Warning "a key is set twice in one mapping"
        "kubectl keeps the last one and says nothing, and so it is read here. One of the two is a mistake."
    BadKey "RS0014" Error "a key is not a text"
        "Keys of a mapping must be texts, numbers or booleans; kubectl refuses null, sequences and mappings."
    BadScalar "RS0015" Error "a value cannot be read"
        "A value that JSON cannot hold, such as `.inf` or `.nan`, or that is not what its tag says. kubectl refuses it too."
    // Documents.
    NotAnObject "RS0020" Error "a document is not an object"
        "Every document is a mapping with `apiVersion` and `kind`: a Kubernetes object as `kubectl apply -f` takes it, or the Scenario."
    PassedOver "RS0021" Warning "a document is passed over"
        "A file in a folder that has neither `apiVersion` nor `kind`, such as the values of a Helm chart, is no Kubernetes object and is left alone."
    UnknownKind "RS0022" Error "an unknown kind"
        "Kubernetes 1.36 has no such kind in this group and version. Kinds of other groups, such as custom resources, are passed over without a word."
    RemovedVersion "RS0023" Error "a version that Kubernetes no longer serves"
        "The API server of Kubernetes 1.36 does not know this version of the group; `kubectl apply` fails with `no matches for kind`. The fields have mostly stayed the same: write the version that is named and check again."
    KindNotSimulated "RS0024" Warning "a kind that is not simulated yet"
        "The object could change what happens in a real cluster, but the simulation does without it: StatefulSets and DaemonSets start no pods, autoscalers change no replicas, and nobody asks a PodDisruptionBudget. Those of the last two kinds are read, checked and shown by `rollsim kubectl`."
    DuplicateObject "RS0025" Error "an object is defined twice"
        "Two documents have the same kind, namespace and name. kubectl would apply one after the other; which is meant cannot be known."
    SecondScenario "RS0026" Error "more than one Scenario"
        "One load has at most one document of kind Scenario. To compare scenarios, name their files one by one."
    // Fields.
    UnknownField "RS0101" Error "an unknown field"
        "The field does not exist here. The API server drops unknown fields, so what they were to say is never done; `kubectl --validate=strict` refuses them, and so does rollsim."
    WrongType "RS0102" Error "a value of the wrong type"
        "The field wants another type of value. Bare yes, no, on, off, y and n are booleans in YAML as kubectl reads it, and 1.20 is the number 1.2: put texts in quotes."
    Missing "RS0103" Error "a required field is missing"
        "The API server refuses the object without this field."
    BadValue "RS0104" Error "a value that is not allowed"
        "The API server, or the scenario's own rules, refuse this value."
    FieldNotSimulated "RS0105" Warning "a field that is not simulated"
        "The field is valid, and could change how a rollout goes in a real cluster, but the simulation does without it. The result holds for the same manifest without this field."
    BothFencesZero "RS0106" Error "maxSurge and maxUnavailable are both zero"
        "With both at 0 a rolling update may neither add a pod nor take one away, so the API server refuses it."
    SelectorMismatch "RS0107" Error "a selector does not match its own template"
        "A Deployment would never find the pods it makes; the API server refuses it."
    SelectsNothing "RS0108" Warning "a Service selects no pod"
        "No Deployment's template and no Pod of the Service's namespace has the labels of its selector. Its requests fail with refused.no-endpoints, in a real cluster as here."
    PortNotDeclared "RS0109" Warning "a named target port that no container declares"
        "`targetPort` is the name of a container port, and no container behind the Service declares one of that name and protocol. The endpoints then have no port and cannot be reached. So it is too with the pods of one version, where another has the name: those that come while the Service leads to it, and those that are there still when it begins to."
    HookLengthUnknown "RS0110" Warning "how long a hook runs cannot be told"
        "A preStop exec hook delays SIGTERM by as long as its command runs. rollsim reads that off a `sleep N` in the command and takes 0 seconds where there is none."
    TooManyPods "RS0111" Error "more pods than can be simulated"
        "A Deployment may have 5000 replicas here and a surge of 5000 pods, and all Deployments together 20 000 replicas. Every node learns of every pod, so nodes times pods may be 2 000 000: 100 nodes with 20 000 pods, or 5000 nodes with 400."
    NoNodeFits "RS0112" Warning "a pod that no node has room for"
        "The containers of one pod together request more CPU or memory than any node of `spec.cluster.nodes` has. The scheduler finds no node for it, in a real cluster as here, so it stays Pending, is never ready, and a rollout to it never completes. Nodes have 4 CPU and 16Gi unless the scenario says otherwise."
    ProbeUnheard "RS0113" Warning "a probe that asks where nothing listens"
        "The probe connects to a port on which no program of the pod listens, or names one that its container does not declare, so it never passes: with a readiness probe the pod never becomes ready, with a liveness or startup probe its container is restarted again and again. Pods of every version are looked at, those that the timeline makes by `set image` among them. A program is taken to listen on the `ports` that its container declares, or on those that `listen` of its image states."
    UnusedSlice "RS0114" Warning "an EndpointSlice or Endpoints that nobody uses"
        "Proxies and DNS read the slices whose label `kubernetes.io/service-name` names a Service of the same namespace that is more than a name, and a proxy takes the endpoints of those ports that have the name and protocol of one of the Service's. What is in other slices is read by nobody, in a real cluster as here. Of Endpoints slices are made where they have the name of a Service without a selector, and no label `endpointslice.kubernetes.io/skip-mirror: \"true\"`."
    NoBackend "RS0115" Warning "an Ingress or HTTPRoute that leads nowhere"
        "A backend names a Service and one of its ports: of an Ingress by number or by name, in its own namespace; of an HTTPRoute by number, and in its own namespace too, for the ReferenceGrant that would allow another is not simulated. Where there is none, a real controller stores the rule all the same. For an Ingress it answers 503, and here such requests fail with `refused.no-endpoints`; for an HTTPRoute it answers the backend's share of the requests with 500, and here they fail with `http.5xx`."
    GateShut "RS0116" Warning "a readiness gate that nobody opens"
        "A pod is Ready only when the condition that each of its readiness gates names is True, and nobody writes this one, so the pods never get ready and a rollout to them never completes. Here the controller of load balancers writes conditions whose types begin with `target-health.`, where `cluster.loadBalancer.targets` is `pods` and a Service of type LoadBalancer selects the pod. In a real cluster whoever the gate belongs to would have to be there."
    NoGateway "RS0117" Warning "an HTTPRoute without its Gateway"
        "A route takes effect where a listener of a Gateway that it names in `parentRefs` lets it in. The Gateway may be in other manifests than these, so here a route without one is taken to be behind a Gateway that lets in every host at every port."
    TargetUnheard "RS0118" Warning "a target port on which nothing listens"
        "The Service sends what comes to it to a port of its pods on which no program of theirs listens, so every connection is refused and such requests fail with refused.wrong-port. Where `targetPort` is not stated it is the Service's own `port`. Pods of every version are looked at that is there while the Service leads to that port: those that the timeline makes by `set image` or `apply` among them, and those that are there still when a step changes the Service. A program is taken to listen on the `ports` that its container declares, or on those that `listen` of its image states; a real one may listen on a port that it does not declare."
    // The Scenario document.
    UnknownDeployment "RS0201" Error "a Deployment that is not in the manifests"
        "The timeline names a Deployment that no document defines, also none that a step applies. Without `-n` the namespace is `default`."
    UnknownService "RS0202" Error "a Service that is not in the manifests"
        "A client's target is `http://NAME`, `http://NAME.NAMESPACE` or a longer form of it, or the Service's address. A name without a namespace is looked up in the namespace of the client's pods, and in `default` for clients elsewhere."
    UnknownPort "RS0203" Error "a port the Service does not have"
        "Clients connect to a port of the Service, not to the port of the pods behind it; from outside, to a node port or the port of a load balancer. Without a port a URL means port 80."
    NotReachable "RS0204" Error "a Service that cannot be reached from there"
        "A Service of type ClusterIP has an address inside the cluster only. A client outside needs one of type NodePort or LoadBalancer."
    NobodyThere "RS0205" Error "a selector of pods that matches none"
        "No Deployment's template and no Pod has these labels, so there is nobody to send requests from, or to break."
    UnknownNode "RS0206" Error "a node the cluster does not have"
        "Nodes are called node-1, node-2 and so on, up to `cluster.nodes.count`."
    BadCommand "RS0207" Error "a kubectl command that cannot be rehearsed"
        "Understood are `set image`, `rollout restart|undo|pause|resume`, `scale --replicas`, `apply -f`, `delete pod -l` and `delete service|deployment|namespace`, with `-n NAMESPACE`."
    UnknownContainer "RS0208" Error "a container the Deployment does not have"
        "`kubectl set image` names containers by the names they have in the template; `*` means all of them."
    TooLate "RS0209" Error "a step after the end"
        "The step's time is not before the end of the simulation, so it would never happen."
    NotYet "RS0210" Error "something that is not there yet"
        "The scenario format plans for this, but the simulation cannot do it yet. Doing something else without a word would be worse."
    UnusedImage "RS0211" Warning "behaviour for an image that nobody uses"
        "No template and no step of the timeline names this image, so what is said about it has no effect."
    ImageWithoutBehaviour "RS0212" Warning "an image whose behaviour is not stated"
        "A manifest cannot say how its program behaves. Without an entry in `spec.images` the program is taken to listen 2s after its start, to serve each request in exp(20ms) with 8 at a time and 128 waiting, and to exit at once on SIGTERM, which is the signal's default action."
    NoClients "RS0213" Warning "nobody sends requests"
        "Without clients there is a rollout but no request, so no failure can be seen."
    IgnoredInApply "RS0214" Warning "part of an applied file has no effect"
        "Of the objects that a step of the timeline applies, Services and Deployments are taken over; the rest is not simulated yet. A step that applies nothing else does nothing."
    NameUnresolved "RS0215" Warning "a name that does not resolve"
        "A client's target has a name that the cluster's DNS would know only by its rewrite rule, and `cluster.dns.rewrites` leaves that out. CoreDNS answers NXDOMAIN, so its requests fail with dns.nxdomain."
    NoEffect "RS0216" Warning "a setting that has no effect"
        "Another setting, or what the scenario is like, leaves nothing for this one to decide: a policy of load balancers where no client comes from outside, a burst where there is no limit. It is not wrong, but what it was to say is never done."
    OutlastsRun "RS0217" Warning "something that takes longer than the run"
        "What takes longer than `duration` at least half of the time is seldom over within the run, so that little that waits for it is seen: no pod is made where the API server needs an hour for a write."
    ReplicasFallBack "RS0218" Warning "applying a file takes replicas back to 1"
        "kubectl apply takes back what the file that was applied before says and this one does not: without `replicas`, which is 1 by default, a Deployment of many pods has one from then on. Who leaves the number to an autoscaler or to `kubectl scale` takes it out of the first file, too."
    UnknownNamespace "RS0219" Error "a namespace that cannot be deleted"
        "The timeline deletes a namespace in which there is no Deployment, Pod or Service, also none that a step applies: a namespace is there here as long as something is in it. Or it deletes `default`, `kube-system` or `kube-public`, which the API server refuses."
    BadVariation "RS0220" Error "a variation that cannot be made"
        "`--vary FIELD=VALUE,VALUE` of `rollsim compare` names a field of the Scenario by its path below `spec`, and two values or more that it is to have in turn. Items of a list go by their `name`. A value is YAML as it would stand behind the field; commas within brackets or quotes part nothing, and `null` leaves the field out."
    // Too many.
    TooManyErrors "RS0901" Error "too many errors"
        "The first hundred findings are shown; there are more, errors among them."
    TooManyWarnings "RS0902" Warning "too many warnings"
        "The first hundred findings are shown; there are more, all of them warnings."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.iter().find(|code| code.id().eq_ignore_ascii_case(text));
        found.copied().ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert!(code.id().starts_with("RS") && code.id().len() == 6, "{code}");
            assert_eq!(code.id().parse(), Ok(*code));
            assert!(!code.title().ends_with('.') && code.explanation().ends_with('.'), "{code}");
            assert!(Code::ALL[..index].iter().all(|other| other.id() < code.id()), "{code}");
        }
    }

    /// A code that nothing reports would be a promise nobody keeps.
    #[test]
    fn every_code_is_used() {
        let sources = [
            include_str!("default_scenario.rs"),
            include_str!("diagnostic.rs"),
            include_str!("document.rs"),
            include_str!("kubernetes.rs"),
            include_str!("kubernetes/deployment.rs"),
            include_str!("kubernetes/endpoint_slice.rs"),
            include_str!("kubernetes/pod.rs"),
            include_str!("kubernetes/service.rs"),
            include_str!("load.rs"),
            include_str!("objects.rs"),
            include_str!("objects/backends.rs"),
            include_str!("objects/parents.rs"),
            include_str!("objects/selectors.rs"),
            include_str!("objects/slices.rs"),
            include_str!("consistency.rs"),
            include_str!("read.rs"),
            include_str!("spec.rs"),
            include_str!("spec/applied_deployments.rs"),
            include_str!("spec/apply.rs"),
            include_str!("spec/clients.rs"),
            include_str!("spec/cluster.rs"),
            include_str!("spec/images.rs"),
            include_str!("spec/item.rs"),
            include_str!("spec/target.rs"),
            include_str!("spec/timeline.rs"),
            include_str!("target_ports.rs"),
            include_str!("variation/options.rs"),
            include_str!("yaml/reader.rs"),
        ];
        let is_name = |c: char| c.is_ascii_alphanumeric();
        for code in Code::ALL {
            let wanted = format!("Code::{code:?}");
            let used = sources.iter().any(|source| {
                source
                    .match_indices(&wanted)
                    .any(|(at, _)| !source[at + wanted.len()..].starts_with(is_name))
            });
            assert!(used, "nothing reports {code} {code:?}");
        }
    }
}
