//! Drafts that two people change.

use super::fixture::Fixture;
use crate::Error;

#[tokio::test]
async fn a_draft_is_changed_from_the_revision_that_was_read() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let revise = async |revision, text| f.store.flow_revise(workspace, "assistant", (revision, text)).await;
    let draft = async || f.store.flow_named(workspace, "assistant").await.unwrap().unwrap();
    let read = draft().await.revision;
    revise(read, "mine").await.unwrap();
    let error = revise(read, "theirs").await.unwrap_err();
    assert!(matches!(error, Error::Conflict(said) if said.contains("somebody else")), "{error}");
    assert_eq!((draft().await.draft.as_str(), draft().await.revision), ("mine", read + 1));
    revise(read + 1, "next").await.unwrap();
    assert_eq!(draft().await.draft, "next");

    let unknown = f.store.flow_revise(workspace, "unknown", (1, "x")).await.unwrap_err();
    assert!(matches!(unknown, Error::Conflict(_)), "{unknown}");
    assert!(f.store.flow_named(workspace, "unknown").await.unwrap().is_none());
}
