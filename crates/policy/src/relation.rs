//! Settings that go together: what implementations refuse of values that are right by themselves.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameter, Value, by_name, layer_by_name};

    fn default_of(parameters: &[Parameter], name: &str) -> Value<'static> {
        let found = parameters.iter().find(|parameter| parameter.name == name);
        found.unwrap_or_else(|| panic!("there is no {name}")).kind.default()
    }

    #[test]
    fn defaults_go_together() {
        for AtMost { of, lesser, greater, .. } in AT_MOST {
            let parameters = by_name(of)
                .map(|entry| entry.parameters)
                .or_else(|| layer_by_name(of).map(|entry| entry.parameters))
                .unwrap_or_else(|| panic!("there is no {of}"));
            match (default_of(parameters, lesser), default_of(parameters, greater)) {
                (Value::Integer(lesser), Value::Integer(greater)) => assert!(lesser <= greater),
                (Value::Duration(lesser), Value::Duration(greater)) => assert!(lesser <= greater),
                other => panic!("{of}: {other:?} cannot be compared"),
            }
        }
    }
}
