//! Flows, their versions and deployments, secrets, and names that clash.

use super::fixture::Fixture;
use crate::*;

#[tokio::test]
async fn versions_count_up_and_deployments_follow() {
    let f = Fixture::new().await;
    let version = |text: &str| NewVersion {
        flow: f.flow,
        definition: text.into(),
        kinds: [("a".to_owned(), "llm@1".into())].into_iter().collect(),
        note: "second".into(),
        by: "ann".into(),
    };
    let second = f.store.version_publish(f.place.workspace, version("# kept\nx: 1")).await.unwrap();
    assert_eq!(second.number, 2);
    let read = f.store.version_get(f.place.workspace, second.id).await.unwrap().unwrap();
    assert_eq!((read.definition.as_str(), &read.kinds["a"]), ("# kept\nx: 1", &"llm@1".into()));
    assert_eq!(f.store.deployment_of(f.place, f.flow).await.unwrap(), None);
    f.store.deployment_add(f.place, f.flow, f.version, "ann").await.unwrap();
    f.store.deployment_add(f.place, f.flow, second.id, "ann").await.unwrap();
    assert_eq!(f.store.deployment_of(f.place, f.flow).await.unwrap().unwrap().version, second.id);
    let wrong = f.store.deployment_add(f.place, f.flow, f.store.ids().next(), "ann").await;
    assert!(matches!(wrong, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn secrets_are_sealed_and_names_do_not_clash() {
    let f = Fixture::new().await;
    let secret = vault::Secret::from("hunter2");
    f.store.secret_set(f.place, "KEY", &secret).await.unwrap();
    assert_eq!(f.store.secret_reveal(f.place, "KEY").await.unwrap().unwrap().expose(), "hunter2");
    assert!(f.store.secret_reveal(f.place, "OTHER").await.unwrap().is_none());
    assert_eq!(f.store.secret_names(f.place).await.unwrap()[0].0, "KEY");
    let id = f.destination().await;
    let mut twin = f.store.destination_get(id).await.unwrap().unwrap();
    twin.id = f.store.ids().next();
    assert!(matches!(f.store.destination_put(&twin).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn what_has_changed_since_it_was_read_is_not_changed() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    let read = f.store.destination_get(id).await.unwrap().unwrap();
    let ours = Destination { name: "ours".to_owned(), ..read.clone() };
    f.store.destination_change(&Destination { name: "theirs".to_owned(), ..read }).await.unwrap();
    assert!(
        matches!(f.store.destination_change(&ours).await, Err(Error::Conflict(STALE))),
        "in the same millisecond"
    );
    let stands = f.store.destination_get(id).await.unwrap().unwrap();
    assert_eq!(stands.name, "theirs");
    f.store.destination_change(&Destination { updated_at: stands.updated_at, ..ours }).await.unwrap();
    assert_eq!(f.store.destination_get(id).await.unwrap().unwrap().name, "ours");
}
