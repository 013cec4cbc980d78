//! Members, sessions, API keys and links.

use std::time::Duration;

use super::fixture::{Fixture, open, small};
use crate::*;

#[tokio::test]
async fn the_owner_is_made_once_by_a_link_and_all_owner_links_end_with_it() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let later = f.store.now().after(Duration::from_secs(60));
    let add = async |link: u8, email: &str| {
        let new = NewMember { email: email.into(), name: "Ann".into(), password: "hash".into() };
        f.store.owner_add(workspace, [link; 32], new).await.unwrap().map(|owner| owner.id)
    };
    for (link, purpose, expires_at) in [
        (1, LinkPurpose::Owner, f.store.now()),
        (2, LinkPurpose::Login, later),
        (3, LinkPurpose::Owner, later),
        (4, LinkPurpose::Owner, later),
    ] {
        f.store.login_link_add(workspace, [link; 32], purpose, expires_at).await.unwrap();
    }
    for (link, why) in [(0, "unknown"), (1, "expired"), (2, "for logging in")] {
        assert_eq!(add(link, "a@b.c").await, None, "{why}");
    }
    assert!(f.store.member_first(workspace).await.unwrap().is_none());
    let both = tokio::join!(add(3, "a@b.c"), add(4, "b@b.c"));
    let ((Some(owner), None) | (None, Some(owner))) = both else { panic!("{both:?}") };
    assert_eq!(f.store.member_first(workspace).await.unwrap().unwrap().id, owner);
    let peek = async |link: u8| f.store.login_link_peek([link; 32]).await.unwrap();
    assert_eq!((peek(3).await, peek(4).await), (None, None), "both have ended");
    assert_eq!(peek(2).await, Some(LinkPurpose::Login));

    f.store.login_link_add(workspace, [5; 32], LinkPurpose::Owner, later).await.unwrap();
    assert_eq!(add(5, "c@b.c").await, None, "there is an owner");
    assert_eq!(peek(5).await, Some(LinkPurpose::Owner), "what is refused changes nothing");
}

#[tokio::test]
async fn an_owner_that_cannot_be_stored_leaves_the_link() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&small(&directory)).await;
    let workspace = store.workspace_ensure("Acme").await.unwrap();
    let later = store.now().after(Duration::from_secs(60));
    store.login_link_add(workspace, [1; 32], LinkPurpose::Owner, later).await.unwrap();
    let add = async |name: String| {
        let new = NewMember { email: "a@b.c".into(), name, password: "hash".into() };
        store.owner_add(workspace, [1; 32], new).await
    };
    let full = add("x".repeat(600 << 10)).await;
    assert!(matches!(full, Err(Error::Unavailable { .. })), "{full:?}");
    assert_eq!(store.login_link_peek([1; 32]).await.unwrap(), Some(LinkPurpose::Owner));
    assert!(add("Ann".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
async fn members_sessions_keys_and_links() {
    let f = Fixture::new().await;
    let later = f.store.now().after(Duration::from_secs(60));
    f.store.login_link_add(f.place.workspace, [5; 32], LinkPurpose::Owner, later).await.unwrap();
    let new = NewMember { email: "a@b.c".into(), name: "Ann".into(), password: "hash".into() };
    f.store.owner_add(f.place.workspace, [5; 32], new).await.unwrap().unwrap();
    let ann = f.store.member_by_email(f.place.workspace, "a@b.c").await.unwrap().unwrap();
    f.store.session_add(&ann, [1; 32], later).await.unwrap();
    f.store.session_add(&ann, [2; 32], f.store.now()).await.unwrap();
    assert_eq!(f.store.session_member([1; 32]).await.unwrap().unwrap().role, Role::Owner);
    assert!(f.store.session_member([2; 32]).await.unwrap().is_none(), "it has expired");
    f.store.session_end([1; 32]).await.unwrap();
    assert!(f.store.session_member([1; 32]).await.unwrap().is_none());

    let key = NewApiKey {
        name: "ci".into(),
        token: [3; 32],
        hint: "abcd".into(),
        scopes: vec!["admin".into()],
        expires_at: None,
    };
    let id = f.store.api_key_add(f.place.workspace, key).await.unwrap();
    assert_eq!(f.store.api_key_by_token([3; 32]).await.unwrap().unwrap().scopes, ["admin"]);
    assert!(f.store.api_key_revoke(f.place.workspace, id).await.unwrap());
    assert!(f.store.api_key_by_token([3; 32]).await.unwrap().is_none());

    for (link, purpose) in [(6, LinkPurpose::Owner), (7, LinkPurpose::Login)] {
        f.store.login_link_add(f.place.workspace, [link; 32], purpose, later).await.unwrap();
    }
    assert!(!f.store.login_link_use([6; 32]).await.unwrap(), "it is not for logging in");
    assert!(f.store.login_link_use([7; 32]).await.unwrap());
    assert!(!f.store.login_link_use([7; 32]).await.unwrap(), "a link works once");
}
