//! Why a request failed: a closed list.

use std::fmt;

/// The first half of a cause: what the client saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The connection was refused.
    Refused,
    /// An established connection broke.
    Reset,
    /// No answer came in time.
    Timeout,
    /// The name did not resolve.
    Dns,
    /// The client had no address to send to, or one that leads nowhere any more.
    Discovery,
    /// The server turned the request away.
    Rejected,
    /// A proxy for requests answered itself that something is wrong.
    Http,
}

impl Family {
    /// The word in front of the dot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Discovery => "discovery",
            Self::Rejected => "rejected",
            Self::Http => "http",
        }
    }
}

/// Why a request failed, as `family.detail`. Each has a page in `docs/causes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The node's proxy knew no endpoint for the Service and rejected the connection.
    RefusedNoEndpoints,
    /// The pod runs, but its program does not listen yet.
    RefusedNotListening,
    /// The pod's program had closed its listener, or was gone, while its address still answered.
    RefusedListenerClosed,
    /// The pod's program listens, but not on that port.
    RefusedWrongPort,
    /// The program ended while it worked on the request.
    ResetKilledInFlight,
    /// The load balancer broke it off: its pod had been deregistered for long enough.
    ResetDeregistered,
    /// A connection that its client had kept was closed at the other end when the request came.
    ResetIdleClosed,
    /// The address answered no more: the pod's network was gone.
    TimeoutUnreachable,
    /// The traffic policy keeps connections on their node, which has no pod to send them to.
    TimeoutDropped,
    /// The Service's load balancer does not let the client's address in.
    TimeoutNotAdmitted,
    /// The answer would have come later than the client waited.
    TimeoutSlow,
    /// Connection tracking kept an open UDP flow at a pod whose address answers no more.
    TimeoutStaleFlow,
    /// The name did not exist.
    DnsNxdomain,
    /// No answer to the name came in time.
    DnsTimeout,
    /// The variable that holds the address is not in the sender's environment.
    DiscoveryEnvMissing,
    /// The address that the client had from DNS, or from its environment, is no Service's any more.
    DiscoveryStaleAddress,
    /// The program's backlog was full.
    RejectedOverload,
    /// The route has a backend that is not there, or none: the proxy answered 500 for its share.
    Http5xx,
}

impl Cause {
    /// All causes, in the order of their families.
    pub const ALL: [Self; 18] = [
        Self::RefusedNoEndpoints,
        Self::RefusedNotListening,
        Self::RefusedListenerClosed,
        Self::RefusedWrongPort,
        Self::ResetKilledInFlight,
        Self::ResetDeregistered,
        Self::ResetIdleClosed,
        Self::TimeoutUnreachable,
        Self::TimeoutDropped,
        Self::TimeoutNotAdmitted,
        Self::TimeoutSlow,
        Self::TimeoutStaleFlow,
        Self::DnsNxdomain,
        Self::DnsTimeout,
        Self::DiscoveryEnvMissing,
        Self::DiscoveryStaleAddress,
        Self::RejectedOverload,
        Self::Http5xx,
    ];

    /// Its name, `family.detail`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RefusedNoEndpoints => "refused.no-endpoints",
            Self::RefusedNotListening => "refused.not-listening",
            Self::RefusedListenerClosed => "refused.listener-closed",
            Self::RefusedWrongPort => "refused.wrong-port",
            Self::ResetKilledInFlight => "reset.killed-in-flight",
            Self::ResetDeregistered => "reset.deregistered",
            Self::ResetIdleClosed => "reset.idle-closed",
            Self::TimeoutUnreachable => "timeout.unreachable",
            Self::TimeoutDropped => "timeout.dropped",
            Self::TimeoutNotAdmitted => "timeout.not-admitted",
            Self::TimeoutSlow => "timeout.slow",
            Self::TimeoutStaleFlow => "timeout.stale-flow",
            Self::DnsNxdomain => "dns.nxdomain",
            Self::DnsTimeout => "dns.timeout",
            Self::DiscoveryEnvMissing => "discovery.env-missing",
            Self::DiscoveryStaleAddress => "discovery.stale-address",
            Self::RejectedOverload => "rejected.overload",
            Self::Http5xx => "http.5xx",
        }
    }

    /// What the client saw.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::RefusedNoEndpoints
            | Self::RefusedNotListening
            | Self::RefusedListenerClosed
            | Self::RefusedWrongPort => Family::Refused,
            Self::ResetKilledInFlight | Self::ResetDeregistered | Self::ResetIdleClosed => {
                Family::Reset
            }
            Self::TimeoutUnreachable
            | Self::TimeoutDropped
            | Self::TimeoutNotAdmitted
            | Self::TimeoutSlow
            | Self::TimeoutStaleFlow => Family::Timeout,
            Self::DnsNxdomain | Self::DnsTimeout => Family::Dns,
            Self::DiscoveryEnvMissing | Self::DiscoveryStaleAddress => Family::Discovery,
            Self::RejectedOverload => Family::Rejected,
            Self::Http5xx => Family::Http,
        }
    }

    /// Its place in [`Cause::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its number in fingerprints, from 1: it stays what it is when other causes come to be.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::RefusedNoEndpoints => 1,
            Self::RefusedNotListening => 2,
            Self::RefusedListenerClosed => 3,
            Self::RefusedWrongPort => 4,
            Self::ResetKilledInFlight => 5,
            Self::TimeoutUnreachable => 6,
            Self::TimeoutDropped => 7,
            Self::TimeoutSlow => 8,
            Self::DnsNxdomain => 9,
            Self::DnsTimeout => 10,
            Self::DiscoveryEnvMissing => 11,
            Self::DiscoveryStaleAddress => 12,
            Self::RejectedOverload => 13,
            Self::TimeoutStaleFlow => 14,
            Self::ResetDeregistered => 15,
            Self::Http5xx => 16,
            Self::ResetIdleClosed => 17,
            Self::TimeoutNotAdmitted => 18,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_with_their_family_and_indices_are_places() {
        for (place, cause) in Cause::ALL.into_iter().enumerate() {
            assert!(cause.name().starts_with(cause.family().name()), "{cause}");
            assert_eq!(cause.index(), place);
        }
    }

    #[test]
    fn no_two_causes_have_one_number() {
        let mut numbers = Cause::ALL.map(Cause::number);
        numbers.sort_unstable();
        assert!((1..).zip(numbers).all(|(place, number)| place == number), "{numbers:?}");
    }
}
