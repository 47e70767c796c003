//! What is printed of an object that a command made and that nobody takes: `--dry-run=client`.

use serde_json::Value;

use super::{Cluster, Printed, flags::Flags};
use crate::{
    Object,
    output::{Format, Listing, list, qualified_name},
};

/// Prints an object that was `done` so: exposed or created.
pub(super) fn print(flags: &Flags, object: &Value, done: &str, cluster: &dyn Cluster) -> Printed {
    let name = qualified_name(Object::new(object));
    if flags.value("dry-run") != Some("client") {
        return Printed::error(format!(
            "error: the simulated cluster stands still and cannot take {name}\n  = help: add \
             --dry-run=client -o yaml, and put what it prints beside the manifests"
        ));
    }
    let format = match flags.value("output").unwrap_or_default() {
        "" => {
            let stdout = format!("{name} {done} (dry run)\n");
            return Printed { stdout, ..Printed::default() };
        }
        text => match Format::parse(text, false) {
            Ok(format) => format,
            Err(problem) => return Printed::error(problem),
        },
    };
    let listing = Listing {
        format,
        now: cluster.now(),
        with_namespace: false,
        with_kind: false,
        no_headers: false,
        label_columns: Vec::new(),
        show_labels: false,
    };
    let stdout = list(std::slice::from_ref(object), true, &listing);
    Printed { stdout, ..Printed::default() }
}
