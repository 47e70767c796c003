//! Weights as HAProxy reckons with them.

/// HAProxy's weights go to 256.
const MAX: u32 = 256;

/// What a unit of weight counts: so a server that starts slowly can have a sixteenth of it.
pub(super) const SCALE: u64 = 16;

/// What the largest weight counts.
pub(super) const MAX_EFFECTIVE: u64 = MAX as u64 * SCALE;

/// A weight as HAProxy may have it.
pub(super) fn capped(weight: u32) -> u32 {
    weight.min(MAX)
}

/// A weight as it counts.
pub(super) fn effective(weight: u32) -> u64 {
    u64::from(capped(weight)) * SCALE
}
