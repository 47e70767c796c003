//! Compiles a scenario into a world and runs it: the only place where the two planes meet.
//!
//! [`compile`] turns names into numbers and seeds the random streams; [`run()`] is the loop, which
//! cannot fail. What happens is said to a recorder and nowhere else. Nothing here opens a file,
//! draws, or knows what will be measured.
//!
//! | module | what |
//! |---|---|
//! | `compile` | a [`scenario::Scenario`] to a [`World`] |
//! | `discovery` | the cluster's DNS as kubeadm sets it up |
//! | [`event`] | everything that can wake the simulation, in one list |
//! | [`world`] | all state, and `dispatch`: which event is for whom |
//! | `run` | the loop |
//! | [`inside`] | what a container sees at a moment |
//! | `listing` | what an API server would list at a moment |
//! | `system_objects` | the Services that every cluster has |
//! | `timeline` | what happens when: a user's commands and faults |
//! | `invariants` | what must hold after every event, in debug builds |

mod compile;
mod discovery;
pub mod event;
pub mod inside;
mod invariants;
mod listing;
mod run;
mod system_objects;
mod timeline;
pub mod world;

pub use compile::compile;
pub use event::Event;
pub use inside::{Connection, Inside};
pub use run::{BEGIN, Ending, Progress, run, run_attended, run_on, run_to};
pub use world::World;
