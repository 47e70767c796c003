//! Namespaces that steps delete: what is in one can be changed until its pods go.

use std::sync::Arc;

use api::NAMESPACE_DELETION_SECONDS;
use engine::Span;

/// The namespaces that nobody may delete (`NamespaceLifecycle`).
pub(crate) const IMMORTAL_NAMESPACES: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Namespaces that are being deleted, and when what is in them is taken to be gone.
#[derive(Default)]
pub(crate) struct Closing(Vec<(Arc<str>, Span)>);

impl Closing {
    /// A step deletes a namespace.
    pub(crate) fn begin(&mut self, namespace: &Arc<str>, at: Span) {
        let gone = at + Span::from_secs(NAMESPACE_DELETION_SECONDS);
        self.0.push((Arc::clone(namespace), gone));
    }

    /// Those whose time has come, and when it came; they are forgotten.
    pub(crate) fn due(&mut self, now: Span) -> Vec<(Arc<str>, Span)> {
        self.0.extract_if(.., |(_, gone)| *gone <= now).collect()
    }
}
