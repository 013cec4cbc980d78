//! Events that a source's filter holds back.

use std::{sync::Arc, time::Duration};

use clock::Clock;
use store::{DedupeClaim, EventStatus, SourceId};

use super::{SAY, fixture::Fixture};
use crate::{Submission, Tells};

#[tokio::test]
async fn what_is_held_back_is_recorded_claims_its_key_and_runs_nothing() {
    let f = Fixture::new().await;
    let program = f.program(&[SAY], &["start -> say"], "").await;
    let source: SourceId = f.store.ids().unguessable();
    let expires_at = Clock::system().now().after(Duration::from_secs(3_600));
    let share = Arc::new(());
    let submission = |key: u8, filtered| Submission {
        source: Some((source, "shop".into())),
        dedupe: Some(DedupeClaim { key: [key; 16], expires_at }),
        filtered,
        until_committed: Some(Box::new(Arc::clone(&share))),
        ..f.submission(&program, Some(Tells::End))
    };
    let first = f.engine.submit(submission(1, true)).await.unwrap();
    assert!(first.filtered && !first.duplicate && first.outcome.is_none() && first.answer.is_none());
    let event = f.store.event_get(f.place.workspace, first.event).await.unwrap().unwrap();
    assert_eq!(event.status, EventStatus::Filtered);
    assert!(f.store.event_content(f.place.workspace, first.event).await.unwrap().is_some());
    assert!(f.store.run_of_event(f.place.workspace, first.event).await.unwrap().is_empty());

    let again = f.engine.submit(submission(1, false)).await.unwrap();
    assert_eq!(
        (again.event, again.duplicate, again.filtered),
        (first.event, true, true),
        "a duplicate is told the same"
    );
    let taken = f.engine.submit(submission(2, false)).await.unwrap();
    assert!(!taken.filtered && taken.outcome.is_some());
    let again = f.engine.submit(submission(2, true)).await.unwrap();
    assert_eq!((again.event, again.duplicate, again.filtered), (taken.event, true, false));
    assert_eq!(Arc::strong_count(&share), 1, "what was held until the commit is let go of");
}
