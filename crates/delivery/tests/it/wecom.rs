//! A robot of WeCom that keeps its vendor's rules.

use std::sync::Arc;

use delivery::{Outcome, Parts};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    outbox::{Outbox, finished},
    receiver::{Answer, Receiver, Seen},
};

const KEY: &str = "693a91f6-7c1d-4bc4-97a0";

/// Answers 200 to everything, with a code: those in `codes` first, then what the rules say.
async fn robot(codes: impl IntoIterator<Item = i64>) -> Receiver {
    let codes: Mutex<Vec<i64>> =
        Mutex::new(codes.into_iter().collect::<Vec<_>>().into_iter().rev().collect());
    Receiver::start(move |_, request| {
        let code = codes.lock().pop().unwrap_or(0);
        let code = if code == 0 { rule(request) } else { code };
        let said = json!({ "errcode": code, "errmsg": format!("hint: [1], key {KEY}") });
        Answer::with(200, &[("content-type", "application/json")], said.to_string())
    })
    .await
}

fn rule(request: &Seen) -> i64 {
    if request.target != format!("/cgi-bin/webhook/send?key={KEY}") {
        return 93000;
    }
    let body = request.json();
    let kind = body["msgtype"].as_str().unwrap_or_default();
    let limit = match kind {
        "text" => 2048,
        "markdown" | "markdown_v2" => 4096,
        _ => return 40008,
    };
    let content = body[kind]["content"].as_str().unwrap_or_default();
    if content.is_empty() || content.len() > limit { 40058 } else { 0 }
}

/// Says something to the robot; gives what came of it, the records and what the robot heard.
async fn say(
    robot: &Receiver,
    config: Value,
    body: Value,
) -> (Vec<Outcome>, Vec<delivery::AttemptRecord>, Vec<String>) {
    let outbox = Outbox::new().await;
    let mut whole =
        json!({ "kind": "wecom", "rate": [], "retry": ["1ms", "1ms", "1ms", "1ms", "1ms", "1ms"] });
    whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    let url = format!("http://{}/cgi-bin/webhook/send?key={KEY}", robot.address());
    let destination = outbox.destination(whole, json!({ "url": url })).await;
    let id = outbox.deliver_one(destination, body).await;
    let drain = outbox.drain();
    let outcomes = finished(&mut drain.settled(), id).await;
    let heard = robot.seen().iter().map(content).collect();
    (outcomes, outbox.records(id).await, heard)
}

fn content(request: &Seen) -> String {
    let body = request.json();
    body[body["msgtype"].as_str().unwrap()]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_arrives_when_the_code_says_so() {
    let robot = robot([-1]).await;
    let config = json!({ "format": "text", "mentions": { "users": ["ann"] } });
    let (outcomes, records, heard) = say(&robot, config, json!("Machine E3 leaks")).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
    assert_eq!(heard, ["Machine E3 leaks", "Machine E3 leaks"]);
    assert_eq!(robot.seen()[0].json()["text"]["mentioned_list"], json!(["ann"]));
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains(KEY) && !text.contains("webhook/send"), "{text}");
    assert!(records[0].reason.as_ref().unwrap().contains("-1: hint"), "{records:?}");
}

#[tokio::test]
async fn a_200_with_a_code_is_a_failure() {
    let (outcomes, ..) = say(&robot([93000]).await, json!({}), json!("a")).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    let (outcomes, ..) = say(&robot([7; 9]).await, json!({}), json!("a")).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Retry, Outcome::Retry, Outcome::Exhausted], "a cap");
}

#[tokio::test]
async fn a_long_text_comes_in_numbered_parts_and_none_twice() {
    let paragraph = "漏水时请先关闭进水阀，然后联系售后。".repeat(20);
    let text = vec![paragraph; 8].join("\n\n");
    // The second part is refused at first.
    let robot = robot([0, -1]).await;
    let (outcomes, records, heard) =
        say(&robot, json!({ "mentions": { "users": ["ann"] } }), json!(text)).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
    let total = heard.len() - 1;
    assert!(total >= 3, "{total} parts");
    let parts = [&heard[..1], &heard[2..]].concat();
    assert_eq!(heard[1], heard[2], "it goes on with the part that was refused");
    assert_eq!(records[0].parts, Some(Parts { total, accepted: 1 }));
    assert_eq!(records[1].parts, Some(Parts { total, accepted: total }));
    assert_eq!((records[0].exchanges.len(), records[1].exchanges.len()), (2, total - 1));
    let numbered = |(at, part): (usize, &String)| {
        let part = part.strip_prefix(&format!("({}/{total})\n", at + 1)).unwrap();
        part.strip_suffix("\n<@ann>").filter(|_| at == 0).unwrap_or(part).to_owned()
    };
    let joined: String = parts.iter().enumerate().map(numbered).collect();
    assert_eq!(joined, text);
}

#[tokio::test]
async fn messages_come_in_the_order_in_which_they_were_made() {
    let robot = robot([]).await;
    let outbox = Outbox::new().await;
    let url = format!("http://{}/cgi-bin/webhook/send?key={KEY}", robot.address());
    let destination = outbox.destination(json!({ "kind": "wecom", "rate": [] }), json!({ "url": url })).await;
    let ids = outbox.deliver(destination, (0..20).map(|n| json!(n.to_string()))).await;
    let drain = Arc::new(outbox.drain());
    finished(&mut drain.settled(), ids[19]).await;
    let heard: Vec<String> = robot.seen().iter().map(content).collect();
    assert_eq!(heard, (0..20).map(|n: i32| n.to_string()).collect::<Vec<_>>());
}
