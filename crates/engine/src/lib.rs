//! Time, the event queue, the context, random streams and distributions.
//!
//! The engine is what any discrete-event simulation needs and no more: it knows nothing of
//! Kubernetes, and it has no clock, thread or file. A run is a loop over an [`Agenda`]: take the
//! next event, hand it with a [`Context`] to whom it is for, and let them schedule what follows.
//!
//! Three promises make a run repeatable on any machine:
//! - [`Time`] is an integer, and events of one moment have a fixed [`Order`];
//! - each use of randomness has a [`Stream`] of its own, found by name;
//! - logarithms and powers come from `libm` or are our own, so that their bits do not depend on
//!   the platform.
//!
//! | module | its noun |
//! |---|---|
//! | `time`, `span` | a moment and a length of time |
//! | `order` | the place of an event among all others |
//! | `queue`, `wheel` | the pending events: the trait, the oracle and the fast one |
//! | `lanes` | events that need no sorting |
//! | `agenda`, `context` | the clock with the events to come, and what a part sees of it |
//! | `streams` | random numbers that stay the same whoever else draws |
//! | `distribution`, `normal`, `logarithm` | how long things take: `exp(20ms)` |
//! | `delay` | the same, or a list that is gone through in turn |

mod agenda;
mod context;
mod delay;
mod distribution;
mod lanes;
mod logarithm;
mod normal;
mod order;
mod queue;
mod span;
mod streams;
mod time;
mod wheel;

pub use agenda::Agenda;
pub use context::{Context, Schedule};
pub use delay::Delay;
pub use distribution::{Distribution, ParseDistributionError};
pub use lanes::Lane;
pub use order::{Order, Source};
pub use queue::{EventQueue, HeapQueue};
pub use span::{ParseSpanError, Span};
pub use streams::{Random, RequestStream, RequestStreams, Stream, Streams};
pub use time::Time;
pub use wheel::RadixWheel;
