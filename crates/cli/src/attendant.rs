//! Who attends a run: the terminal is shown how far it has come, and Ctrl-C ends it early.
//!
//! Neither changes a result: what is shown goes to stderr, and only where that is a terminal.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim::Progress;

use crate::exit;

/// Runs that end sooner show nothing: a line that flashes by helps nobody.
const PATIENCE: Duration = Duration::from_millis(400);

/// Attends one run after another.
pub(crate) struct Attendant {
    interrupted: Arc<AtomicBool>,
    line: ProgressBar,
}

impl Attendant {
    /// Listens for Ctrl-C from now on. The first ends a run, a second one the program.
    pub(crate) fn new() -> Self {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        // Where no handler can be set, Ctrl-C ends the program as it always did.
        let _ = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(exit::INTERRUPTED));
            }
        });
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        line.set_style(style());
        Self { interrupted, line }
    }

    /// Says what is being done.
    pub(crate) fn say(&self, what: &str) {
        self.line.set_message(what.to_owned());
    }

    /// Takes a look at a run, and breaks it off after Ctrl-C.
    pub(crate) fn look(&self, progress: Progress) -> ControlFlow<()> {
        if self.interrupted() {
            return ControlFlow::Break(());
        }
        if self.line.is_hidden() && self.line.elapsed() > PATIENCE {
            self.line.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.line.set_length(whole_seconds(progress.duration));
        self.line.set_position(whole_seconds(progress.clock));
        ControlFlow::Continue(())
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Takes the line away again, before results are printed.
    pub(crate) fn leave(&self) {
        self.line.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} s")
        .expect("the template has known keys only")
        .progress_chars("=> ")
}

fn whole_seconds(span: engine::Span) -> u64 {
    span.as_nanos() / 1_000_000_000
}
