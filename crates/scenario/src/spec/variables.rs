//! `$(WEB_SVC_SERVICE_HOST)` in a client's target: a variable of its own container's environment.
//!
//! A kubelet puts the Services of a pod's namespace there when it starts the container. Which variables
//! there can be is known beforehand; what they say is for the run, where Services come and change.

use api::{Service, service::environment_name};

use super::{
    Known,
    item::{Item, Reading},
};
use crate::{Code, diagnostic::suggest};

/// What a variable of the environment says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Variable<'k> {
    /// The address of a Service.
    Host(&'k Service),
    /// A port.
    Port(u16),
}

/// The name in `$(NAME)`.
pub(super) fn name_in(text: &str) -> Option<&str> {
    text.strip_prefix("$(")?.strip_suffix(')')
}

impl Reading<'_> {
    /// The variable of a name, in the containers of a namespace.
    pub(super) fn variable<'k>(
        &mut self,
        item: &Item<'_>,
        (name, offset): (&str, usize),
        namespace: &str,
        known: &Known<'k>,
    ) -> Option<Variable<'k>> {
        let services = known.services().map(|written| &written.object);
        let addressed = services.filter(|it| it.spec.needs_cluster_ip());
        let here = addressed.filter(|it| *it.meta.namespace == *namespace);
        let all: Vec<(String, Variable<'k>)> = here.flat_map(variables).collect();
        if let Some((_, variable)) = all.iter().find(|(known, _)| known == name) {
            return Some(*variable);
        }
        if !known.incomplete() {
            let message =
                format!("no container of namespace `{namespace}` has a variable `{name}`");
            let names = all.iter().map(|(name, _)| name.as_str());
            let help = suggest(name, "variable", names);
            self.report_inside(Code::UnknownService, item, offset, message, help);
        }
        None
    }
}

/// The variables of a Service that are an address or a port (`pkg/kubelet/envvars`).
fn variables(service: &Service) -> Vec<(String, Variable<'_>)> {
    let prefix = environment_name(&service.meta.name);
    let mut all = vec![(format!("{prefix}_SERVICE_HOST"), Variable::Host(service))];
    let first = service.spec.ports.first();
    all.extend(first.map(|first| (format!("{prefix}_SERVICE_PORT"), Variable::Port(first.port))));
    for port in &service.spec.ports {
        if !port.name.is_empty() {
            let name = environment_name(&port.name);
            all.push((format!("{prefix}_SERVICE_PORT_{name}"), Variable::Port(port.port)));
        }
        let one = format!("{prefix}_PORT_{}_{}", port.port, port.protocol.name());
        all.push((format!("{one}_ADDR"), Variable::Host(service)));
        all.push((format!("{one}_PORT"), Variable::Port(port.port)));
    }
    all
}
