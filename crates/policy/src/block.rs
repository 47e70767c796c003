//! What several policies are made of.

pub mod aperture;
pub mod chained_points;
mod choice;
mod cumulative;
mod edf;
pub mod flow_hash;
pub mod jenkins;
pub mod maglev;
mod orca;
mod outstanding;
mod peak_ewma;
mod places;
mod probe_pool;
pub mod proportional_ring;
mod rebuilt;
mod ring;
mod rounds;
mod score;
mod shares;
mod stride;
pub mod subset;

pub use choice::{Choice, Sampling, distinct, first_of_least, neighbours};
pub use cumulative::Cumulative;
pub use edf::{Edf, Ties};
pub use maglev::Maglev;
pub use orca::{OrcaWeight, Unusable, orca_weight};
pub use outstanding::Outstanding;
pub use peak_ewma::{Estimator, PeakEwma};
pub use places::{Places, carry, open_places};
pub use probe_pool::{Probe, ProbePool, Reuse};
pub use rebuilt::Rebuilt;
pub use ring::{Circular, Ring};
pub use rounds::{Rounds, greatest_common_divisor};
pub use score::Score;
pub use shares::Shares;
pub use stride::{Scaling, StaticStride, next_number};
