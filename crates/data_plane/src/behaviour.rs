//! How the program in an image behaves.

use engine::{Delay, Distribution, Span};

/// How the program in an image behaves: what a manifest cannot say.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// From the container's start to listening.
    pub start: Delay,
    /// From listening to passing its readiness checks.
    pub ready: Delay,
    /// From SIGTERM to its exit once nothing is left to do.
    pub stop: Delay,
    /// How long one request keeps one of its workers.
    pub service_time: Distribution,
    /// How many requests it works on at once.
    pub concurrency: u32,
    /// How many more wait for a worker before it turns connections away.
    pub backlog: u32,
    /// Slower at first.
    pub warm_up: Option<WarmUp>,
    /// What it does on SIGTERM.
    pub on_sigterm: OnSigterm,
    /// Ports it listens on; empty for those its container declares.
    pub listen: Vec<u16>,
    /// Ends by itself so long after listening, with exit code 1.
    pub crash_after: Option<Span>,
    /// Closes a connection that no request came on for so long.
    pub idle_timeout: Option<Span>,
}

/// A program that is slower at first: a request takes `factor` times as long when it starts to
/// listen, and the excess falls to nothing in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// For how long.
    pub span: Span,
    /// How much longer at the start, at least 1.
    pub factor: f64,
}

impl WarmUp {
    /// How many times as long a request takes that starts so long after the program listened.
    #[must_use]
    pub fn slowdown(&self, age: Span) -> f64 {
        if age >= self.span {
            return 1.0;
        }
        let left = 1.0 - age.as_secs_f64() / self.span.as_secs_f64();
        1.0 + (self.factor - 1.0) * left
    }
}

/// What a program does on SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSigterm {
    /// Closes its listener and drops what it was working on.
    Exit,
    /// Fails its readiness checks, listens on for `lame_duck`, then closes its listener, finishes
    /// what it has, and ends.
    Drain {
        /// How long it goes on listening.
        lame_duck: Span,
    },
    /// Nothing; it works on until SIGKILL.
    Ignore,
}
