//! Random numbers that stay the same whoever else draws.

use crate::logarithm::ln;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The random streams of one run, each found by its name.
///
/// A stream depends on the seed and its name only, not on which others exist or when they were
/// made: a new consumer of randomness shifts nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of the run with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream called `name`, from its beginning.
    ///
    /// It is ChaCha8 with a key of 32 bytes: the seed (8, little-endian), the FNV-1a hash of the
    /// name (8, little-endian) and the tag `rollsim streams.` (16). ChaCha makes unrelated streams of related
    /// keys, so nothing needs mixing beforehand.
    pub fn named(&self, name: &str) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&fnv1a(name.as_bytes()).to_le_bytes());
        key[16..].copy_from_slice(KEY_TAG);
        Stream { generator: ChaCha8Rng::from_seed(key) }
    }

    /// A family of streams called `name`, one for each request.
    pub fn requests(&self, name: &str) -> RequestStreams {
        let mut stream = self.named(name);
        RequestStreams { keys: [stream.next_u64(), stream.next_u64()] }
    }
}

/// Sets the streams of this program apart from other uses of ChaCha8 with the same seed.
const KEY_TAG: &[u8; 16] = b"rollsim streams.";

/// A source of random bits, and the shapes they are mostly wanted in.
pub trait Random {
    /// The next 64 random bits.
    fn next_u64(&mut self) -> u64;

    /// The next 64 random bits and those after them: where one draw decides little, two in one call
    /// save the way to a generator that is known at run time only. They are a pair because a pair comes
    /// back in registers, and an array would come back in memory.
    #[inline]
    fn next_two_u64(&mut self) -> (u64, u64) {
        (self.next_u64(), self.next_u64())
    }

    /// A number above 0 and up to 1, in steps of 2⁻⁵³.
    ///
    /// Zero is left out so that its logarithm exists.
    #[inline]
    fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.next_u64() >> 11) + 1) as f64 * STEP
    }

    /// A number from the exponential distribution with mean 1.
    #[inline]
    fn exponential(&mut self) -> f64 {
        -ln(self.unit())
    }

    /// A number below `n`, which must not be zero.
    ///
    /// It is the upper half of a product of 64 bits, so no number is more likely than another by
    /// more than one part in 2³².
    #[inline]
    fn below(&mut self, n: u32) -> u32 {
        self.below_u64(u64::from(n)) as u32
    }

    /// A number below `n`, which must not be zero.
    ///
    /// No number is more likely than another by more than `n` parts in 2⁶⁴.
    #[inline]
    fn below_u64(&mut self, n: u64) -> u64 {
        below(self.next_u64(), n)
    }

    /// Two numbers below `n`, as [`below`](Self::below) draws them.
    #[inline]
    fn two_below(&mut self, n: u32) -> [u32; 2] {
        let (first, second) = self.next_two_u64();
        [first, second].map(|bits| below(bits, u64::from(n)) as u32)
    }
}

/// The number below `n` that 64 random bits stand for.
#[inline]
fn below(bits: u64, n: u64) -> u64 {
    assert!(n > 0, "there is no number below zero");
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}

impl<R: Random + ?Sized> Random for &mut R {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        (**self).next_u64()
    }

    #[inline]
    fn next_two_u64(&mut self) -> (u64, u64) {
        (**self).next_two_u64()
    }
}

/// A named stream of random numbers: ChaCha8, which is specified bit for bit.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Random for Stream {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }
}

/// A stream for each request, found by the request's number.
///
/// One request's draws then do not depend on how many another one took, and two policies compared
/// under one seed see the same arrivals and service times: common random numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestStreams {
    keys: [u64; 2],
}

impl RequestStreams {
    /// The stream of request `number`, from its beginning.
    ///
    /// Different numbers give different states, because each step below is a bijection of the
    /// number. The increment is a request's own too, so should two requests ever reach the same
    /// state they part again with the next draw.
    #[inline]
    pub fn request(&self, number: u64) -> RequestStream {
        let state = mix(self.keys[0].wrapping_add(number.wrapping_mul(GOLDEN)));
        let increment = mix(state ^ self.keys[1]) | 1;
        RequestStream { state, increment }
    }
}

/// The private random numbers of one request: SplitMix64 with an increment of its own.
///
/// It has 16 bytes and costs a nanosecond to make, so it can be thrown away with the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestStream {
    state: u64,
    /// Odd, so that the state takes all 2⁶⁴ values.
    increment: u64,
}

impl Random for RequestStream {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(self.increment);
        mix(self.state)
    }
}

/// 2⁶⁴ over the golden ratio: the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Stafford's thirteenth variant), a bijection.
#[inline]
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The 64-bit FNV-1a hash: std's hashes may change between versions, this one cannot.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
