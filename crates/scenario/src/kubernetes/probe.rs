//! Probes, with the defaults of `SetDefaults_Probe`.

use api::{
    IntOrString, Probe,
    pod::{Asked, ProbeHandler},
};
use k8s_openapi::{api::core::v1 as core, apimachinery::pkg::util::intstr};

use super::{Checker, names, pod::seconds};

impl Checker<'_> {
    /// A probe of the container at `path`.
    pub(super) fn probe(
        &mut self,
        path: &str,
        name: &str,
        written: Option<core::Probe>,
    ) -> Option<Probe> {
        let written = written?;
        let path = format!("{path}.{name}");
        let number = |cx: &mut Self, field: &str, value: Option<i32>, default| {
            let value = value.filter(|value| *value != 0);
            cx.not_negative(&format!("{path}.{field}"), value, default)
        };
        let initial_delay_seconds =
            number(self, "initialDelaySeconds", written.initial_delay_seconds, 0);
        let timeout_seconds = number(self, "timeoutSeconds", written.timeout_seconds, 1);
        let period_seconds = number(self, "periodSeconds", written.period_seconds, 10);
        let success_threshold = number(self, "successThreshold", written.success_threshold, 1);
        let failure_threshold = number(self, "failureThreshold", written.failure_threshold, 3);
        if name != "readinessProbe" && success_threshold != 1 {
            let path = format!("{path}.successThreshold");
            self.invalid(&path, success_threshold, "must be 1", "delete it");
        }
        let termination_grace_period_seconds =
            self.probe_grace(&path, name, written.termination_grace_period_seconds);
        Some(Probe {
            handler: self.handler(&path, &written)?,
            asked: asked(&written),
            initial_delay_seconds,
            timeout_seconds,
            period_seconds,
            success_threshold,
            failure_threshold,
            termination_grace_period_seconds,
        })
    }

    fn probe_grace(&mut self, path: &str, name: &str, written: Option<i64>) -> Option<u32> {
        let value = written?;
        let path = format!("{path}.terminationGracePeriodSeconds");
        if name == "readinessProbe" {
            self.invalid(&path, value, "must not be set for readinessProbes", "delete it");
            return None;
        }
        if value <= 0 {
            self.invalid(&path, value, "must be greater than 0", "write 1 or more");
            return None;
        }
        Some(seconds(value))
    }

    fn handler(&mut self, path: &str, written: &core::Probe) -> Option<ProbeHandler> {
        let handlers = [
            ("exec", written.exec.is_some()),
            ("httpGet", written.http_get.is_some()),
            ("tcpSocket", written.tcp_socket.is_some()),
            ("grpc", written.grpc.is_some()),
        ];
        self.one_handler(path, &handlers);
        if let Some(get) = &written.http_get {
            return self
                .target_port(&format!("{path}.httpGet.port"), &get.port)
                .map(ProbeHandler::HttpGet);
        }
        if let Some(socket) = &written.tcp_socket {
            let path = format!("{path}.tcpSocket.port");
            return self.target_port(&path, &socket.port).map(ProbeHandler::TcpSocket);
        }
        if let Some(grpc) = &written.grpc {
            return self.port(&format!("{path}.grpc.port"), grpc.port).map(ProbeHandler::Grpc);
        }
        written.exec.is_some().then_some(ProbeHandler::Exec)
    }

    /// A port number, or the name of a container's port.
    pub(super) fn target_port(
        &mut self,
        path: &str,
        written: &intstr::IntOrString,
    ) -> Option<IntOrString> {
        match written {
            intstr::IntOrString::Int(number) => {
                self.port(path, *number).map(|port| IntOrString::Int(port.into()))
            }
            intstr::IntOrString::String(name) => {
                if let Err(detail) = names::is_port_name(name) {
                    let number = name.parse::<u16>().is_ok();
                    let help = if number {
                        "write the number without quotes"
                    } else {
                        "write a number, or the name of a container port"
                    };
                    self.invalid(path, format!("{name:?}"), &detail, help);
                    return None;
                }
                Some(IntOrString::String(name.clone()))
            }
        }
    }
}

/// What is asked for at the port, with the defaults of `SetDefaults_HTTPGetAction`.
fn asked(written: &core::Probe) -> Asked {
    let or = |text: Option<&String>, default: &str| {
        text.filter(|text| !text.is_empty()).map_or(default, |text| text).to_owned()
    };
    let mut asked = Asked::default();
    if let Some(get) = &written.http_get {
        asked.scheme = or(get.scheme.as_ref(), "HTTP");
        asked.host = or(get.host.as_ref(), "");
        asked.path = or(get.path.as_ref(), "/");
    } else if let Some(socket) = &written.tcp_socket {
        asked.host = or(socket.host.as_ref(), "");
    } else if let Some(grpc) = &written.grpc {
        asked.service = or(grpc.service.as_ref(), "");
    } else if let Some(exec) = &written.exec {
        asked.command = exec.command.clone().unwrap_or_default();
    }
    asked
}
