//! Dead letters: found, replayed, edited, discarded, by jobs as well.

use std::time::Duration;

use serde_json::json;

use super::fixture::{ALL, Fixture, first};
use crate::*;

impl Fixture {
    /// A run's deliveries to a destination that this node owns, each with an order key or without.
    async fn sent(&self, destination: DestinationId, keys: &[Option<&str>]) -> Vec<DeliveryId> {
        let event = self.queued().await;
        let new = |key: Option<&str>| NewDelivery { lane: key.map(Lane::of), ..self.delivery(destination) };
        let deliveries: Vec<NewDelivery> = keys.iter().copied().map(new).collect();
        let ids = deliveries.iter().map(|delivery| delivery.id).collect();
        self.run_to_end(event.original_run(), deliveries).await;
        ids
    }

    /// The next attempt is the last, for this reason.
    async fn dies(&self, destination: DestinationId, id: DeliveryId, reason: &str) {
        let due = self.store.delivery_due(destination, self.store.now(), ALL).await.unwrap();
        let due = due.iter().find(|due| due.id == id).unwrap();
        let record = json!({ "outcome": "permanent", "reason": reason }).to_string().into_bytes();
        let attempt = AttemptCommit { record, ..self.attempt(due, Settle::Dead { halts: true }) };
        assert!(self.store.delivery_attempted(attempt).await.unwrap());
    }

    /// Dead letters without an order key.
    async fn dead_letters(&self, destination: DestinationId, reasons: &[&str]) -> Vec<DeliveryId> {
        let ids = self.sent(destination, &vec![None; reasons.len()]).await;
        for (id, reason) in ids.iter().zip(reasons) {
            self.dies(destination, *id, reason).await;
        }
        ids
    }

    async fn another_destination(&self) -> DestinationId {
        let id: DestinationId = self.store.ids().next();
        let known = &self.store.destination_list(self.place).await.unwrap()[0];
        let other = Destination { id, name: "crm".into(), ..known.clone() };
        self.store.destination_put(&other).await.unwrap();
        assert!(self.store.destination_own(self.place.workspace, id, self.node).await.unwrap());
        id
    }

    async fn standing(&self, id: DeliveryId) -> DeliveryState {
        self.store.delivery_get(self.place.workspace, id).await.unwrap().unwrap().state
    }

    /// All that fit, page by page, newest first.
    async fn letters_listed(&self, filter: &DeliveryFilter, limit: usize) -> Vec<DeliveryId> {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = self.store.delivery_list(filter.clone(), PageRequest { limit, before }).await.unwrap();
            assert!(page.items.len() <= limit);
            found.extend(page.items.iter().map(|item| item.id));
            before = page.next;
            if before.is_none() {
                return found;
            }
        }
    }

    async fn due_in_order(&self, destination: DestinationId) -> Vec<DeliveryId> {
        let due = self.store.delivery_due(destination, self.store.now(), ALL).await.unwrap();
        due.iter().map(|due| due.id).collect()
    }

    async fn letter_job(&self) -> Job {
        self.store.job_add(self.place.workspace, Job::LETTERS, &json!({})).await.unwrap();
        self.store.job_claim(self.node, Job::LETTERS).await.unwrap().unwrap()
    }
}

fn newest_first(ids: &[DeliveryId]) -> Vec<DeliveryId> {
    let mut ids = ids.to_vec();
    ids.sort_by_key(|id| std::cmp::Reverse(*id));
    ids
}

#[tokio::test]
async fn deliveries_are_found_by_what_they_are() {
    let f = Fixture::new().await;
    let tickets = f.owned_destination().await;
    let crm = f.another_destination().await;
    let dead = f.dead_letters(tickets, &["the receiver answered 503", "Connection refused"]).await;
    let elsewhere = f.dead_letters(crm, &["the receiver answered 404"]).await;
    f.clock.skew(60_000);
    let later = f.store.now();
    let pending = f.sent(tickets, &[None, None, None]).await;
    f.attempted(tickets, pending[2], Settle::Delivered(f.store.now())).await;
    assert!(f.store.delivery_discard(f.place.workspace, dead[1], "ann").await.unwrap());

    let all = DeliveryFilter::all(f.place);
    let everything = newest_first(&[dead.clone(), elsewhere.clone(), pending.clone()].concat());
    let of = |state| DeliveryFilter { state: Some(state), ..all.clone() };
    let to = |destination| DeliveryFilter { destination: Some(destination), ..all.clone() };
    let said = |said: &str| DeliveryFilter { reason: Some(said.into()), ..of(DeliveryState::Dead) };
    for (filter, wanted) in [
        (all.clone(), everything.clone()),
        (of(DeliveryState::Dead), vec![elsewhere[0], dead[0]]),
        (of(DeliveryState::Pending), vec![pending[1], pending[0]]),
        (of(DeliveryState::Blocked), vec![]),
        (of(DeliveryState::Delivered), vec![pending[2]]),
        (of(DeliveryState::Discarded), vec![dead[1]]),
        (of(DeliveryState::Replaced), vec![]),
        (to(crm), elsewhere.clone()),
        (to(tickets), everything.iter().copied().filter(|id| !elsewhere.contains(id)).collect()),
        (DeliveryFilter { state: Some(DeliveryState::Dead), ..to(tickets) }, vec![dead[0]]),
        (
            DeliveryFilter { flow: Some(f.flow), state: Some(DeliveryState::Dead), ..to(crm) },
            elsewhere.clone(),
        ),
        (
            DeliveryFilter { flow: Some(f.store.ids().next()), state: Some(DeliveryState::Dead), ..to(crm) },
            vec![],
        ),
        (DeliveryFilter { flow: Some(f.store.ids().next()), ..all.clone() }, vec![]),
        (DeliveryFilter { from: Some(later), ..all.clone() }, newest_first(&pending)),
        (DeliveryFilter { to: Some(later), ..all.clone() }, vec![elsewhere[0], dead[1], dead[0]]),
        (DeliveryFilter { to: Some(later), ..to(tickets) }, vec![dead[1], dead[0]]),
        (DeliveryFilter { from: Some(later), ..of(DeliveryState::Dead) }, vec![]),
        (said("ANSWERED 503"), vec![dead[0]]),
        (said("answered"), vec![elsewhere[0], dead[0]]),
        (DeliveryFilter { destination: Some(crm), ..said("answered") }, elsewhere.clone()),
        (said("timeout"), vec![]),
    ] {
        for limit in [1, 2, ALL] {
            assert_eq!(f.letters_listed(&filter, limit).await, wanted, "{filter:?}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn what_is_discarded_is_finished_with_its_attempts() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let id = f.dead_letters(destination, &["no"]).await[0];
    f.clock.skew(1);
    let workspace = f.place.workspace;
    assert!(
        !f.store.delivery_discard(f.store.ids().next(), id, "eve").await.unwrap(),
        "of another workspace"
    );
    assert!(f.store.delivery_discard(workspace, id, "ann").await.unwrap());
    assert!(!f.store.delivery_discard(workspace, id, "ann").await.unwrap());
    assert!(!f.store.delivery_replay(workspace, id).await.unwrap(), "it is no dead letter any more");
    let (view, attempts) = f.store.delivery_history(workspace, id).await.unwrap().unwrap();
    assert_eq!(view.state, DeliveryState::Discarded);
    assert!(view.finished_at > Some(attempts[0].at) && view.finished_at <= Some(f.store.now()));
    assert_eq!(view.closed, Some(Closed { by: "ann".into(), replaced_by: None }));
    let outcomes: Vec<_> =
        attempts.iter().map(|attempt| (attempt.number, attempt.outcome.as_str())).collect();
    assert_eq!(outcomes, [(1, "retry")], "as the fixture has it");
    let message = f.store.delivery_message(workspace, id).await.unwrap().unwrap();
    assert_eq!(message, br#"{"title":"Leak"}"#);
}

#[tokio::test]
async fn what_was_edited_goes_out_under_an_id_of_its_own() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let old = f.dead_letters(destination, &["422"]).await[0];
    let workspace = f.place.workspace;
    let new = f.store.delivery_replace(workspace, old, b"edited", "ann").await.unwrap().unwrap();
    assert_eq!(f.store.delivery_replace(workspace, old, b"again", "ann").await.unwrap(), None);
    let closed = f.store.delivery_get(workspace, old).await.unwrap().unwrap();
    assert_eq!(closed.state, DeliveryState::Replaced);
    assert_eq!(closed.closed, Some(Closed { by: "ann".into(), replaced_by: Some(new) }));
    let due = f.store.delivery_due(destination, f.store.now(), ALL).await.unwrap();
    assert_eq!((due.len(), due[0].id, &due[0].message[..], due[0].attempts), (1, new, &b"edited"[..], 0));
    f.attempted(destination, new, Settle::Delivered(f.store.now())).await;
    let arrived = f.store.delivery_get(workspace, new).await.unwrap().unwrap();
    assert_eq!((arrived.state, arrived.replay_of), (DeliveryState::Delivered, Some(old)));
    assert_eq!((arrived.run, arrived.step), (closed.run, closed.step));
    f.nothing_is_half().await;
}

#[tokio::test]
async fn a_lane_goes_on_without_what_is_discarded() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let ids = f.sent(destination, &[Some("a"), Some("a"), Some("b")]).await;
    f.dies(destination, ids[0], "no").await;
    assert_eq!(f.standing(ids[1]).await, DeliveryState::Blocked);
    assert!(f.store.delivery_discard(f.place.workspace, ids[0], "ann").await.unwrap());
    assert_eq!(f.standing(ids[1]).await, DeliveryState::Pending);
    assert_eq!(f.standing(ids[2]).await, DeliveryState::Pending);
}

#[tokio::test]
async fn what_is_edited_joins_the_end_of_its_lane() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let ids = f.sent(destination, &[Some("a"), Some("a")]).await;
    f.dies(destination, ids[0], "no").await;
    let new = f.store.delivery_replace(f.place.workspace, ids[0], b"{}", "ann").await.unwrap().unwrap();
    for id in [ids[1], new] {
        assert_eq!(f.due_in_order(destination).await, [id]);
        f.attempted(destination, id, Settle::Delivered(f.store.now())).await;
    }
    let alone = f.sent(destination, &[Some("a")]).await[0];
    f.dies(destination, alone, "no").await;
    let new = f.store.delivery_replace(f.place.workspace, alone, b"{}", "ann").await.unwrap().unwrap();
    assert_eq!(f.due_in_order(destination).await, [new], "with nobody before it, it is due");
}

#[tokio::test]
async fn nothing_is_sent_to_a_destination_that_is_gone() {
    let f = Fixture::new().await;
    let gone: DestinationId = f.store.ids().next();
    let id = f.sent(gone, &[None]).await[0];
    assert_eq!(f.standing(id).await, DeliveryState::Dead);
    let workspace = f.place.workspace;
    assert!(!f.store.delivery_replay(workspace, id).await.unwrap());
    assert_eq!(f.store.delivery_replace(workspace, id, b"{}", "ann").await.unwrap(), None);
    assert_eq!(f.standing(id).await, DeliveryState::Dead);
    let slice = f.store.letter_slice(f.dead(), -1, ALL).await.unwrap();
    assert_eq!((slice.letters.len(), slice.letters[0].goes), (1, false));
    assert!(f.store.delivery_discard(workspace, id, "ann").await.unwrap());
}

#[tokio::test]
async fn a_job_meets_dead_letters_oldest_first() {
    let f = Fixture::new().await;
    let tickets = f.owned_destination().await;
    let crm = f.another_destination().await;
    let dead = f.dead_letters(tickets, &["503", "404", "503"]).await;
    f.dead_letters(crm, &["503"]).await;
    f.sent(tickets, &[None]).await;
    let to = DeliveryFilter { destination: Some(tickets), ..f.dead() };
    let said = DeliveryFilter { reason: Some("503".into()), ..to.clone() };
    let stranger = DeliveryFilter { flow: Some(f.store.ids().next()), ..to.clone() };
    for (filter, count, wanted) in [
        (f.dead(), 4, None),
        (to, 3, Some(dead.clone())),
        (said, 3, Some(vec![dead[0], dead[2]])),
        (stranger, 0, Some(vec![])),
    ] {
        assert_eq!(f.store.letter_count(filter.clone()).await.unwrap(), count, "{filter:?}");
        let (mut found, mut after) = (Vec::new(), -1);
        loop {
            let slice = f.store.letter_slice(filter.clone(), after, 2).await.unwrap();
            found.extend(slice.letters.iter().map(|letter| letter.id));
            after = slice.position;
            if slice.is_last {
                break;
            }
        }
        assert!(found.is_sorted(), "{filter:?}");
        assert_eq!(wanted.unwrap_or(found.clone()), found);
    }
}

#[tokio::test]
async fn what_a_job_replays_is_sent_after_what_is_fresh() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let dead = f.dead_letters(destination, &["a", "b"]).await;
    let fresh = f.sent(destination, &[None]).await[0];
    let job = f.letter_job().await;
    let slice = f.store.letter_slice(f.dead(), -1, ALL).await.unwrap();
    let step = (JobStatus::Running, &json!({ "done": 2 }));
    let commit = async |job: &Job| {
        f.store.letter_commit(job, step, (LetterAction::Replay, "ann"), &slice.letters).await.unwrap()
    };
    let before = Job { fence: job.fence - 1, ..job.clone() };
    assert_eq!(commit(&before).await, Taken::Lost);
    assert_eq!(f.due_in_order(destination).await, [fresh], "nothing was begun");
    assert_eq!(commit(&job).await, Taken::Done);
    assert_eq!(f.due_in_order(destination).await, [fresh, dead[0], dead[1]]);
    assert_eq!(commit(&job).await, Taken::Changed, "they are no dead letters any more");
    assert_eq!(f.store.job_get(job.id).await.unwrap().unwrap().progress, json!({ "done": 2 }));
}

#[tokio::test]
async fn a_job_discards_in_lanes_too() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let ids = f.sent(destination, &[Some("a"), Some("a")]).await;
    f.dies(destination, ids[0], "no").await;
    let job = f.letter_job().await;
    let slice = f.store.letter_slice(f.dead(), -1, ALL).await.unwrap();
    assert!(slice.letters[0].lane.is_some());
    let step = (JobStatus::Succeeded, &json!({}));
    let taken = f.store.letter_commit(&job, step, (LetterAction::Discard, "ann"), &slice.letters).await;
    assert_eq!(taken.unwrap(), Taken::Done);
    assert_eq!(f.standing(ids[0]).await, DeliveryState::Discarded);
    assert_eq!(f.due_in_order(destination).await, [ids[1]]);
}

#[tokio::test]
async fn what_a_person_was_done_with_goes_with_its_trace() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let dead = f.dead_letters(destination, &["a", "b"]).await;
    let workspace = f.place.workspace;
    f.overdue(40);
    f.prune().await;
    assert_eq!(f.standing(dead[0]).await, DeliveryState::Dead, "a dead letter keeps its trace");
    assert!(f.store.delivery_discard(workspace, dead[0], "ann").await.unwrap());
    let new = f.store.delivery_replace(workspace, dead[1], b"{}", "ann").await.unwrap().unwrap();
    f.attempted(destination, new, Settle::Delivered(f.store.now())).await;
    f.days_pass(1);
    f.prune().await;
    assert_eq!(f.standing(dead[0]).await, DeliveryState::Discarded, "it has just ended");
    f.nothing_is_half().await;
    f.overdue(40);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn an_export_has_messages_and_attempts() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let dead = f.dead_letters(destination, &["a", "b"]).await;
    let one = PageRequest { limit: 1, before: None };
    let (part, next) = f.store.delivery_export(f.dead(), one).await.unwrap();
    let (view, message, attempts) = &part[0];
    assert_eq!((part.len(), view.id, attempts.len()), (1, dead[1], 1));
    assert_eq!(message.as_deref(), Some(&br#"{"title":"Leak"}"#[..]));
    assert!(next.is_some());
    let (rest, next) =
        f.store.delivery_export(f.dead(), PageRequest { limit: 9, before: next }).await.unwrap();
    assert_eq!((rest.len(), rest[0].0.id, next), (1, dead[0], None));
    let nothing = DeliveryFilter { to: Some(f.store.now().before(Duration::from_secs(60))), ..f.dead() };
    assert!(f.store.delivery_export(nothing, first()).await.unwrap().0.is_empty());
}
