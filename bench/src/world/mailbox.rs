//! What is received, counted by mailbox. A mailbox that is shut answers 410 Gone, by which a destination is
//! switched off; others are in a bad mood for a while and take nothing, or answer without an end.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use bench::api;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::wire::{Answer, Endless, Request, Sent};
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
    /// Answers without an end whose caller has gone.
    #[serde(default)]
    pub(crate) ended: u64,
    /// How long a caller stayed with one at the longest, in microseconds.
    #[serde(default)]
    pub(crate) longest_us: u64,
    /// The most bytes of one that went out.
    #[serde(default)]
    pub(crate) most_bytes: u64,
}

/// How a mailbox answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mood {
    /// It takes what comes.
    #[default]
    Up,
    /// It takes nothing for good.
    Shut,
    /// It takes nothing now.
    Down,
    /// It never answers.
    Hang,
    /// It takes what comes, and answers byte by byte without an end.
    Drip,
    /// It takes what comes, and answers with a gigabyte.
    Flood,
}

/// How long the answer of one that floods is, in bytes.
const FLOOD: u64 = 1_000_000_000;

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
    mood: Mood,
    counts: Counts,
    sent: Arc<Sent>,
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

/// Has a mailbox answer otherwise from now on; it keeps what it has.
pub(crate) async fn set(world: SocketAddr, mailbox: &str, mood: Mood) -> anyhow::Result<()> {
    put(world, serde_json::to_string(&mood)?.trim_matches('"'), mailbox).await
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
    /// Answers a request to a mailbox: `/receive/…`, `/open/…`, `/shut/…`, `/counts/…`, `/arrivals/…`, and `/down/…` and
    /// other moods.
    pub(super) fn respond(&self, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match (request.method, path) {
            ("POST", Some(("receive", name))) => self.receive(name, request),
            (method, Some((what, name))) => Some(self.asked(method, (what, name)).unwrap_or_else(unknown)),
            (_, None) => Some(unknown()),
        }
    }

    /// Answers the harness itself.
    fn asked(&self, method: &str, (what, name): (&str, &str)) -> Option<Answer> {
        match (method, what) {
            ("POST", "open") => Some(self.renew(name, Mood::Up)),
            ("POST", "shut") => Some(self.renew(name, Mood::Shut)),
            ("POST", mood) => {
                let mood = serde_json::from_value(mood.into()).ok()?;
                self.0.lock().entry(name.to_owned()).or_default().mood = mood;
                Some(Answer::empty("200 OK"))
            }
            ("GET", "counts") => self.show(name, |mailbox| serde_json::to_string(&mailbox.counts())),
            ("GET", "arrivals") => self.show(name, |mailbox| serde_json::to_string(&mailbox.arrivals)),
            _ => None,
        }
    }

    fn receive(&self, name: &str, request: &Request) -> Option<Answer> {
        let now = now_us();
        let number = serde_json::from_slice::<Numbered>(request.body).ok();
        let number = number.and_then(|read| read.number?.parse().ok());
        let mut mailboxes = self.0.lock();
        if !mailboxes.contains_key(name) {
            mailboxes.insert(name.to_owned(), Mailbox::default());
        }
        let mailbox = mailboxes.get_mut(name)?;
        match mailbox.mood {
            Mood::Shut => return Some(Answer::empty("410 Gone")),
            Mood::Down => return Some(Answer::empty("503 Service Unavailable")),
            Mood::Hang => return None,
            Mood::Up | Mood::Drip | Mood::Flood => {}
        }
        mailbox.counts.add(now);
        if let Some(id) = request.id {
            mailbox.ids.insert(id.into());
        }
        mailbox.counts.messages = mailbox.ids.len() as u64;
        mailbox.arrivals.extend(number.map(|number| (number, now)));
        let bytes = (mailbox.mood == Mood::Flood).then_some(FLOOD);
        let endless = (mailbox.mood != Mood::Up).then(|| Endless { bytes, seen: Arc::clone(&mailbox.sent) });
        Some(Answer { endless, ..Answer::empty("200 OK") })
    }

    /// Counts a request that is answered elsewhere.
    pub(super) fn count(&self, name: &str) {
        self.0.lock().entry(name.to_owned()).or_default().counts.add(now_us());
    }

    fn renew(&self, name: &str, mood: Mood) -> Answer {
        self.0.lock().insert(name.to_owned(), Mailbox { mood, ..Mailbox::default() });
        Answer::empty("200 OK")
    }

    fn show(&self, name: &str, part: impl Fn(&Mailbox) -> serde_json::Result<String>) -> Option<Answer> {
        let mailboxes = self.0.lock();
        let shown = part(mailboxes.get(name).unwrap_or(&Mailbox::default())).ok()?;
        let (content_type, after) = ("application/json", Duration::ZERO);
        Some(Answer { status: "200 OK", content_type, body: shown.into(), after, endless: None })
    }
}

fn unknown() -> Answer {
    Answer::empty("404 Not Found")
}

impl Mailbox {
    fn counts(&self) -> Counts {
        let Sent { ended, longest_us, most_bytes } = &*self.sent;
        Counts {
            ended: ended.load(Ordering::Relaxed),
            longest_us: longest_us.load(Ordering::Relaxed),
            most_bytes: most_bytes.load(Ordering::Relaxed),
            ..self.counts.clone()
        }
    }
}
