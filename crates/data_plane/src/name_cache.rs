//! What a client's own runtime keeps of the answers of DNS.
//!
//! C libraries keep nothing. Others keep an answer for its time to live, or, as Java does, for a time
//! of their own; and for ever where somebody set that, as Java does under a security manager.

use engine::{Span, Time};

use crate::dns::{Destination, cache::Reply};

/// How long a client keeps answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NameCache {
    /// Not at all: each connection asks (glibc, musl, Go).
    #[default]
    None,
    /// For their time to live.
    Ttl,
    /// For 30 s, and denials for 10 s (`networkaddress.cache.ttl` and `.negative.ttl` of Java).
    Jvm,
    /// Until it ends, and denials for 10 s (`networkaddress.cache.ttl` of −1).
    Forever,
}

const JVM: Span = Span::from_secs(30);
const JVM_NEGATIVE: Span = Span::from_secs(10);

impl NameCache {
    /// How long it keeps an answer.
    fn span(self, reply: &Reply) -> Span {
        match (self, reply.has_address()) {
            (Self::None, _) => Span::ZERO,
            (Self::Ttl, _) => reply.ttl,
            (Self::Jvm, true) => JVM,
            (Self::Forever, true) => Span::MAX,
            (Self::Jvm | Self::Forever, false) => JVM_NEGATIVE,
        }
    }

    /// What is kept of an answer that comes at a moment, `first` being the place of the address that
    /// the name servers had put first.
    #[must_use]
    pub fn keep(self, reply: &Reply, first: usize, now: Time) -> Option<Kept> {
        let span = self.span(reply);
        let keep = || Kept { reply: reply.clone(), first, since: now, until: now + span };
        (span > Span::ZERO).then(keep)
    }
}

/// An answer that is kept, in the order in which it came.
#[derive(Clone, Debug)]
pub struct Kept {
    reply: Reply,
    first: usize,
    since: Time,
    until: Time,
}

impl Kept {
    /// It, where it may still be used at a moment.
    #[must_use]
    pub fn at(&self, now: Time) -> Option<&Self> {
        (self.since <= now && now < self.until).then_some(self)
    }

    /// The address that an attempt uses: the first, and for another attempt the next.
    #[must_use]
    pub fn destination(&self, attempt: u32) -> Option<Destination> {
        nth(&self.reply, self.first, attempt)
    }
}

/// The address of an answer that an attempt uses, from 0 on.
#[must_use]
pub fn nth(reply: &Reply, first: usize, attempt: u32) -> Option<Destination> {
    let all = &reply.destinations;
    let place = (first + attempt as usize).checked_rem(all.len())?;
    all.get(place).copied()
}
