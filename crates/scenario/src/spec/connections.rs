//! `connections` of a client: which of them its senders keep for later requests.

use engine::Span;

use super::item::{Fields, Item, Reading};
use crate::{Code, Connections, Keeping, Target, diagnostic::suggest};

/// What a client may do.
const CHOICES: [&str; 3] = ["perRequest", "keepAlive", "http2"];

/// What HTTP clients keep where nobody says: any number of connections, the one used last first, for 90 s
/// without a request, as `net/http` of Go has it.
const KEEP_ALIVE: Keeping = Keeping {
    streams: 1,
    min: 0,
    max: u32::MAX,
    max_idle: u32::MAX,
    max_age: None,
    idle_timeout: Some(Span::from_secs(90)),
    ping_timeout: None,
    newest_first: true,
};

/// A channel of gRPC: one connection, for 100 requests at a time, the least that RFC 9113 advises.
const HTTP2: Keeping = Keeping { streams: 100, max: 1, idle_timeout: None, ..KEEP_ALIVE };

/// So many connections a sender may have.
const MOST: u32 = 100_000;

impl Reading<'_> {
    /// `connections`.
    pub(super) fn connections(
        &mut self,
        fields: &Fields<'_>,
        target: Option<&Target>,
    ) -> Connections {
        let Some(item) = fields.get("connections") else { return Connections::default() };
        let udp = target.is_some_and(|target| target.protocol == api::Protocol::Udp);
        let read = match item.node.scalar_text() {
            Some(word) => self.kept_by_name(&item, &word, udp),
            None => self.kept_as_set(&item, udp),
        };
        let connections = read.unwrap_or_default();
        let routed = target.is_some_and(|target| !target.routed.is_empty());
        if routed && connections != Connections::PerRequest {
            let message = format!(
                "{}: the Ingress controller balances each request, whatever its client keeps",
                item.path()
            );
            self.report(Code::BadValue, &item, message, "leave `connections` out");
        }
        connections
    }

    fn kept_by_name(&mut self, item: &Item<'_>, word: &str, udp: bool) -> Option<Connections> {
        match (word, udp) {
            ("perRequest", _) => Some(Connections::PerRequest),
            ("keepAlive", true) => Some(Connections::OneSocket),
            ("keepAlive", false) => Some(Connections::Kept(KEEP_ALIVE)),
            ("http2", false) => Some(Connections::Kept(HTTP2)),
            ("http2", true) => {
                let message = format!("{}: HTTP/2 is over TCP", item.path());
                self.report(Code::BadValue, item, message, "write perRequest or keepAlive");
                None
            }
            _ => {
                let message = format!("{}: unknown choice `{word}`", item.path());
                self.report(Code::BadValue, item, message, suggest(word, "choice", CHOICES));
                None
            }
        }
    }

    /// `{ keepAlive: { … } }` or `{ http2: { … } }`.
    fn kept_as_set(&mut self, item: &Item<'_>, udp: bool) -> Option<Connections> {
        let fields = self.fields(item, &["keepAlive", "http2"], &[]);
        let (settings, multiplexed) = match (fields.get("keepAlive"), fields.get("http2")) {
            (Some(settings), None) => (settings, false),
            (None, Some(settings)) => (settings, true),
            _ => {
                if fields.is_whole() {
                    let message = format!("{}: one of keepAlive and http2", item.path());
                    let help = "write `connections: { keepAlive: { max: 20 } }`";
                    self.report(Code::BadValue, item, message, help);
                }
                return None;
            }
        };
        if udp {
            let message = format!("{}: over UDP there is a socket, or one a request", item.path());
            self.report(Code::BadValue, item, message, "write `connections: keepAlive`");
            return None;
        }
        Some(Connections::Kept(self.keeping(&settings, multiplexed)))
    }

    fn keeping(&mut self, item: &Item<'_>, multiplexed: bool) -> Keeping {
        let mut keeping = if multiplexed { HTTP2 } else { KEEP_ALIVE };
        let own: &[&str] =
            if multiplexed { &["maxStreams", "pingTimeout"] } else { &["maxIdle", "reuse"] };
        let known = [&["min", "max", "maxAge", "idleTimeout"], own].concat();
        let fields = self.fields(item, &known, &[]);
        let mut number = |name: &str, least: u32, target: &mut u32| {
            let number = fields.get(name).and_then(|item| self.small(&item, least..=MOST));
            *target = number.unwrap_or(*target);
        };
        number("min", 0, &mut keeping.min);
        number("max", 1, &mut keeping.max);
        number("maxIdle", 0, &mut keeping.max_idle);
        number("maxStreams", 2, &mut keeping.streams);
        for (name, target) in [
            ("maxAge", &mut keeping.max_age),
            ("idleTimeout", &mut keeping.idle_timeout),
            ("pingTimeout", &mut keeping.ping_timeout),
        ] {
            if let Some(item) = fields.get(name) {
                *target = self.lasting(&item).or(*target);
            }
        }
        if let Some(item) = fields.get("reuse") {
            let choices = [("newest", true), ("oldest", false)];
            keeping.newest_first = self.choice(&item, &choices).unwrap_or(true);
        }
        if keeping.min > keeping.max {
            let message = format!("{}: min is more than max", item.path());
            self.report(Code::BadValue, item, message, "raise `max`, or lower `min`");
        }
        keeping
    }

    /// A duration that is not nothing.
    pub(super) fn lasting(&mut self, item: &Item<'_>) -> Option<Span> {
        let span = self.span(item)?;
        if span == Span::ZERO {
            let message = format!("{}: nothing can be kept for no time", item.path());
            self.report(Code::BadValue, item, message, "write a duration such as 30s");
            return None;
        }
        Some(span)
    }
}
