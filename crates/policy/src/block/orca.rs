//! Weights made of what endpoints say of themselves (ORCA).

use engine::{Span, Time};

use crate::Report;

/// The weight that a report makes: requests a second for each unit of utilization, which errors add
/// to. `None` of a report without requests or without utilization: it says nothing.
#[must_use]
pub fn orca_weight(report: &Report, error_utilization_penalty: f64) -> Option<f64> {
    let Report { rate, utilization, errors, .. } = *report;
    let weight = || rate / (utilization + errors / rate * error_utilization_penalty);
    (rate > 0.0 && utilization > 0.0).then(weight)
}

/// Why the weight of an endpoint is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There was no report.
    Silent,
    /// The last report is too old.
    Expired,
    /// Reports have not come for long enough.
    Blackout,
}

/// The weight of an endpoint, and how far it is to be trusted.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrcaWeight {
    weight: f64,
    /// When the last report came.
    last: Option<Time>,
    /// Since when reports have come without a pause that was too long.
    since: Option<Time>,
}

impl OrcaWeight {
    /// Takes in a report; one that makes no weight counts as none.
    pub fn report(&mut self, report: &Report, error_utilization_penalty: f64, now: Time) {
        if let Some(weight) = orca_weight(report, error_utilization_penalty) {
            self.weight = weight;
            self.last = Some(now);
            self.since = self.since.or(Some(now));
        }
    }

    /// The weight, if it is to be used: if the last report is younger than `expiration`, and the
    /// first at least as old as `blackout`. After a pause that was too long the blackout begins
    /// anew.
    ///
    /// # Errors
    /// Why it is not to be used.
    pub fn usable(&mut self, now: Time, blackout: Span, expiration: Span) -> Result<f64, Unusable> {
        let last = self.last.ok_or(Unusable::Silent)?;
        if now.since(last) >= expiration {
            self.since = None;
            return Err(Unusable::Expired);
        }
        let long_enough = self.since.is_some_and(|since| now.since(since) >= blackout);
        if long_enough || blackout == Span::ZERO {
            Ok(self.weight)
        } else {
            Err(Unusable::Blackout)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACKOUT: Span = Span::from_secs(10);
    const EXPIRATION: Span = Span::from_secs(180);

    fn report(rate: f64, utilization: f64, errors: f64) -> Report {
        Report { rate, utilization, errors, ..Report::default() }
    }

    #[test]
    fn errors_count_as_utilization_and_nothing_makes_no_weight() {
        for (rate, utilization, errors, penalty, expected) in [
            (100.0, 0.5, 0.0, 1.0, Some(200.0)),
            (100.0, 0.5, 50.0, 1.0, Some(100.0)),
            (100.0, 0.5, 50.0, 0.0, Some(200.0)),
            (0.0, 0.5, 0.0, 1.0, None),
            (100.0, 0.0, 50.0, 1.0, None),
        ] {
            assert_eq!(orca_weight(&report(rate, utilization, errors), penalty), expected);
        }
    }

    #[test]
    fn a_weight_waits_for_its_blackout_and_expires() {
        let mut weight = OrcaWeight::default();
        let usable = |weight: &mut OrcaWeight, second| {
            weight.usable(Time::from_secs(second), BLACKOUT, EXPIRATION)
        };
        let hear = |weight: &mut OrcaWeight, second| {
            weight.report(&report(10.0, 0.5, 0.0), 1.0, Time::from_secs(second));
        };
        assert_eq!(usable(&mut weight, 5), Err(Unusable::Silent));
        hear(&mut weight, 5);
        assert_eq!(usable(&mut weight, 14), Err(Unusable::Blackout));
        assert_eq!(usable(&mut weight, 15), Ok(20.0));
        assert_eq!(usable(&mut weight, 184), Ok(20.0));
        hear(&mut weight, 185);
        assert_eq!(usable(&mut weight, 185), Ok(20.0), "nobody asked during the pause");
        assert_eq!(usable(&mut weight, 365), Err(Unusable::Expired));
        hear(&mut weight, 366);
        assert_eq!(usable(&mut weight, 370), Err(Unusable::Blackout), "it begins anew");
        assert_eq!(weight.usable(Time::from_secs(370), Span::ZERO, EXPIRATION), Ok(20.0));
    }
}
