//! The outbox: what is due, what arrived, who may settle it.

use std::time::Duration;

use super::fixture::{ALL, Fixture, first};
use crate::sql::{Statement, values};
use crate::*;

#[tokio::test]
async fn a_delivery_is_tried_until_it_arrives_under_one_id() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(destination), f.delivery(destination)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    let later = f.store.now().after(Duration::from_secs(60));
    let due = f.store.delivery_due(destination, later, ALL).await.unwrap();
    assert_eq!((due.len(), &due[0].message[..]), (2, &br#"{"title":"Leak"}"#[..]));
    assert_eq!(f.store.delivery_next_due().await.unwrap()[0].0, destination);

    let retry = f.attempt(&due[0], Settle::Retry(later));
    assert!(f.store.delivery_attempted(retry.clone()).await.unwrap());
    assert!(!f.store.delivery_attempted(retry).await.unwrap(), "an attempt counts once");
    let second = DueDelivery { attempts: 1, ..due[0].clone() };
    let now = f.store.now();
    assert!(f.store.delivery_attempted(f.attempt(&second, Settle::Delivered(now))).await.unwrap());
    assert!(f.store.delivery_attempted(f.attempt(&due[1], Settle::Dead { halts: true })).await.unwrap());
    assert!(f.store.delivery_due(destination, later, ALL).await.unwrap().is_empty());
    assert!(f.store.delivery_next_due().await.unwrap().is_empty());

    let views = f.store.delivery_of_runs(f.place.workspace, vec![held.id]).await.unwrap();
    let states: Vec<_> = views.iter().map(|view| (view.state, view.attempts)).collect();
    assert_eq!(states, [(DeliveryState::Delivered, 2), (DeliveryState::Dead, 1)]);
    let of_dead = f.store.delivery_history(f.place.workspace, due[1].id).await.unwrap().unwrap().1;
    assert_eq!(views[0].finished_at, Some(now));
    for view in &views {
        f.knows_no_other_delivery_of_the_number(view.id).await;
    }
    assert_eq!(views[1].finished_at, Some(of_dead[0].at), "when it was tried last");
    let (_, attempts) = f.store.delivery_history(f.place.workspace, due[0].id).await.unwrap().unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    let last = f.store.delivery_last_attempt(f.place.workspace, due[0].id).await.unwrap().unwrap();
    assert_eq!((last.number, &last.record[..]), (2, &b"{}"[..]));
    let dead = f.store.delivery_list(f.dead(), first()).await.unwrap().items;
    assert_eq!(dead.len(), 1);
    assert!(f.store.delivery_replay(f.place.workspace, dead[0].id).await.unwrap());
    let again = f.store.delivery_get(f.place.workspace, dead[0].id).await.unwrap().unwrap();
    assert_eq!((again.state, again.finished_at), (DeliveryState::Pending, None));
    assert!(!f.store.delivery_replay(f.place.workspace, dead[0].id).await.unwrap());
    assert_eq!(f.store.delivery_due(destination, later, ALL).await.unwrap()[0].id, dead[0].id);
}

impl Fixture {
    /// The dead letters of the place.
    pub(super) fn dead(&self) -> DeliveryFilter {
        DeliveryFilter { state: Some(DeliveryState::Dead), ..DeliveryFilter::all(self.place) }
    }

    /// An id is more than the number of its row.
    async fn knows_no_other_delivery_of_the_number(&self, id: DeliveryId) {
        let mut bytes = *id.as_bytes();
        bytes[15] ^= 1;
        let guessed = DeliveryId::from_bytes(bytes);
        assert_eq!(guessed.number(), id.number());
        let workspace = self.place.workspace;
        assert!(self.store.delivery_get(workspace, guessed).await.unwrap().is_none());
        assert!(self.store.delivery_message(workspace, guessed).await.unwrap().is_none());
        assert!(self.store.delivery_history(workspace, guessed).await.unwrap().is_none());
        assert!(self.store.delivery_last_attempt(workspace, guessed).await.unwrap().is_none());
        assert!(!self.store.delivery_replay(workspace, guessed).await.unwrap());
    }
}

#[tokio::test]
async fn a_change_does_not_switch_on_what_was_switched_off_meanwhile() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(id)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, id, f.node).await.unwrap());
    let stored = async || f.store.destination_get(id).await.unwrap().unwrap();
    let before = stored().await;
    let due = f.store.delivery_due(id, f.store.now(), ALL).await.unwrap();
    let gone = AttemptCommit { disable: Some("410"), ..f.attempt(&due[0], Settle::Dead { halts: true }) };
    assert!(f.store.delivery_attempted(gone).await.unwrap());

    let changed = Destination { config: "{\"changed\":true}".into(), secrets: b"new".to_vec(), ..before };
    f.store.destination_put(&changed).await.unwrap();
    let now = stored().await;
    assert_eq!((&now.config, &now.secrets), (&changed.config, &changed.secrets));
    assert_eq!(now.disabled_reason.as_deref(), Some("410"));
    let elsewhere = f.store.ids().next();
    assert!(!f.store.destination_enable(elsewhere, id).await.unwrap(), "it is another workspace's");
    assert!(f.store.destination_enable(f.place.workspace, id).await.unwrap());
    assert_eq!(stored().await.disabled_reason, None);
}

#[tokio::test]
async fn a_backlog_is_read_in_portions_without_what_is_held() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = (0..4).map(|_| f.delivery(destination)).collect();
    let now = f.store.now();
    let later = now.after(Duration::from_secs(60));
    commit.deliveries.push(NewDelivery { due_at: later, ..f.delivery(destination) });
    let ids: Vec<DeliveryId> = commit.deliveries.iter().map(|delivery| delivery.id).collect();
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    let read = async |except: &[DeliveryId], rows, bytes| {
        let wanted = BacklogRequest { except: except.iter().copied().collect(), rows, bytes };
        let backlog = f.store.delivery_backlog(destination, now, wanted).await.unwrap();
        let due: Vec<DeliveryId> = backlog.due.iter().map(|due| due.id).collect();
        (due, backlog.more, backlog.next)
    };
    assert_eq!(read(&[], 2, 1_000_000).await, (ids[..2].to_vec(), true, None));
    assert_eq!(read(&[], 9, 1).await, (ids[..1].to_vec(), true, None), "one comes whatever its size");
    assert_eq!(read(&ids[..2], 9, 1_000_000).await, (ids[2..4].to_vec(), false, Some(later)));
    assert_eq!(read(&ids[..4], 9, 1_000_000).await, (vec![], false, Some(later)));

    let damage = "UPDATE delivery_live SET sealed = ?2 WHERE id = ?1";
    f.store.change(vec![Statement::new(damage, values![ids[0], vec![0]])]).await.unwrap();
    let due = f.store.delivery_due(destination, now, ALL).await.unwrap();
    let empty: Vec<bool> = due.iter().map(|due| due.message.is_empty()).collect();
    assert_eq!(empty, [true, false, false, false], "what is damaged stands in nobody's way");
}

#[tokio::test]
async fn only_the_owner_of_a_destination_settles_its_deliveries() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(destination)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    let other: NodeId = f.store.ids().next();
    f.store.node_beat(other, &Beat::default()).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, other).await.unwrap());
    assert!(!f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    let due = f.store.delivery_due(destination, f.store.now(), ALL).await.unwrap();
    assert!(!f.store.delivery_attempted(f.attempt(&due[0], Settle::Dead { halts: true })).await.unwrap());
    f.store.node_leave(other).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    assert!(f.store.delivery_attempted(f.attempt(&due[0], Settle::Dead { halts: true })).await.unwrap());
}

#[tokio::test]
async fn what_waits_for_another_try_is_due_when_that_is_wanted() {
    let f = Fixture::new().await;
    let (destination, other) = (f.destination().await, f.destination_named("other").await);
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    let lane = Some(Lane::of("a"));
    commit.deliveries = (0..4).map(|_| f.delivery(destination)).collect();
    commit.deliveries.extend((0..2).map(|_| NewDelivery { lane, ..f.delivery(destination) }));
    let ids: Vec<DeliveryId> = commit.deliveries.iter().map(|delivery| delivery.id).collect();
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    let now = f.store.now();
    let due = async || f.store.delivery_due(destination, now, ALL).await.unwrap();
    let hours = now.after(Duration::from_secs(7200));
    for due in due().await {
        let dies = due.id == ids[3];
        let then = if dies { Settle::Dead { halts: true } } else { Settle::Retry(hours) };
        assert!(f.store.delivery_attempted(f.attempt(&due, then)).await.unwrap());
    }
    assert!(due().await.is_empty());

    f.store.delivery_hasten(other, &ids, now).await.unwrap();
    assert!(due().await.is_empty(), "they are another's");
    // The third is not asked for, the fourth is dead, the last waits for the one before it.
    f.store.delivery_hasten(destination, &[ids[0], ids[1], ids[3], ids[5]], now).await.unwrap();
    let due: Vec<(DeliveryId, u32)> = due().await.iter().map(|due| (due.id, due.attempts)).collect();
    assert_eq!(due, [(ids[0], 1), (ids[1], 1)]);
    assert_eq!(
        f.store.delivery_get(f.place.workspace, ids[5]).await.unwrap().unwrap().state,
        DeliveryState::Blocked
    );
}
