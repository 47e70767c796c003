//! `metadata`.

use api::{Kind, Labels, Meta, Timestamp, Uid};
use serde_json::{Value, json};

use super::fields;

pub(super) fn meta(kind: Kind, meta: &Meta) -> Value {
    let owner = meta.owner.as_ref().map(|owner| {
        json!([{
            "apiVersion": api_version(owner.kind),
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": owner.kind.to_string(),
            "name": *owner.name,
            "uid": uuid(&owner.uid),
        }])
    });
    fields([
        ("name", meta.name.as_ref().into()),
        ("namespace", meta.namespace.as_ref().into()),
        ("uid", uuid(&meta.uid).into()),
        ("labels", labels(&meta.labels)),
        ("annotations", labels(&meta.annotations)),
        ("creationTimestamp", meta.creation_timestamp.map_or(Value::Null, time)),
        ("deletionTimestamp", meta.deletion_timestamp.map_or(Value::Null, time)),
        (
            "deletionGracePeriodSeconds",
            meta.deletion_grace_period_seconds.map_or(Value::Null, Into::into),
        ),
        ("generation", generation(kind, meta).into()),
        (
            "resourceVersion",
            (meta.resource_version > 0).then(|| meta.resource_version.to_string()).into(),
        ),
        ("ownerReferences", owner.into()),
    ])
}

/// How often the spec was written, which the API server does not count for some of the oldest
/// kinds.
fn generation(kind: Kind, meta: &Meta) -> Option<u64> {
    let counted = !matches!(kind, Kind::Node | Kind::Service | Kind::Endpoints);
    Some(meta.generation).filter(|count| counted && *count > 0)
}

/// A unique id as API servers write them. A run's ids have sixteen digits: they are the first of
/// its UUID, so that ids stand in the same order, and the others are made of them.
pub(super) fn uuid(uid: &Uid) -> String {
    let digits = &*uid.0;
    let Some(number) = number_of(uid) else { return digits.to_owned() };
    let rest = format!("{:016x}", mixed(number));
    let variant = char::from(b"89ab"[(number % 4) as usize]);
    format!(
        "{}-{}-4{}-{variant}{}{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..15],
        &digits[15..],
        &rest[..2],
        &rest[4..]
    )
}

/// The unique id of an object that somebody would have made for another one.
pub(super) fn uid_beside(uid: &Uid) -> Uid {
    number_of(uid).map_or_else(Uid::default, |number| Uid(format!("{:016x}", mixed(number)).into()))
}

fn number_of(uid: &Uid) -> Option<u64> {
    u64::from_str_radix(&uid.0, 16).ok().filter(|_| uid.0.len() == 16)
}

/// Another number for each number, unlike it (the finaliser of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

pub(super) fn labels(labels: &Labels) -> Value {
    labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

/// A moment as RFC 3339; one that no calendar has is left out.
pub(super) fn time(moment: Timestamp) -> Value {
    jiff::Timestamp::from_second(moment.0).map_or(Value::Null, |moment| moment.to_string().into())
}

pub(super) fn api_version(kind: Kind) -> &'static str {
    match kind {
        Kind::Node | Kind::Pod | Kind::Service | Kind::Endpoints => "v1",
        Kind::Deployment | Kind::ReplicaSet => "apps/v1",
        Kind::EndpointSlice => "discovery.k8s.io/v1",
        Kind::Ingress => "networking.k8s.io/v1",
        Kind::PodDisruptionBudget => "policy/v1",
        Kind::HorizontalPodAutoscaler => "autoscaling/v2",
        Kind::HttpRoute | Kind::Gateway => "gateway.networking.k8s.io/v1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_id_is_a_uuid_that_begins_with_it() {
        let uid = Uid::from("0123456789abcdef");
        let written = uuid(&uid);
        assert!(written.starts_with("01234567-89ab-4cde-bf"), "{written}");
        let lengths: Vec<usize> = written.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_ne!(uuid(&uid_beside(&uid)), written);
        assert_eq!(uuid(&Uid::from("by-hand")), "by-hand");
    }

    #[test]
    fn the_oldest_kinds_have_no_generation() {
        let stored = Meta { generation: 3, ..Meta::new("default", "web") };
        let of = |kind| meta(kind, &stored)["generation"].clone();
        for kind in [Kind::Node, Kind::Service, Kind::Endpoints] {
            assert_eq!(of(kind), Value::Null, "{kind}");
        }
        for kind in [Kind::Pod, Kind::Deployment, Kind::EndpointSlice] {
            assert_eq!(of(kind), 3, "{kind}");
        }
    }
}
