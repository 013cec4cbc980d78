//! What befalls destinations: written with what befell, read until it is raised, kept for a day.

use std::time::Duration;

use super::fixture::{ALL, Fixture};
use crate::{
    AlertKind::{DeadLetter, DestinationDisabled},
    *,
};

fn cause(reason: &str) -> AlertCause {
    AlertCause { reason: reason.into(), code: "503".into() }
}

async fn pending(f: &Fixture) -> Vec<(AlertKind, String)> {
    let alerts = f.store.alert_pending(10).await.unwrap();
    alerts.into_iter().map(|alert| (alert.kind, alert.cause.reason)).collect()
}

#[tokio::test]
async fn an_opening_is_pending_once_until_it_is_raised_also_after_a_restart() {
    let mut f = Fixture::new().await;
    let id = f.destination().await;
    let now = f.store.now();
    let alert = || NewAlert { kind: AlertKind::BreakerOpened, at: now, cause: cause("it is down") };
    let breaker =
        Breaker { opened_at: now, until: now, openings: 1, reason: "it is down".into(), is_quiet: false };
    f.store.destination_break(id, Some(&breaker), Some(alert())).await.unwrap();
    f.reopen().await;
    f.store.destination_break(id, Some(&breaker), Some(alert())).await.unwrap();
    let [alert] = &f.store.alert_pending(10).await.unwrap()[..] else { panic!("there is not one alert") };
    let destination = f.store.destination_get(id).await.unwrap().unwrap();
    let expected = Alert {
        destination: id,
        name: destination.name,
        place: f.place,
        kind: AlertKind::BreakerOpened,
        at: now,
        cause: cause("it is down"),
    };
    assert_eq!(*alert, expected);
    f.store.alert_raised(alert).await.unwrap();
    assert_eq!(pending(&f).await, []);
    let again = NewAlert { kind: expected.kind, at: now, cause: cause("again") };
    f.store.destination_break(id, Some(&breaker), Some(again)).await.unwrap();
    assert_eq!(pending(&f).await, [], "it has been raised");
}

#[tokio::test]
async fn an_attempt_and_its_alerts_are_one_and_dead_letters_of_an_hour_share_one() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    let deliveries: Vec<_> = (0..3).map(|_| f.delivery(id)).collect();
    let begin = Begin::Finished { ending: f.ending(), record: b"[]".to_vec(), deliveries };
    f.store.event_admit(f.admission(None, begin)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, id, f.node).await.unwrap());
    let due = f.store.delivery_due(id, f.store.now(), ALL).await.unwrap();
    let dead =
        |nth: usize, alerts| AttemptCommit { alerts, ..f.attempt(&due[nth], Settle::Dead { halts: false }) };
    let hour = Timestamp::from_millis(7 * 3_600_000);
    let later = |minutes: u64| hour.after(Duration::from_secs(60 * minutes));
    let letters = |minutes, reason: &str| vec![NewAlert::dead_letters(later(minutes), cause(reason))];
    let (first, second) = tokio::join!(
        f.store.delivery_attempted(dead(0, letters(1, "a"))),
        f.store.delivery_attempted(dead(1, letters(59, "a")))
    );
    assert!(first.unwrap() && second.unwrap());
    let mut third = letters(61, "b");
    third.push(NewAlert { kind: AlertKind::DestinationDisabled, at: later(61), cause: cause("gone") });
    assert!(f.store.delivery_attempted(dead(2, third.clone())).await.unwrap());
    assert!(!f.store.delivery_attempted(dead(2, letters(200, "lost"))).await.unwrap());
    let expected = [(DeadLetter, "a"), (DeadLetter, "b"), (DestinationDisabled, "gone")];
    assert_eq!(pending(&f).await, expected.map(|(kind, reason)| (kind, reason.to_owned())));
}

#[tokio::test]
async fn what_was_raised_goes_after_a_day_and_all_of_it_with_its_destination() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    let old = f.store.now().before(Duration::from_secs(90_000));
    let alert = |at| NewAlert { kind: AlertKind::BreakerClosed, at, cause: cause("up") };
    for at in [old, f.store.now()] {
        f.store.destination_break(id, None, Some(alert(at))).await.unwrap();
    }
    f.store.prune_expired(10).await.unwrap();
    let both = f.store.alert_pending(10).await.unwrap();
    assert_eq!(both.len(), 2, "what nobody has raised stays");
    f.store.alert_raised(&both[0]).await.unwrap();
    f.store.prune_expired(10).await.unwrap();
    f.store.destination_break(id, None, Some(alert(old))).await.unwrap();
    assert_eq!(f.store.alert_pending(10).await.unwrap().len(), 2, "the old one is gone, and written anew");
    f.store.destination_delete(f.place.workspace, id).await.unwrap();
    let count = f.store.rows("SELECT count(*) FROM alert", vec![], |row| row.get::<i64>(0)).await.unwrap();
    assert_eq!(count, [0]);
}

#[tokio::test]
async fn a_delivery_says_whether_an_alert_is_at_its_beginning() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    for kind in ["webhook", "alert"] {
        let begin =
            Begin::Finished { ending: f.ending(), record: b"[]".to_vec(), deliveries: vec![f.delivery(id)] };
        let mut admission = f.admission(None, begin);
        admission.event.kind = kind;
        f.store.event_admit(admission).await.unwrap();
    }
    let due = f.store.delivery_due(id, f.store.now(), ALL).await.unwrap();
    let of_alert: Vec<bool> = due.iter().map(|due| due.is_of_alert).collect();
    assert_eq!(of_alert, [false, true]);
}
