//! What to change in a manifest, tried out before it is said.
//!
//! For causes that one field would have prevented, [`advise`] has the changed scenario run with the
//! same seed. What that run measured is the outcome: nothing is promised that was not seen. It runs
//! nothing itself and prints nothing.
//!
//! | module | what |
//! |---|---|
//! | `advise` | which of the changes that might help do |
//! | `search` | which changes might help against a cause, read off the objects |
//! | `versions` | the manifests that an object has: from the start, and as steps apply it |
//! | `remedy` | a change of one object: put into a scenario, and said |
//! | `change` | the changes there are: their fields, lines and effects |

mod advise;
mod change;
mod remedy;
mod search;
mod versions;

pub use advise::{Advice, Trial, advise};
pub use change::Field;
pub use remedy::Remedy;
