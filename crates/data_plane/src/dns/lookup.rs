//! What a client goes through for a name: the tries of its search list, one after the other, each
//! answered by the nearest cache that knows, or by the name servers.
//!
//! A question reaches the server at once, and its answer takes the latency. *Left out:* which of
//! CoreDNS' replicas is asked (all know the same, and have one cache), and resolvers other than
//! glibc's.

use api::NodeId;
use engine::{Distribution, Random, Span, Time};

use super::{
    cache::{Cache, Limits, Reply},
    names::{NameId, Names},
};

/// How names are looked up in a cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long an answer takes.
    pub latency: Distribution,
    /// The share of questions that are lost on their way, or their answers.
    pub loss: f64,
    /// What CoreDNS keeps of its own answers (`cache`); nothing in the Corefile of kubeadm.
    pub cache: Option<Limits>,
    /// The cache on each node, NodeLocal DNSCache, where there is one.
    pub node_cache: Option<NodeCache>,
}

/// NodeLocal DNSCache: a cache on each node that asks the name servers for what it does not know, over
/// TCP, which loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeCache {
    /// How long it keeps answers.
    pub limits: Limits,
    /// How long an answer from it takes.
    pub latency: Span,
}

/// How long a resolver waits for an answer before it asks again, and how often it asks in all
/// (`timeout` and `attempts` of resolv.conf(5), which nobody sets in a cluster).
const RESOLVER_TIMEOUT: Span = Span::from_secs(5);
const RESOLVER_ATTEMPTS: u32 = 2;

/// A and AAAA are asked for side by side, with one socket.
pub(super) const QUERIES_PER_TRY: u32 = 2;

/// What became of looking a name up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// How long it took.
    pub wait: Span,
    /// How many questions it cost.
    pub queries: u32,
    /// The answer to its last try; `None` where there was none.
    pub reply: Option<Reply>,
}

/// The caches between clients and name servers.
#[derive(Debug)]
pub struct Caches {
    config: Config,
    server: Option<Cache>,
    /// By node.
    nodes: Vec<Cache>,
}

impl Caches {
    /// Empty ones, on so many nodes.
    #[must_use]
    pub fn new(config: Config, nodes: usize) -> Self {
        let of_node = |node: &NodeCache| Cache::new(node.limits);
        Self {
            server: config.cache.map(Cache::new),
            nodes: config.node_cache.iter().map(of_node).cycle().take(nodes).collect(),
            config,
        }
    }

    /// How long a lookup of so many tries takes, where that is always the same.
    #[must_use]
    pub fn constant_wait(&self, tries: u32) -> Option<Span> {
        let plain = self.config.loss <= 0.0 && self.config.node_cache.is_none();
        let latency = self.config.latency.constant().filter(|_| plain)?;
        Some(Span::from_nanos(latency.as_nanos().saturating_mul(u64::from(tries))))
    }

    /// Looks a name up, by the tries that a resolver makes for it.
    pub fn look_up(
        &mut self,
        tries: &[NameId],
        (names, node): (&mut Names, NodeId),
        now: Time,
        random: &mut impl Random,
    ) -> Lookup {
        let mut lookup = Lookup { wait: Span::ZERO, queries: 0, reply: None };
        for name in tries {
            let begin = now + lookup.wait;
            lookup.queries += QUERIES_PER_TRY;
            let (wait, reply) = self.ask(*name, (names, node), begin, random);
            lookup.wait += wait;
            lookup.reply = reply;
            if lookup.reply.as_ref().is_none_or(Reply::ends_search) {
                break;
            }
        }
        lookup
    }

    /// One try.
    fn ask(
        &mut self,
        name: NameId,
        (names, node): (&mut Names, NodeId),
        now: Time,
        random: &mut impl Random,
    ) -> (Span, Option<Reply>) {
        let Some(NodeCache { latency, .. }) = self.config.node_cache else {
            return match self.exchange(random) {
                Ok(wait) => (wait, Some(self.served(name, names, now))),
                Err(wait) => (wait, None),
            };
        };
        let cache = node.0 as usize;
        if let Some(reply) = self.nodes[cache].get(name, now) {
            return (latency, Some(reply));
        }
        let wait = latency + self.config.latency.sample(random);
        let reply = self.served(name, names, now);
        self.nodes[cache].put(name, &reply, now + wait);
        (wait, Some(reply))
    }

    /// What a name server answers.
    fn served(&mut self, name: NameId, names: &mut Names, now: Time) -> Reply {
        let Some(cache) = &mut self.server else { return names.reply(name) };
        if let Some(reply) = cache.get(name, now) {
            return reply;
        }
        let reply = names.reply(name);
        cache.put(name, &reply, now);
        // It hands out what it keeps, with the time that it keeps it for.
        cache.get(name, now).unwrap_or(reply)
    }

    /// How long both questions of a try take, until the later answer; `Err` where one never comes.
    fn exchange(&self, random: &mut impl Random) -> Result<Span, Span> {
        let mut longest = Ok(Span::ZERO);
        for _ in 0..QUERIES_PER_TRY {
            longest = match (longest, self.question(random)) {
                (Ok(one), Ok(other)) => Ok(one.max(other)),
                (Err(lost), _) | (_, Err(lost)) => Err(lost),
            };
        }
        longest
    }

    /// How long a question takes, asked again where nothing comes.
    fn question(&self, random: &mut impl Random) -> Result<Span, Span> {
        let mut waited = Span::ZERO;
        for _ in 0..RESOLVER_ATTEMPTS {
            let lost = self.config.loss > 0.0 && random.unit() <= self.config.loss;
            let latency = self.config.latency.sample(random);
            if !lost {
                return Ok(waited + latency);
            }
            waited += RESOLVER_TIMEOUT;
        }
        Err(waited)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::{Change, Key, Meta, Object, ResolvConf, Service, ServiceId, Verb};
    use engine::Streams;

    use super::*;
    use crate::dns::{Destination, resolver, server};

    const WEB: Destination = Destination::Service(ServiceId(7));

    /// Name servers that know a Service `default/web`.
    fn names() -> Names {
        let mut names = Names::new(server::Config::kubeadm("cluster.local"), Vec::new());
        names.observe(&change(Verb::Added));
        names
    }

    fn change(verb: Verb) -> Change {
        let spec = api::ServiceSpec {
            cluster_ip: Some([10, 96, 7, 7].into()),
            ports: vec![api::ServicePort {
                name: String::new(),
                protocol: api::Protocol::Tcp,
                port: 80,
                target_port: api::IntOrString::Int(8080),
                node_port: None,
            }],
            ..api::ServiceSpec::default()
        };
        let service = Service {
            meta: Meta::new("default", "web"),
            id: ServiceId(7),
            spec,
            status: api::ServiceStatus::default(),
        };
        assert_eq!(service.meta.key(), Key::new("default", "web"));
        Change { verb, object: Object::Service(Arc::new(service)) }
    }

    fn tries(text: &str, names: &mut Names) -> Vec<NameId> {
        let search = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"];
        let conf = ResolvConf {
            nameservers: Vec::new(),
            searches: search.map(str::to_owned).into(),
            options: vec!["ndots:5".to_owned()],
        };
        let tries = resolver::tries(text, &conf).expect("it is a name");
        tries.iter().map(|name| names.number(name)).collect()
    }

    fn plain() -> Config {
        Config {
            latency: Distribution::Constant(Span::from_millis(3)),
            loss: 0.0,
            cache: None,
            node_cache: None,
        }
    }

    fn seconds(seconds: u64) -> Limits {
        Limits { success: Span::from_secs(seconds), denial: Span::from_secs(5) }
    }

    /// What a lookup takes, costs and comes to.
    fn outcome(lookup: &Lookup) -> (f64, u32, Option<Destination>) {
        let reply = lookup.reply.as_ref().expect("an answer came");
        (lookup.wait.as_millis_f64(), lookup.queries, reply.destinations.first().copied())
    }

    /// Each name that a resolver tries takes the latency once, and costs two questions.
    #[test]
    fn each_try_takes_the_latency_and_two_questions() {
        let cases = [
            ("web", (3.0, 2, Some(WEB))),
            ("web.default", (6.0, 4, Some(WEB))),
            ("web.default.svc.cluster.local", (12.0, 8, Some(WEB))),
            ("web.default.svc.cluster.local.", (3.0, 2, Some(WEB))),
            ("wbe", (12.0, 8, None)),
        ];
        for (text, expected) in cases {
            let (mut names, mut caches) = (names(), Caches::new(plain(), 1));
            let tries = tries(text, &mut names);
            let mut random = Streams::new(1).named("lookup");
            let place = (&mut names, NodeId(0));
            let lookup = caches.look_up(&tries, place, Time::from_secs(1), &mut random);
            assert_eq!(outcome(&lookup), expected, "{text}");
            let constant = caches.constant_wait(lookup.queries / 2);
            assert_eq!(constant, Some(lookup.wait), "{text}");
        }
    }

    /// A node's cache answers at once what was asked on that node before, and so with what was true
    /// then; the name servers' own cache saves no time.
    #[test]
    fn caches_answer_with_what_was_true() {
        let local = NodeCache { limits: seconds(30), latency: Span::from_micros(100) };
        let cached = [
            ("a node's", Config { node_cache: Some(local), ..plain() }, [3.1, 0.1, 3.1 * 4.0]),
            ("CoreDNS'", Config { cache: Some(seconds(30)), ..plain() }, [3.0, 3.0, 12.0]),
        ];
        for (whose, config, [first, again, late]) in cached {
            let (mut names, mut caches) = (names(), Caches::new(config, 2));
            let tries = tries("web", &mut names);
            let mut random = Streams::new(1).named("lookup");
            let mut at = |names: &mut Names, seconds, node| {
                let now = Time::from_secs(seconds);
                let place = (names, NodeId(node));
                outcome(&caches.look_up(&tries, place, now, &mut random))
            };
            assert_eq!(at(&mut names, 10, 0), (first, 2, Some(WEB)), "{whose} first");
            names.observe(&change(Verb::Deleted));
            assert_eq!(at(&mut names, 39, 0), (again, 2, Some(WEB)), "{whose} again");
            let (wait, queries, destination) = at(&mut names, 41, 0);
            assert_eq!((queries, destination), (8, None), "{whose} after its time");
            assert!((wait - late).abs() < 1e-6, "{whose} after its time: {wait} ms");
        }
    }

    /// With a share `p` lost, a try fails where one of its two questions is lost twice, and takes 5 s
    /// more where one is lost once.
    #[test]
    fn what_is_lost_is_asked_again_after_five_seconds() {
        let p: f64 = 0.1;
        let (mut names, mut caches) = (names(), Caches::new(Config { loss: p, ..plain() }, 1));
        let tries = tries("web", &mut names);
        let mut random = Streams::new(1).named("lookup");
        let lookups = 20_000;
        let (mut late, mut failed) = (0, 0);
        for _ in 0..lookups {
            let place = (&mut names, NodeId(0));
            let lookup = caches.look_up(&tries, place, Time::from_secs(1), &mut random);
            failed += u32::from(lookup.reply.is_none());
            late += u32::from(lookup.wait == Span::from_millis(5003));
        }
        let share = |count: u32| f64::from(count) / f64::from(lookups);
        let (fails, on_time) = (1.0 - (1.0 - p * p) * (1.0 - p * p), (1.0 - p) * (1.0 - p));
        // Five standard deviations.
        let within = |share: f64, expected: f64| {
            (share - expected).abs() < 5.0 * (expected / f64::from(lookups)).sqrt()
        };
        assert!(within(share(failed), fails), "{} failed, {fails} expected", share(failed));
        let late_expected = 1.0 - on_time - fails;
        assert!(within(share(late), late_expected), "{} late", share(late));
    }
}
