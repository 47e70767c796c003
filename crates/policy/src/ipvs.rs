//! Schedulers of the kernel's IP virtual server: kube-proxy's choice in ipvs mode, for each connection.

pub mod destination;
pub mod fo;
pub mod lblc;
pub mod lblcr;
pub mod lc;
mod locality;
pub mod nq;
pub mod ovf;
pub mod rr;
pub mod sed;
pub mod service;
pub mod twos;
pub mod wlc;
pub mod wrr;
