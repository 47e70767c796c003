//! What several policies are made of.

mod edf;
mod orca;
mod outstanding;
mod places;
mod rounds;
mod stride;

pub use edf::{Edf, Ties};
pub use orca::{OrcaWeight, Unusable, orca_weight};
pub use outstanding::Outstanding;
pub use places::{Places, open_places};
pub use rounds::Rounds;
pub use stride::{Scaling, StaticStride, next_number};
