//! What several policies are made of.

mod edf;
mod outstanding;
mod places;
pub mod subset;

pub use edf::{Edf, Ties};
pub use outstanding::Outstanding;
pub use places::Places;
