//! Schedules that tick, by the scheduler and by those who take themselves for it.

use std::{sync::Arc, time::Duration};

use clock::Timestamp;
use serde_json::{Value, json};
use store::{EventFilter, EventView, Place, ScheduleState, Source, SourceId, SourceKind};

use super::{SAY, fixture::Fixture};
use crate::{scheduler::Scheduler, *};

const HOUR: Duration = Duration::from_secs(3600);

/// A flow that says what it was given, deployed.
async fn echo(f: &Fixture) -> Arc<Program> {
    let program = f.program(&[SAY], &["start -> say"], "outputs: { said: '{{ nodes.say.text }}' }").await;
    f.store.deployment_add(f.place, program.flow_id, program.version, "ann").await.unwrap();
    program
}

/// A schedule of a flow, standing at its next time.
async fn scheduled(f: &Fixture, program: &Program, config: Value) -> SourceId {
    put(f, &source(f, program, &config)).await
}

fn source(f: &Fixture, program: &Program, config: &Value) -> Source {
    Source {
        id: f.store.ids().unguessable(),
        place: f.place,
        flow: program.flow_id,
        kind: SourceKind::Schedule,
        name: config.to_string(),
        config: config.to_string(),
        secrets: b"{}".to_vec(),
        enabled: true,
        updated_at: f.clock.now(),
    }
}

async fn put(f: &Fixture, source: &Source) -> SourceId {
    let schedule = Schedule::compile(&source.config).unwrap();
    f.store.schedule_put(source, schedule.timetable.next_after(f.clock.now())).await.unwrap();
    source.id
}

async fn events(f: &Fixture) -> Vec<EventView> {
    let page = store::PageRequest { before: None, limit: 100 };
    f.store.event_list(f.place, EventFilter::default(), page).await.unwrap().items
}

async fn state(f: &Fixture, source: SourceId) -> ScheduleState {
    f.store.schedule_states(f.place).await.unwrap().remove(&source).unwrap()
}

/// Puts the clock to a little after the next full hour.
fn an_hour_begins(f: &Fixture) -> Timestamp {
    let hour = next_hour(f);
    f.clock.skew(hour.as_millis() + 100 - f.clock.now().as_millis());
    hour
}

fn next_hour(f: &Fixture) -> Timestamp {
    let hour = i64::try_from(HOUR.as_millis()).unwrap();
    Timestamp::from_millis((f.clock.now().as_millis() / hour + 1) * hour)
}

async fn content(f: &Fixture, event: &EventView) -> Value {
    let place = Place { environment: event.environment, ..f.place };
    serde_json::from_slice(&f.store.event_content(place.workspace, event.id).await.unwrap().unwrap()).unwrap()
}

/// Waits until so many events are there.
async fn until_there_are(f: &Fixture, wanted: usize) -> Vec<EventView> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let events = events(f).await;
        if events.len() >= wanted {
            return events;
        }
        assert!(tokio::time::Instant::now() < deadline, "{} events, not {wanted}", events.len());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_tick_is_an_event_like_any_other() {
    let f = Fixture::new().await;
    let program = echo(&f).await;
    let config = json!({"cron": "0 * * * *", "input": {"q": "{{ tick.at }}"}});
    let source = scheduled(&f, &program, config).await;
    let hour = an_hour_begins(&f);
    f.engine.reschedule();
    let event = until_there_are(&f, 1).await.remove(0);
    assert_eq!((event.kind.as_str(), event.source), ("schedule", Some(source)));
    let at = content(&f, &event).await["tick"]["at"].as_str().unwrap().to_owned();
    let outcome = f.ended(event.id.original_run()).await.outcome;
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({"said": format!("{at}!")})));
    let state = state(&f, source).await;
    assert_eq!((state.last_at, state.next_at, state.skipped), (Some(hour), hour.after(HOUR), 0));
    assert_eq!(events(&f).await.len(), 1);
}

#[tokio::test]
async fn a_node_that_takes_itself_for_the_scheduler_doubles_nothing() {
    let f = Fixture::idle(Options::default()).await;
    let program = echo(&f).await;
    for second in 0..8 {
        scheduled(&f, &program, json!({"cron": format!("{second} 0 * * * *")})).await;
    }
    let second = f.second();
    for hours in 1..=3 {
        an_hour_begins(&f);
        f.clock.skew(10_000);
        let (one, other) = (Scheduler::new(&f.engine), Scheduler::new(&second));
        while tokio::join!(one.pass(), other.pass()).0.is_zero() {}
        assert_eq!(events(&f).await.len(), 8 * hours);
    }
}

#[tokio::test]
async fn what_was_missed_goes_by_each_schedules_setting() {
    let mut f = Fixture::idle(Options::default()).await;
    let program = echo(&f).await;
    let mut sources = Vec::new();
    for missed in ["skip", "one", "all"] {
        sources.push(scheduled(&f, &program, json!({"cron": "30 * * * *", "missed": missed})).await);
    }
    // The server is away for three of its times, and comes back on the hour.
    an_hour_begins(&f);
    let from = state(&f, sources[0]).await.next_at;
    while from.until(f.clock.now()) < 2 * HOUR {
        an_hour_begins(&f);
    }
    f.crash().await;
    let events = until_there_are(&f, 4).await;
    assert_eq!(events.len(), 4);
    let mut fired = Vec::new();
    for (source, expected) in sources.iter().zip([0, 1, 3]) {
        let mut of_source = Vec::new();
        for event in events.iter().rev().filter(|event| event.source == Some(*source)) {
            let tick = content(&f, event).await["tick"].take();
            assert_eq!(tick["missed"], true);
            of_source.push(tick["at"].as_str().unwrap().to_owned());
        }
        assert_eq!(of_source.len(), expected);
        fired.push(of_source);
        let state = state(&f, *source).await;
        assert_eq!(usize::try_from(state.skipped).unwrap(), 3 - expected);
        assert!(state.next_at > f.clock.now());
    }
    assert!(fired[2].is_sorted(), "in the order of their times");
    assert_eq!(fired[1][0], fired[2][2], "the last one");
}

#[tokio::test]
async fn a_schedule_that_is_off_or_of_no_version_counts_what_it_leaves_out() {
    let f = Fixture::idle(Options::default()).await;
    let program = f.program(&[SAY], &["start -> say"], "").await;
    let mut off = source(&f, &program, &json!({"cron": "0 * * * *"}));
    off.enabled = false;
    let off = put(&f, &off).await;
    let undeployed = scheduled(&f, &program, json!({"cron": "0 0 * * * *"})).await;
    let hour = an_hour_begins(&f);
    let wait = Scheduler::new(&f.engine).pass().await;
    assert!(!wait.is_zero());
    assert!(events(&f).await.is_empty());
    for (source, why) in [(off, "off"), (undeployed, "undeployed")] {
        let state = state(&f, source).await;
        assert_eq!((state.skipped, state.last_skipped), (1, Some((hour, why.to_owned()))));
        assert_eq!((state.last_at, state.next_at), (None, hour.after(HOUR)));
    }
}

#[tokio::test]
async fn an_input_that_fits_no_more_is_left_out_and_the_next_one_is_tried() {
    let f = Fixture::idle(Options::default()).await;
    let program = echo(&f).await;
    let late = json!({"cron": "0 * * * *", "input": {"q": "{{ 'x' if tick.date > '2000' else 'y' }}"}});
    let wrong = json!({"cron": "* * * * *", "input": {"q": "{{ tick.missed }}"}});
    scheduled(&f, &program, late).await;
    let source = scheduled(&f, &program, wrong).await;
    an_hour_begins(&f);
    Scheduler::new(&f.engine).pass().await;
    let events = events(&f).await;
    assert_eq!(events.len(), 1, "others go on");
    let state = state(&f, source).await;
    assert_eq!(state.last_skipped.unwrap().1, "wrong_input");
    let detail = state.skipped_detail.unwrap();
    assert!(detail.starts_with("input.q: "), "{detail}");
    assert!(state.next_at > f.clock.now());
}

#[tokio::test]
async fn one_schedule_that_has_much_to_make_up_for_lets_others_have_their_turn() {
    let f = Fixture::idle(Options::default()).await;
    let program = echo(&f).await;
    let much = scheduled(&f, &program, json!({"cron": "* * * * * *"})).await;
    let little = scheduled(&f, &program, json!({"cron": "0 * * * * *"})).await;
    f.clock.skew(50_000);
    let scheduler = Scheduler::new(&f.engine);
    assert!(scheduler.pass().await.is_zero(), "there is more");
    let of =
        |events: &[EventView], source| events.iter().filter(|event| event.source == Some(source)).count();
    let first = events(&f).await;
    let due = usize::from(state(&f, little).await.last_at.is_some());
    assert_eq!((of(&first, much), of(&first, little)), (16, due));
    while scheduler.pass().await.is_zero() {}
    let all = of(&events(&f).await, much);
    assert!((50..=52).contains(&all), "each second: {all}");
}

#[tokio::test]
async fn a_scheduler_that_stops_lets_another_node_go_on_at_once() {
    let f = Fixture::new().await;
    let other = f.second();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    // It takes the duty soon after its start.
    while f.store.scheduler_own(other.node()).await.unwrap() {
        f.store.scheduler_yield(other.node()).await.unwrap();
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    f.engine.stop(Duration::from_secs(1)).await;
    while !f.store.scheduler_own(other.node()).await.unwrap() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
