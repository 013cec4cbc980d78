//! Alerts that become events: once each, of each source that takes them.

use std::sync::Arc;

use serde_json::{Value, json};
use store::{AlertCause, AlertKind, DestinationId, EventFilter, NewAlert, Source, SourceKind};

use super::fixture::{DESTINATION, Fixture};
use crate::{scheduler::alerts::pass, *};

const SAY: (&str, &str) = ("say", "{ kind: say, text: '{{ input.q }}' }");

async fn echo(f: &Fixture) -> Arc<Program> {
    f.program(&[SAY], &["start -> say"], "outputs: { said: '{{ nodes.say.text }}' }").await
}

async fn source(f: &Fixture, program: &Program, config: Value) {
    let source = Source {
        id: f.store.ids().unguessable(),
        place: f.place,
        flow: program.flow_id,
        kind: SourceKind::Alert,
        name: config.to_string(),
        config: config.to_string(),
        secrets: b"{}".to_vec(),
        enabled: true,
        updated_at: f.clock.now(),
    };
    f.store.source_put(&source).await.unwrap();
}

async fn befall(f: &Fixture, kind: AlertKind) {
    let id = DestinationId::from_bytes(DESTINATION);
    if f.store.destination_get(id).await.unwrap().is_none() {
        let destination = store::Destination {
            id,
            place: f.place,
            name: "erp".into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            disabled_reason: None,
            breaker: None,
            updated_at: f.clock.now(),
        };
        f.store.destination_put(&destination).await.unwrap();
    }
    let cause = AlertCause { reason: "it answered 503".into(), code: "503".into() };
    let alert = NewAlert { kind, at: f.clock.now(), cause };
    f.store.destination_break(id, None, Some(alert)).await.unwrap();
}

/// What the flow said at each event, the newest first.
async fn said(f: &Fixture) -> Vec<String> {
    let page = store::PageRequest { before: None, limit: 100 };
    let events = f.store.event_list(f.place, EventFilter::default(), page).await.unwrap().items;
    let mut said = Vec::new();
    for event in events {
        assert_eq!(event.kind, "alert");
        let timeline = f.engine.timeline(f.place.workspace, event.id.original_run()).await.unwrap();
        said.push(timeline.outcome.outputs.unwrap()["said"].as_str().unwrap().to_owned());
    }
    said
}

#[tokio::test]
async fn an_alert_is_one_event_of_each_source_that_takes_it() {
    let f = Fixture::idle(Options { public_url: Some("https://hub".into()), ..Options::default() }).await;
    let program = echo(&f).await;
    f.store.deployment_add(f.place, program.flow_id, program.version, "ann").await.unwrap();
    source(&f, &program, json!({ "input": { "q": "{{ alert }} of {{ destination }}: {{ code }}" } })).await;
    source(&f, &program, json!({ "input": { "q": "{{ link }}" }, "alerts": ["breaker_opened"] })).await;
    source(&f, &program, json!({ "input": { "q": "never" }, "destinations": ["crm"] })).await;
    befall(&f, AlertKind::BreakerOpened).await;
    befall(&f, AlertKind::DeadLetter).await;
    pass(&f.engine).await;
    let mut said = said(&f).await;
    said.sort();
    let link = format!("https://hub/destinations/{}?env=", DestinationId::from_bytes(DESTINATION));
    assert_eq!(said[..2], ["breaker_opened of erp: 503", "dead_letter of erp: 503"]);
    assert!(said.len() == 3 && said[2].starts_with(&link), "{said:?}");
    assert_eq!(f.store.alert_pending(10).await.unwrap(), [], "they are raised");
}

#[tokio::test]
async fn raised_by_two_who_both_take_themselves_for_the_scheduler_it_is_one_event() {
    let f = Fixture::idle(Options::default()).await;
    let other = f.second();
    let program = echo(&f).await;
    f.store.deployment_add(f.place, program.flow_id, program.version, "ann").await.unwrap();
    source(&f, &program, json!({ "input": { "q": "{{ alert }}" } })).await;
    befall(&f, AlertKind::BreakerOpened).await;
    befall(&f, AlertKind::BreakerClosed).await;
    tokio::join!(pass(&f.engine), pass(&other));
    let mut said = said(&f).await;
    said.sort();
    assert_eq!(said, ["breaker_closed", "breaker_opened"]);
}

#[tokio::test]
async fn a_source_that_cannot_take_an_alert_keeps_no_other_from_it() {
    let f = Fixture::idle(Options::default()).await;
    let program = echo(&f).await;
    source(&f, &program, json!({ "input": { "q": 5 } })).await;
    source(&f, &program, json!({ "alerts": "all" })).await;
    source(&f, &program, json!({ "input": { "q": "{{ destination }}" } })).await;
    befall(&f, AlertKind::BreakerOpened).await;
    pass(&f.engine).await;
    assert_eq!(said(&f).await, [""; 0], "nothing is deployed");
    assert_eq!(f.store.alert_pending(10).await.unwrap(), [], "it waits for nobody");
    f.store.deployment_add(f.place, program.flow_id, program.version, "ann").await.unwrap();
    befall(&f, AlertKind::BreakerClosed).await;
    pass(&f.engine).await;
    assert_eq!(said(&f).await, ["erp"]);
}

#[tokio::test]
async fn an_alert_that_was_written_before_a_crash_is_raised_after_it() {
    let mut f = Fixture::idle(Options { schedules: false, ..Options::default() }).await;
    let program = echo(&f).await;
    f.store.deployment_add(f.place, program.flow_id, program.version, "ann").await.unwrap();
    source(&f, &program, json!({ "input": { "q": "{{ reason }}" } })).await;
    befall(&f, AlertKind::BreakerOpened).await;
    f.crash().await;
    let raised = async {
        while said(&f).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), raised).await.unwrap();
    assert_eq!(said(&f).await, ["it answered 503"]);
}
