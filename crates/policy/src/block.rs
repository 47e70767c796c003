//! What several policies are made of.

mod affinity;
pub mod aperture;
pub mod chained_points;
mod choice;
mod divisor;
mod edf;
pub mod flow_hash;
pub mod jenkins;
pub mod maglev;
mod memo;
mod orca;
mod outstanding;
mod part;
mod parts;
mod peak_ewma;
mod places;
mod probe_pool;
pub mod proportional_ring;
mod rebuilt;
mod remainder;
mod ring;
mod rounds;
mod score;
mod shares;
mod stays;
mod stride;
pub mod subset;
mod tables;

pub use affinity::Affinity;
pub use choice::{
    Choice, DRAWS_BEFORE_LOOKING, Sampling, any_of_least, better_of, distinct, neighbours,
};
pub use divisor::Divisor;
pub use edf::{Edf, Ties};
pub use maglev::Maglev;
pub use memo::Memo;
pub use orca::{OrcaWeight, Unusable, orca_weight};
pub use outstanding::Outstanding;
pub use part::Part;
pub use parts::Parts;
pub use peak_ewma::{Estimator, PeakEwma};
pub use places::{Places, carry, open_places};
pub use probe_pool::{Probe, ProbePool, Reuse};
pub use rebuilt::Rebuilt;
pub use remainder::Remainder;
pub use ring::{Circular, Ring};
pub use rounds::{Rounds, greatest_common_divisor};
pub use score::Score;
pub use shares::{HashShares, Shares};
pub use stays::Stays;
pub use stride::{Scaling, StaticStride, next_number};
pub use tables::{LARGEST_TABLE, Tables};
