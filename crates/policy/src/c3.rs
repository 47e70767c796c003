//! C3, as the paper of that name describes it: replicas ranked by what they would take.

pub mod cubic;
