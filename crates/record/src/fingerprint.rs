//! The fingerprint of a run: a 64-bit hash of its record stream.

use std::hash::{Hash, Hasher};

use engine::Time;

use crate::{Record, Recorder, Request};

/// Folds a stream into 64 bits. Two streams with one fingerprint are, for all that a check can
/// want, the same stream. It is not a defence against somebody who looks for a collision.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    state: u64,
}

/// An odd constant with well-mixed bits: the fractional part of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The fractional parts of the square roots of the first eight primes.
const CONSTANTS: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

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

    /// Nearly all records are requests, so their numbers are mixed in pairs that do not wait for
    /// each other before one word of them goes the usual way. Each number has a constant of its
    /// own, so that two of them cannot change places unseen.
    #[inline]
    fn write_request(&mut self, time: Time, request: &Request) {
        let mut row = Row::default();
        request.hash(&mut row);
        let Row { words: [a, b, c, d, e, f, g], .. } = row;
        let [ka, kb, kc, kd, ke, kf, kg, kh] = CONSTANTS;
        let first = fold(a ^ ka, b ^ kb) ^ fold(c ^ kc, d ^ kd).rotate_left(16);
        let second = fold(e ^ ke, f ^ kf) ^ fold(g ^ kg, time.as_nanos() ^ kh).rotate_left(16);
        self.write_u64(first);
        self.write_u64(second);
    }
}

/// The words that a request hashes itself into.
#[derive(Default)]
struct Row {
    words: [u64; 7],
    len: usize,
}

impl Hasher for Row {
    fn finish(&self) -> u64 {
        unreachable!("its words are taken one by one")
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a request hashes itself as words")
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.words[self.len] = word;
        self.len += 1;
    }
}

impl Recorder for Fingerprint {
    fn record(&mut self, time: Time, record: &Record) {
        match record {
            Record::RequestFinished(request) => self.write_request(time, request),
            record => {
                self.write_u64(time.as_nanos());
                record.hash(self);
            }
        }
    }

    #[inline]
    fn request_finished(&mut self, time: Time, request: &Request) {
        self.write_request(time, request);
    }
}

/// The high and low halves of a 128-bit product, mixed.
#[inline]
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

    #[inline]
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
    use engine::Span;

    use super::*;
    use crate::{Cause, ClientId, Outcome};

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

    #[test]
    fn every_number_of_a_request_counts() {
        let hash = |time: u64, request: Request| {
            let mut fingerprint = Fingerprint::default();
            fingerprint.record(Time::from_nanos(time), &Record::RequestFinished(request));
            fingerprint.value()
        };
        let plain = Request {
            client: ClientId(0),
            number: 0,
            service: None,
            arrived: Time::ZERO,
            node: api::NodeId(0),
            pod: None,
            connected: Time::ZERO,
            queued: Span::ZERO,
            attempts: 0,
            outcome: Outcome::Ok,
        };
        let one = Time::from_nanos(1);
        let mut hashes = vec![
            hash(0, plain),
            hash(1, plain),
            hash(0, Request { client: ClientId(1), ..plain }),
            hash(0, Request { number: 1, ..plain }),
            hash(0, Request { service: Some(api::ServiceId(0)), ..plain }),
            hash(0, Request { arrived: one, ..plain }),
            hash(0, Request { node: api::NodeId(1), ..plain }),
            hash(0, Request { pod: Some(api::PodId(0)), ..plain }),
            hash(0, Request { connected: one, ..plain }),
            hash(0, Request { queued: Span::from_nanos(1), ..plain }),
            hash(0, Request { attempts: 1, ..plain }),
            hash(0, Request { outcome: Outcome::Failed(Cause::TimeoutSlow), ..plain }),
        ];
        let all = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), all);
    }
}
