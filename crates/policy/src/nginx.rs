//! NGINX: a choice for each request, in each of its worker processes.

pub mod least_conn;
pub mod peers;
pub mod round_robin;
