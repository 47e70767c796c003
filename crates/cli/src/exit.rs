//! Exit codes, which scripts and pipelines rely on.

/// All went well, and every expectation held.
pub(crate) const ALL_WELL: u8 = 0;
/// The tool itself failed: a file could not be written, say.
pub(crate) const FAILED: u8 = 1;
/// Bad usage or bad input; what is wrong was printed. clap exits with it too.
pub(crate) const BAD_INPUT: u8 = 2;
/// There was nothing to run.
pub(crate) const NOTHING_TO_RUN: u8 = 4;
/// An expectation does not hold, as k6 has it.
pub(crate) const EXPECTATION_FAILED: u8 = 99;
/// Ctrl-C ended it; what was measured until then was printed. 128 + SIGINT, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;
