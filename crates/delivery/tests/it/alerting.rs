//! What the drain leaves for somebody to hear of, and what it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use delivery::Outcome;
use serde_json::{Value, json};
use store::{Alert, AlertKind};
use tokio::time::timeout;

use crate::{
    outbox::{Outbox, PATIENCE, arrived, finished},
    receiver::{Answer, Receiver},
};

async fn alerts(outbox: &Outbox) -> Vec<Alert> {
    outbox.store.alert_pending(10).await.unwrap()
}

fn kinds(alerts: &[Alert]) -> Vec<AlertKind> {
    alerts.iter().map(|alert| alert.kind).collect()
}

fn breaking(url: &str) -> Value {
    json!({
        "kind": "webhook", "url": url, "concurrency": 1, "retry": vec!["1ms"; 30],
        "breaker": { "failures": 2, "pause": "100ms", "longest": "1h" },
    })
}

#[tokio::test]
async fn what_is_told_of_a_breaker_is_stored_before() {
    let up = Arc::new(AtomicBool::new(false));
    let of_receiver = Arc::clone(&up);
    let receiver = Receiver::start(move |_, _| {
        Answer::Status(if of_receiver.load(Ordering::SeqCst) { 200 } else { 503 })
    });
    let receiver = receiver.await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(breaking(&receiver.url()), json!({})).await;
    outbox.deliver_one(destination, json!(1)).await;
    let drain = outbox.drain();
    let (mut told, mut settled) = (drain.tripped(), drain.settled());
    let opened = timeout(PATIENCE, told.recv()).await.unwrap().unwrap().open.unwrap();
    let [alert] = &alerts(&outbox).await[..] else { panic!("there is not one alert") };
    assert_eq!((alert.kind, alert.destination), (AlertKind::BreakerOpened, destination));
    assert_eq!((alert.at, alert.cause.code.as_str()), (opened.opened_at, "503"));
    assert!(alert.cause.reason.contains("503"), "{alert:?}");
    up.store(true, Ordering::SeqCst);
    arrived(&mut settled, 1).await;
    timeout(PATIENCE, async { while told.recv().await.unwrap().open.is_some() {} }).await.unwrap();
    assert_eq!(kinds(&alerts(&outbox).await), [AlertKind::BreakerOpened, AlertKind::BreakerClosed]);
}

#[tokio::test]
async fn a_receiver_that_is_gone_and_its_dead_letter_are_told() {
    let receiver = Receiver::start(|_, _| Answer::Status(410)).await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let id = outbox.deliver_one(destination, json!(1)).await;
    let drain = outbox.drain();
    assert_eq!(finished(&mut drain.settled(), id).await, [Outcome::Permanent]);
    let alerts = alerts(&outbox).await;
    assert_eq!(kinds(&alerts), [AlertKind::DeadLetter, AlertKind::DestinationDisabled]);
    assert!(alerts.iter().all(|alert| alert.cause.code == "410"), "{alerts:?}");
}

#[tokio::test]
async fn what_alerts_themselves_send_raises_no_alert_however_it_fails() {
    for status in [410, 422, 503] {
        let receiver = Receiver::start(move |_, _| Answer::Status(status)).await;
        let mut outbox = Outbox::new().await;
        outbox.kind = "alert";
        let mut config = breaking(&receiver.url());
        config["retry"] = json!(["1ms", "1ms"]);
        let destination = outbox.destination(config, json!({})).await;
        let id = outbox.deliver_one(destination, json!(1)).await;
        let drain = outbox.drain();
        finished(&mut drain.settled(), id).await;
        assert_eq!(alerts(&outbox).await, [], "{status}");
        drop(drain);
        // The same destination tells of what others send.
        outbox.kind = "api";
        outbox.store.destination_enable(outbox.place.workspace, destination).await.unwrap();
        outbox.store.destination_break(destination, None, None).await.unwrap();
        let id = outbox.deliver_one(destination, json!(2)).await;
        let drain = outbox.drain();
        finished(&mut drain.settled(), id).await;
        assert!(kinds(&alerts(&outbox).await).contains(&AlertKind::DeadLetter), "{status}");
    }
}
