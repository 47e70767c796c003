//! Textbook results through the real simulator: the same question to a run and to a formula.
//!
//! The cluster is the ideal one, in which nothing takes time but the programs' work, so that a pod
//! is the textbooks' station: Poisson arrivals, first come first served, a queue without a bound.
//! What a run says is an interval from batch means, at a level at which a fixed seed is hardly ever
//! unlucky, and narrow enough that the neighbouring formula would be refused.

mod balls_in_bins;
mod littles_law;
mod queues;
#[path = "../scenarios/rehearsal.rs"]
mod rehearsal;
mod station;
mod yardsticks;
