//! How much sources are used.

use super::fixture::Fixture;
use crate::*;

const USED: SourceId = SourceId::from_bytes([7; 16]);

async fn sources(f: &Fixture) -> SourceId {
    let unused = f.store.ids().unguessable();
    for (id, name) in [(USED, "used"), (unused, "unused")] {
        let source = Source {
            kind: crate::SourceKind::Webhook,
            id,
            place: f.place,
            flow: f.flow,
            name: name.into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            enabled: true,
            updated_at: f.store.now(),
        };
        f.store.source_put(&source).await.unwrap();
    }
    unused
}

async fn taken(f: &Fixture, change: impl FnOnce(&mut Admission)) {
    let mut admission = f.admission(None, Begin::Queued);
    change(&mut admission);
    assert_eq!(f.store.event_admit(admission).await.unwrap(), Admitted::New);
}

#[tokio::test]
async fn requests_are_counted_by_source_over_a_day_and_a_month() {
    let mut f = Fixture::new().await;
    let unused = sources(&f).await;
    let usage = async |f: &Fixture| {
        let of_all = f.store.source_usage(f.place, None).await.unwrap();
        let of_one = f.store.source_usage(f.place, Some(USED)).await.unwrap();
        assert_eq!(of_all, of_one);
        assert!(f.store.source_usage(f.place, Some(unused)).await.unwrap().is_empty());
        let used = of_all.get(&USED).copied().unwrap_or_default();
        (used.last_day, used.last_month, used.last_at.map(|at| at.until(f.store.now()).as_secs() / 86_400))
    };
    assert_eq!(usage(&f).await, (0, 0, None));
    taken(&f, |_| {}).await;
    let another = f.store.flow_draft(f.place.workspace, "another", "draft").await.unwrap();
    taken(&f, |admission| admission.event.flow = another).await;
    taken(&f, |admission| admission.event.source = None).await;
    f.days_pass(2);
    taken(&f, |admission| {
        admission.event.status = EventStatus::Filtered;
        admission.run = None;
    })
    .await;
    assert_eq!(usage(&f).await, (1, 3, Some(0)), "under both flows, filtered ones too");
    f.reopen().await;
    assert_eq!(usage(&f).await, (1, 3, Some(0)));
    f.days_pass(29);
    assert_eq!(usage(&f).await, (0, 1, Some(29)));
    f.days_pass(5);
    assert_eq!(usage(&f).await, (0, 0, Some(34)));
}

#[tokio::test]
async fn a_version_is_found_by_its_number() {
    let f = Fixture::new().await;
    let (workspace, flow) = (f.place.workspace, f.flow);
    let found = f.store.version_numbered(workspace, flow, 1).await.unwrap().unwrap();
    assert_eq!((found.id, found.number, found.definition.as_str()), (f.version, 1, "text"));
    assert!(f.store.version_numbered(workspace, flow, 2).await.unwrap().is_none());
    let elsewhere = WorkspaceId::from_bytes([9; 16]);
    assert!(f.store.version_numbered(elsewhere, flow, 1).await.unwrap().is_none());
}
