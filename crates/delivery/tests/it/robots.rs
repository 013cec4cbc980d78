//! Every kind of chat and text message, against a vendor that keeps its own rules.

mod roster;

use std::sync::Arc;

use delivery::{AttemptRecord, Drain, Outcome};
use serde_json::{Value, json};
use store::{DeliveryId, DeliveryState};

use crate::{
    outbox::{Outbox, finished, next},
    receiver::{Answer, Receiver, Seen},
    vendors::{Asked, Told, Vendor},
};
use roster::{Robot, SECRET, TOKEN, aliyun, dingtalk, feishu, robots};

/// Another word than the vendor knows us by.
const ANOTHER: &str = "another-0123456789abcdef";

/// What came of a message.
struct Fate {
    outcomes: Vec<Outcome>,
    records: Vec<AttemptRecord>,
    seen: Vec<Seen>,
}

/// A message on its way to a vendor.
struct Said {
    receiver: Receiver,
    outbox: Outbox,
    drain: Drain,
    id: DeliveryId,
}

impl Robot {
    fn vendor(&self) -> Vendor {
        Vendor::new((self.rules)())
    }

    /// Says something to its vendor, known to it by a word.
    async fn say(&self, vendor: Vendor, proof: &str, message: &Value) -> Said {
        let receiver = serve(vendor).await;
        let at = format!("http://{}", receiver.address());
        let outbox = Outbox::new().await;
        let mut config = (self.config)(&at);
        config["retry"] = json!(["1ms", "1ms", "1ms", "1ms", "1ms", "1ms"]);
        // The vendor keeps its limits; how calls are spread is tested by itself.
        config["rate"] = json!([]);
        let destination = outbox.destination(config, (self.secrets)(&at, proof)).await;
        let id = outbox.deliver_one(destination, message.clone()).await;
        let drain = outbox.drain();
        Said { receiver, outbox, drain, id }
    }

    /// Says it until its vendor has it or will not have it.
    async fn finish(&self, vendor: Vendor, proof: &str, message: &Value) -> Fate {
        let Said { receiver, outbox, drain, id } = self.say(vendor, proof, message).await;
        let outcomes = finished(&mut drain.settled(), id).await;
        let records = outbox.records(id).await;
        let text = serde_json::to_string(&records).unwrap();
        for secret in [TOKEN, SECRET, proof] {
            assert!(!text.contains(secret), "{}: {secret} stands in {text}", self.name);
        }
        Fate { outcomes, records, seen: receiver.seen() }
    }
}

/// A receiver that answers as a vendor does.
pub(crate) async fn serve(vendor: Vendor) -> Receiver {
    let vendor = Arc::new(vendor);
    Receiver::start(move |_, seen| {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let asked = Asked { method: &seen.method, path, query, headers: &seen.headers, body: &seen.body };
        let told = vendor.answer(&asked);
        let headers: Vec<(&str, &str)> =
            told.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Answer::with(told.status, &headers, told.body)
    })
    .await
}

#[tokio::test]
async fn a_message_in_the_vendors_form_arrives() {
    for robot in robots() {
        let fate = robot.finish(robot.vendor(), robot.proof.0, &robot.message).await;
        assert_eq!(fate.outcomes, [Outcome::Delivered], "{}: {:?}", robot.name, fate.records);
        assert_eq!(fate.seen.len(), 1, "{}", robot.name);
    }
}

#[tokio::test]
async fn a_wrong_signature_or_token_is_a_dead_letter_that_says_so() {
    for robot in robots() {
        let fate = robot.finish(robot.vendor(), ANOTHER, &robot.message).await;
        assert_eq!(fate.outcomes, [Outcome::Permanent], "{}", robot.name);
        let reason = fate.records[0].reason.as_deref().unwrap();
        assert!(reason.contains(robot.proof.1), "{}: {reason}", robot.name);
    }
}

#[tokio::test]
async fn a_vendor_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says() {
    for robot in robots() {
        let said = robot.say(robot.vendor().spent(), robot.proof.0, &robot.message).await;
        let settled = next(&mut said.drain.settled()).await;
        assert_eq!(
            settled.outcome,
            Outcome::Retry,
            "{}: {:?}",
            robot.name,
            said.outbox.records(said.id).await
        );
        let next_at = settled.next_at.unwrap();
        assert!(next_at >= settled.at.after(robot.pause), "{}: {next_at:?}", robot.name);
        assert_eq!(said.outbox.state(said.id).await, (DeliveryState::Pending, 1), "{}", robot.name);
    }
}

#[tokio::test]
async fn what_is_too_long_comes_in_parts_that_the_vendor_takes() {
    for robot in robots() {
        let Some(long) = &robot.long else { continue };
        let fate = robot.finish(robot.vendor(), robot.proof.0, long).await;
        assert_eq!(fate.outcomes, [Outcome::Delivered], "{}: {:?}", robot.name, fate.records);
        let parts = fate.records[0].parts.unwrap();
        assert!(parts.total > 1 && parts.accepted == parts.total, "{}: {parts:?}", robot.name);
        assert_eq!(fate.seen.len(), parts.total, "{}", robot.name);
    }
}

#[tokio::test]
async fn an_answer_that_nobody_knows_is_tried_four_times_and_never_a_success() {
    let page =
        Told { status: 200, headers: vec![("content-type", "text/html".into())], body: "<html>".into() };
    for robot in robots() {
        for strange in [&robot.strange, &page] {
            let vendor = robot.vendor().saying(vec![strange.clone(); 9]);
            let fate = robot.finish(vendor, robot.proof.0, &robot.message).await;
            let expected = [Outcome::Retry, Outcome::Retry, Outcome::Retry, Outcome::Exhausted];
            assert_eq!(fate.outcomes, expected, "{}: {:?}", robot.name, fate.records);
        }
    }
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    for robot in robots() {
        let busy = Told { status: 503, headers: Vec::new(), body: String::new() };
        let fate = robot.finish(robot.vendor().saying([busy]), robot.proof.0, &robot.message).await;
        assert_eq!(fate.outcomes, [Outcome::Retry, Outcome::Delivered], "{}", robot.name);
    }
}

#[tokio::test]
async fn a_signature_is_never_recorded() {
    let feishu = feishu();
    let fate = feishu.finish(feishu.vendor(), SECRET, &feishu.message).await;
    let sign = fate.seen[0].json()["sign"].as_str().unwrap().to_owned();
    let text = serde_json::to_string(&fate.records).unwrap();
    assert!(!text.contains(&sign) && text.contains(r#"\"sign\":\"•••\""#), "{text}");
    let dingtalk = dingtalk();
    let fate = dingtalk.finish(dingtalk.vendor(), SECRET, &dingtalk.message).await;
    let sign = fate.seen[0].target.split_once("&sign=").unwrap().1.to_owned();
    let text = serde_json::to_string(&fate.records).unwrap();
    assert!(!text.contains(&sign) && text.contains("&sign=•••"), "as the vendor repeats it: {text}");
    let aliyun = aliyun();
    let fate = aliyun.finish(aliyun.vendor(), SECRET, &aliyun.message).await;
    let signature = fate.seen[0].header("authorization").rsplit_once('=').unwrap().1.to_owned();
    let text = serde_json::to_string(&fate.records).unwrap();
    assert!(signature.len() == 64 && !text.contains(&signature), "{text}");
}
