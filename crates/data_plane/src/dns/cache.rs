//! A cache of answers: CoreDNS' own (`plugin/cache`), or that of NodeLocal DNSCache on a node.
//!
//! *Left out:* the number of entries that it holds, prefetching, and answers kept past their time
//! (`serve_stale`).

use std::{collections::BTreeMap, sync::Arc};

use engine::{Span, Time};

use super::{Destination, names::NameId, record::Rcode, resolver};

/// How a name was answered: for A and AAAA together, which are asked for at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it went.
    pub rcode: Rcode,
    /// Whether it has any record, were it only an alias that leads nowhere.
    pub answered: bool,
    /// Where the addresses in it lead, in the order of the answer.
    pub destinations: Arc<[Destination]>,
    /// How long it may be kept from now on; of a denial, too.
    pub ttl: Span,
}

impl Reply {
    /// Whether it has an address, as opposed to a denial.
    #[must_use]
    pub fn has_address(&self) -> bool {
        !self.destinations.is_empty()
    }

    /// Whether a resolver that hears it tries no other name.
    #[must_use]
    pub fn ends_search(&self) -> bool {
        resolver::ends_search(self.answered, self.rcode)
    }
}

/// How long a cache keeps answers at most (`success` and `denial`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Those with an address.
    pub success: Span,
    /// Those without.
    pub denial: Span,
}

/// What an answer may be kept for, however short the time that it states (`plugin/cache`, minimum
/// TTL).
const LEAST: Span = Span::from_secs(5);

#[derive(Clone, Debug)]
struct Entry {
    reply: Reply,
    since: Time,
    until: Time,
}

/// A cache.
#[derive(Clone, Debug)]
pub struct Cache {
    limits: Limits,
    entries: BTreeMap<NameId, Entry>,
}

impl Cache {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, entries: BTreeMap::new() }
    }

    /// What it has of a name at a moment, with what is left of its time.
    #[must_use]
    pub fn get(&self, name: NameId, now: Time) -> Option<Reply> {
        let entry = self.entries.get(&name)?;
        let ttl = entry.until.since(now);
        (entry.since <= now && ttl > Span::ZERO).then(|| Reply { ttl, ..entry.reply.clone() })
    }

    /// Keeps an answer from the moment on at which it comes.
    pub fn put(&mut self, name: NameId, reply: &Reply, now: Time) {
        let Limits { success, denial } = self.limits;
        let most = if reply.has_address() { success } else { denial };
        let until = now + reply.ttl.max(LEAST).min(most);
        self.entries.insert(name, Entry { reply: reply.clone(), since: now, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(addresses: usize, ttl: u64) -> Reply {
        Reply {
            rcode: if addresses > 0 { Rcode::NoError } else { Rcode::NxDomain },
            answered: addresses > 0,
            destinations: vec![Destination::Nobody; addresses].into(),
            ttl: Span::from_secs(ttl),
        }
    }

    /// What is left of an answer that was kept at 10 s, some time later.
    #[test]
    fn an_answer_is_kept_for_its_time_within_the_limits() {
        let limits = Limits { success: Span::from_secs(30), denial: Span::from_secs(5) };
        let cases = [
            ("its own time", reply(1, 20), 15, Some(15)),
            ("its end", reply(1, 20), 30, None),
            ("the longest time", reply(1, 3600), 15, Some(25)),
            ("the shortest time", reply(1, 0), 12, Some(3)),
            ("a denial's", reply(0, 30), 12, Some(3)),
            ("a denial's end", reply(0, 30), 15, None),
            ("before it came", reply(1, 20), 9, None),
        ];
        for (what, reply, at, left) in cases {
            let mut cache = Cache::new(limits);
            cache.put(NameId(3), &reply, Time::from_secs(10));
            let found = cache.get(NameId(3), Time::from_secs(at));
            assert_eq!(found.map(|it| it.ttl), left.map(Span::from_secs), "{what}");
            assert_eq!(cache.get(NameId(4), Time::from_secs(at)), None, "{what}: another name");
        }
    }
}
