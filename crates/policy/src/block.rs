//! What several policies are made of.

pub mod chained_points;
mod edf;
pub mod flow_hash;
pub mod jenkins;
pub mod maglev;
mod orca;
mod outstanding;
mod places;
pub mod proportional_ring;
mod ring;
mod rounds;
mod shares;
mod stride;
pub mod subset;

pub use edf::{Edf, Ties};
pub use maglev::Maglev;
pub use orca::{OrcaWeight, Unusable, orca_weight};
pub use outstanding::Outstanding;
pub use places::{Places, open_places};
pub use ring::{Circular, Ring};
pub use rounds::{Rounds, greatest_common_divisor};
pub use shares::Shares;
pub use stride::{Scaling, StaticStride, next_number};
