//! `topology_hints`: for whom endpoints are meant.

use api::{Endpoint, PodId, TrafficDistribution};
use control_plane::endpoint_slice::{endpoint::hints_equal, traffic_distribution::set_hints};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    objects::endpoint,
};

/// The endpoints of each slice.
type Slices = Vec<Vec<Endpoint>>;

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestReconcileHints" => reconcile(case),
        _ => case.unknown(),
    }
}

/// A slice whose hints are not what they should be is written, whatever else became of it.
fn reconcile(case: &Case) -> Result<(), Problem> {
    let (mut create, mut update, unchanged, distribution) = case.input(|f| {
        let distribution = match f.text("trafficDistribution")? {
            Some("PreferClose" | "PreferSameZone") => Some(TrafficDistribution::PreferSameZone),
            Some("PreferSameNode") => Some(TrafficDistribution::PreferSameNode),
            _ => None,
        };
        let [create, update, unchanged] =
            three(f, ["slicesToCreate", "slicesToUpdate", "slicesUnchanged"])?;
        Ok((create, update, unchanged, distribution))
    })?;
    let expected = case.expected(|f| {
        three(f, ["wantSlicesToCreate", "wantSlicesToUpdate", "wantSlicesUnchanged"])
    })?;
    let hint =
        |slice: &mut Vec<Endpoint>| slice.iter_mut().for_each(|it| set_hints(it, distribution));
    create.iter_mut().chain(&mut update).for_each(hint);
    let mut left = Slices::new();
    for slice in unchanged {
        let mut hinted = slice.clone();
        hint(&mut hinted);
        let same = slice.iter().zip(&hinted).all(|(was, is)| hints_equal(was, is));
        if same { left.push(slice) } else { update.push(hinted) }
    }
    agree("the slices to create, to update and unchanged", &expected, &[create, update, left])
}

fn three(f: &Fields<'_>, names: [&str; 3]) -> Read<[Slices; 3]> {
    let slices = |name: &str| {
        f.objects(name, |f| {
            f.ignore(&["addressType", "ports", "metadata"]);
            f.objects("endpoints", |f| endpoint(f, |_| PodId(0)))
        })
    };
    let [first, second, third] = names;
    Ok([slices(first)?, slices(second)?, slices(third)?])
}
