//! Settings that go together: what implementations refuse of values that are right by themselves, and
//! what changes nothing without another.

use crate::Value;

/// Two settings of a policy or of a layer, of which the first may be the second at most.
#[derive(Debug)]
pub struct AtMost {
    /// The policy or layer.
    pub of: &'static str,
    /// What may not be more.
    pub lesser: &'static str,
    /// What it may not be more than.
    pub greater: &'static str,
    /// Whether the greater one is never less than the other where nobody says what it is.
    pub follows: bool,
}

/// All of them.
///
/// Sources: the constructor of `RingHashLoadBalancer` and `DetectorImpl::create` of Envoy, whose
/// documentation of `max_ejection_time` has the default; `ParseRingHashLbConfig` of gRPC. gRPC takes any
/// times of ejection (proposal A50).
pub static AT_MOST: &[AtMost] = &[
    AtMost {
        of: "envoy.ring_hash",
        lesser: "minimum_ring_size",
        greater: "maximum_ring_size",
        follows: false,
    },
    AtMost {
        of: "grpc.ring_hash",
        lesser: "min_ring_size",
        greater: "max_ring_size",
        follows: false,
    },
    AtMost {
        of: "envoy.outlier_detection",
        lesser: "base_ejection_time",
        greater: "max_ejection_time",
        follows: true,
    },
];

/// Settings of a policy or of a layer that count only where another one is so.
#[derive(Debug)]
pub struct Needs {
    /// The policy or layer.
    pub of: &'static str,
    /// What changes nothing otherwise.
    pub settings: &'static [&'static str],
    /// What they need.
    pub other: &'static str,
    /// And so it has to be.
    pub to_be: Value<'static>,
}

/// All of them.
pub static NEEDS: &[Needs] = &[
    Needs {
        of: "c3.cubic",
        settings: &["rate_interval", "beta", "gamma", "s_max"],
        other: "rate_control",
        to_be: Value::Flag(true),
    },
    Needs {
        of: "envoy.circuit_breakers",
        settings: &["budget_percent", "min_retry_concurrency"],
        other: "retry_budget",
        to_be: Value::Flag(true),
    },
    Needs {
        of: "envoy.circuit_breakers",
        settings: &["max_retries"],
        other: "retry_budget",
        to_be: Value::Flag(false),
    },
    Needs {
        of: "envoy.least_request",
        settings: &["choice_count"],
        other: "selection_method",
        to_be: Value::Choice("N_CHOICES"),
    },
    Needs {
        of: "haproxy.source",
        settings: &["hash-balance-factor"],
        other: "hash-type",
        to_be: Value::Choice("consistent"),
    },
    Needs {
        of: "haproxy.uri",
        settings: &["hash-balance-factor"],
        other: "hash-type",
        to_be: Value::Choice("consistent"),
    },
    Needs {
        of: "linkerd.ewma",
        settings: &["penalty"],
        other: "penalize_failures",
        to_be: Value::Flag(true),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Parameter, by_name, layer_by_name};

    fn parameters_of(of: &str) -> &'static [Parameter] {
        by_name(of)
            .map(|entry| entry.parameters)
            .or_else(|| layer_by_name(of).map(|entry| entry.parameters))
            .unwrap_or_else(|| panic!("there is no {of}"))
    }

    fn default_of(parameters: &[Parameter], name: &str) -> Value<'static> {
        let found = parameters.iter().find(|parameter| parameter.name == name);
        found.unwrap_or_else(|| panic!("there is no {name}")).kind.default()
    }

    #[test]
    fn defaults_go_together() {
        for AtMost { of, lesser, greater, .. } in AT_MOST {
            let parameters = parameters_of(of);
            match (default_of(parameters, lesser), default_of(parameters, greater)) {
                (Value::Integer(lesser), Value::Integer(greater)) => assert!(lesser <= greater),
                (Value::Duration(lesser), Value::Duration(greater)) => assert!(lesser <= greater),
                other => panic!("{of}: {other:?} cannot be compared"),
            }
        }
    }

    #[test]
    fn what_is_needed_can_be_set() {
        for Needs { of, settings, other, to_be } in NEEDS {
            let parameters = parameters_of(of);
            settings.iter().for_each(|name| _ = default_of(parameters, name));
            let fits = match (parameters.iter().find(|it| it.name == *other), to_be) {
                (Some(Parameter { kind: Kind::Flag { .. }, .. }), Value::Flag(_)) => true,
                (Some(Parameter { kind: Kind::Choice { of }, .. }), Value::Choice(word)) => {
                    of.contains(word)
                }
                _ => false,
            };
            assert!(fits, "{of}: {other} cannot be {to_be}");
        }
    }
}
