//! `rollsim check`: what is wrong with the input.

use std::io;

use metrics::words::many;
use scenario::{Complaint, Loaded, Severity, Style, Summary, load_applying, render};

use crate::{args::Check, disk::Disk, exit, output};

/// Reports on files without running them.
pub(crate) fn check(args: &Check) -> io::Result<u8> {
    let loaded = load_applying(&args.paths, &args.apply, &Disk, &judge);
    report(&loaded);
    let count = |severity| {
        loaded.diagnostics.iter().filter(|found| found.severity() == severity).count() as u64
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    output::print(&format!(
        "{}: {}, {}\n",
        summary(&loaded.summary),
        many(errors, "error"),
        many(warnings, "warning")
    ))?;
    Ok(if errors > 0 { exit::BAD_INPUT } else { exit::ALL_WELL })
}

/// `2 files, 5 objects: 2 Deployments, 3 Services; passed over: 1 ConfigMap`.
fn summary(summary: &Summary) -> String {
    let kinds = |list: Vec<(String, usize)>| -> String {
        let words: Vec<String> =
            list.into_iter().map(|(kind, count)| many(count as u64, &kind)).collect();
        words.join(", ")
    };
    let simulated: usize = summary.objects.values().sum();
    let mut text =
        format!("{}, {}", many(summary.files as u64, "file"), many(simulated as u64, "object"));
    if simulated > 0 {
        let list = summary.objects.iter().map(|(kind, count)| (kind.to_string(), *count));
        text += &format!(" ({})", kinds(list.collect()));
    }
    if !summary.passed_over.is_empty() {
        let list = summary.passed_over.iter().map(|(kind, count)| (kind.clone(), *count));
        text += &format!(", passed over {}", kinds(list.collect()));
    }
    text
}

/// Whether an expectation is one; what it means is the measures' business.
pub(crate) fn judge(text: &str) -> Result<Option<String>, Complaint> {
    match metrics::Expectation::parse(text) {
        Ok(expectation) => Ok(expectation.client().map(str::to_owned)),
        Err(error) => Err(Complaint {
            offset: error.offset(),
            message: error.to_string(),
            help: error
                .help()
                .unwrap_or("see docs/scenario.md for what can be expected")
                .to_owned(),
        }),
    }
}

/// Prints what was found about the input.
pub(crate) fn report(loaded: &Loaded) {
    if loaded.diagnostics.is_empty() {
        return;
    }
    let style = if output::stderr_in_colour() { Style::Ansi } else { Style::Plain };
    output::warn(&render(&loaded.diagnostics, &loaded.sources, style));
}
