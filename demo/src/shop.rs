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
    let body = question.to_string();
    let id = format!("msg_demo_{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos());
    let at = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let signature = Webhook::new(SIGNING_KEY)?.sign(&id, at, body.as_bytes())?;
    let headers = [
        format!("webhook-id: {id}"),
        format!("webhook-timestamp: {at}"),
        format!("webhook-signature: {signature}"),
    ];
    let answer = api::send(address, ("POST", &source.path), &headers, body)
        .await
        .context("the webhook got no answer")?;
    Ok((answer, Instant::now()))
}
