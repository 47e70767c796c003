//! The list of policies.

use crate::{
    LayerEntry, Parameter, Policy, Settings, aws, azure, bounded_load, c3, cilium, envoy, finagle,
    gcp, grpc, haproxy, ingress_nginx, ipvs, katran, ketama, kube_proxy, linkerd, metallb, nginx,
    oracle,
    parameter::{NotSet, Value},
    prequal, tower, traefik,
};

/// A policy as people name it: help, the schema and the reference page are made of these.
#[derive(Debug)]
pub struct Entry {
    /// The name people know, `project.policy`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What its reference implementation balances.
    pub level: Level,
    /// What is left of its state when its endpoints change, in a sentence.
    pub on_change: &'static str,
    /// What can be set about it.
    pub parameters: &'static [Parameter],
    /// Makes one, as it is set, with a seed of its own.
    pub build: fn(&Settings, seed: u64) -> Box<dyn Policy>,
}

/// The project of a policy or a layer: what stands before the dot of its name.
#[must_use]
pub fn project(name: &str) -> &str {
    name.split_once('.').map_or(name, |(project, _)| project)
}

/// What a pick is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A connection, and all requests over it.
    Connection,
    /// A request.
    Request,
}

/// All of them, a line each.
pub static CATALOGUE: &[&Entry] = &[
    &aws::nlb::ENTRY,
    &azure::flow_hash::ENTRY,
    &bounded_load::ring::ENTRY,
    &c3::cubic::ENTRY,
    &cilium::maglev::ENTRY,
    &cilium::random::ENTRY,
    &envoy::client_side_weighted_round_robin::ENTRY,
    &envoy::least_request::ENTRY,
    &envoy::maglev::ENTRY,
    &envoy::random::ENTRY,
    &envoy::ring_hash::ENTRY,
    &envoy::round_robin::ENTRY,
    &finagle::aperture::ENTRY,
    &finagle::p2c::ENTRY,
    &finagle::p2c_peak_ewma::ENTRY,
    &gcp::maglev::ENTRY,
    &grpc::least_request::ENTRY,
    &grpc::pick_first::ENTRY,
    &grpc::ring_hash::ENTRY,
    &grpc::round_robin::ENTRY,
    &grpc::weighted_round_robin::ENTRY,
    &haproxy::first::ENTRY,
    &haproxy::leastconn::ENTRY,
    &haproxy::random::ENTRY,
    &haproxy::roundrobin::ENTRY,
    &haproxy::source::ENTRY,
    &haproxy::static_rr::ENTRY,
    &haproxy::uri::ENTRY,
    &ingress_nginx::chash::ENTRY,
    &ingress_nginx::ewma::ENTRY,
    &ingress_nginx::round_robin::ENTRY,
    &ipvs::dh::ENTRY,
    &ipvs::fo::ENTRY,
    &ipvs::lblc::ENTRY,
    &ipvs::lblcr::ENTRY,
    &ipvs::lc::ENTRY,
    &ipvs::mh::ENTRY,
    &ipvs::nq::ENTRY,
    &ipvs::ovf::ENTRY,
    &ipvs::rr::ENTRY,
    &ipvs::sed::ENTRY,
    &ipvs::sh::ENTRY,
    &ipvs::twos::ENTRY,
    &ipvs::wlc::ENTRY,
    &ipvs::wrr::ENTRY,
    &katran::maglev::ENTRY,
    &ketama::continuum::ENTRY,
    &kube_proxy::iptables::ENTRY,
    &kube_proxy::nftables::ENTRY,
    &kube_proxy::random::ENTRY,
    &linkerd::ewma::ENTRY,
    &metallb::bgp::ENTRY,
    &metallb::l2::ENTRY,
    &nginx::hash::ENTRY,
    &nginx::hash_consistent::ENTRY,
    &nginx::ip_hash::ENTRY,
    &nginx::least_conn::ENTRY,
    &nginx::least_time::ENTRY,
    &nginx::random::ENTRY,
    &nginx::round_robin::ENTRY,
    &oracle::jiq::ENTRY,
    &oracle::jsq::ENTRY,
    &oracle::least_work::ENTRY,
    &prequal::hcl::ENTRY,
    &tower::p2c::ENTRY,
    &traefik::hrw::ENTRY,
    &traefik::leasttime::ENTRY,
    &traefik::p2c::ENTRY,
    &traefik::wrr::ENTRY,
];

/// The policy of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name).copied()
}

/// A policy, what it is set to, and the layers around it: what one balancer after the other is
/// given an instance of.
#[derive(Clone, Debug)]
pub struct Configured {
    /// Which.
    pub entry: &'static Entry,
    /// What it is set to.
    settings: Settings,
    /// From the inside out.
    layers: Vec<Around>,
}

/// Two are the same if they have the same name and are set to the same.
impl PartialEq for Configured {
    fn eq(&self, other: &Self) -> bool {
        let around = |all: &[Around]| -> Vec<_> {
            all.iter().map(|it| (it.entry.name, it.settings.clone())).collect()
        };
        self.entry.name == other.entry.name
            && self.settings == other.settings
            && around(&self.layers) == around(&other.layers)
    }
}

/// Which of several balancers that are made alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// A seed of its own.
    pub seed: u64,
    /// Its number among them, from 0: who comes has the least that nobody has.
    pub number: u32,
    /// The zone that it is in, by number; 0 where it is in none.
    pub zone: u32,
}

impl Instance {
    /// That of the only one of its kind, in no zone.
    #[must_use]
    pub fn only(seed: u64) -> Self {
        Self { seed, number: 0, zone: 0 }
    }
}

/// A layer and what it is set to.
#[derive(Clone, Debug)]
struct Around {
    entry: &'static LayerEntry,
    settings: Settings,
}

impl Configured {
    /// The policy of a name as it is where nobody sets anything.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        by_name(name).map(Self::new)
    }

    /// A policy as it is where nobody sets anything.
    #[must_use]
    pub fn new(entry: &'static Entry) -> Self {
        Self { entry, settings: Settings::defaults(entry.parameters), layers: Vec::new() }
    }

    /// Sets one of its parameters.
    ///
    /// # Errors
    /// Where there is none of that name, or it may not be that.
    pub fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), NotSet> {
        self.settings.set(self.entry.parameters, name, value)
    }

    /// Puts a layer around it, where its stage says, as it is where nobody sets anything. One that
    /// is there already stays as it is.
    pub fn wrap(&mut self, layer: &'static LayerEntry) {
        if self.layers().any(|known| known.name == layer.name) {
            return;
        }
        let place = self.layers.partition_point(|inside| inside.entry.stage <= layer.stage);
        let settings = Settings::defaults(layer.parameters);
        self.layers.insert(place, Around { entry: layer, settings });
    }

    /// Sets a parameter of a layer that is around it.
    ///
    /// # Errors
    /// Where there is no such layer or none of that name, or it may not be that.
    pub fn set_layer(&mut self, layer: &str, name: &str, value: Value<'_>) -> Result<(), NotSet> {
        let around = self.layers.iter_mut().find(|around| around.entry.name == layer);
        let Around { entry, settings } = around.ok_or(NotSet::Unknown)?;
        settings.set(entry.parameters, name, value)
    }

    /// The layers around it, from the inside out.
    pub fn layers(&self) -> impl Iterator<Item = &'static LayerEntry> {
        self.layers.iter().map(|around| around.entry)
    }

    /// Whether a layer around it counts the endpoints of weight 0 and withholds them itself.
    #[must_use]
    pub fn counts_unhealthy(&self) -> bool {
        self.layers().any(|layer| layer.counts_unhealthy)
    }

    /// An instance, with a seed of its own, for the only balancer of its kind.
    #[must_use]
    pub fn build(&self, seed: u64) -> Box<dyn Policy> {
        self.build_as(Instance::only(seed))
    }

    /// An instance for one of several balancers.
    #[must_use]
    pub fn build_as(&self, instance: Instance) -> Box<dyn Policy> {
        let Some((outermost, within)) = self.layers.split_last() else {
            return (self.entry.build)(&self.settings, instance.seed);
        };
        let (entry, settings) = (self.entry, self.settings.clone());
        let inside = Self { entry, settings, layers: within.to_vec() };
        (outermost.entry.wrap)(inside, &outermost.settings, instance)
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams, Time};

    use super::*;
    use crate::{Endpoint, PickContext};

    #[test]
    fn names_are_distinct_and_found() {
        for entry in CATALOGUE {
            let found = by_name(entry.name).expect("a listed name is found");
            assert!(std::ptr::eq(found, *entry), "{} stands twice", entry.name);
        }
        assert!(by_name("nobody").is_none());
    }

    #[test]
    fn what_is_said_of_each_is_said_in_one_way() {
        let is_sentence = |text: &str| {
            let first = text.chars().next();
            first.is_some_and(|it| !it.is_lowercase()) && text.ends_with('.')
        };
        for entry in CATALOGUE {
            for phrase in [entry.summary, entry.on_change] {
                assert!(!phrase.ends_with('.') && !phrase.contains("  "), "{phrase}");
            }
        }
        let of_policies = CATALOGUE.iter().flat_map(|entry| entry.parameters);
        let of_layers = crate::LAYERS.iter().flat_map(|entry| entry.parameters);
        for parameter in of_policies.chain(of_layers) {
            let Parameter { name, summary, .. } = parameter;
            assert!(is_sentence(summary) && !summary.contains("  "), "{name}: {summary}");
        }
    }

    #[test]
    fn each_picks_one_of_its_list_and_nobody_of_none() {
        for entry in CATALOGUE {
            let mut policy = Configured::new(entry).build(1);
            let mut random = Streams::new(1).named(entry.name);
            // Slowly enough for those that send nobody more than he answers.
            let mut now = Time::ZERO;
            let mut pick = |policy: &mut Box<dyn Policy>| {
                now += Span::from_millis(10);
                let mut context = PickContext::new(now, &mut random);
                context.key = b"somebody";
                policy.pick(&mut context)
            };
            assert_eq!(pick(&mut policy), None, "{}: before any list", entry.name);
            for count in [3, 1, 7] {
                policy.update(&Endpoint::numbered(&vec![1; count]), Time::ZERO);
                for _ in 0..50 {
                    let place = pick(&mut policy);
                    assert!(place.is_some_and(|it| it < count), "{}: {place:?}", entry.name);
                }
            }
            policy.update(&[], Time::ZERO);
            assert_eq!(pick(&mut policy), None, "{}: of an empty list", entry.name);
        }
    }
}
