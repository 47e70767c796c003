//! Whether anybody reads the Endpoints that were written by hand, and who answers there.

use api::{EndpointSlice, Endpoints, service::ServiceType};

use super::{Objects, Written};
use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
    kubernetes::mirrored,
};

/// The label of Endpoints that are not to be mirrored (`LabelSkipMirror`).
const SKIP_MIRROR_LABEL: &str = "endpointslice.kubernetes.io/skip-mirror";

impl Objects {
    /// The slices that are made of Endpoints.
    pub(super) fn mirrored_slices(&self) -> Vec<EndpointSlice> {
        let used = self.endpoints.iter().filter(|written| self.why_unused(written).is_none());
        used.flat_map(|written| mirrored(&written.object)).collect()
    }

    /// Reports that no slices are made of Endpoints, or that nobody is behind their addresses.
    pub(super) fn check_endpoints(&self, written: &Written<Endpoints>, findings: &mut Findings) {
        let key = written.object.meta.key();
        let diagnostic = match self.why_unused(written) {
            Some((_, why, _)) if self.incomplete && why.starts_with("there is no") => return,
            Some((path, why, help)) => {
                let message = format!("Endpoints `{key}` are used by nobody: {why}");
                Diagnostic::new(Code::UnusedSlice, message, help).at(written.at(path), "")
            }
            None if written.object.subsets.is_empty() => return,
            None => {
                let message = format!(
                    "the addresses of Endpoints `{key}` are not simulated: nobody answers at them"
                );
                let help = "requests that are sent there end with timeout.unreachable; in a real \
                            cluster somebody may answer";
                let diagnostic = Diagnostic::new(Code::FieldNotSimulated, message, help);
                diagnostic.at(written.at("subsets"), "")
            }
        };
        findings.push(diagnostic);
    }

    /// Why no slices are made of Endpoints, with the field that says so, and what to do.
    fn why_unused(&self, written: &Written<Endpoints>) -> Option<(&'static str, String, String)> {
        let meta = &written.object.meta;
        let name = "metadata.name";
        let Some(Written { object: service, .. }) = self.service(&meta.key()) else {
            let metas = self.services.iter().map(|written| &written.object.meta);
            let here = metas.filter(|it| it.namespace == meta.namespace).map(|it| &*it.name);
            let help = suggest(&meta.name, "Service", here);
            return Some((name, format!("there is no Service `{}`", meta.key()), help));
        };
        let key = service.meta.key();
        if service.spec.kind == ServiceType::ExternalName {
            let help = "delete them, or the type ExternalName".to_owned();
            return Some((name, format!("Service `{key}` is only a name"), help));
        }
        if service.spec.selector.is_some() {
            let why = format!("Service `{key}` has a selector, and so the endpoints of its pods");
            return Some((name, why, "delete them, or the selector".to_owned()));
        }
        if meta.labels.get(SKIP_MIRROR_LABEL).is_some_and(|value| value == "true") {
            let why = format!("label `{SKIP_MIRROR_LABEL}` keeps EndpointSlices from being made");
            return Some(("metadata.labels", why, "delete the label".to_owned()));
        }
        None
    }
}
