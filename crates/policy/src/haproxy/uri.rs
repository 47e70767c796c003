//! By the path: HAProxy's `balance uri`.

use engine::Time;

use super::hashing::{AVALANCHE, HASH_BALANCE_FACTOR, HASH_TYPE, Hashing};
use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::Memo,
};

/// The setting `hash-type`'s second word.
const FUNCTION: Parameter = Parameter {
    name: "hash-function",
    summary: "What a path is hashed with.",
    kind: Kind::Choice { of: &["sdbm", "djb2", "crc32"] },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.uri",
    summary: "hash of the path, as a turn in a map or as a place on a ring",
    level: Level::Request,
    on_change: "servers keep their numbers; the map is made anew and most paths move, or the ring \
                loses or gains a server's points and 1/n of them do",
    parameters: &[HASH_TYPE, FUNCTION, AVALANCHE, HASH_BALANCE_FACTOR],
    build: |settings, _| Box::new(HaproxyUri::new(settings)),
};

/// What a path is hashed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Sdbm,
    Djb2,
    Crc32,
}

impl Function {
    fn named(word: &str) -> Self {
        match word {
            "djb2" => Self::Djb2,
            "crc32" => Self::Crc32,
            _ => Self::Sdbm,
        }
    }

    #[inline]
    fn hash(self, text: &[u8]) -> u32 {
        match self {
            Self::Sdbm => polynomial::<65_599>(0, text),
            Self::Djb2 => polynomial::<33>(5381, text),
            Self::Crc32 => crc32fast::hash(text),
        }
    }
}

/// The hash of a text that is multiplied by a factor before each byte is added: four bytes at a time,
/// so that they do not wait for each other.
#[inline]
fn polynomial<const FACTOR: u32>(seed: u32, text: &[u8]) -> u32 {
    let power = |exponent: u32| FACTOR.wrapping_pow(exponent);
    let (fours, rest) = text.as_chunks::<4>();
    let add = |hash: u32, [a, b, c, d]: &[u8; 4]| {
        let first =
            u32::from(*a).wrapping_mul(power(3)).wrapping_add(u32::from(*b).wrapping_mul(power(2)));
        let last = u32::from(*c).wrapping_mul(FACTOR).wrapping_add(u32::from(*d));
        hash.wrapping_mul(power(4)).wrapping_add(first).wrapping_add(last)
    };
    let hash = fours.iter().fold(seed, add);
    rest.iter().fold(hash, |hash, byte| hash.wrapping_mul(FACTOR).wrapping_add((*byte).into()))
}

/// What comes before the question mark.
fn path(uri: &[u8]) -> &[u8] {
    uri.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// **What it does** A hash of the path, up to the question mark. It leads to a server as in
/// [`HaproxySource`](super::source::HaproxySource).
///
/// **Where it is used** HAProxy, `balance uri`, in front of caches; with `balance hdr(name)` or
/// `balance url_param` a hash of something else is used in the same way.
///
/// **What it needs to know** The servers' numbers and weights, and the path: the key of a request.
/// With a balance factor, how many requests it has at each server. A request without a key has hash
/// 0.
///
/// **When it goes wrong** Map-based, a server that comes or goes moves most paths. A popular path
/// has one server, unless a balance factor sends the rest on.
///
/// **Reference** `get_server_uh` in `src/backend.c`, `chash_get_server_hash` and
/// `chash_server_is_eligible` in `src/lb_chash.c`.
#[derive(Clone, Debug)]
pub struct HaproxyUri {
    function: Function,
    hashing: Hashing,
    hashes: Memo,
}

impl HaproxyUri {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let function = Function::named(settings.choice(FUNCTION.name));
        Self { function, hashing: Hashing::new(settings), hashes: Memo::default() }
    }
}

impl Policy for HaproxyUri {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.hashes.make_room(endpoints);
        self.hashing.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let Self { function, hashing, hashes } = self;
        hashing.pick(context, || hashes.hash(context, |key| function.hash(path(key))))
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.hashing.chosen(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        self.hashing.listens()
    }

    fn ended(&mut self, ended: &Ended) {
        self.hashing.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.hashing.withdrawn(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Configured, Reply, Value};

    fn pick(policy: &mut dyn Policy, key: &[u8], tried: &[EndpointId]) -> Option<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::ZERO, &mut random);
        (context.key, context.tried) = (key, tried);
        policy.pick(&mut context)
    }

    fn consistent(factor: u64) -> Box<dyn Policy> {
        let mut configured = Configured::new(&ENTRY);
        assert!(configured.set("hash-type", Value::Choice("consistent")).is_ok());
        assert!(configured.set("hash-balance-factor", Value::Integer(factor)).is_ok());
        configured.build(1)
    }

    #[test]
    fn published_hashes_come_out() {
        assert_eq!(Function::Djb2.hash(b"a"), 177_670);
        assert_eq!(Function::Sdbm.hash(b"ab"), 97 * 65_599 + 98);
        assert_eq!(Function::Crc32.hash(b"123456789"), 0xcbf4_3926);
        let by_byte = |hash: u32, byte: &u8| hash.wrapping_mul(33).wrapping_add(u32::from(*byte));
        let text = b"/users/17/profile\xff";
        for end in 0..=text.len() {
            let expected = text[..end].iter().fold(5381, by_byte);
            assert_eq!(Function::Djb2.hash(&text[..end]), expected, "{end} bytes");
        }
    }

    #[test]
    fn what_is_asked_of_a_path_does_not_count_and_the_last_tried_is_avoided() {
        let mut policy = consistent(0);
        policy.update(&Endpoint::numbered(&[1; 3]), Time::ZERO);
        let place = pick(&mut *policy, b"/a", &[]).expect("there are three");
        assert_eq!(pick(&mut *policy, b"/a?b=c", &[]), Some(place));
        let tried = [EndpointId(place as u32)];
        let other = pick(&mut *policy, b"/a", &tried).expect("there are others");
        assert_ne!(other, place);
        let tried = [tried[0], EndpointId(other as u32)];
        assert_eq!(pick(&mut *policy, b"/a", &tried), Some(place), "one is avoided, not all");
        policy.update(&Endpoint::numbered(&[1]), Time::ZERO);
        assert_eq!(pick(&mut *policy, b"/a", &[EndpointId(0)]), Some(0), "there is no other");
    }

    #[test]
    fn a_factor_sends_on_what_is_too_much_until_something_ends() {
        let mut policy = consistent(100);
        policy.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        assert!(policy.listens());
        let first = pick(&mut *policy, b"/a", &[]).expect("there are two");
        assert_eq!(pick(&mut *policy, b"/a", &[]), Some(1 - first));
        let (endpoint, now) = (EndpointId(first as u32), Time::ZERO);
        policy.ended(&Ended { endpoint, now, latency: Span::ZERO, reply: Reply::Ok, report: None });
        assert_eq!(pick(&mut *policy, b"/a", &[]), Some(first));
    }
}
