//! News between nodes by LISTEN and NOTIFY, each on a connection of its own. One message tells of all that was
//! committed since the last; it is sent after the commit, and carries ids alone.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use tokio::sync::{broadcast, mpsc};
use tokio_postgres::AsyncMessage;

use super::{connector::Connector, session::Session};
use crate::{Fault, news::News, sql::values};

/// News that may wait to be sent; more is dropped, for what waits says that there is work.
const WAITING: usize = 256;

/// News that a listener may be behind by; beyond it, it is told that it missed some.
const BEHIND: usize = 64;

/// After a connection was lost.
const PAUSE: Duration = Duration::from_millis(500);

/// The two ends of what this node tells and hears.
pub(super) struct Notify {
    telling: mpsc::Sender<News>,
    heard: broadcast::Sender<News>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Notify {
    /// Begins to tell and to listen. `channel` keeps the nodes of one schema apart from those of others.
    pub(super) fn start(connector: &Connector, channel: String) -> Self {
        let (telling, told) = mpsc::channel(WAITING);
        let (heard, _) = broadcast::channel(BEHIND);
        let own = Arc::<AtomicI32>::default();
        let tell = tell_for_ever(connector.clone(), channel.clone(), Arc::clone(&own), told);
        let hear = hear_for_ever(connector.clone(), channel, own, heard.clone());
        Self { telling, heard, tasks: [tokio::spawn(tell), tokio::spawn(hear)] }
    }

    /// Tells the other nodes, some time soon.
    pub(super) fn tell(&self, news: News) {
        if !news.is_empty() && self.telling.try_send(news).is_err() {
            tracing::debug!("other nodes are not told of some work; they look for it by themselves");
        }
    }

    pub(super) fn heard(&self) -> broadcast::Receiver<News> {
        self.heard.subscribe()
    }

    pub(super) fn stop(&self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Sends what is told, several in one message when they come faster than the database takes them.
async fn tell_for_ever(
    connector: Connector,
    channel: String,
    own: Arc<AtomicI32>,
    mut told: mpsc::Receiver<News>,
) {
    let mut session: Option<Session> = None;
    while let Some(mut news) = told.recv().await {
        while let Ok(more) = told.try_recv() {
            news.join(more);
        }
        let open = match session.take().filter(Session::is_open) {
            Some(session) => Ok(session),
            None => connect(&connector, &own).await,
        };
        let told = match open {
            Ok(open) => {
                let said = say(&open, &channel, &news).await;
                session = Some(open);
                said
            }
            Err(fault) => Err(fault),
        };
        if let Err(error) = told {
            tracing::warn!(%error, "other nodes could not be told of work; they look for it by themselves");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn connect(connector: &Connector, own: &AtomicI32) -> Result<Session, Fault> {
    let session = Session::connect(connector).await?;
    let process = session.row("SELECT pg_backend_pid()", [], |row| row.get::<i64>(0)).await?;
    own.store(process.and_then(|process| process.try_into().ok()).unwrap_or(0), Ordering::Relaxed);
    Ok(session)
}

async fn say(session: &Session, channel: &str, news: &News) -> Result<(), Fault> {
    let text = serde_json::to_string(news).unwrap_or_default();
    session.execute("SELECT pg_notify(?1, ?2)", values![channel, text]).await.map(drop)
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
