//! C3, as the paper of that name describes it: replicas ranked by what they would take, and a rate
//! for each.

pub mod cubic;
pub mod send_rate;
