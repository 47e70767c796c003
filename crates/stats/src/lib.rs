//! Histograms, evenness, intervals and closed-form queueing formulas.
//!
//! Numbers in, numbers out: this crate knows nothing of simulation, of time or of Kubernetes, and
//! it never fails. What has no answer (the mean of nothing, the queue of an overloaded server) is
//! `None` or infinite, as each function says. Logarithms and exponentials come from `libm`, so
//! that the bits are the same on every target.
//!
//! | module | what |
//! |---|---|
//! | [`latency_histogram`] | latencies at a stated relative error, in little memory |
//! | [`evenness`] | Jain's index and its relatives |
//! | [`chance`] | how uneven pure chance is: splits, balls in bins |
//! | [`queueing`] | M/M/1, M/M/c, M/G/1 and what they say about waiting |
//! | [`rollout`] | what a rollout loses, and whom connections stay with |
//! | [`interval`] | a mean with its confidence interval |
//! | [`significance`] | which differences are more than chance, also where there are several |
//! | [`normal`] | the normal and Student's distributions |

pub mod chance;
pub mod evenness;
pub mod interval;
pub mod latency_histogram;
pub mod normal;
pub mod queueing;
pub mod rollout;
pub mod significance;

pub use chance::{expected_max_over_mean, random_split_cv};
pub use evenness::{coefficient_of_variation, gini, jain, max_over_mean, min_over_max};
pub use interval::{Interval, batch_means};
pub use latency_histogram::LatencyHistogram;
pub use normal::{expected_largest_normal, expected_largest_of};
pub use queueing::{Queue, erlang_b, erlang_c, md1, mg1, mm1, mmc};
pub use rollout::lost_per_rollout;
pub use significance::{chance_of_mean, holm};
