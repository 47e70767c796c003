//! What a run can say happened: facts, in past tense, in order.
//!
//! Everything right of the model (measures, figures, exports, fingerprints) is made from this
//! stream and from nothing else. This crate knows neither who says a fact nor who listens.
//!
//! | module | what |
//! |---|---|
//! | [`record`] | the closed list of facts |
//! | [`request`] | the fact about one request, and its outcome |
//! | [`cause`] | the closed list of causes of failure |
//! | [`recorder`] | who listens |
//! | [`fingerprint`] | the 64-bit hash of a stream |
//! | [`json_lines`] | the stream as NDJSON |

pub mod cause;
pub mod fingerprint;
pub mod json_lines;
pub mod record;
pub mod recorder;
pub mod request;

pub use cause::{Cause, Family};
pub use fingerprint::Fingerprint;
pub use json_lines::JsonLines;
pub use record::{EndpointFact, PortFact, Record};
pub use recorder::{Discard, Recorder, Tee};
pub use request::{ClientId, Outcome, Request};
