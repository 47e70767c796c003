//! The connections that a sender keeps for later requests.
//!
//! A kept connection stays with the pod that it was opened to, whatever becomes of endpoints and rules:
//! only its two ends end it. When the sender hears of that is worked out when a request wants the
//! connection, so nothing has to happen in between.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    num::NonZeroU32,
};

use api::{NodeId, PodId};
use engine::{Span, Time};
use record::Cause;

use crate::{flight::FlightId, kube_proxy::Asked, server::ServerId};

/// Which connections a sender keeps, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// How many requests one carries at a time: 1, or more where it is multiplexed.
    pub streams: u32,
    /// Until there are so many, each request opens one.
    pub min: u32,
    /// There are at most so many; further requests wait for one.
    pub max: u32,
    /// So many stay open that no request is on.
    pub max_idle: u32,
    /// So long one takes new requests.
    pub max_age: Option<Span>,
    /// So long one stays that no request is on.
    pub idle_timeout: Option<Span>,
    /// So long nobody may answer on a multiplexed one until it is given up.
    pub ping_timeout: Option<Span>,
    /// Whether the one that was used last is taken first. Of multiplexed ones always the one with fewest
    /// requests is, and of several such the one that was used longest ago.
    pub newest_first: bool,
}

impl Keeping {
    /// Whether a connection carries several requests at a time.
    #[must_use]
    pub fn multiplexed(&self) -> bool {
        self.streams > 1
    }
}

/// What a connection on which nobody answers is given up after: the kernel has sent its data anew for
/// so long (`tcp_retries2` 15).
const RETRANSMISSION_TIMEOUT: Span = Span::from_millis(924_600);

/// A kept connection of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(NonZeroU32);

/// Where a connection leads, and by which way.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The pod.
    pub pod: PodId,
    /// Its port.
    pub port: u16,
    /// The program that accepted it.
    pub server: ServerId,
    /// The node that it comes from.
    pub node: NodeId,
    /// The Service that it was opened to, if any, and how.
    pub asked: Option<Asked>,
    /// Whether the node's proxy chose the pod.
    pub by_rules: bool,
    /// One way.
    pub delay: Span,
    /// How long the program leaves it open that no request came on.
    pub idle_timeout: Option<Span>,
}

/// How a connection ended, as its other end sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It was closed; what arrives from then on is answered with a reset.
    Closed(Time),
    /// It takes no more requests than are under way (`GOAWAY`, `Connection: close`).
    Leaving(Time),
}

/// A kept connection.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Where it leads.
    pub route: Route,
    /// When its sender had it open.
    pub opened: Time,
    /// How many requests are on it.
    requests: u32,
    /// How many picks ago it was used last: a count of the pool's, which only grows.
    used: u64,
    /// When its last request was answered, where it was sent from.
    quiet_since: Time,
    /// When the program has nothing more to do for it: when the last answer leaves.
    busy_until: Time,
    end: Option<End>,
    /// Since when nobody answers.
    silent_since: Option<Time>,
}

/// What a request is to do for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Go over this one.
    Over(ConnectionId),
    /// Open one.
    Open,
    /// Wait until there is one.
    Wait,
}

/// What a request has of its sender's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Hold {
    /// Nothing: its connection is its own.
    #[default]
    Nothing,
    /// It opens one.
    Opens,
    /// It is on this one.
    Over(ConnectionId),
    /// It waits for one.
    Waits,
}

/// The connections that one sender keeps.
#[derive(Debug, Default)]
pub struct Pool {
    open: BTreeMap<ConnectionId, Kept>,
    /// The same by how busy they are: how many requests are on one, and when it was used last.
    by_use: BTreeSet<(u32, u64, ConnectionId)>,
    /// Before this none of them is over, so that nobody has to look: it may be too early, and is never
    /// too late.
    next_look: Time,
    /// How many are being opened.
    opening: u32,
    /// Requests that wait for one.
    pub waiting: VecDeque<FlightId>,
    /// Whether those who wait are being called.
    pub wakes: bool,
    opened: u32,
    used: u64,
}

impl Kept {
    /// When its sender hears that it takes no more requests, if nothing more comes on it.
    fn known_to_end_from(&self) -> Time {
        let told = match self.end {
            Some(End::Closed(at) | End::Leaving(at)) => at,
            None => NEVER,
        };
        told.min(self.left_idle()) + self.route.delay
    }

    /// When the program closes it, or has, if nothing more comes on it.
    fn left_idle(&self) -> Time {
        after(self.busy_until, self.route.idle_timeout)
    }

    /// From when on it takes no more requests, as far as its sender knows.
    fn over_from(&self, keeping: &Keeping) -> Time {
        let idle_timeout = keeping.idle_timeout.filter(|_| self.requests == 0);
        let given_up = keeping.ping_timeout.unwrap_or(RETRANSMISSION_TIMEOUT);
        self.known_to_end_from()
            .min(after(self.opened, keeping.max_age))
            .min(after(self.quiet_since, idle_timeout))
            .min(self.silent_since.map_or(NEVER, |since| since + given_up))
    }

    /// Whether it takes no more requests, as far as its sender knows.
    fn is_over(&self, keeping: &Keeping, now: Time) -> bool {
        self.over_from(keeping) <= now
    }

    /// Whether the program has closed it by the time that a request arrives there.
    #[must_use]
    pub fn is_closed(&self, now: Time) -> bool {
        self.left_idle() <= now || matches!(self.end, Some(End::Closed(at)) if at <= now)
    }
}

/// What does not come: no time is later, with whatever is added.
const NEVER: Time = Time::MAX;

fn after(since: Time, limit: Option<Span>) -> Time {
    limit.map_or(NEVER, |limit| since + limit)
}

impl Pool {
    /// Finds a connection for a request that is sent now.
    pub fn take(&mut self, keeping: &Keeping, now: Time) -> Taken {
        let all = self.count(keeping, now) + self.opening;
        if all < keeping.min.min(keeping.max) {
            self.opening += 1;
            return Taken::Open;
        }
        if let Some(id) = self.usable(keeping, now) {
            self.used += 1;
            let used = self.used;
            self.change(id, |kept| (kept.used, kept.requests) = (used, kept.requests + 1));
            return Taken::Over(id);
        }
        // A multiplexed one that is being opened will do for all that wait.
        if all >= keeping.max || (keeping.multiplexed() && self.opening > 0) {
            return Taken::Wait;
        }
        self.opening += 1;
        Taken::Open
    }

    /// How many there are. A multiplexed one that is about to end takes its time over what is on it,
    /// and needs a successor.
    fn count(&self, keeping: &Keeping, now: Time) -> u32 {
        let leave = |kept: &&Kept| kept.known_to_end_from() <= now;
        let leaving = match keeping.multiplexed() && self.next_look <= now {
            true => self.open.values().filter(leave).count(),
            false => 0,
        };
        (self.open.len() - leaving) as u32
    }

    /// The connection that a request takes.
    fn usable(&self, keeping: &Keeping, now: Time) -> Option<ConnectionId> {
        let stays =
            |id: &ConnectionId| now < self.next_look || !self.open[id].is_over(keeping, now);
        // Those with fewer requests than this; the first use of all is 1, so that no place is before 0.
        let with_room = |requests| {
            let all = self.by_use.range(..(requests, 0, ConnectionId(NonZeroU32::MIN)));
            all.map(|(_, _, id)| *id)
        };
        match keeping.newest_first && !keeping.multiplexed() {
            true => with_room(1).rev().find(stays),
            false => with_room(keeping.streams).find(stays),
        }
    }

    /// Changes a connection, if it is still there.
    fn change<T>(&mut self, id: ConnectionId, change: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        let kept = self.open.get_mut(&id)?;
        let before = (kept.requests, kept.used, id);
        let result = change(kept);
        let place = (kept.requests, kept.used, id);
        if place != before {
            self.by_use.remove(&before);
            self.by_use.insert(place);
        }
        Some(result)
    }

    /// Takes out a connection.
    fn remove(&mut self, id: ConnectionId) -> Option<Kept> {
        let kept = self.open.remove(&id)?;
        self.by_use.remove(&(kept.requests, kept.used, id));
        Some(kept)
    }

    /// Takes out a connection that no request is on and that takes no more.
    pub fn prune(&mut self, keeping: &Keeping, now: Time) -> Option<Kept> {
        debug_assert_eq!(self.by_use.len(), self.open.len(), "they are the same");
        if now < self.next_look {
            debug_assert!(
                !self.open.values().any(|kept| kept.is_over(keeping, now)),
                "a look is overdue"
            );
            return None;
        }
        let mut all = self.open.iter();
        let over = all.find(|(_, kept)| kept.requests == 0 && kept.is_over(keeping, now));
        if let Some((id, _)) = over {
            return self.remove(*id);
        }
        let ends = self.open.values().map(|kept| kept.over_from(keeping));
        self.next_look = ends.min().unwrap_or(NEVER);
        None
    }

    /// The program has accepted a request on a connection, and is done with it at a time.
    pub fn accepted(&mut self, id: ConnectionId, departure: Time) {
        if let Some(kept) = self.open.get_mut(&id) {
            kept.busy_until = kept.busy_until.max(departure);
        }
    }

    /// A request has a connection accepted, which will be open at its sender's at a time.
    pub fn establish(&mut self, route: Route, keeping: &Keeping, opened: Time) -> ConnectionId {
        self.give_up_opening();
        let id = ConnectionId(NonZeroU32::MIN.saturating_add(self.opened));
        (self.opened, self.used) = (self.opened + 1, self.used + 1);
        let kept = Kept {
            route,
            opened,
            requests: 1,
            used: self.used,
            quiet_since: opened,
            busy_until: opened,
            end: None,
            silent_since: None,
        };
        self.look_at(&kept, keeping);
        self.by_use.insert((kept.requests, kept.used, id));
        self.open.insert(id, kept);
        id
    }

    /// A request that was to open a connection has one, or has failed.
    pub fn give_up_opening(&mut self) {
        self.opening = self.opening.saturating_sub(1);
    }

    /// A connection; `None` where it is no more.
    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Kept> {
        self.open.get(&id)
    }

    /// A request on a connection was answered.
    ///
    /// Gives back the connection if it is closed now: there are enough without it, or it was the last that
    /// it would take.
    pub fn answered(&mut self, id: ConnectionId, keeping: &Keeping, now: Time) -> Option<Kept> {
        let kept = self.change(id, |kept| {
            kept.requests -= 1;
            (kept.quiet_since, kept.silent_since) = (now, None);
            *kept
        })?;
        if kept.requests > 0 {
            return None;
        }
        let last = matches!(kept.end, Some(End::Leaving(_))) && !keeping.multiplexed();
        let over = last || kept.is_over(keeping, now);
        if over || self.idle_beyond(keeping.max_idle) {
            return self.remove(id);
        }
        self.look_at(&kept, keeping);
        None
    }

    /// Looks again no later than when this one is over.
    fn look_at(&mut self, kept: &Kept, keeping: &Keeping) {
        self.next_look = self.next_look.min(kept.over_from(keeping));
    }

    /// Whether there are more than so many that no request is on.
    fn idle_beyond(&self, max: u32) -> bool {
        let idle = self.by_use.iter().take_while(|(requests, ..)| *requests == 0);
        self.by_use.len() > max as usize && idle.count() > max as usize
    }

    /// A request on a connection has failed. Gives back the connection if that ends it.
    pub fn failed(
        &mut self,
        id: ConnectionId,
        keeping: &Keeping,
        cause: Cause,
        now: Time,
    ) -> Option<Kept> {
        let kept = self.open.get_mut(&id)?;
        let ends = match cause {
            // It was answered, if badly.
            Cause::RejectedOverload | Cause::Http5xx => false,
            // Of a multiplexed one the stream is cancelled, and the others go on.
            Cause::TimeoutSlow => !keeping.multiplexed(),
            Cause::TimeoutUnreachable => {
                let _ = kept.silent_since.get_or_insert(now);
                !keeping.multiplexed()
            }
            _ => true,
        };
        if ends {
            return self.remove(id);
        }
        let kept = self.change(id, |kept| {
            (kept.requests, kept.quiet_since) = (kept.requests - 1, now);
            *kept
        })?;
        self.look_at(&kept, keeping);
        None
    }

    /// The connections of which this is true are closed at their other end.
    pub fn close(&mut self, now: Time, of: impl Fn(&Route) -> bool) {
        for kept in self.open.values_mut().filter(|kept| of(&kept.route)) {
            if !matches!(kept.end, Some(End::Closed(_))) {
                kept.end = Some(End::Closed(now));
                self.next_look = self.next_look.min(now);
            }
        }
    }

    /// A program that ends takes no more requests on its connections. One that is not multiplexed and on
    /// which it works on nothing is closed, though a request may be on its way; of one at work the answer
    /// says that it was the last.
    pub fn leave_by(&mut self, server: ServerId, keeping: &Keeping, now: Time) {
        for kept in self.open.values_mut().filter(|kept| kept.route.server == server) {
            if kept.end.is_none() {
                self.next_look = self.next_look.min(now);
                let idle = kept.busy_until <= now && !keeping.multiplexed();
                kept.end = Some(if idle { End::Closed(now) } else { End::Leaving(now) });
            }
        }
    }

    /// Gives back all there is, at the end of a sender, and begins anew. No connection has the number of
    /// one that was before: requests of the sender's last life may still be about.
    pub fn begin_anew(&mut self) -> Self {
        let new = Self { opened: self.opened, ..Self::default() };
        std::mem::replace(self, new)
    }

    /// The connections there are, at the end of a sender.
    pub fn into_connections(self) -> impl Iterator<Item = Kept> {
        self.open.into_values()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVER: u32 = 7;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    fn keeping() -> Keeping {
        Keeping {
            streams: 1,
            min: 0,
            max: u32::MAX,
            max_idle: u32::MAX,
            max_age: None,
            idle_timeout: None,
            ping_timeout: None,
            newest_first: true,
        }
    }

    /// A connection to a program one millisecond away.
    fn route() -> Route {
        Route {
            pod: PodId(3),
            port: 8080,
            server: ServerId::after(SERVER),
            node: NodeId(0),
            asked: None,
            by_rules: true,
            delay: Span::from_millis(1),
            idle_timeout: None,
        }
    }

    /// A pool with connections that were opened one after the other, which no request is on.
    fn pool(keeping: &Keeping, count: usize) -> (Pool, Vec<ConnectionId>) {
        let mut pool = Pool::default();
        for _ in 0..count {
            assert_eq!(pool.take(keeping, at(0)), Taken::Open);
        }
        let ids: Vec<_> = (0..count).map(|_| pool.establish(route(), keeping, at(0))).collect();
        for id in &ids {
            assert!(pool.answered(*id, keeping, at(0)).is_none());
        }
        (pool, ids)
    }

    #[test]
    fn the_newest_is_taken_first_or_the_oldest() {
        let (mut newest, ids) = pool(&keeping(), 3);
        assert_eq!(newest.take(&keeping(), at(5)), Taken::Over(ids[2]));
        assert_eq!(newest.take(&keeping(), at(5)), Taken::Over(ids[1]));
        newest.answered(ids[2], &keeping(), at(7));
        assert_eq!(newest.take(&keeping(), at(8)), Taken::Over(ids[2]));
        let oldest = Keeping { newest_first: false, ..keeping() };
        let (mut pool, ids) = pool(&oldest, 3);
        for turn in 0..6 {
            assert_eq!(pool.take(&oldest, at(5)), Taken::Over(ids[turn % 3]), "in turn");
            pool.answered(ids[turn % 3], &oldest, at(5));
        }
    }

    #[test]
    fn there_are_as_many_as_are_wanted_and_no_more_than_are_allowed() {
        let few = Keeping { min: 2, max: 3, ..keeping() };
        let mut pool = Pool::default();
        assert_eq!(pool.take(&few, at(0)), Taken::Open);
        let first = pool.establish(route(), &few, at(0));
        pool.answered(first, &few, at(0));
        assert_eq!(pool.take(&few, at(0)), Taken::Open, "two are to be there");
        assert_eq!(pool.take(&few, at(0)), Taken::Over(first));
        assert_eq!(pool.take(&few, at(0)), Taken::Open, "none is free, and there may be three");
        assert_eq!(pool.take(&few, at(0)), Taken::Wait);
        pool.give_up_opening();
        assert_eq!(pool.take(&few, at(0)), Taken::Open);
    }

    #[test]
    fn a_multiplexed_one_is_opened_once_and_carries_many() {
        let http2 = Keeping { streams: 2, ..keeping() };
        let mut pool = Pool::default();
        assert_eq!(pool.take(&http2, at(0)), Taken::Open);
        assert_eq!(pool.take(&http2, at(0)), Taken::Wait, "the one being opened will do");
        let id = pool.establish(route(), &http2, at(0));
        assert_eq!(pool.take(&http2, at(0)), Taken::Over(id));
        assert_eq!(pool.take(&http2, at(0)), Taken::Open, "two are on it");
    }

    /// Whether a request that is sent over the only connection at a moment finds it usable at its sender's,
    /// and open where it arrives a millisecond later.
    fn sent_at(pool: &mut Pool, keeping: &Keeping, now: Time) -> (bool, bool) {
        match pool.take(keeping, now) {
            Taken::Over(id) => {
                let arrival = now + Span::from_millis(1);
                let open = !pool.get(id).expect("it is there").is_closed(arrival);
                pool.accepted(id, arrival);
                pool.answered(id, keeping, arrival);
                (true, open)
            }
            Taken::Open | Taken::Wait => (false, false),
        }
    }

    #[test]
    fn what_was_closed_is_used_until_its_sender_hears_of_it() {
        let cases: [(u64, (bool, bool)); 4] =
            [(8, (true, true)), (9, (true, false)), (10, (true, false)), (11, (false, false))];
        for (sent, expected) in cases {
            let (mut pool, _) = pool(&keeping(), 1);
            pool.close(at(10), |route| route.server == ServerId::after(SERVER));
            assert_eq!(sent_at(&mut pool, &keeping(), at(sent)), expected, "{sent} ms");
        }
        let (mut pool, _) = pool(&keeping(), 1);
        pool.close(at(10), |route| route.server == ServerId::after(SERVER + 1));
        assert_eq!(sent_at(&mut pool, &keeping(), at(99)), (true, true), "another's");
    }

    /// A program that drains says good-bye first where the connection is multiplexed: what comes before its
    /// sender has heard is served.
    #[test]
    fn one_that_leaves_loses_nothing_where_it_is_multiplexed() {
        let http2 = Keeping { streams: 9, ..keeping() };
        for (keeping, served) in [(http2, true), (keeping(), false)] {
            let (mut pool, _) = pool(&keeping, 1);
            pool.leave_by(ServerId::after(SERVER), &keeping, at(10));
            assert_eq!(sent_at(&mut pool, &keeping, at(10)), (true, served));
            assert_eq!(sent_at(&mut pool, &keeping, at(11)), (false, false), "it knows");
        }
        // A request that is there is answered, and one that is on its way meets a closed connection.
        for (accepted, closed) in [(true, false), (false, true)] {
            let (mut pool, ids) = pool(&keeping(), 1);
            assert_eq!(pool.take(&keeping(), at(9)), Taken::Over(ids[0]));
            if accepted {
                pool.accepted(ids[0], at(12));
            }
            pool.leave_by(ServerId::after(SERVER), &keeping(), at(10));
            assert_eq!(pool.get(ids[0]).expect("it is there").is_closed(at(10)), closed);
            assert!(pool.answered(ids[0], &keeping(), at(13)).is_some(), "it was the last");
        }
    }

    #[test]
    fn age_and_idleness_end_it_at_either_end() {
        let brief = Keeping { max_age: Some(Span::from_millis(50)), ..keeping() };
        let idle = Keeping { idle_timeout: Some(Span::from_millis(20)), ..keeping() };
        for (keeping, last) in [(brief, 49), (idle, 19)] {
            let (mut pool, _) = pool(&keeping, 1);
            assert!(sent_at(&mut pool, &keeping, at(last)).0);
            assert!(!sent_at(&mut pool, &keeping, at(last + 21)).0, "{last}");
        }
        for (sent, expected) in [(28, (true, true)), (29, (true, false)), (31, (false, false))] {
            let mut pool = Pool::default();
            pool.take(&keeping(), at(0));
            let route = Route { idle_timeout: Some(Span::from_millis(30)), ..route() };
            let id = pool.establish(route, &keeping(), at(0));
            pool.answered(id, &keeping(), at(0));
            assert_eq!(sent_at(&mut pool, &keeping(), at(sent)), expected, "{sent} ms");
        }
    }

    #[test]
    fn a_failure_ends_it_unless_it_was_answered_or_others_are_on_it() {
        let http2 = Keeping { streams: 9, ..keeping() };
        for (cause, alone, shared) in [
            (Cause::ResetKilledInFlight, true, true),
            (Cause::TimeoutSlow, true, false),
            (Cause::TimeoutUnreachable, true, false),
            (Cause::RejectedOverload, false, false),
        ] {
            for (keeping, ends) in [(keeping(), alone), (http2, shared)] {
                let (mut pool, ids) = pool(&keeping, 1);
                assert_eq!(pool.take(&keeping, at(1)), Taken::Over(ids[0]));
                assert_eq!(pool.failed(ids[0], &keeping, cause, at(2)).is_some(), ends, "{cause}");
            }
        }
        // One on which nobody answers is given up in the end.
        let pinging = Keeping { ping_timeout: Some(Span::from_millis(20)), ..http2 };
        let (mut pool, ids) = pool(&pinging, 1);
        pool.take(&pinging, at(1));
        pool.failed(ids[0], &pinging, Cause::TimeoutUnreachable, at(5));
        assert!(pool.prune(&pinging, at(24)).is_none() && pool.prune(&pinging, at(25)).is_some());
    }

    #[test]
    fn no_more_stay_idle_than_are_wanted() {
        let one = Keeping { max_idle: 1, ..keeping() };
        let mut pool = Pool::default();
        let ids: Vec<_> = (0..2)
            .map(|_| {
                assert_eq!(pool.take(&one, at(0)), Taken::Open);
                pool.establish(route(), &one, at(0))
            })
            .collect();
        assert!(pool.answered(ids[0], &one, at(1)).is_none());
        assert!(pool.answered(ids[1], &one, at(1)).is_some(), "there is one already");
    }

    proptest! {
        /// Whatever happens to connections, nothing is overlooked: in `prune` all are looked at where
        /// debug assertions are on.
        #[test]
        fn no_end_is_overlooked(
            limits: [Option<u8>; 4],
            streams in 1_u32..3,
            steps in prop::collection::vec((0_u8..8, 0_u8..6, 0_u64..12), 1..120),
        ) {
            let [max_age, idle, ping, at_server] = limits.map(|limit| {
                limit.map(|limit| Span::from_millis(u64::from(limit)))
            });
            let keeping = Keeping {
                streams,
                max: 6,
                max_idle: 4,
                max_age,
                idle_timeout: idle,
                ping_timeout: ping,
                ..keeping()
            };
            let (mut pool, mut now, mut under_way) = (Pool::default(), 0, Vec::new());
            for (what, which, pause) in steps {
                now += pause;
                while pool.prune(&keeping, at(now)).is_some() {}
                let server = ServerId::after(u32::from(which % 2));
                let route = Route { idle_timeout: at_server, server, ..route() };
                match what {
                    0..4 => match pool.take(&keeping, at(now)) {
                        Taken::Open => {
                            under_way.push(pool.establish(route, &keeping, at(now + 1)));
                        }
                        Taken::Over(id) => {
                            let kept = pool.get(id).expect("it was taken");
                            prop_assert!(!kept.is_over(&keeping, at(now)) && kept.requests <= streams);
                            pool.accepted(id, at(now + pause));
                            under_way.push(id);
                        }
                        Taken::Wait => {}
                    },
                    4 => pool.close(at(now), |route| route.server == server),
                    5 => pool.leave_by(server, &keeping, at(now)),
                    _ if under_way.is_empty() => {}
                    _ => {
                        let id = under_way.swap_remove(usize::from(which) % under_way.len());
                        match what {
                            6 => pool.answered(id, &keeping, at(now)),
                            _ => pool.failed(id, &keeping, Cause::TimeoutUnreachable, at(now)),
                        };
                    }
                }
                // One that a failure has ended has no requests any more.
                under_way.retain(|id| pool.get(*id).is_some());
            }
        }
    }
}
