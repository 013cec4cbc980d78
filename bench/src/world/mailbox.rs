//! What is received, counted by mailbox. A mailbox that is shut answers 410 Gone, by which a destination is
//! switched off.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use bench::api;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::wire::{Answer, Request};
use crate::pace::now_us;

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

impl Counts {
    fn add(&mut self, now_us: u64) {
        self.requests += 1;
        if self.requests == 1 {
            self.first_us = now_us;
        }
        self.last_us = now_us;
    }
}

/// How long nothing may arrive before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// The mailboxes by name.
#[derive(Default)]
pub(super) struct Mailboxes(Mutex<HashMap<String, Mailbox>>);

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

impl Mailboxes {
    /// Answers a request to a mailbox: `/receive/…`, `/open/…`, `/shut/…`, `/counts/…`, `/arrivals/…`.
    pub(super) fn respond(&self, request: &Request) -> Option<Answer> {
        let (what, name) = request.path.strip_prefix('/')?.split_once('/')?;
        match (request.method, what) {
            ("POST", "receive") => Some(self.receive(name, request)),
            ("POST", "open") => Some(self.renew(name, false)),
            ("POST", "shut") => Some(self.renew(name, true)),
            ("GET", "counts") => self.show(name, |mailbox| serde_json::to_string(&mailbox.counts)),
            ("GET", "arrivals") => self.show(name, |mailbox| serde_json::to_string(&mailbox.arrivals)),
            _ => None,
        }
    }

    fn receive(&self, name: &str, request: &Request) -> Answer {
        let now = now_us();
        let number = serde_json::from_slice::<Numbered>(request.body).ok();
        let number = number.and_then(|read| read.number?.parse().ok());
        let mut mailboxes = self.0.lock();
        if !mailboxes.contains_key(name) {
            mailboxes.insert(name.to_owned(), Mailbox::default());
        }
        let Some(mailbox) = mailboxes.get_mut(name).filter(|mailbox| !mailbox.is_shut) else {
            return Answer::empty("410 Gone");
        };
        mailbox.counts.add(now);
        if let Some(id) = request.id {
            mailbox.ids.insert(id.into());
        }
        mailbox.counts.messages = mailbox.ids.len() as u64;
        mailbox.arrivals.extend(number.map(|number| (number, now)));
        Answer::empty("200 OK")
    }

    /// Counts a request that is answered elsewhere.
    pub(super) fn count(&self, name: &str) {
        self.0.lock().entry(name.to_owned()).or_default().counts.add(now_us());
    }

    fn renew(&self, name: &str, is_shut: bool) -> Answer {
        self.0.lock().insert(name.to_owned(), Mailbox { is_shut, ..Mailbox::default() });
        Answer::empty("200 OK")
    }

    fn show(&self, name: &str, part: impl Fn(&Mailbox) -> serde_json::Result<String>) -> Option<Answer> {
        let mailboxes = self.0.lock();
        let shown = part(mailboxes.get(name).unwrap_or(&Mailbox::default())).ok()?;
        let (content_type, after) = ("application/json", Duration::ZERO);
        Some(Answer { status: "200 OK", content_type, body: shown.into(), after })
    }
}
