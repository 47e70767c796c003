//! `fault` of a step: what goes wrong.

use std::sync::Arc;

use super::{
    Known,
    item::{Item, Reading},
};
use crate::{Code, Fault};

impl Reading<'_> {
    /// `fault` of a step.
    pub(super) fn fault(&mut self, item: &Item<'_>, known: &Known<'_>) -> Option<Fault> {
        const PLANNED: [&str; 5] = ["partition", "drain", "delay", "loss", "reboot"];
        let fields = self.fields(item, &["crash", "slow"], &PLANNED);
        match (fields.get("crash"), fields.get("slow")) {
            (Some(item), None) => {
                if let Some(node) = item.node.scalar_text() {
                    let message = format!("crashing node `{node}` is not there yet");
                    let help = "crash pods instead: { crash: { pods: app=web } }";
                    self.report(Code::NotYet, &item, message, help);
                    return None;
                }
                let fields = self.fields(&item, &["pods", "namespace"], &["node"]);
                let (namespace, labels) = self.pods(&fields, known)?;
                Some(Fault::CrashPod { namespace, labels })
            }
            (None, Some(item)) => {
                let fields = self.fields(&item, &["pods", "namespace", "factor"], &["node"]);
                let pods = self.pods(&fields, known);
                let factor = self.need(&fields, "factor").and_then(|item| self.number(&item, 1.0));
                let (namespace, labels) = pods?;
                Some(Fault::Slow { namespace, labels, factor: factor? })
            }
            _ if !fields.is_whole() => None,
            _ => {
                let message = format!("{}: one of `crash` and `slow` is wanted", item.path());
                let help = "write { crash: { pods: app=web } }";
                self.report(Code::Missing, item, message, help);
                None
            }
        }
    }
}

/// A fault in the words of a scenario.
pub(super) fn fault_text(fault: &Fault) -> String {
    let within = |namespace: &Arc<str>| match &**namespace {
        "default" => String::new(),
        other => format!(" of namespace {other}"),
    };
    let show = |labels| crate::objects::show_labels(labels).replace('`', "");
    match fault {
        Fault::CrashPod { namespace, labels } => {
            format!("crash pods {}{}", show(labels), within(namespace))
        }
        Fault::Slow { namespace, labels, factor } => {
            format!("slow pods {}{} by {factor}", show(labels), within(namespace))
        }
    }
}
