//! Receivers that want a token, and who gives it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use delivery::{AttemptRecord, Outcome, Reply};
use serde_json::{Value, json};

use crate::{
    outbox::{Outbox, finished},
    receiver::{Answer, Receiver, Seen},
};

const SECRET: &str = "cl1ent-s3cret";

/// Gives a new token each time, `t0ken-0`, `t0ken-1`, …, that lasts so long.
async fn giver(expires_in: u32) -> Receiver {
    Receiver::start(move |nth, _| {
        let given = json!({ "access_token": format!("t0ken-{nth}"), "token_type": "Bearer", "expires_in": expires_in });
        json_answer(200, &given)
    })
    .await
}

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::with(status, &[("content-type", "application/json")], body.to_string())
}

/// Takes what shows one of these tokens.
async fn receiver(good: impl IntoIterator<Item = &'static str>) -> Receiver {
    let good: Vec<String> = good.into_iter().map(|token| format!("Bearer {token}")).collect();
    Receiver::start(move |_, seen| {
        let known = good.iter().any(|good| good == seen.header("authorization"));
        Answer::with(if known { 200 } else { 401 }, &[], seen.header("authorization").to_owned())
    })
    .await
}

fn config(giver: &str, receiver: &Receiver, more: &Value) -> Value {
    let mut auth = json!({ "type": "oauth2", "token_url": giver, "client_id": "linch pin" });
    auth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "kind": "webhook", "url": receiver.url(), "retry": ["1ms", "1ms"], "auth": auth })
}

/// What came of one message.
async fn told(giver: &str, receiver: &Receiver, more: &Value) -> (Vec<Outcome>, Vec<AttemptRecord>) {
    let outbox = Outbox::new().await;
    let destination = outbox.destination(config(giver, receiver, more), json!({ "auth": SECRET })).await;
    let id = outbox.deliver_one(destination, json!({ "n": 1 })).await;
    let drain = outbox.drain();
    let outcomes = finished(&mut drain.settled(), id).await;
    let records = outbox.records(id).await;
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains(SECRET) && !text.contains("t0ken"), "{text}");
    (outcomes, records)
}

fn form(seen: &Seen) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&seen.body).into_owned().collect()
}

#[tokio::test]
async fn one_token_serves_many_deliveries() {
    let (giver, receiver) = (giver(3600).await, receiver(["t0ken-0"]).await);
    let outbox = Outbox::new().await;
    let config = config(&giver.url(), &receiver, &json!({ "scope": "orders write" }));
    let destination = outbox.destination(config, json!({ "auth": SECRET })).await;
    let ids = outbox.deliver(destination, (0..20).map(|n| json!(n))).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    for _ in ids {
        assert_eq!(crate::outbox::next(&mut settled).await.outcome, Outcome::Delivered);
    }
    assert_eq!((giver.seen().len(), receiver.seen().len()), (1, 20));
    let asked = &giver.seen()[0];
    let basic = format!("Basic {}", STANDARD.encode(format!("linch+pin:{SECRET}")));
    assert_eq!((asked.method.as_str(), asked.header("authorization")), ("POST", basic.as_str()));
    let pairs = [("grant_type", "client_credentials"), ("scope", "orders write")];
    assert_eq!(form(asked), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn the_client_can_name_itself_in_the_body() {
    let (giver, receiver) = (giver(3600).await, receiver(["t0ken-0"]).await);
    let more = json!({ "client_auth": "body", "audience": "https://erp.example" });
    let (outcomes, _) = told(&giver.url(), &receiver, &more).await;
    assert_eq!(outcomes, [Outcome::Delivered]);
    let asked = &giver.seen()[0];
    assert_eq!(asked.header("authorization"), "");
    for (name, value) in
        [("audience", "https://erp.example"), ("client_id", "linch pin"), ("client_secret", SECRET)]
    {
        assert!(form(asked).contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_at_once() {
    let (giver, receiver) = (giver(3600).await, receiver(["t0ken-1"]).await);
    let (outcomes, records) = told(&giver.url(), &receiver, &json!({})).await;
    assert_eq!(outcomes, [Outcome::Delivered]);
    assert_eq!((records[0].exchanges.len(), giver.seen().len()), (2, 2));
    let shown = |at: usize| records[0].exchanges[at].request.headers.clone();
    assert!(shown(1).contains(&("authorization".into(), "•••".into())), "{:?}", shown(1));

    let never = self::receiver([]).await;
    let (outcomes, records) = told(&giver.url(), &never, &json!({})).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    assert_eq!((never.seen().len(), records[0].exchanges.len()), (2, 2));
}

#[tokio::test]
async fn a_token_is_left_before_it_expires() {
    let (giver, receiver) = (giver(0).await, receiver(["t0ken-0", "t0ken-1"]).await);
    let outbox = Outbox::new().await;
    let destination =
        outbox.destination(config(&giver.url(), &receiver, &json!({})), json!({ "auth": SECRET })).await;
    let drain = outbox.drain();
    let waker = drain.waker();
    for _ in 0..2 {
        let mut settled = drain.settled();
        let id = outbox.deliver_one(destination, json!(1)).await;
        waker.notify([destination]);
        assert_eq!(finished(&mut settled, id).await, [Outcome::Delivered]);
    }
    assert_eq!(giver.seen().len(), 2);
}

#[tokio::test]
async fn who_gives_tokens_may_refuse_and_may_be_down() {
    let receiver = receiver(["t0ken"]).await;
    let said = json!({ "error": "invalid_client", "error_description": format!("{SECRET} is wrong") });
    let refusing = Receiver::start(move |_, _| json_answer(401, &said)).await;
    let (outcomes, records) = told(&refusing.url(), &receiver, &json!({})).await;
    assert_eq!((outcomes, receiver.seen().len()), (vec![Outcome::Permanent], 0));
    let reason = records[0].reason.as_deref().unwrap();
    assert!(reason.contains("no token was given") && reason.contains("invalid_client"), "{reason}");
    assert!(matches!(&records[0].exchanges[0].reply, Reply::Response(answer) if answer.status == 401));

    let down = Receiver::start(|nth, _| {
        let given = json!({ "access_token": "t0ken", "expires_in": 60 });
        if nth == 0 { Answer::Status(503) } else { json_answer(200, &given) }
    });
    let down = down.await;
    let (outcomes, _) = told(&down.url(), &receiver, &json!({})).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
}

#[tokio::test]
async fn tokens_are_fetched_only_where_the_operator_allows() {
    let receiver = receiver([]).await;
    let (outcomes, records) = told("http://10.1.2.3/token", &receiver, &json!({})).await;
    assert_eq!((outcomes, receiver.seen().len()), (vec![Outcome::Permanent], 0));
    let reason = records[0].reason.as_deref().unwrap();
    assert!(reason.contains("10.1.2.3") && reason.contains("allow_cidrs"), "{reason}");
}

#[tokio::test]
async fn other_settings_ask_for_another_token() {
    let (giver, receiver) = (giver(3600).await, receiver(["t0ken-0", "t0ken-1"]).await);
    let outbox = Outbox::new().await;
    let settings = |secret: &str| (config(&giver.url(), &receiver, &json!({})), json!({ "auth": secret }));
    let (first, secrets) = settings(SECRET);
    let destination = outbox.destination(first, secrets).await;
    let drain = outbox.drain();
    let tell = async || {
        let mut settled = drain.settled();
        let id = outbox.deliver_one(destination, json!(1)).await;
        drain.waker().changed(destination);
        assert_eq!(finished(&mut settled, id).await, [Outcome::Delivered]);
    };
    tell().await;
    tell().await;
    assert_eq!(giver.seen().len(), 1);
    let (config, secrets) = settings("an0ther-s3cret");
    outbox.change(destination, config, secrets).await;
    tell().await;
    assert_eq!(giver.seen().len(), 2);
}
