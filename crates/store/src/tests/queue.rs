//! Runs that wait for their turn: original ones in the lanes of their flows, repeats and what was given back.

use ::flow::run::Status;

use super::fixture::{ALL, Fixture, first};
use crate::sql::{Statement, values};
use crate::*;

impl Fixture {
    /// Admits an event whose run waits in the lane of this flow in this environment.
    async fn queued_in(&self, flow: FlowId, environment: EnvironmentId) -> RunId {
        let mut admission = self.admission(None, Begin::Queued);
        admission.event.flow = flow;
        admission.event.place.environment = environment;
        let id = admission.event.id.original_run();
        self.store.event_admit(admission).await.unwrap();
        id
    }

    /// Queues a repeat of an original run.
    async fn repeated(&self, original: RunId) -> RunId {
        let id = self.store.ids().next();
        let run = Repeat { id, event: original.own_event(), elsewhere: None, version: self.version };
        self.store.run_repeat(self.place.workspace, run).await.unwrap();
        id
    }

    /// Another flow, and the workspace's other environment.
    async fn elsewhere(&self) -> (FlowId, EnvironmentId) {
        let flow = self.store.flow_draft(self.place.workspace, "other", "draft").await.unwrap();
        (flow, self.store.environment_list(self.place.workspace).await.unwrap()[0].id)
    }

    async fn claimed(&self, limit: u32) -> Vec<RunId> {
        self.store.run_claim(self.node, limit, vec![]).await.unwrap().iter().map(|run| run.held.id).collect()
    }

    async fn listed(&self, filter: RunFilter, page: PageRequest<RunId>) -> Vec<RunId> {
        let list = self.store.run_list(self.place, filter, page).await.unwrap();
        list.items.iter().map(|run| run.id).collect()
    }

    /// How many rows there are in `run_queue` and in `run_live`.
    async fn rows(&self) -> (u32, u32) {
        let count = "SELECT (SELECT count(*) FROM run_queue), (SELECT count(*) FROM run_live)";
        self.store.row(count, vec![], |row| Ok((row.get(0)?, row.get(1)?))).await.unwrap().unwrap()
    }
}

const OF_ALL: RunFilter = RunFilter { flow: None, status: None };
const OF_QUEUED: RunFilter = RunFilter { flow: None, status: Some(Status::Queued) };

#[tokio::test]
async fn an_original_run_has_no_row_until_it_is_taken_up() {
    let f = Fixture::new().await;
    let original = f.queued().await.original_run();
    assert_eq!(f.rows().await, (1, 0));
    f.repeated(original).await;
    assert_eq!(f.rows().await, (1, 1), "a repeat is not known by its event");
    assert_eq!(f.claimed(9).await.len(), 2);
    assert_eq!(f.rows().await, (0, 2));
}

#[tokio::test]
async fn a_run_that_waits_is_shown_as_any_other() {
    let f = Fixture::new().await;
    let admission = f.admission(None, Begin::Queued);
    let (event, received_at) = (admission.event.id, admission.event.received_at);
    f.store.event_admit(admission).await.unwrap();
    let id = event.original_run();
    let workspace = f.place.workspace;
    let list = async |filter| f.store.run_list(f.place, filter, first()).await.unwrap().items;
    let shown = [
        f.store.run_get(workspace, id).await.unwrap().into_iter().collect(),
        f.store.run_get_many(workspace, vec![f.store.ids().next(), id]).await.unwrap(),
        f.store.run_of_event(workspace, event).await.unwrap(),
        list(RunFilter { flow: Some(f.flow), status: None }).await,
        list(OF_QUEUED).await,
        list(OF_ALL).await,
    ];
    for runs in shown {
        assert_eq!(runs.len(), 1);
        let run = &runs[0];
        assert_eq!((run.id, run.event, run.status), (id, event, Status::Queued));
        assert_eq!((run.environment, run.flow, run.version), (f.place.environment, f.flow, f.version));
        assert_eq!((run.cause, run.repeats, run.created_at), (Cause::Original, None, received_at));
        assert_eq!((&run.error, run.finished_at, run.wake_at), (&None, None, None));
    }
    let (other, elsewhere) = f.elsewhere().await;
    let stranger = f.store.ids().next();
    assert!(f.store.run_get(stranger, id).await.unwrap().is_none());
    assert!(list(RunFilter { flow: Some(other), status: None }).await.is_empty());
    assert!(list(RunFilter { flow: None, status: Some(Status::Waiting) }).await.is_empty());
    let there = Place { environment: elsewhere, ..f.place };
    assert!(f.store.run_list(there, OF_ALL, first()).await.unwrap().items.is_empty());
    let theirs = Place { workspace: stranger, ..f.place };
    for filter in [OF_ALL, OF_QUEUED, RunFilter { flow: Some(f.flow), status: None }] {
        assert!(f.store.run_list(theirs, filter, first()).await.unwrap().items.is_empty());
    }
    let claimed = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0];
    assert_eq!((claimed.held.place, claimed.flow, claimed.version), (f.place, f.flow, f.version));
    assert_eq!((claimed.event, claimed.deaths, claimed.created_at), (event, 0, received_at));
    let run = f.store.run_get(workspace, id).await.unwrap().unwrap();
    assert_eq!((run.status, run.cause, run.created_at), (Status::Running, Cause::Original, received_at));
}

#[tokio::test]
async fn lists_are_whole_over_lanes_and_over_what_is_live_or_finished() {
    let f = Fixture::new().await;
    let (other, elsewhere) = f.elsewhere().await;
    let (mut all, mut queued, mut of_flow) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..6_u32 {
        let flow = if n % 2 == 0 { f.flow } else { other };
        let waits = f.queued_in(flow, f.place.environment).await;
        let runs = f.queued_in(flow, f.place.environment).await;
        let held = f.store.run_claim_one(f.node, runs).await.unwrap().unwrap().held;
        if n % 3 == 0 {
            let end = Fixture::commit(held, Then::End(f.ending()));
            f.store.run_commit(&f.store.run_seal(end)).await.unwrap();
        }
        f.queued_in(flow, elsewhere).await;
        all.extend([waits, runs]);
        queued.push(waits);
        if flow == f.flow {
            of_flow.extend([waits, runs]);
        }
    }
    let running = RunFilter { flow: Some(other), status: Some(Status::Running) };
    assert_eq!(f.listed(running, first()).await.len(), 2, "the third has ended");
    let repeat = f.repeated(queued[0]).await;
    for list in [&mut all, &mut queued, &mut of_flow] {
        list.push(repeat);
        list.reverse();
    }
    let of_this = RunFilter { flow: Some(f.flow), status: None };
    for (filter, expected) in [(OF_ALL, all), (OF_QUEUED, queued), (of_this, of_flow)] {
        assert_eq!(f.listed(filter.clone(), first()).await, expected);
        for limit in 1..5 {
            let mut read: Vec<RunId> = Vec::new();
            loop {
                let page = PageRequest { limit, before: read.last().copied() };
                let part = f.store.run_list(f.place, filter.clone(), page).await.unwrap();
                read.extend(part.items.iter().map(|run| run.id));
                assert_eq!(part.has_more, read.len() < expected.len());
                if !part.has_more {
                    break;
                }
            }
            assert_eq!(read, expected, "by {limit}");
        }
    }
}

#[tokio::test]
async fn the_oldest_comes_first_whatever_it_waits_in() {
    let f = Fixture::new().await;
    let (other, elsewhere) = f.elsewhere().await;
    let mut waiting = Vec::new();
    for n in 0..12_u32 {
        let flow = if n % 2 == 0 { f.flow } else { other };
        let environment = if n % 3 == 0 { elsewhere } else { f.place.environment };
        waiting.push(f.queued_in(flow, environment).await);
        if n == 4 {
            waiting.push(f.repeated(waiting[2]).await);
        }
    }
    // Another node takes the oldest and the newest, and gives them back.
    let leaving: NodeId = f.store.ids().next();
    f.store.run_claim(leaving, 1, vec![]).await.unwrap();
    f.store.run_claim_one(leaving, waiting[12]).await.unwrap().unwrap();
    f.store.node_leave(leaving).await.unwrap();
    let mut claimed = Vec::new();
    for limit in [1, 0, 3, 5, 2, 9] {
        let some = f.claimed(limit).await;
        assert_eq!(some.len(), usize::try_from(limit).unwrap().min(waiting.len() - claimed.len()));
        claimed.extend(some);
    }
    assert_eq!(claimed, waiting);
    assert!(f.claimed(9).await.is_empty());
}

#[tokio::test]
async fn what_is_due_goes_before_what_is_queued() {
    let f = Fixture::new().await;
    let old = f.queued().await.original_run();
    let sleeper = f.queued().await.original_run();
    let held = f.store.run_claim_one(f.node, sleeper).await.unwrap().unwrap().held;
    let wake_at = Some(f.store.now());
    let asleep = Fixture::commit(held, Then::Release { status: Status::Waiting, wake_at });
    f.store.run_commit(&f.store.run_seal(asleep)).await.unwrap();
    assert_eq!(f.claimed(1).await, [sleeper]);
    assert_eq!(f.claimed(1).await, [old]);
}

#[tokio::test]
async fn a_run_that_waits_can_be_taken_and_cancelled() {
    let f = Fixture::new().await;
    let (other, elsewhere) = f.elsewhere().await;
    f.queued().await;
    let id = f.queued_in(other, elsewhere).await;
    let rest = f.queued_in(other, elsewhere).await;
    let taken = f.store.run_claim_one(f.node, id).await.unwrap().unwrap();
    assert_eq!((taken.held.id, taken.held.place.environment, taken.flow), (id, elsewhere, other));
    assert!(f.store.run_claim_one(f.node, id).await.unwrap().is_none(), "it is held now");
    let ending = Ending { status: Status::Cancelled, ..f.ending() };
    let end = f.store.run_seal(Fixture::commit(taken.held, Then::End(ending)));
    assert_eq!(f.store.run_commit(&end).await.unwrap(), Committed::Done);
    assert!(f.store.run_claim_one(f.node, id).await.unwrap().is_none(), "it has ended");
    assert!(f.store.run_claim_one(f.node, f.store.ids().next()).await.unwrap().is_none(), "there is none");
    let there = Place { environment: elsewhere, ..f.place };
    let list = f.store.run_list(there, OF_ALL, PageRequest { limit: ALL, before: None }).await.unwrap();
    let shown: Vec<(RunId, Status)> = list.items.iter().map(|run| (run.id, run.status)).collect();
    assert_eq!(shown, [(rest, Status::Queued), (id, Status::Cancelled)]);
}

#[tokio::test]
async fn the_oldest_comes_first_after_a_restart_too() {
    let mut f = Fixture::new().await;
    let (other, elsewhere) = f.elsewhere().await;
    let mut waiting = Vec::new();
    for n in 0..9_u32 {
        let flow = if n % 2 == 0 { f.flow } else { other };
        waiting.push(f.queued_in(flow, if n % 3 == 0 { elsewhere } else { f.place.environment }).await);
    }
    assert_eq!(f.claimed(2).await, waiting[..2]);
    f.reopen().await;
    waiting.push(f.queued_in(other, elsewhere).await);
    assert_eq!(f.claimed(4).await, waiting[2..6]);
    assert_eq!(f.claimed(9).await, waiting[6..]);
}

#[tokio::test]
async fn a_claim_that_fails_takes_nothing() {
    let f = Fixture::new().await;
    let (other, _) = f.elsewhere().await;
    let first = f.queued().await.original_run();
    let second = f.queued_in(other, f.place.environment).await;
    let third = f.queued().await.original_run();
    // Somebody holds the second already, which cannot be: to take it up as well is an error.
    let twin = "INSERT INTO run_live (number, id, origin, version, cause, status, owner, fence, deaths, created_at)
         SELECT number, ?2, origin, version, 'original', 'running', ?3, 1, 0, 0 FROM run_queue WHERE number = ?1";
    f.store.change(vec![Statement::new(twin, values![second.number(), second, f.node])]).await.unwrap();
    assert!(f.store.run_claim(f.node, 2, vec![]).await.is_err());
    let delete = "DELETE FROM run_live WHERE id = ?1";
    f.store.change(vec![Statement::new(delete, values![second])]).await.unwrap();
    assert_eq!(f.claimed(9).await, [first, second, third]);
}

#[tokio::test]
async fn a_run_whose_event_is_gone_does_not_hold_up_its_lane() {
    let f = Fixture::new().await;
    let lost = f.queued().await;
    let next = f.queued().await.original_run();
    let delete = "DELETE FROM event WHERE id = ?1";
    f.store.change(vec![Statement::new(delete, values![lost])]).await.unwrap();
    assert_eq!(f.claimed(1).await, [next]);
    assert_eq!(f.rows().await, (0, 1), "its entry is gone as well");
}
