//! Pods and what is in them.

use std::{collections::BTreeSet, sync::Arc};

use api::{
    Container, DnsPolicy, Pod, PodDnsConfig, PodId, PodSpec, PodStatus, Protocol,
    pod::{ContainerPort, PreStop, Resources},
};
use k8s_openapi::{
    api::core::v1 as core, apimachinery::pkg::api::resource::Quantity as WrittenQuantity,
};

use super::{Checker, names};
use crate::{Code, kinds::LeftOutThings, quantity::Quantity};

/// Reads a Pod without a controller; `None` where not even a name is left.
pub(crate) fn pod(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Pod> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: core::Pod) -> Option<Pod> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let Some(spec) = read.spec else {
        cx.required("spec", "", "add a spec");
        return None;
    };
    let spec = Arc::new(cx.pod_spec("spec", spec));
    let (id, node_name, status) = (PodId::default(), None, PodStatus::default());
    let named = !meta.name.is_empty();
    named.then_some(Pod { meta, id, spec, node_name, status })
}

/// A container's index must fit the ids of a run; nobody has so many.
const MOST_CONTAINERS: usize = 100;

impl Checker<'_> {
    /// `spec` of a pod or of a template.
    pub(super) fn pod_spec(&mut self, path: &str, written: core::PodSpec) -> PodSpec {
        let grace = written.termination_grace_period_seconds.unwrap_or(30);
        let list = format!("{path}.containers");
        if written.containers.is_empty() {
            self.required(&list, "", "add a container");
        }
        if written.containers.len() > MOST_CONTAINERS {
            let detail = format!("more than {MOST_CONTAINERS} containers are not simulated");
            self.invalid(&list, written.containers.len(), &detail, "split the pod");
        }
        let mut names = BTreeSet::new();
        let mut containers = Vec::new();
        for (index, container) in written.containers.into_iter().take(MOST_CONTAINERS).enumerate() {
            let path = format!("{list}[{index}]");
            if !names.insert(container.name.clone()) {
                let value = format!("{:?}", container.name);
                self.duplicate(&format!("{path}.name"), value, "give each container its own name");
            }
            containers.push(self.container(&path, container, grace));
        }
        PodSpec {
            containers,
            // The kubelet takes a negative period for the shortest there is, which is a second.
            termination_grace_period_seconds: if grace < 0 { 1 } else { seconds(grace) },
            node_selector: written.node_selector.unwrap_or_default(),
            hostname: written.hostname.filter(|name| !name.is_empty()).map(Into::into),
            subdomain: written.subdomain.filter(|name| !name.is_empty()).map(Into::into),
            dns_policy: self.dns_policy(path, written.dns_policy.as_deref()),
            dns_config: written.dns_config.map(dns_config),
            enable_service_links: written.enable_service_links.unwrap_or(true),
            readiness_gates: self.readiness_gates(path, written.readiness_gates),
        }
    }

    /// `readinessGates`, each the type of a condition (`ValidateReadinessGates`).
    fn readiness_gates(
        &mut self,
        path: &str,
        written: Option<Vec<core::PodReadinessGate>>,
    ) -> Vec<Arc<str>> {
        let mut gates = Vec::new();
        for (index, gate) in written.into_iter().flatten().enumerate() {
            let kind = gate.condition_type;
            if let Err(detail) = names::is_label_key(&kind) {
                let path = format!("{path}.readinessGates[{index}].conditionType");
                let help = "write `PREFIX/NAME`, such as target-health.elbv2.k8s.aws/web";
                self.invalid(&path, format!("{kind:?}"), &detail, help);
            }
            gates.push(kind.into());
        }
        gates
    }

    fn dns_policy(&mut self, path: &str, written: Option<&str>) -> DnsPolicy {
        let written = written.unwrap_or("ClusterFirst");
        DnsPolicy::parse(written).unwrap_or_else(|_| {
            let supported = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
            self.unsupported(&format!("{path}.dnsPolicy"), written, &supported);
            DnsPolicy::default()
        })
    }

    fn container(&mut self, path: &str, written: core::Container, grace: i64) -> Container {
        let name = written.name;
        let name_path = format!("{path}.name");
        if name.is_empty() {
            self.required(&name_path, "", "name the container");
        } else if let Err(detail) = names::is_label_name(&name) {
            let help = "use lower case letters, digits and hyphens";
            self.invalid(&name_path, format!("{name:?}"), &detail, help);
        }
        let image = written.image.unwrap_or_default();
        if image.is_empty() {
            self.required(&format!("{path}.image"), "", "add `image: …`");
        } else if image.trim() != image {
            let detail = "must not have leading or trailing whitespace";
            self.invalid(
                &format!("{path}.image"),
                format!("{image:?}"),
                detail,
                "delete the spaces",
            );
        }
        self.small_print(
            path,
            &written.image_pull_policy,
            written.env.as_deref().unwrap_or_default(),
        );
        let ports = self.container_ports(&format!("{path}.ports"), written.ports);
        let requests = self.requests(&format!("{path}.resources"), written.resources);
        let stop = written.lifecycle.and_then(|lifecycle| lifecycle.pre_stop);
        let pre_stop =
            stop.and_then(|stop| self.pre_stop(&format!("{path}.lifecycle.preStop"), stop, grace));
        Container {
            name: name.into(),
            image: image.into(),
            ports,
            requests,
            readiness_probe: self.probe(path, "readinessProbe", written.readiness_probe),
            liveness_probe: self.probe(path, "livenessProbe", written.liveness_probe),
            startup_probe: self.probe(path, "startupProbe", written.startup_probe),
            pre_stop,
        }
    }

    /// Fields without a meaning here that are often mistyped.
    fn small_print(&mut self, path: &str, pull: &Option<String>, variables: &[core::EnvVar]) {
        const POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
        if let Some(policy) = pull.as_deref().filter(|policy| !POLICIES.contains(policy)) {
            self.unsupported(&format!("{path}.imagePullPolicy"), policy, &POLICIES);
        }
        for (index, variable) in variables.iter().enumerate() {
            let path = format!("{path}.env[{index}].name");
            let name = &variable.name;
            if name.is_empty() {
                self.required(&path, "", "name the variable");
            } else if !name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
                let detail = "a valid environment variable name must consist only of printable ASCII characters other than '='";
                self.invalid(&path, format!("{name:?}"), detail, "name and value are two fields");
            }
        }
    }

    fn container_ports(
        &mut self,
        path: &str,
        written: Option<Vec<core::ContainerPort>>,
    ) -> Vec<ContainerPort> {
        let mut ports = Vec::new();
        let mut names = BTreeSet::new();
        for (index, port) in written.into_iter().flatten().enumerate() {
            let path = format!("{path}[{index}]");
            let name = port.name.filter(|name| !name.is_empty());
            if let Some(name) = &name {
                if let Err(detail) = names::is_port_name(name) {
                    let help = "use lower case letters, digits and single hyphens, at most 15";
                    self.invalid(&format!("{path}.name"), format!("{name:?}"), &detail, help);
                }
                if !names.insert(name.clone()) {
                    let help = "give each port its own name";
                    self.duplicate(&format!("{path}.name"), format!("{name:?}"), help);
                }
            }
            let protocol = self.protocol(&format!("{path}.protocol"), port.protocol);
            let number_path = format!("{path}.containerPort");
            let number = match port.container_port {
                0 => {
                    self.required(&number_path, "", "add `containerPort: …`");
                    None
                }
                number => self.port(&number_path, number),
            };
            ports.extend(number.map(|container_port| ContainerPort {
                name,
                container_port,
                protocol,
            }));
        }
        ports
    }

    /// A protocol, TCP by default.
    pub(super) fn protocol(&mut self, path: &str, written: Option<String>) -> Protocol {
        match written.as_deref() {
            None | Some("" | "TCP") => Protocol::Tcp,
            Some("UDP") => Protocol::Udp,
            Some("SCTP") => Protocol::Sctp,
            Some(other) => {
                self.unsupported(path, other, &["SCTP", "TCP", "UDP"]);
                Protocol::Tcp
            }
        }
    }

    /// `resources.requests`; a limit without a request is its request (`SetDefaults_Pod`).
    fn requests(&mut self, path: &str, written: Option<core::ResourceRequirements>) -> Resources {
        let written = written.unwrap_or_default();
        let limits = written.limits.unwrap_or_default();
        let requests = written.requests.unwrap_or_default();
        let mut amount = |name: &str| {
            let limit =
                limits.get(name).and_then(|q| self.quantity(&format!("{path}.limits"), name, q));
            let request = requests
                .get(name)
                .and_then(|q| self.quantity(&format!("{path}.requests"), name, q));
            if let (Some(request), Some(limit), Some(written)) =
                (request, limit, requests.get(name))
                && request > limit
            {
                let detail =
                    format!("must be less than or equal to {name} limit of {}", limits[name].0);
                // Of a request as a whole, where a map's key is meant.
                let message = format!("{path}.requests: Invalid value: {:?}: {detail}", written.0);
                let place = format!("{path}.requests.{name}");
                self.report(Code::BadValue, &place, message, "lower the request");
            }
            request.or(limit)
        };
        Resources {
            cpu_millis: amount("cpu").map_or(0, Quantity::milli),
            memory_bytes: amount("memory").map_or(0, Quantity::whole),
        }
    }

    fn quantity(&mut self, path: &str, name: &str, written: &WrittenQuantity) -> Option<Quantity> {
        let path = format!("{path}.{name}");
        match written.0.parse::<Quantity>() {
            Ok(quantity) if quantity.is_negative() => {
                let (map, value) = (path.trim_end_matches(name).trim_end_matches('.'), &written.0);
                let detail = "must be greater than or equal to 0";
                let message = format!("{map}[{name}]: Invalid value: {value:?}: {detail}");
                self.report(Code::BadValue, &path, message, "write 0 or more");
                None
            }
            Ok(quantity) => Some(quantity),
            Err(_) => {
                let detail = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
                let help = "write a quantity such as 500m or 2Gi";
                self.invalid(&path, format!("{:?}", written.0), detail, help);
                None
            }
        }
    }

    fn pre_stop(
        &mut self,
        path: &str,
        hook: core::LifecycleHandler,
        grace: i64,
    ) -> Option<PreStop> {
        let handlers = [
            ("exec", hook.exec.is_some()),
            ("httpGet", hook.http_get.is_some()),
            ("tcpSocket", hook.tcp_socket.is_some()),
            ("sleep", hook.sleep.is_some()),
        ];
        self.one_handler(path, &handlers);
        if let Some(sleep) = hook.sleep {
            if sleep.seconds < 0 || sleep.seconds > grace {
                let detail = format!(
                    "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                );
                let help = "sleep less, or raise terminationGracePeriodSeconds";
                self.invalid(&format!("{path}.sleep"), sleep.seconds, &detail, help);
            }
            return Some(PreStop::Sleep { seconds: seconds(sleep.seconds) });
        }
        if let Some(exec) = hook.exec {
            let command = exec.command.unwrap_or_default();
            let seconds = sleep_in(&command).unwrap_or_else(|| {
                let message = format!("{path}.exec: how long this command runs cannot be told");
                let help =
                    "0 seconds are taken; to wait, write `preStop: { sleep: { seconds: N } }`";
                self.report(
                    Code::HookLengthUnknown,
                    &format!("{path}.exec.command"),
                    message,
                    help,
                );
                0
            });
            return Some(PreStop::Exec { seconds });
        }
        (hook.http_get.is_some() || hook.tcp_socket.is_some()).then_some(PreStop::HttpGet)
    }

    /// Exactly one way to ask must be given.
    pub(super) fn one_handler(&mut self, path: &str, handlers: &[(&str, bool)]) {
        let mut given = handlers.iter().filter(|(_, given)| *given);
        if given.next().is_none() {
            self.required(path, "must specify a handler type", "add one, such as `httpGet`");
        }
        for (name, _) in given {
            let detail = "may not specify more than 1 handler type";
            self.forbidden(&format!("{path}.{name}"), detail, "keep one of them");
        }
    }
}

/// Seconds as they are kept; 2^32 are as good as for ever.
pub(super) fn seconds(written: i64) -> u32 {
    u32::try_from(written.max(0)).unwrap_or(u32::MAX)
}

/// How long the `sleep N`s in a command take, rounded up; `None` where there is none.
fn sleep_in(command: &[String]) -> Option<u32> {
    let text = command.join(" ");
    let separators =
        |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '"' | '\'');
    let mut words = text.split(separators).filter(|word| !word.is_empty());
    let mut total: Option<f64> = None;
    while let Some(word) = words.next() {
        if word != "sleep" && !word.ends_with("/sleep") {
            continue;
        }
        if let Some(time) = words.next().and_then(sleep_time) {
            total = Some(total.unwrap_or(0.0) + time);
        }
    }
    total.map(|seconds| seconds.ceil() as u32)
}

/// `15`, `0.5`, `15s`, `1m`: what sleep of coreutils takes.
fn sleep_time(word: &str) -> Option<f64> {
    let (number, factor) = match word.as_bytes().last()? {
        b's' => (&word[..word.len() - 1], 1.0),
        b'm' => (&word[..word.len() - 1], 60.0),
        b'h' => (&word[..word.len() - 1], 3600.0),
        b'd' => (&word[..word.len() - 1], 86400.0),
        _ => (word, 1.0),
    };
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    number.parse().ok().filter(|_| plain).map(|value: f64| value * factor)
}

fn dns_config(written: core::PodDNSConfig) -> PodDnsConfig {
    let options = written.options.unwrap_or_default().into_iter();
    PodDnsConfig {
        nameservers: written.nameservers.unwrap_or_default(),
        searches: written.searches.unwrap_or_default(),
        options: options.map(|it| (it.name.unwrap_or_default(), it.value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sleep_in_a_command_is_found() {
        let cases: [(&[&str], Option<u32>); 9] = [
            (&["sleep", "15"], Some(15)),
            (&["/bin/sh", "-c", "sleep 5 && nginx -s quit"], Some(5)),
            (&["sh", "-c", "sleep 5; kill -TERM 1; sleep 10"], Some(15)),
            (&["/bin/sleep", "0.5"], Some(1)),
            (&["sh", "-c", "/bin/sleep 2m"], Some(120)),
            (&["sleep", "infinity"], None),
            (&["nginx", "-s", "quit"], None),
            (&["sleep"], None),
            (&[], None),
        ];
        for (command, seconds) in cases {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(sleep_in(&command), seconds, "{command:?}");
        }
    }
}
