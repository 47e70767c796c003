//! The fingerprint of a run: a 64-bit hash of its record stream.

use std::hash::{Hash, Hasher};

use engine::Time;

use crate::{Record, Recorder};

/// Folds a stream into 64 bits. Two streams with one fingerprint are, for all that a check can
/// want, the same stream. It is not a defence against somebody who looks for a collision.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    state: u64,
}

/// An odd constant with well-mixed bits: the fractional part of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Fingerprint {
    fn default() -> Self {
        Self { state: 0x243f_6a88_85a3_08d3 }
    }
}

impl Fingerprint {
    /// The hash of what was recorded so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        fold(self.state ^ MULTIPLIER, self.state.rotate_left(32) | 1)
    }

    /// The hash in sixteen hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{:016x}", self.value())
    }
}

impl Recorder for Fingerprint {
    fn record(&mut self, time: Time, record: &Record) {
        self.write_u64(time.as_nanos());
        record.hash(self);
    }
}

/// The high and low halves of a 128-bit product, mixed.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Every number goes through [`Hasher::write_u64`] as its value, so that neither the byte order
/// nor the word size of the machine shows.
impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.state = fold(self.state ^ word, MULTIPLIER).wrapping_add(word);
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(i64::from(number) as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_content_both_count() {
        let hash = |records: &[(u64, Record)]| {
            let mut fingerprint = Fingerprint::default();
            for (nanos, record) in records {
                fingerprint.record(Time::from_nanos(*nanos), record);
            }
            fingerprint.text()
        };
        let ready = |pod| Record::PodReady { pod: api::PodId(pod) };
        let both = hash(&[(1, ready(1)), (2, ready(2))]);
        assert_eq!(both, hash(&[(1, ready(1)), (2, ready(2))]));
        assert_ne!(both, hash(&[(1, ready(2)), (2, ready(1))]));
        assert_ne!(both, hash(&[(1, ready(1)), (3, ready(2))]));
        assert_ne!(hash(&[]), hash(&[(0, Record::Ended)]));
    }
}
