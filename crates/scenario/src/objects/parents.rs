//! The Gateways that HTTPRoutes are for.

use api::HttpRoute;

use super::{Objects, Written};
use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
};

impl Objects {
    /// Reports parents of an HTTPRoute that are not there, and routes without any.
    pub(super) fn check_parents(&self, written: &Written<HttpRoute>, findings: &mut Findings) {
        let route = &written.object;
        if route.spec.parents.is_empty() {
            let message = format!("HTTPRoute `{}` is for no Gateway", route.meta.key());
            let help = "add `parentRefs: [{ name: GATEWAY }]`";
            let diagnostic = Diagnostic::new(Code::NoGateway, message, help);
            findings.push(diagnostic.at(written.at("spec"), "has no `parentRefs`"));
        }
        for (place, parent) in route.spec.parents.iter().enumerate() {
            let key = route.parent_key(parent);
            let metas = || self.gateways.iter().map(|written| &written.object.meta);
            if metas().any(|meta| meta.key() == key) {
                continue;
            }
            let message = format!("there is no Gateway `{key}` for this HTTPRoute");
            let help = suggest(&key.name, "Gateway", metas().map(|meta| &*meta.name));
            let diagnostic = Diagnostic::new(Code::NoGateway, message, help);
            let at = written.at(&format!("spec.parentRefs[{place}]"));
            findings.push(diagnostic.at(at, "is not there"));
        }
    }
}
