//! What is said where whoever chooses had nobody to send to.

use std::collections::BTreeSet;

use api::ServiceId;
use engine::Time;

use super::{Case, Reason};
use crate::{
    collector::Collector,
    extent::Extent,
    hindrance,
    listing::{Outage, Way, outages_in_words},
    pods::Pod,
    words,
};

impl Case<'_> {
    /// Nobody was there to send to, or nobody that was sent to.
    pub(super) fn no_endpoints(&self) -> Reason {
        if self.way == Some(Way::Balancer) {
            return self.no_targets();
        }
        let listing = &self.collector.listing;
        let (served, bare): (Vec<ServiceId>, Vec<ServiceId>) =
            self.services().partition(|service| {
                listing.ever_had_pods(*service) || hindrance::selects_any(self.collector, *service)
            });
        let (mut reasons, mut gap) = (Vec::new(), Extent::default());
        if !bare.is_empty() {
            reasons.push(format!(
                "no pod ever had the labels that the selector of {} asks for{}",
                self.names_of(&bare),
                self.without_replicas(),
            ));
        }
        if let Some(reason) = self.held_back(&served, &self.listeners()) {
            reasons.push(reason);
        } else if !served.is_empty() {
            let outages = served.iter().filter_map(|id| listing.outage(*id, self.outages_by()));
            for (from, to) in outages.clone().filter_map(|outage| outage.longest) {
                gap.add(to.since(from));
            }
            let outages: Vec<&Outage> = outages.collect();
            let mut hindrances: Vec<String> = served
                .iter()
                .flat_map(|service| hindrance::hindrances(self.collector, *service))
                .collect();
            if hindrances.is_empty() && served.iter().all(|service| self.has_no_such_port(*service))
            {
                let whom = if served.len() == 1 { "the Service does" } else { "the Services do" };
                hindrances.push(format!(
                    "its pods were ready, so an Ingress or a route names a port that {whom} not have"
                ));
            }
            let mut said = BTreeSet::new();
            hindrances.retain(|hindrance| said.insert(hindrance.clone()));
            let colon = if hindrances.is_empty() { "" } else { ": " };
            reasons.push(format!(
                "{} knew no ready pod of {}{}{colon}{}",
                self.listeners(),
                self.names_of(&served),
                outages_in_words(&outages),
                hindrances.join("; ")
            ));
        }
        if reasons.is_empty() {
            let by = match self.way {
                Some(Way::Ingress) => "an Ingress or a route",
                _ => "an address",
            };
            reasons.push(format!("{by} leads to a Service that is not there"));
        }
        (reasons.join("; "), gap.range())
    }

    /// Whether the Ingress controller never had a pod of a Service to send to, though ready ones could be
    /// reached at the Service's own ports.
    fn has_no_such_port(&self, service: ServiceId) -> bool {
        let Collector { listing, services, now, .. } = self.collector;
        let outage = listing.outage(service, Way::Ingress).and_then(|outage| outage.longest);
        let never = outage.is_some_and(|(from, to)| from == Time::ZERO && to == *now);
        let known = services.get(service.0 as usize);
        self.way == Some(Way::Ingress) && never && known.is_some_and(|it| it.ready_with_port)
    }

    /// Whose lists tell when there were no pods. Those of sidecars do not: one lists nothing when its sender
    /// has gone, too.
    fn outages_by(&self) -> Way {
        match self.way {
            Some(way @ (Way::Ingress | Way::Balancer)) => way,
            Some(Way::Sidecars | Way::Rules) | None => Way::Rules,
        }
    }

    /// Says so where some pod of the Services was ready, and listed by those who choose, from the first of
    /// these failures to the last: then it was the policy that would send to none.
    pub(super) fn held_back(&self, services: &[ServiceId], who: &str) -> Option<String> {
        let Collector { listing, pods, now, .. } = self.collector;
        let (first, last) = self.window;
        let is_of = |id| listing.called_services(id).any(|service| services.contains(&service));
        let all_along = |stretches: &[(Time, Time)]| {
            stretches.iter().any(|(from, to)| *from <= first && last <= *to && first < *to)
        };
        let never_out =
            |id: &ServiceId| listing.outage(*id, self.outages_by()).is_some_and(|it| it.count == 0);
        let was_there = |pod: &Pod| all_along(&pod.ready(*now)) && all_along(&pod.called(*now));
        let known = !services.is_empty()
            && services.iter().all(never_out)
            && pods.iter().any(|(id, pod)| was_there(pod) && is_of(id));
        known.then(|| {
            // It is not told which worker or which sidecar had nobody for a request, nor by which port of
            // the Service.
            let or_late = match self.by_policy() {
                true => ", or because not all that choose there had heard of them yet",
                false => "",
            };
            let comma = if or_late.is_empty() { " or" } else { "," };
            format!(
                "pods of {} were ready, but {who} would send to none of them, because a limit of the \
                 policy or of a layer around it was reached{comma} because all had been ejected \
                 (`balancing`){or_late}",
                self.names_of(services)
            )
        })
    }

    /// Says where nobody wants any pods, so that none could have the labels.
    fn without_replicas(&self) -> String {
        let names = self.collector.rollouts.without_replicas();
        if names.is_empty() || self.collector.pods.iter().next().is_some() {
            return String::new();
        }
        format!(" ({} has 0 replicas)", words::names(&names, "Deployment"))
    }
}
