//! The servers of an NGINX upstream: turns, connections and failures.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Kind, Parameter, PickContext, Reply, Settings, block::Places,
};

/// So many failures put a server out.
pub(super) const MAX_FAILS: Parameter = Parameter {
    name: "max_fails",
    summary: "So many failures put a server out for fail_timeout; 0 for never.",
    kind: Kind::Integer { default: 1, min: 0, max: u32::MAX as u64 },
};

/// How long it is out then.
pub(super) const FAIL_TIMEOUT: Parameter = Parameter {
    name: "fail_timeout",
    summary: "How long a server is out, in whole seconds.",
    kind: Kind::Duration { default: Span::from_secs(10) },
};

/// What can be set about a server, with NGINX's defaults.
pub(super) static PARAMETERS: &[Parameter] = &[MAX_FAILS, FAIL_TIMEOUT];

/// Long before the start of a run, in seconds.
const NEVER: i64 = -(1 << 40);

/// A server.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its weight; 0 counts as down.
    pub weight: u32,
    /// Its connections.
    pub conns: u32,
    /// So many failures put it out; 0 for never.
    max_fails: u32,
    /// What is left of its weight after failures: it grows back by one with each turn.
    effective: i64,
    /// What it has saved up of its turns.
    current: i64,
    fails: u32,
    /// When it last failed.
    accessed: i64,
    /// When it last failed, or was let in again on trial.
    checked: i64,
}

/// The servers of an upstream, in the order of the list.
///
/// They take turns smoothly: at each turn all that take part earn their weight, who has most is
/// picked, and pays what all earned together. A failure takes `weight / max_fails` off what a
/// server earns. After `max_fails` failures it is out for `fail_timeout`, then has one request on
/// trial. NGINX's clock ticks in seconds. A new list begins anew, as a reload does; what was picked
/// before it counts no more.
#[derive(Clone, Debug)]
pub struct Peers {
    max_fails: u32,
    fail_timeout: i64,
    places: Places,
    peers: Vec<Peer>,
    since: Time,
}

/// What NGINX reads off its clock.
fn seconds(now: Time) -> i64 {
    (now.as_nanos() / 1_000_000_000) as i64
}

impl Peer {
    /// Whether it has a weight, and is not out.
    #[inline]
    fn is_up(&self, now: Time, fail_timeout: i64) -> bool {
        let failed = self.max_fails > 0
            && self.fails >= self.max_fails
            && seconds(now) - self.checked <= fail_timeout;
        self.weight > 0 && !failed
    }
}

impl Peers {
    /// No servers.
    #[must_use]
    pub fn new(max_fails: u32, fail_timeout: Span) -> Self {
        Self {
            max_fails,
            fail_timeout: (fail_timeout.as_nanos() / 1_000_000_000) as i64,
            places: Places::default(),
            peers: Vec::new(),
            since: Time::ZERO,
        }
    }

    pub(super) fn as_set(settings: &Settings) -> Self {
        Self::new(settings.integer("max_fails") as u32, settings.duration("fail_timeout"))
    }

    /// Begins anew with a list.
    pub fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.places.update(endpoints);
        let peer = |endpoint: &Endpoint| Peer {
            weight: endpoint.weight,
            conns: 0,
            max_fails: self.max_fails,
            effective: i64::from(endpoint.weight),
            current: 0,
            fails: 0,
            accessed: NEVER,
            checked: NEVER,
        };
        self.peers = endpoints.iter().map(peer).collect();
        self.since = now;
    }

    /// Sets how many failures put one server out.
    pub fn set_max_fails(&mut self, place: usize, max_fails: u32) {
        self.peers[place].max_fails = max_fails;
    }

    /// The servers, place by place.
    #[must_use]
    pub fn all(&self) -> &[Peer] {
        &self.peers
    }

    /// Whether a request may go to a server: it was not tried for it, and is not out.
    #[must_use]
    #[inline]
    pub fn is_usable(&self, place: usize, context: &PickContext<'_>) -> bool {
        let tried = || !context.tried.is_empty() && context.tried.contains(&self.places.id(place));
        self.peers[place].is_up(context.now, self.fail_timeout) && !tried()
    }

    /// A request begins that a server was chosen for already, if it may go there.
    pub fn chosen(&mut self, place: usize, now: Time) -> bool {
        let up = self.peers[place].is_up(now, self.fail_timeout);
        if up {
            self.begin(place, now);
        }
        up
    }

    /// A turn of the usable servers from a place on that a rule allows. It is not begun yet.
    #[inline]
    pub fn turn(
        &mut self,
        from: usize,
        context: &PickContext<'_>,
        allows: impl Fn(usize, &Peer) -> bool,
    ) -> Option<usize> {
        let Self { places, peers, fail_timeout, .. } = self;
        let (now, any_tried) = (context.now, !context.tried.is_empty());
        let tried = |place: usize| any_tried && context.tried.contains(&places.id(place));
        let mut earned = 0;
        let mut best: Option<(usize, i64)> = None;
        for (place, peer) in peers.iter_mut().enumerate().skip(from) {
            if !peer.is_up(now, *fail_timeout) || tried(place) || !allows(place, peer) {
                continue;
            }
            peer.current += peer.effective;
            earned += peer.effective;
            peer.effective = (peer.effective + 1).min(i64::from(peer.weight));
            if best.is_none_or(|(_, most)| peer.current > most) {
                best = Some((place, peer.current));
            }
        }
        let (place, _) = best?;
        self.peers[place].current -= earned;
        Some(place)
    }

    /// A request begins at a server.
    #[inline]
    pub fn begin(&mut self, place: usize, now: Time) {
        let peer = &mut self.peers[place];
        peer.conns += 1;
        if seconds(now) - peer.checked > self.fail_timeout {
            peer.checked = seconds(now);
        }
    }

    /// A turn of all that are usable, and the request begins.
    pub fn round_robin(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let place = self.turn(0, context, |_, _| true)?;
        self.begin(place, context.now);
        Some(place)
    }

    /// The place of the server that a request has ended at, if it was picked of this list.
    #[must_use]
    pub fn picked(&self, ended: &Ended) -> Option<usize> {
        let place = self.places.of(ended.endpoint);
        place.filter(|_| ended.begun() >= self.since)
    }

    /// How many `fail_timeout`s a server has not been asked for, nor failed.
    #[must_use]
    pub fn periods_of_silence(&self, place: usize, now: Time) -> u64 {
        let silent = seconds(now) - self.peers[place].checked;
        silent.checked_div(self.fail_timeout + 1).unwrap_or(0).unsigned_abs()
    }

    /// The last request to a server is withdrawn. Gives back the place, if it was picked of this
    /// list.
    pub fn withdrawn(&mut self, endpoint: EndpointId) -> Option<usize> {
        let place = self.places.of(endpoint).filter(|place| self.peers[*place].conns > 0)?;
        self.peers[place].conns -= 1;
        Some(place)
    }

    /// A request has ended. Only one that was not answered counts as a failure, and none of an only
    /// server.
    pub fn ended(&mut self, ended: &Ended) {
        let Some(place) = self.picked(ended) else { return };
        let alone = self.peers.len() == 1;
        let peer = &mut self.peers[place];
        peer.conns = peer.conns.saturating_sub(1);
        if alone {
            return;
        }
        if ended.reply == Reply::Failed {
            peer.fails += 1;
            peer.accessed = seconds(ended.now);
            peer.checked = peer.accessed;
            let loss = peer.weight.checked_div(peer.max_fails).unwrap_or(0);
            peer.effective = (peer.effective - i64::from(loss)).max(0);
        } else if peer.accessed < peer.checked {
            peer.fails = 0;
        }
    }
}
