//! C3, as the paper of that name describes it: replicas ranked by what they would take, each of which has a
//! rate.

pub mod cubic;
pub mod send_rate;
