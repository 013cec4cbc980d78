//! Messages between nodes over a server of NATS, which keeps nothing. It may be gone at any time; whoever uses it is
//! told when messages may have been missed.

mod events;
mod settings;

use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use async_nats::{Client, Subscriber, client::PublishErrorKind, connection::State};
use bytes::Bytes;
use clock::Random;
use futures_util::{FutureExt, StreamExt};
use metrics::counter;
use tokio::sync::watch;
use vault::KeyRing;

use self::events::Events;
pub use self::settings::{Error, Settings};
use crate::{envelope::Sealer, seldom::Seldom};

/// How long the server may take to give something back.
const PATIENCE: Duration = Duration::from_secs(2);

/// The connection to NATS, which is made anew whenever it is lost. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Nats(Arc<Shared>);

struct Shared {
    client: Client,
    /// What the subjects of the installation begin with.
    prefix: String,
    sealer: Sealer,
    events: Arc<Events>,
    unopened: Seldom,
}

/// What is heard on a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What another node published.
    Message(Vec<u8>),
    /// Messages may have been missed: the connection is there anew, or they were too many.
    Missed,
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// There is no connection.
    Unconnected,
    /// Too many messages wait already.
    Full,
    /// The server takes none that large.
    TooLarge,
}

/// What is published on a subject by other nodes, for as long as it is held.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    subject: String,
    messages: Subscriber,
    missed: watch::Receiver<u64>,
}

impl Nats {
    /// Begins to connect, and goes on trying: a server that is not there is waited for behind. `installation` keeps
    /// those apart that share a server; it is part of each subject.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub async fn start(
        settings: &Settings,
        installation: &str,
        keys: KeyRing,
        random: &Random,
    ) -> Result<Self, Error> {
        let prefix = format!("linchpin.{installation}");
        let events = Arc::new(Events::default());
        let (servers, options) = settings.read().await?;
        let (seen, connected) = (Arc::clone(&events), events.connected());
        let options = options
            .name("linchpin")
            // So that permission for `linchpin.>` is all that is needed.
            .custom_inbox_prefix(format!("{prefix}.inbox"))
            .event_callback(move |event| {
                seen.saw(&event);
                std::future::ready(())
            });
        let client = options.connect(servers).await.map_err(Error::Start)?;
        let sealer = Sealer::new(keys, random);
        let shared = Arc::new(Shared { client, prefix, sealer, events, unopened: Seldom::default() });
        tokio::spawn(tell_of_connections(Arc::downgrade(&shared), connected));
        Ok(Self(shared))
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    /// Waits until there is a connection.
    pub async fn connected(&self) {
        let mut changes = self.0.events.connected();
        while !self.is_connected() && changes.changed().await.is_ok() {}
    }

    /// Sends a message to the other nodes that are connected, without waiting. Its subject is
    /// `linchpin.<installation>.<suffix>`.
    ///
    /// # Errors
    /// When it was dropped, which is counted.
    pub fn publish(&self, suffix: &str, plain: &[u8]) -> Result<(), Dropped> {
        let sent = self.0.publish(suffix, plain);
        match sent {
            Ok(()) => counter!("linchpin_bus_sent_total").increment(1),
            Err(why) => counter!("linchpin_bus_dropped_total", "reason" => why.word()).increment(1),
        }
        sent
    }

    /// Listens to what other nodes publish under a suffix. All that is published after this returned is heard, or
    /// [`Heard::Missed`] is.
    ///
    /// # Errors
    /// When the suffix cannot be part of a subject.
    pub async fn subscribe(&self, suffix: &str) -> Result<Subscription, Error> {
        let shared = Arc::clone(&self.0);
        let subject = shared.subject(suffix);
        let missed = shared.events.missed();
        let messages = shared.client.subscribe(subject.clone()).await.map_err(Error::Subscribe)?;
        if shared.is_connected() {
            shared.settle().await;
        }
        Ok(Subscription { shared, subject, messages, missed })
    }
}

impl Subscription {
    /// What comes next. Nothing is lost when this is not waited for to its end.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            tokio::select! {
                biased;
                changed = self.missed.changed() => return changed.ok().map(|()| Heard::Missed),
                message = self.messages.next() => {
                    if let Some(plain) = self.shared.open(&self.subject, &message?.payload) {
                        return Some(Heard::Message(plain));
                    }
                }
            }
        }
    }
}

impl Shared {
    fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    fn subject(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.prefix)
    }

    fn publish(&self, suffix: &str, plain: &[u8]) -> Result<(), Dropped> {
        if !self.is_connected() {
            return Err(Dropped::Unconnected);
        }
        let subject = self.subject(suffix);
        let sealed = self.sealer.seal(&subject, plain);
        // It waits for a place in the client's queue alone.
        match self.client.publish(subject, sealed.into()).now_or_never() {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                Err(Dropped::TooLarge)
            }
            Some(Err(_)) => Err(Dropped::Unconnected),
            None => Err(Dropped::Full),
        }
    }

    /// What another node sealed.
    fn open(&self, subject: &str, envelope: &[u8]) -> Option<Vec<u8>> {
        match self.sealer.open(subject, envelope) {
            Ok(plain) => {
                counter!("linchpin_bus_heard_total").increment(u64::from(plain.is_some()));
                plain
            }
            Err(error) => {
                counter!("linchpin_bus_unopened_total").increment(1);
                if self.unopened.is_due() {
                    tracing::warn!(%error, subject, "a message on NATS was thrown away; who else may publish there?");
                }
                None
            }
        }
    }

    /// Waits until the server has taken in what was sent to it, subscriptions above all: until it gives back what was
    /// sent last.
    async fn settle(&self) {
        let inbox = self.client.new_inbox();
        let echo = async {
            let mut echo = self.client.subscribe(inbox.clone()).await.ok()?;
            self.client.publish(inbox, Bytes::new()).await.ok()?;
            echo.next().await
        };
        if tokio::time::timeout(PATIENCE, echo).await.is_err() {
            tracing::debug!("NATS took long to take in a subscription");
        }
    }
}

/// Tells subscribers of each new connection, once their subscriptions hold on it.
async fn tell_of_connections(shared: Weak<Shared>, mut connected: watch::Receiver<u64>) {
    while connected.changed().await.is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        shared.settle().await;
        shared.events.miss();
    }
}

impl Dropped {
    /// The word for it in metrics.
    const fn word(self) -> &'static str {
        match self {
            Self::Unconnected => "unconnected",
            Self::Full => "full",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
