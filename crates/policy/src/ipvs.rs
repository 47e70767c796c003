//! Schedulers of the kernel's IP virtual server: kube-proxy's choice in ipvs mode, for each
//! connection.

mod buckets;
pub mod destination;
pub mod dh;
pub mod fo;
pub mod lblc;
pub mod lblcr;
pub mod lc;
pub mod least;
mod locality;
pub mod mh;
pub mod nq;
pub mod ovf;
pub mod rr;
pub mod sed;
pub mod service;
pub mod sh;
pub mod twos;
pub mod wlc;
pub mod wrr;
