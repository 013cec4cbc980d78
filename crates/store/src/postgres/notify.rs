//! News between nodes by LISTEN and NOTIFY, each on a connection of its own. One message tells of all that was
//! committed since the last; it is sent after the commit, and carries ids alone. A bus takes its part as long as it can.

use std::{
    future::poll_fn,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::broadcast, task::JoinHandle, time::timeout};
use tokio_postgres::AsyncMessage;

use super::{connector::Connector, session::Session};
use crate::{
    Fault,
    news::{Bus, News},
    sql::values,
};

/// News that a listener may be behind by; beyond it, it is told that it missed some.
const BEHIND: usize = 64;

/// How long a node that stops tries to tell what it has done last.
const LAST: Duration = Duration::from_secs(2);

/// After a connection was lost.
const PAUSE: Duration = Duration::from_millis(500);

/// The two ends of what this node tells and hears.
pub(super) struct Notify {
    untold: Arc<Untold>,
    heard: broadcast::Sender<News>,
    telling: Mutex<Option<JoinHandle<()>>>,
    hearing: JoinHandle<()>,
}

/// What is still to be told, all in one.
#[derive(Default)]
struct Untold {
    news: Mutex<News>,
    some: tokio::sync::Notify,
    /// Whether nothing will be added.
    closed: AtomicBool,
    bus: OnceLock<Arc<dyn Bus>>,
}

impl Notify {
    /// Begins to tell and to listen. `channel` keeps the nodes of one schema apart from those of others.
    pub(super) fn start(connector: &Connector, channel: String) -> Self {
        let (heard, _) = broadcast::channel(BEHIND);
        let untold = Arc::<Untold>::default();
        let own = Arc::<AtomicI32>::default();
        let teller = Teller {
            connector: connector.clone(),
            channel: channel.clone(),
            own: Arc::clone(&own),
            open: None,
        };
        let telling = tokio::spawn(tell_all(Arc::clone(&untold), teller));
        let hearing = tokio::spawn(hear_for_ever(connector.clone(), channel, own, heard.clone()));
        Self { untold, heard, telling: Mutex::new(Some(telling)), hearing }
    }

    /// Tells the other nodes, some time soon.
    pub(super) fn tell(&self, news: News) {
        self.untold.add(news);
    }

    /// Lets a bus carry what it can from now on. The first one stays.
    pub(super) fn tell_by(&self, bus: Arc<dyn Bus>) {
        // A second one would be a programming error.
        let _ = self.untold.bus.set(bus);
    }

    /// Takes in what a bus has brought.
    pub(super) fn hear(&self, news: News) {
        // Nobody may be there to hear it.
        let _ = self.heard.send(news);
    }

    pub(super) fn heard(&self) -> broadcast::Receiver<News> {
        self.heard.subscribe()
    }

    /// Stops to listen, and tells what is still to be told: who leaves gives its work back with the last of it.
    pub(super) async fn stop(&self) {
        self.hearing.abort();
        self.untold.closed.store(true, Ordering::Relaxed);
        self.untold.some.notify_one();
        let Some(mut telling) = self.telling.lock().take() else { return };
        if timeout(LAST, &mut telling).await.is_err() {
            telling.abort();
            tracing::warn!("other nodes could not be told of this node's last work; they look for it");
        }
    }
}

impl Untold {
    fn add(&self, news: News) {
        if !news.is_empty() {
            self.news.lock().join(news);
            self.some.notify_one();
        }
    }

    /// What is to be told, once there is some; nothing when there will be none any more.
    async fn take(&self) -> Option<News> {
        loop {
            let closed = self.closed.load(Ordering::Relaxed);
            let news = std::mem::take(&mut *self.news.lock());
            if !news.is_empty() {
                return Some(news);
            }
            if closed {
                return None;
            }
            self.some.notified().await;
        }
    }
}

/// Sends what is told, several in one message when they come faster than the database takes them.
async fn tell_all(untold: Arc<Untold>, mut teller: Teller) {
    while let Some(mut news) = untold.take().await {
        if let Some(bus) = untold.bus.get() {
            news.hand_over(&**bus);
        }
        if news.is_empty() {
            continue;
        }
        if let Err(error) = teller.say(&news).await {
            tracing::warn!(%error, "other nodes cannot be told of changes and work yet");
            tokio::time::sleep(PAUSE).await;
            untold.add(news);
        }
    }
}

/// The connection by which this node tells.
struct Teller {
    connector: Connector,
    channel: String,
    /// The database's name for the connection, by which this node knows its own news.
    own: Arc<AtomicI32>,
    open: Option<Session>,
}

impl Teller {
    async fn say(&mut self, news: &News) -> Result<(), Fault> {
        let session = match self.open.take().filter(Session::is_open) {
            Some(session) => session,
            None => self.connect().await?,
        };
        let text = serde_json::to_string(news).unwrap_or_default();
        let said = session.execute("SELECT pg_notify(?1, ?2)", values![self.channel.as_str(), text]).await;
        self.open = Some(session);
        said.map(drop)
    }

    async fn connect(&self) -> Result<Session, Fault> {
        let session = Session::connect(&self.connector).await?;
        let process = session.row("SELECT pg_backend_pid()", [], |row| row.get::<i64>(0)).await?;
        self.own.store(process.and_then(|process| process.try_into().ok()).unwrap_or(0), Ordering::Relaxed);
        Ok(session)
    }
}

async fn hear_for_ever(
    connector: Connector,
    channel: String,
    own: Arc<AtomicI32>,
    heard: broadcast::Sender<News>,
) {
    loop {
        if let Err(error) = hear(&connector, &channel, &own, &heard).await {
            tracing::warn!(%error, "this node does not hear of other nodes' work until it is connected again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection is lost.
async fn hear(
    connector: &Connector,
    channel: &str,
    own: &AtomicI32,
    heard: &broadcast::Sender<News>,
) -> Result<(), Fault> {
    let (client, mut connection) = connector.connect().await?;
    let listening = async {
        client.batch_execute(&format!("LISTEN {channel}")).await?;
        // Nobody may be there to hear it.
        let _ = heard.send(News { anything: true, ..News::default() });
        // The client must live as long as its connection.
        std::future::pending::<Result<(), Fault>>().await
    };
    let hearing = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(said) = message?
                && said.process_id() != own.load(Ordering::Relaxed)
            {
                let news = serde_json::from_str(said.payload());
                let _ = heard.send(news.unwrap_or_else(|_| News { anything: true, ..News::default() }));
            }
        }
        Ok(())
    };
    tokio::select! {
        lost = listening => lost,
        ended = hearing => ended,
    }
}
