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
mod tests;
