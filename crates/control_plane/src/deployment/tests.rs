use api::{
    DeploymentSpec, DeploymentStatus, IntOrPercent, LabelSelector, Labels, Meta, PodTemplate,
};
use engine::{Streams, Time};

use super::*;
use crate::controller::Again;

fn deployment(replicas: i32, max_surge: IntOrPercent) -> Deployment {
    let labels = Labels::from([("app".to_owned(), "web".to_owned())]);
    Deployment {
        meta: Meta { uid: "web".into(), generation: 1, ..Meta::new("default", "web") },
        spec: DeploymentSpec {
            replicas,
            selector: LabelSelector::from_labels(labels.clone()),
            template: PodTemplate { labels, ..PodTemplate::default() },
            strategy: Strategy::RollingUpdate { max_surge, max_unavailable: IntOrPercent::Int(0) },
            ..DeploymentSpec::default()
        },
        status: DeploymentStatus::default(),
    }
}

/// What one sync plans where these objects are known.
fn reconcile(objects: &[Object]) -> Plan {
    let mut informers = Informers::default();
    for object in objects {
        informers.observe(&Change { verb: Verb::Added, object: object.clone() });
    }
    let mut random = Streams::new(1).named("test");
    let mut cx =
        SyncContext { now: Time::from_secs(100), wall_nanos: 100_000_000_000, random: &mut random };
    DeploymentController.reconcile(&Key::new("default", "web"), &informers, &mut cx)
}

/// The ReplicaSet that the first sync makes, as stored.
fn first_set(deployment: &Deployment) -> ReplicaSet {
    let plan = reconcile(&[Object::Deployment(Arc::new(deployment.clone()))]);
    let Write::Create(Object::ReplicaSet(set)) = &plan.batches[0][0] else { panic!("{plan:?}") };
    let mut set = ReplicaSet::clone(set);
    set.meta.uid = "web-1".into();
    set.meta.resource_version = 7;
    set
}

/// A Deployment that was annotated since its ReplicaSet was made.
fn annotated(paused: bool) -> (Deployment, ReplicaSet) {
    let mut deployment = deployment(3, IntOrPercent::Int(1));
    let set = first_set(&deployment);
    deployment.meta.annotations.insert("note".to_owned(), "new".to_owned());
    deployment.spec.paused = paused;
    (deployment, set)
}

fn sync_annotated(paused: bool, replicas: i32) -> Plan {
    let (mut deployment, set) = annotated(paused);
    deployment.spec.replicas = replicas;
    reconcile(&[Object::Deployment(Arc::new(deployment)), Object::ReplicaSet(Arc::new(set))])
}

/// The sizes and resource versions of the ReplicaSets that a plan writes.
fn written_sets(plan: &Plan) -> Vec<(i32, u64)> {
    let writes = plan.batches.iter().flatten();
    let sets = writes.filter_map(|write| match write {
        Write::Update(Object::ReplicaSet(set)) => {
            Some((set.spec.replicas, set.meta.resource_version))
        }
        _ => None,
    });
    sets.collect()
}

#[test]
fn a_rollout_whose_replica_set_was_out_of_date_meets_a_conflict() {
    let plan = sync_annotated(false, 5);
    assert_eq!((plan.batches.len(), plan.again), (1, Again::Failed));
    assert_eq!(written_sets(&plan), [(3, 7)]);
}

#[test]
fn a_paused_deployment_updates_its_replica_set_and_goes_on() {
    let plan = sync_annotated(true, 5);
    assert_eq!(plan.again, Again::No);
    assert_eq!(written_sets(&plan), [(3, 7), (5, 0)], "annotated, and then scaled");
    let last = plan.batches.last().expect("there is more");
    assert!(matches!(last[..], [Write::UpdateStatus(Object::Deployment(_))]), "{last:?}");
}

#[test]
fn a_surge_beyond_all_numbers_changes_no_size() {
    for surge in [IntOrPercent::Int(i32::MAX), IntOrPercent::Percent(i32::MAX)] {
        let mut deployment = deployment(10, surge);
        let set = first_set(&deployment);
        assert_eq!(set.spec.replicas, 10);
        assert_eq!(set.meta.annotations[util::MAX_REPLICAS_ANNOTATION].parse(), {
            let max = 10_i32.saturating_add(util::max_surge(&deployment));
            Ok(max)
        });
        // A second ReplicaSet, and another size: what there is to add is shared out.
        let mut old = set.clone();
        old.meta = Meta { uid: "web-0".into(), name: "web-0".into(), ..set.meta.clone() };
        old.spec.template.labels.insert("old".to_owned(), "yes".to_owned());
        deployment.spec.replicas = 11;
        let objects = [
            Object::Deployment(Arc::new(deployment)),
            Object::ReplicaSet(Arc::new(set)),
            Object::ReplicaSet(Arc::new(old)),
        ];
        assert!(!reconcile(&objects).batches.is_empty());
    }
}

#[test]
fn to_look_again_at_a_deadline_that_is_about_to_pass_is_no_failure() {
    let mut deployment = deployment(3, IntOrPercent::Int(1));
    let mut set = first_set(&deployment);
    set.meta.creation_timestamp = Some(api::Timestamp(0));
    let observe = |deployment: &Deployment, set: &ReplicaSet| {
        reconcile(&[
            Object::Deployment(Arc::new(deployment.clone())),
            Object::ReplicaSet(Arc::new(set.clone())),
        ])
    };
    // Whatever status is written is stored, until there is none to write.
    for _ in 0..3 {
        for write in observe(&deployment, &set).batches.into_iter().flatten() {
            if let Write::UpdateStatus(Object::Deployment(written)) = write {
                deployment.status = written.status.clone();
            }
        }
    }
    deployment.spec.progress_deadline_seconds = Some(0);
    let plan = observe(&deployment, &set);
    assert!(plan.batches.is_empty(), "{plan:?}");
    assert_eq!(plan.again, Again::RateLimited);
}
