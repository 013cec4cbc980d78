//! The outside world: a model endpoint and a receiver that answer at once, and a model that never does.
//!
//! What is received is counted by mailbox. A mailbox that is shut answers 410 Gone, by which a destination
//! is switched off.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use bench::api;
use clap::Args;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::pace::now_us;

#[derive(Args)]
pub(crate) struct World {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
}

/// What has arrived in a mailbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Requests that were taken.
    pub(crate) requests: u64,
    /// Messages among them, by their `webhook-id`.
    pub(crate) messages: u64,
    /// When the first arrived, in microseconds since 1970.
    pub(crate) first_us: u64,
    /// When the last arrived.
    pub(crate) last_us: u64,
}

/// How long nothing may arrive before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// One short answer, streamed as OpenAI's API does.
const ANSWER: &str = concat!(
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[{"index":0,"delta":{"role":"assistant","content":"Press "}}]}"#,
    "\n\n",
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[{"index":0,"delta":{"content":"reset."},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23}}"#,
    "\n\ndata: [DONE]\n\n"
);

type Mailboxes = Arc<Mutex<HashMap<String, Mailbox>>>;

#[derive(Default)]
struct Mailbox {
    is_shut: bool,
    counts: Counts,
    ids: HashSet<Box<[u8]>>,
    /// Numbers of messages that have one, each with when it arrived.
    arrivals: Vec<(u64, u64)>,
}

/// The number that a paced event carries through the flow.
#[derive(Deserialize)]
struct Numbered {
    number: Option<String>,
}

/// Empties a mailbox, which then takes messages.
pub(crate) async fn open(world: SocketAddr, mailbox: &str) -> anyhow::Result<()> {
    put(world, "open", mailbox).await
}

/// Empties a mailbox, which then refuses messages for good.
pub(crate) async fn shut(world: SocketAddr, mailbox: &str) -> anyhow::Result<()> {
    put(world, "shut", mailbox).await
}

/// Waits until so many messages have arrived in a mailbox.
///
/// # Errors
/// When nothing arrives any more, or when there are more than were sent.
pub(crate) async fn arrived(world: SocketAddr, mailbox: &str, expected: u64) -> anyhow::Result<Counts> {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let counts = counts(world, mailbox).await?;
        ensure!(counts.messages <= expected, "{} messages arrived of {expected}", counts.messages);
        if counts.messages == expected {
            return Ok(counts);
        }
        if counts.messages > last {
            (last, since) = (counts.messages, Instant::now());
        }
        if since.elapsed() > PATIENCE {
            bail!("only {last} of {expected} deliveries arrived, and no more within {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What has arrived in a mailbox so far.
pub(crate) async fn counts(world: SocketAddr, mailbox: &str) -> anyhow::Result<Counts> {
    Ok(serde_json::from_str(&api::get(world, &format!("/counts/{mailbox}")).await?)?)
}

async fn put(world: SocketAddr, state: &str, mailbox: &str) -> anyhow::Result<()> {
    api::call(world, "POST", &format!("/{state}/{mailbox}"), &[], None).await?.json().map(drop)
}

impl World {
    pub(crate) async fn serve(self) -> anyhow::Result<()> {
        let router = Router::new()
            .route(
                "/v1/chat/completions",
                post(|_: Bytes| async { ([(header::CONTENT_TYPE, "text/event-stream")], ANSWER) }),
            )
            .route("/held/v1/chat/completions", post(|_: Bytes| std::future::pending::<StatusCode>()))
            .route("/receive/{mailbox}", post(receive))
            .route("/open/{mailbox}", post(|path, state| async { renew(path, state, false) }))
            .route("/shut/{mailbox}", post(|path, state| async { renew(path, state, true) }))
            .route("/counts/{mailbox}", get(show))
            .route("/arrivals/{mailbox}", get(arrivals))
            .with_state(Mailboxes::default());
        axum::serve(TcpListener::bind(self.listen).await?, router).await?;
        Ok(())
    }
}

async fn receive(
    Path(name): Path<String>,
    State(mailboxes): State<Mailboxes>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let now = now_us();
    let number = serde_json::from_slice::<Numbered>(&body).ok().and_then(|read| read.number?.parse().ok());
    let mut mailboxes = mailboxes.lock();
    let mailbox = mailboxes.entry(name).or_default();
    if mailbox.is_shut {
        return StatusCode::GONE;
    }
    mailbox.counts.requests += 1;
    if mailbox.counts.requests == 1 {
        mailbox.counts.first_us = now;
    }
    mailbox.counts.last_us = now;
    if let Some(id) = headers.get("webhook-id") {
        mailbox.ids.insert(id.as_bytes().into());
    }
    mailbox.counts.messages = mailbox.ids.len() as u64;
    mailbox.arrivals.extend(number.map(|number| (number, now)));
    StatusCode::OK
}

fn renew(Path(name): Path<String>, State(mailboxes): State<Mailboxes>, is_shut: bool) {
    mailboxes.lock().insert(name, Mailbox { is_shut, ..Mailbox::default() });
}

async fn show(Path(name): Path<String>, State(mailboxes): State<Mailboxes>) -> Json<Counts> {
    Json(mailboxes.lock().get(&name).map(|mailbox| mailbox.counts.clone()).unwrap_or_default())
}

async fn arrivals(Path(name): Path<String>, State(mailboxes): State<Mailboxes>) -> Json<Vec<(u64, u64)>> {
    Json(mailboxes.lock().get(&name).map(|mailbox| mailbox.arrivals.clone()).unwrap_or_default())
}
