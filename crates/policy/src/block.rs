//! What several policies are made of.

mod edf;
mod orca;
mod outstanding;
mod places;
mod rounds;

pub use edf::{Edf, Ties};
pub use orca::{OrcaWeight, Unusable, orca_weight};
pub use outstanding::Outstanding;
pub use places::Places;
pub use rounds::Rounds;
