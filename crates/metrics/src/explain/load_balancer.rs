//! What is said of a load balancer that sends to pods.

use api::ServiceId;

use super::{Case, Reason};
use crate::{
    extent::Extent,
    listing::{Outage, Way, outages_in_words},
    words,
};

impl Case<'_> {
    /// Says why a load balancer sent to pods that had gone.
    pub(super) fn while_registered(&self) -> &'static str {
        match self.way {
            Some(Way::Balancer) => ", because they were still registered as its targets",
            _ => "",
        }
    }

    /// A load balancer had nobody to send to.
    pub(super) fn no_targets(&self) -> Reason {
        let services: Vec<ServiceId> = self.services().collect();
        let names = self.names_of(&services);
        let listing = &self.collector.listing;
        let outages = services.iter().filter_map(|id| listing.outage(*id, Way::Balancer));
        let outages: Vec<&Outage> = outages.collect();
        if outages.is_empty() {
            return (format!("the load balancer never had a target of {names}"), None);
        }
        if let Some(reason) = self.held_back(&services, "the load balancer") {
            return (reason, None);
        }
        let (mut gap, mut found) = (Extent::default(), Extent::default());
        services.iter().for_each(|id| found.merge(listing.found(*id)));
        for (from, to) in outages.iter().filter_map(|outage| outage.longest) {
            gap.add(to.since(from));
        }
        let late = found.range().map_or_else(String::new, |found| {
            format!(
                "; new pods were ready {} before it had registered them and found them healthy",
                words::spans(found)
            )
        });
        let outages = outages_in_words(&outages);
        (
            format!("the load balancer had no target of {names} to send to{outages}{late}"),
            gap.range(),
        )
    }

    /// It broke off what was in progress.
    pub(super) fn deregistered(&self) -> String {
        format!(
            "the load balancer broke off what its deregistered targets{} were still at work on \
             (deregistrationDelay)",
            self.of_deployment()
        )
    }
}
