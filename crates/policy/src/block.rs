//! What several policies are made of.

mod affinity;
mod edf;
mod outstanding;
mod part;
mod parts;
mod places;
pub mod subset;

pub use affinity::Affinity;
pub use edf::{Edf, Ties};
pub use outstanding::Outstanding;
pub use part::Part;
pub use parts::Parts;
pub use places::Places;
