//! Schedulers of the kernel's IP virtual server: kube-proxy's choice in ipvs mode, for each connection.

pub mod rr;
