//! The shop's page: posts a customer's question, signed.

use std::{
    net::SocketAddr,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use bench::api::{self, Answer};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::import::Source;

/// The key that the shop shares with its source.
pub(crate) const SIGNING_KEY: &str = "whsec_ZGVtby1zaG9wLXNvdXJjZS1zaWduaW5nLWtleS0wMDAx";

pub(crate) fn question() -> Value {
    json!({
        "query": "My machine shows E3 and there is water under it. What should I do?",
        "user_id": "customer-20417",
        "conversation_id": "chat-88",
    })
}

/// Sends the question and waits for the answer; gives it with when it came.
pub(crate) async fn ask(
    address: SocketAddr,
    source: Source,
    question: Value,
) -> anyhow::Result<(Answer, Instant)> {
    let id = format!("msg_demo_{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos());
    let answer = post(address, &source.path, (&id, &question)).await?;
    Ok((answer, Instant::now()))
}

/// Posts a question, signed, under an id by which it is taken once.
pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    (id, question): (&str, &Value),
) -> anyhow::Result<Answer> {
    let body = question.to_string();
    let at = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let signature = Webhook::new(SIGNING_KEY)?.sign(id, at, body.as_bytes())?;
    let headers = [
        format!("webhook-id: {id}"),
        format!("webhook-timestamp: {at}"),
        format!("webhook-signature: {signature}"),
    ];
    api::send(address, ("POST", path), &headers, body).await.context("the webhook got no answer")
}
