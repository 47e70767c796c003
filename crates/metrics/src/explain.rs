//! Why requests failed, in sentences that need no Kubernetes to be read.
//!
//! A sentence says no more than the stream does: where no gap was recorded that could have made the
//! failures, it names the cause and no length of time.

mod load_balancer;
mod no_endpoints;
mod who;

use std::collections::BTreeSet;

use api::ServiceId;
use engine::{Span, Time};
use record::Cause;

use crate::{
    collector::{Client, Collector},
    extent::Extent,
    listing::Way,
    measures::Explanation,
    words,
};

/// A wait for a worker that is shorter than this did not make a request late.
const NO_WAIT: Span = Span::from_millis(1);

/// One explanation per cause that occurred, the largest first.
pub(crate) fn explain(collector: &Collector) -> Vec<Explanation> {
    let cases = Cause::ALL.into_iter().filter_map(|cause| Case::of(collector, cause));
    let mut explanations: Vec<Explanation> = cases.map(|case| case.explanation()).collect();
    explanations.sort_by_key(|explanation| std::cmp::Reverse(explanation.count));
    explanations
}

/// The requests that failed for one cause, and where.
#[derive(Clone, Copy)]
struct Case<'a> {
    collector: &'a Collector,
    cause: Cause,
    /// The way in which they came to the pods; `None` where they came in several.
    way: Option<Way>,
    count: u64,
    window: (Time, Time),
}

/// What made requests fail, and the gap in it.
type Reason = (String, Option<(Span, Span)>);

impl<'a> Case<'a> {
    fn of(collector: &'a Collector, cause: Cause) -> Option<Self> {
        let count = collector.clients.iter().map(|client| client.tally.causes[cause.index()]).sum();
        let tally = &collector.causes[cause.index()];
        let window = (tally.first, tally.last);
        let mut case = Self { collector, cause, way: None, count, window };
        let ways = case.ways();
        case.way = ways.first().copied().filter(|_| ways.len() == 1);
        (count > 0).then_some(case)
    }

    /// The ways in which they came to the pods.
    fn ways(&self) -> BTreeSet<Way> {
        self.callers().map(Client::way).collect()
    }

    fn explanation(&self) -> Explanation {
        let (reason, gap) = self.reason();
        let verb = match self.cause {
            Cause::RefusedNoEndpoints
            | Cause::RefusedNotListening
            | Cause::RefusedListenerClosed
            | Cause::RefusedWrongPort => "refused",
            Cause::ResetKilledInFlight | Cause::ResetDeregistered => "cut off",
            Cause::ResetIdleClosed => "reset",
            Cause::TimeoutUnreachable
            | Cause::TimeoutDropped
            | Cause::TimeoutNotAdmitted
            | Cause::TimeoutStaleFlow
            | Cause::DiscoveryStaleAddress => "left without an answer",
            Cause::TimeoutSlow => "answered too late",
            Cause::DnsNxdomain | Cause::DnsTimeout | Cause::DiscoveryEnvMissing => "not sent",
            Cause::RejectedOverload => "turned away",
            Cause::Http5xx => "answered with 500",
        };
        let be = if self.count == 1 { "was" } else { "were" };
        Explanation {
            cause: self.cause,
            count: self.count,
            window: self.window,
            text: format!(
                "{} {be} {verb} {}: {reason}.",
                words::many(self.count, "request"),
                self.when(),
            ),
            deployment: self.deployment(),
            gap,
        }
    }

    /// Between the first and the last of them, in how many bursts. What fails now and then, hardly
    /// one a second, does not come in bursts.
    fn when(&self) -> String {
        let between = words::between(self.window.0, self.window.1);
        let bursts = self.collector.causes[self.cause.index()].bursts();
        if bursts < 2 || self.count < 2 * bursts {
            return between;
        }
        format!("in {} {between}", words::many(bursts, "burst"))
    }

    /// What made them fail.
    fn reason(&self) -> Reason {
        match self.cause {
            Cause::RefusedNoEndpoints => self.each_way(Self::no_endpoints),
            Cause::RefusedNotListening => self.not_listening(),
            Cause::RefusedListenerClosed => self.each_way(Self::listener_closed),
            Cause::RefusedWrongPort => (self.wrong_port(), None),
            Cause::ResetKilledInFlight => self.killed_in_flight(),
            Cause::ResetDeregistered => (self.deregistered(), None),
            Cause::ResetIdleClosed => (self.idle_closed(), None),
            Cause::TimeoutUnreachable => self.each_way(Self::unreachable),
            Cause::TimeoutDropped => (self.dropped(), None),
            Cause::TimeoutNotAdmitted => (self.not_admitted(), None),
            Cause::TimeoutSlow => (self.slow(), None),
            Cause::TimeoutStaleFlow => (self.stale_flow(), None),
            Cause::DnsNxdomain => (self.nxdomain(), None),
            Cause::DnsTimeout => (self.dns_timeout(), None),
            Cause::DiscoveryEnvMissing => (self.env_missing(), None),
            Cause::DiscoveryStaleAddress => (self.stale_address(), None),
            Cause::RejectedOverload => (self.overload(), None),
            Cause::Http5xx => (self.no_such_backend(), None),
        }
    }

    /// The reason of each way in which requests came to the pods: whoever chose pods there did so by a list
    /// of his own.
    fn each_way(&self, reason: impl Fn(&Self) -> Reason) -> Reason {
        if self.way.is_some() {
            return reason(self);
        }
        let (mut reasons, mut gap) = (Vec::new(), Extent::default());
        for way in self.ways() {
            let part = Self { way: Some(way), ..*self };
            let count = part.callers().map(|client| client.tally.causes[self.cause.index()]).sum();
            let (reason, of_part) = reason(&Self { count, ..part });
            reasons.push(format!("{} since {reason}", words::count(count)));
            for end in of_part.into_iter().flat_map(|(least, most)| [least, most]) {
                gap.add(end);
            }
        }
        (reasons.join("; "), gap.range())
    }

    fn listener_closed(&self) -> Reason {
        let gap = self.lag().after_close.range();
        let reason = match gap.map(|gap| self.while_refusing(gap)) {
            Some(refusing) => format!(
                "{} {} for {} after they had stopped listening",
                self.senders(),
                self.kept(),
                words::spans(refusing)
            ),
            None => format!("{} sent traffic to pods that had stopped listening", self.senders()),
        };
        (reason + self.while_registered() + self.by_fault(), gap)
    }

    /// Says so where a fault of the scenario had crashed all the pods.
    fn by_fault(&self) -> &'static str {
        let all = self.pods().next().is_some() && self.pods().all(|pod| pod.faulted);
        if all { " because a fault of the scenario had crashed them" } else { "" }
    }

    /// How long the pods refused what was sent to them. A pod whose address goes before the rules
    /// have dropped it refuses nothing any more: then requests are left without an answer.
    fn while_refusing(&self, (least, most): (Span, Span)) -> (Span, Span) {
        let mut refusing = Extent::default();
        let targets = self.targets();
        let spans: Vec<Option<Span>> =
            self.pods().flat_map(|pod| pod.refused_for(&targets)).collect();
        spans.iter().flatten().for_each(|span| refusing.add(*span));
        match refusing.range() {
            Some((shortest, _)) if spans.contains(&None) => (least.min(shortest), most),
            Some((shortest, longest)) => (least.min(shortest), most.min(longest)),
            None => (least, most),
        }
    }

    fn unreachable(&self) -> Reason {
        if self.pods().next().is_none() {
            let reason = format!(
                "{} sent traffic to addresses that no pod has ever had, or had no rules for them yet",
                self.nodes()
            );
            return (reason, None);
        }
        let gap = self.lag().after_unreachable.range();
        let reason = match gap {
            Some(gap) => format!(
                "{} {} for {} after their addresses had stopped answering",
                self.senders(),
                self.kept(),
                words::spans(gap)
            ),
            None => format!("{} sent traffic to addresses that no longer answered", self.senders()),
        };
        (reason + self.while_registered(), gap)
    }

    fn dropped(&self) -> String {
        let services: Vec<ServiceId> = self.services().collect();
        format!(
            "{} had no ready pod of {}, whose traffic policy Local keeps connections on their node",
            self.nodes(),
            self.names_of(&services)
        )
    }

    fn not_admitted(&self) -> String {
        let (clients, many) = self.clients();
        let are = if many { "are" } else { "is" };
        let services: Vec<ServiceId> = self.services().collect();
        format!(
            "{clients} {are} at an address that the `loadBalancerSourceRanges` of {} do not hold",
            self.names_of(&services)
        )
    }

    fn no_such_backend(&self) -> String {
        let (clients, many) = self.clients();
        let goes = if many { "go" } else { "goes" };
        format!(
            "{clients} {goes} by an HTTPRoute with a backend that leads nowhere, whose share of the \
             requests the controller answered itself"
        )
    }

    fn idle_closed(&self) -> String {
        let (clients, many) = self.clients();
        let (send, keep) = if many { ("send", "they keep") } else { ("sends", "it keeps") };
        format!(
            "{clients} {send} over connections that {keep}, and these met one that the pod's program \
             had just closed"
        )
    }

    fn stale_flow(&self) -> String {
        let (clients, many) = self.clients();
        let send = if many { "send" } else { "sends" };
        format!(
            "{clients} {send} from one socket, and the connection tracking of {} kept that flow at \
             pods whose addresses had stopped answering, until a proxy sync with another ready pod",
            self.nodes()
        )
    }

    fn not_listening(&self) -> Reason {
        let (mut early, targets) = (Extent::default(), self.targets());
        for pod in self.pods() {
            early.merge(pod.early(&targets, self.collector.now));
        }
        let gap = early.range();
        let early = match gap {
            Some(gap) => format!("as early as {} before", words::spans(gap)),
            None => "before".to_owned(),
        };
        let pods = self.of_deployment();
        let reason = if self.pods().all(|pod| pod.containers.restarted(&targets)) {
            format!(
                "pods{pods} were sent traffic {early} they listened again after a restart, of which \
                 the nodes had not heard"
            )
        } else {
            format!(
                "pods{pods} were sent traffic {early} they listened. A pod counts as ready as soon \
                 as it is started, unless a readiness probe finds that it is not"
            )
        };
        (reason, gap)
    }

    fn wrong_port(&self) -> String {
        if self.by_own_address() {
            return format!(
                "{} has no port of its own: its name leads to the pods{}, which listen on others",
                self.services_or("a headless Service"),
                self.of_deployment()
            );
        }
        let unsent = self.collector.causes[self.cause.index()].unsent;
        let services = self.services_or("their Service");
        let (clients, many) = self.clients();
        let send = if many { "send" } else { "sends" };
        let no_such = format!("{clients} {send} to a port that {services} does not have");
        match self.count - unsent {
            0 => no_such,
            sent if unsent > 0 => format!(
                "{} since {no_such}; {} since {}",
                words::count(unsent),
                words::count(sent),
                self.wrong_target(&services)
            ),
            _ => self.wrong_target(&services),
        }
    }

    /// Where the pods listen, and where their Services send.
    fn wrong_target(&self, services: &str) -> String {
        let (listens, asked) = self.ports();
        let of = self.of_deployment();
        if listens.is_empty() || asked.is_empty() {
            return format!(
                "the pods{of} listen, but not on the port that {services} sends to (its targetPort)"
            );
        }
        format!(
            "the pods{of} listen on {}, but {services} sends to {} (its targetPort)",
            words::names(&listens, "port"),
            words::names(&asked, "port")
        )
    }

    /// On which ports the pods listened that were sent to, and to which others Services were to send in
    /// the end.
    fn ports(&self) -> (Vec<String>, Vec<String>) {
        let listens: BTreeSet<u16> =
            self.pods().flat_map(|pod| pod.ports.iter().copied()).collect();
        let services = self.services();
        let services =
            services.filter_map(|service| self.collector.services.get(service.0 as usize));
        let asked = services.flat_map(|service| service.target_ports.iter());
        let asked: BTreeSet<u16> = asked.filter_map(|port| port.parse().ok()).collect();
        let others = asked.difference(&listens).map(u16::to_string).collect();
        (listens.iter().map(u16::to_string).collect(), others)
    }

    fn killed_in_flight(&self) -> Reason {
        let (mut asked, mut killed) = (Extent::default(), Extent::default());
        let (mut crashes, mut by_fault) = (0, 0);
        for exits in self.pods().map(|pod| pod.exits) {
            asked.merge(exits.after_sigterm);
            killed.merge(exits.by_sigkill);
            crashes += exits.crashes - exits.by_fault;
            by_fault += exits.by_fault;
        }
        let mut reasons = Vec::new();
        match asked.range() {
            Some((_, Span::ZERO)) => reasons.push(format!(
                "{} ended at once when {} told to stop (SIGTERM)",
                self.programs(),
                if self.count == 1 { "it was" } else { "they were" }
            )),
            Some(range) => reasons.push(format!(
                "the program in {} ended with requests in hand {} after it was told to stop \
                 (SIGTERM)",
                words::many(u64::from(asked.count()), "pod"),
                words::spans(range)
            )),
            None => {}
        }
        if let Some(range) = killed.range() {
            reasons.push(format!(
                "the program in {} was still at work when it was killed (SIGKILL), {} after it was \
                 told to stop (SIGTERM)",
                words::many(u64::from(killed.count()), "pod"),
                words::spans(range)
            ));
        }
        if by_fault > 0 {
            reasons.push(format!(
                "a fault of the scenario crashed a program with requests in hand {}",
                words::times(by_fault)
            ));
        }
        if crashes > 0 {
            reasons.push(format!(
                "a program with requests in hand ended {} without being told to",
                words::times(crashes)
            ));
        }
        if reasons.is_empty() {
            reasons.push(format!("{} ended", self.programs()));
        }
        asked.merge(killed);
        (reasons.join("; "), asked.range())
    }

    fn programs(&self) -> &'static str {
        if self.count == 1 {
            "the program that worked on it"
        } else {
            "the programs that worked on them"
        }
    }

    fn slow(&self) -> String {
        let tally = &self.collector.causes[self.cause.index()];
        let (queued_ns, queued_most, unsent) = (tally.queued_ns, tally.queued_most, tally.unsent);
        let at_sender = "for a connection to be free, or for room at the balancer there";
        match (unsent, self.count - unsent) {
            (0, sent) => self.slow_pods(sent, queued_ns, queued_most),
            (1, 0) => format!("it waited at its sender {at_sender}"),
            (_, 0) => format!("they waited at their sender {at_sender}"),
            (_, sent) => format!(
                "{} waited at their sender {at_sender}; of the others, {}",
                words::count(unsent),
                self.slow_pods(sent, queued_ns, queued_most)
            ),
        }
    }

    /// What so many requests met that were sent to a pod.
    fn slow_pods(&self, sent: u64, queued_ns: u64, queued_most: Span) -> String {
        let mean = Span::from_nanos(queued_ns / sent);
        let (they, them) = if sent == 1 { ("it", "it") } else { ("they", "them") };
        let pods = self.of_deployment();
        if queued_most < NO_WAIT {
            return format!("the pods{pods} worked on {them} for longer than the client waits");
        }
        let wait = match sent {
            1 => words::span(mean),
            _ => {
                format!("{} on average and {} at most", words::span(mean), words::span(queued_most))
            }
        };
        format!("before a pod{pods} was free to work, {they} had waited in its queue for {wait}")
    }

    fn nxdomain(&self) -> String {
        let (clients, many) = self.clients();
        let call = if many { "call" } else { "calls" };
        format!(
            "the cluster's DNS did not know the name that {clients} {call}: there was no such \
             Service, or no pod of it to name"
        )
    }

    fn dns_timeout(&self) -> String {
        let (clients, many) = self.clients();
        let (ask, they) = if many { ("ask", "they") } else { ("asks", "it") };
        format!(
            "the answer to the name that {clients} {ask} for did not come while {they} \
             waited. A question that is lost is asked again only after 5s"
        )
    }

    fn env_missing(&self) -> String {
        let (clients, many) = self.clients();
        let (have, pods) = if many { ("have", "their pods") } else { ("has", "its pods") };
        format!(
            "{clients} {have} the address from a variable of the environment, which the containers \
             of {pods} lack: the Service did not exist when they were started"
        )
    }

    fn stale_address(&self) -> String {
        let (clients, many) = self.clients();
        let its = if many { "their" } else { "its" };
        format!(
            "{clients} kept an address that is no Service's any more: an answer of DNS, or a variable \
             of the environment that {its} containers were started with"
        )
    }

    fn overload(&self) -> String {
        format!("the queues of the pods{} were full", self.of_deployment())
    }
}
