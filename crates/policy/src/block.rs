//! What several policies are made of.

mod outstanding;
mod places;

pub use outstanding::Outstanding;
pub use places::Places;
