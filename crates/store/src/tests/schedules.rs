//! Schedules and their ticks.

use std::{sync::Arc, time::Duration};

use clock::Timestamp;

use super::fixture::{Fixture, first};
use crate::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A schedule that is due at this time.
async fn schedule(f: &Fixture, name: &str, at: Timestamp) -> Source {
    let source = Source {
        id: f.store.ids().unguessable(),
        place: f.place,
        flow: f.flow,
        kind: SourceKind::Schedule,
        name: name.into(),
        config: r#"{"cron":"* * * * *"}"#.into(),
        secrets: b"{}".to_vec(),
        enabled: true,
        updated_at: at,
    };
    f.store.schedule_put(&source, Some(at)).await.unwrap();
    source
}

async fn due(f: &Fixture, now: Timestamp) -> Vec<DueSchedule> {
    f.store.schedule_due(now, None, 10).await.unwrap()
}

fn tick(due: &DueSchedule) -> Tick {
    let DueSchedule { source, revision, next_at: at, .. } = *due;
    Tick { source, revision, at, next_at: at.after(MINUTE) }
}

fn admission(f: &Fixture, tick: Tick) -> Admission {
    let mut admission = f.admission(None, Begin::Queued);
    admission.event.source = Some(tick.source);
    admission.event.kind = "schedule";
    admission.tick = Some(tick);
    admission
}

async fn state(f: &Fixture, source: &Source) -> ScheduleState {
    f.store.schedule_states(f.place).await.unwrap().remove(&source.id).unwrap()
}

async fn events(f: &Fixture) -> usize {
    f.store.event_list(f.place, EventFilter::default(), first()).await.unwrap().items.len()
}

#[tokio::test]
async fn a_tick_moves_its_schedule_on_with_its_event_and_survives_a_restart() {
    let mut f = Fixture::new().await;
    let now = f.store.now();
    let source = schedule(&f, "digest", now).await;
    let tick = tick(&due(&f, now).await[0]);
    let before = f.store.writes().transactions;
    assert_eq!(f.store.event_admit(admission(&f, tick)).await.unwrap(), Admitted::New);
    assert_eq!(f.store.writes().transactions, before + 1, "in its transaction");
    f.reopen().await;
    assert_eq!(f.store.event_admit(admission(&f, tick)).await.unwrap(), Admitted::Passed);
    assert_eq!(events(&f).await, 1, "nothing of the second one is stored");
    let expected = ScheduleState {
        next_at: now.after(MINUTE),
        last_at: Some(now),
        skipped: 0,
        last_skipped: None,
        skipped_detail: None,
    };
    assert_eq!(state(&f, &source).await, expected);
    assert!(due(&f, now).await.is_empty());
    assert_eq!(f.store.schedule_next(now).await.unwrap(), Some(now.after(MINUTE)));
    assert_eq!(f.store.schedule_next(now.after(MINUTE)).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_fire_a_tick_at_once_one_does() {
    let f = Arc::new(Fixture::new().await);
    let others = if f.is_on_postgres() { vec![f.second().await] } else { vec![] };
    let now = f.store.now();
    for name in ["a", "b", "c"] {
        schedule(&f, name, now).await;
    }
    let ticks: Vec<Tick> = due(&f, now).await.iter().map(tick).collect();
    let mut firing = Vec::new();
    for round in 0..40 {
        let store = if round % 2 == 1 { others.first() } else { None }.unwrap_or(&f.store).clone();
        let admission = admission(&f, ticks[round / 2 % 3]);
        firing.push(tokio::spawn(async move { store.event_admit(admission).await.unwrap() }));
    }
    let mut new = 0;
    for fired in firing {
        new += usize::from(fired.await.unwrap() == Admitted::New);
    }
    assert_eq!((new, events(&f).await), (3, 3));
}

#[tokio::test]
async fn a_tick_of_before_a_change_is_nobodys() {
    let f = Fixture::new().await;
    let now = f.store.now();
    let mut source = schedule(&f, "digest", now).await;
    let stale = tick(&due(&f, now).await[0]);
    source.enabled = false;
    source.name = "weekly".into();
    f.store.schedule_put(&source, None).await.unwrap();
    assert_eq!(f.store.event_admit(admission(&f, stale)).await.unwrap(), Admitted::Passed);
    assert!(!f.store.schedule_skip(stale, (1, now), ("off", None)).await.unwrap());
    let changed = due(&f, now).await.remove(0);
    assert_eq!((changed.name.as_str(), changed.enabled, changed.next_at), ("weekly", false, now));
    assert!(f.store.source_delete(f.place.workspace, source.id).await.unwrap());
    assert!(!f.store.source_delete(f.place.workspace, source.id).await.unwrap());
    assert_eq!(f.store.event_admit(admission(&f, tick(&changed))).await.unwrap(), Admitted::Passed);
    assert!(due(&f, now).await.is_empty());
    assert_eq!(events(&f).await, 0);
}

#[tokio::test]
async fn a_schedule_that_is_gone_is_not_made_anew_by_a_change() {
    let f = Fixture::new().await;
    let now = f.store.now();
    let source = schedule(&f, "digest", now).await;
    f.store.source_delete(f.place.workspace, source.id).await.unwrap();
    assert!(matches!(f.store.schedule_put(&source, None).await, Err(Error::Conflict(_))));
    assert!(
        f.store.source_get(source.id).await.unwrap().is_none(),
        "the change was made whole or not at all"
    );
}

#[tokio::test]
async fn what_is_due_is_read_in_turn_with_the_version_that_serves() {
    let f = Fixture::new().await;
    let now = f.store.now();
    for (name, minutes) in [("c", 0), ("a", 2), ("b", 1)] {
        schedule(&f, name, now.before(minutes * MINUTE)).await;
    }
    schedule(&f, "later", now.after(Duration::from_millis(1))).await;
    let first = f.store.schedule_due(now, None, 2).await.unwrap();
    let names: Vec<&str> = first.iter().map(|due| due.name.as_str()).collect();
    assert_eq!((names, first[0].version), (vec!["a", "b"], None));
    f.store.deployment_add(f.place, f.flow, f.version, "ann").await.unwrap();
    let behind = Some((first[1].next_at, first[1].source));
    let rest = f.store.schedule_due(now, behind, 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].name.as_str(), rest[0].version), ("c", Some(f.version)));
    assert_eq!(rest[0].place, f.place);
}

#[tokio::test]
async fn what_is_skipped_is_counted() {
    let f = Fixture::new().await;
    let now = f.store.now();
    let source = schedule(&f, "digest", now).await;
    for (times, why) in [(1, ("wrong_input", Some("no `query`"))), (59, ("missed", None))] {
        let tick = tick(&f.store.schedule_due(now.after(10 * MINUTE), None, 1).await.unwrap()[0]);
        assert!(f.store.schedule_skip(tick, (times, tick.at), why).await.unwrap());
        assert!(!f.store.schedule_skip(tick, (times, tick.at), why).await.unwrap(), "once");
        assert_eq!(state(&f, &source).await.skipped_detail.as_deref(), why.1, "that of the last one");
    }
    let state = state(&f, &source).await;
    assert_eq!((state.skipped, state.last_at, state.next_at), (60, None, now.after(2 * MINUTE)));
    assert_eq!(state.last_skipped, Some((now.after(MINUTE), "missed".to_owned())));
}
