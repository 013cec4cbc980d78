//! An application of WeCom, against a vendor that keeps its own rules.

use delivery::{AttemptRecord, Outcome};
use serde_json::{Value, json};

use crate::{
    outbox::{Outbox, finished},
    receiver::Receiver,
    robots::serve,
    vendors::{Told, Vendor, WecomApp},
};

const SECRET: &str = "app-s3cret-0123456789";

fn rules() -> WecomApp {
    WecomApp::new("ww1", SECRET)
}

struct Fate {
    outcomes: Vec<Outcome>,
    records: Vec<AttemptRecord>,
    receiver: Receiver,
}

impl Fate {
    fn reason(&self) -> &str {
        self.records[0].reason.as_deref().unwrap()
    }

    fn calls(&self, path: &str) -> usize {
        self.receiver.seen().iter().filter(|seen| seen.target.starts_with(path)).count()
    }
}

/// Says something to users, by a secret.
async fn say(vendor: Vendor, secret: &str, users: &[&str], body: Value) -> Fate {
    let receiver = serve(vendor).await;
    let outbox = Outbox::new().await;
    let config = json!({
        "kind": "wecom_app", "corp_id": "ww1", "agent_id": 7, "to": { "users": users },
        "base": format!("http://{}", receiver.address()), "retry": ["1ms", "1ms", "1ms", "1ms", "1ms"],
    });
    let destination = outbox.destination(config, json!({ "secret": secret })).await;
    let id = outbox.deliver_one(destination, body).await;
    let drain = outbox.drain();
    let outcomes = finished(&mut drain.settled(), id).await;
    let records = outbox.records(id).await;
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains(secret) && !text.contains("t0ken"), "{text}");
    Fate { outcomes, records, receiver }
}

#[tokio::test]
async fn every_form_arrives() {
    for body in [
        json!("漏水"),
        json!({ "text": "**漏水**", "format": "markdown" }),
        json!({ "card": { "title": "a", "description": "b", "url": "https://c.d" } }),
        json!({ "articles": [{ "title": "a", "url": "https://c.d" }] }),
    ] {
        let fate = say(Vendor::new(Box::new(rules())), SECRET, &["ann"], body).await;
        assert_eq!(fate.outcomes, [Outcome::Delivered], "{:?}", fate.records);
        assert_eq!((fate.calls("/cgi-bin/gettoken"), fate.calls("/cgi-bin/message/send")), (1, 1));
        assert_eq!(fate.records[0].reason, None);
    }
}

#[tokio::test]
async fn a_token_that_expires_within_a_long_text_is_renewed_and_no_part_comes_twice() {
    let rules = rules().short_lived(2);
    let long = "他说漏水，请先关阀。\n\n".repeat(200);
    let fate = say(Vendor::new(Box::new(rules)), SECRET, &["ann"], json!(long)).await;
    assert_eq!(fate.outcomes, [Outcome::Delivered], "{:?}", fate.records);
    let total = fate.records[0].parts.unwrap().total;
    assert_eq!(total, 4, "with two for each token, one renewal is enough");
    assert_eq!((fate.calls("/cgi-bin/gettoken"), fate.calls("/cgi-bin/message/send")), (2, total + 1));
    let mut parts: Vec<String> = fate
        .receiver
        .seen()
        .iter()
        .filter(|seen| seen.method == "POST")
        .map(|seen| seen.json()["text"]["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(parts.remove(2), parts[2], "the one that was refused comes again");
    assert!(parts.iter().enumerate().all(|(at, part)| part.starts_with(&format!("({}/{total})", at + 1))));
}

#[tokio::test]
async fn what_will_never_be_taken_says_what_to_do() {
    let wrong = say(Vendor::new(Box::new(rules())), "another-0123456789", &["ann"], json!("a")).await;
    assert_eq!(
        (wrong.outcomes.as_slice(), wrong.calls("/cgi-bin/message/send")),
        (&[Outcome::Permanent][..], 0)
    );
    assert!(
        wrong.reason().contains("40001") && wrong.reason().contains("`secret` anew"),
        "{}",
        wrong.reason()
    );
    let nobody = say(Vendor::new(Box::new(rules())), SECRET, &["eve"], json!("a")).await;
    assert_eq!(nobody.outcomes, [Outcome::Permanent]);
    assert!(nobody.reason().contains("81013") && nobody.reason().contains("`to`"), "{}", nobody.reason());
}

#[tokio::test]
async fn who_is_left_out_is_named_though_it_arrived() {
    let fate = say(Vendor::new(Box::new(rules())), SECRET, &["ann", "eve", "mallory"], json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Delivered]);
    assert!(fate.reason().contains("users eve|mallory"), "{}", fate.reason());
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let told = |code: i64| Told::json(200, &json!({ "errcode": code, "errmsg": "busy" }));
    let vendor = Vendor::new(Box::new(rules())).saying([told(-1)]);
    let fate = say(vendor, SECRET, &["ann"], json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Retry, Outcome::Delivered], "{:?}", fate.records);
    let unknown = Vendor::new(Box::new(rules())).saying(vec![told(7); 9]);
    let fate = say(unknown, SECRET, &["ann"], json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Retry, Outcome::Retry, Outcome::Retry, Outcome::Exhausted]);
}
