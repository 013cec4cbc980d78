//! The links between this node and each of the others: it speaks to all that the database lists, and listens to all that
//! have the key. Where no link can be made, it speaks by the relay, if there is one.

mod speaking;

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use clock::Random;
use parking_lot::Mutex;
use store::{NodeId, Store};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{AbortHandle, JoinSet},
};
use vault::KeyRing;

use crate::{
    Nats,
    link::{self, Error, Listening, PULSE},
    nats,
    relay::{Relay, Relayed, Speakers},
    said::{Hello, Said},
    seldom::Seldom,
    wishes::LinkId,
};

/// Words that may wait to be said to one node; more are not said.
const WAITING: usize = 1024;

/// Words that may wait to be understood here; who says more waits.
const HEARD: usize = 1024;

/// Nodes that may speak to this one at once.
const SPEAKERS: usize = 512;

/// Those whose first word is waited for; they keep no place from the others.
const STRANGERS: usize = 64;

/// The pause before a node is tried again that could not be reached: it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a mesh works with.
pub struct Surroundings {
    /// Lists the nodes.
    pub store: Store,
    /// Seals what is said.
    pub keys: KeyRing,
    /// Draws challenges and pauses.
    pub random: Random,
    /// This node.
    pub node: NodeId,
    /// Where other nodes reach it: host and port.
    pub address: String,
    /// What relays words to those that cannot be reached.
    pub nats: Option<Nats>,
}

/// The links of this node. Dropping it ends them.
pub struct Mesh {
    inner: Arc<Inner>,
    heard: Option<mpsc::Receiver<Heard>>,
    _tasks: JoinSet<()>,
}

struct Inner {
    surroundings: Surroundings,
    /// The nodes that are spoken to.
    spoken_to: Mutex<HashMap<NodeId, Peer>>,
    heard: mpsc::Sender<Heard>,
    links: AtomicU64,
    foreign: Seldom,
    relay: Option<Relay>,
}

struct Peer {
    address: String,
    words: mpsc::Sender<Bytes>,
    /// Whether it was not told something that it should have been.
    behind: Arc<AtomicBool>,
    speaking: AbortHandle,
}

/// What comes from the other nodes.
pub(crate) enum Heard {
    /// This node can speak to that one now, which knows nothing of it, or not all.
    Reached(NodeId),
    /// A node said something.
    Said { link: LinkId, from: NodeId, said: Said },
    /// A node that spoke by this link does so no more.
    Left(LinkId),
    /// Others may have said something that was not heard.
    Missed,
}

impl Mesh {
    /// Begins to listen, and to speak to every node that the database lists. It runs on the tokio runtime that this is
    /// called on.
    pub fn start(surroundings: Surroundings, listener: TcpListener) -> Self {
        let (heard, hearing) = mpsc::channel(HEARD);
        let relay = surroundings.nats.clone().map(|nats| Relay::new(nats, surroundings.node));
        let inner = Arc::new(Inner {
            surroundings,
            spoken_to: Mutex::default(),
            heard,
            links: AtomicU64::default(),
            foreign: Seldom::default(),
            relay,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen_by_relay(Arc::clone(&inner)));
        tasks.spawn(listen(Arc::clone(&inner), listener));
        tasks.spawn(look(Arc::clone(&inner)));
        Self { inner, heard: Some(hearing), _tasks: tasks }
    }

    /// What comes from the other nodes; once.
    pub(crate) fn hear(&mut self) -> Option<mpsc::Receiver<Heard>> {
        self.heard.take()
    }

    /// Tells a node. It may not arrive.
    pub(crate) fn tell(&self, nodes: &HashSet<NodeId>, said: &Said) {
        if !nodes.is_empty() {
            self.say(said, |node| nodes.contains(node));
        }
    }

    /// Tells every node. It may not arrive.
    pub(crate) fn tell_all(&self, said: &Said) {
        self.say(said, |_| true);
    }

    fn say(&self, said: &Said, to: impl Fn(&NodeId) -> bool) {
        let spoken_to = self.inner.spoken_to.lock();
        let peers = spoken_to.iter().filter(|(node, _)| to(node));
        let peers: Vec<_> = peers.map(|(_, peer)| (peer.words.clone(), Arc::clone(&peer.behind))).collect();
        drop(spoken_to);
        if peers.is_empty() {
            return;
        }
        let Some(word) = link::word(said) else {
            metrics::counter!("linchpin_cluster_words_lost_total", "why" => "long").increment(1);
            return;
        };
        for (words, behind) in peers {
            if words.try_send(word.clone()).is_err() {
                behind.store(true, Ordering::Relaxed);
                metrics::counter!("linchpin_cluster_words_lost_total", "why" => "slow").increment(1);
            }
        }
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.inner.spoken_to.lock().drain().for_each(|(_, peer)| peer.speaking.abort());
    }
}

/// Looks which nodes there are, as often as they beat.
async fn look(inner: Arc<Inner>) {
    let Surroundings { store, node, .. } = &inner.surroundings;
    let mut every = tokio::time::interval(store.node_lease() / 3);
    loop {
        every.tick().await;
        let listed = match store.node_list().await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::debug!(%error, "the other nodes could not be listed");
                continue;
            }
        };
        let alive = listed.into_iter().filter(|other| other.is_alive && other.id != *node);
        let there: HashMap<NodeId, String> =
            alive.filter_map(|other| Some((other.id, other.said.address?))).collect();
        inner.spoken_to.lock().retain(|node, peer| {
            let stays = there.contains_key(node);
            if !stays {
                peer.speaking.abort();
            }
            stays
        });
        for (node, address) in there {
            speak_to(&inner, node, address);
        }
    }
}

/// Begins to speak to a node, if that is not done already.
fn speak_to(inner: &Arc<Inner>, node: NodeId, address: String) {
    let mut spoken_to = inner.spoken_to.lock();
    let vacant = match spoken_to.entry(node) {
        Entry::Occupied(peer) if peer.get().address == address => return,
        Entry::Occupied(peer) => {
            peer.remove().speaking.abort();
            return;
        }
        Entry::Vacant(vacant) => vacant,
    };
    let (words, said) = mpsc::channel(WAITING);
    let behind = Arc::<AtomicBool>::default();
    let speaking = speaking::speak(Arc::clone(inner), (node, address.clone()), (said, Arc::clone(&behind)));
    let speaking = tokio::spawn(speaking).abort_handle();
    vacant.insert(Peer { address, words, behind, speaking });
}

/// Listens to those who speak by the relay.
async fn listen_by_relay(inner: Arc<Inner>) {
    let Some(relay) = &inner.relay else { return };
    let mut messages = match relay.hear().await {
        Ok(messages) => messages,
        Err(error) => return tracing::warn!(%error, "nothing is heard by NATS of nodes without a link"),
    };
    let mut speakers = Speakers::default();
    let mut every = tokio::time::interval(PULSE);
    loop {
        let mut heard = Vec::new();
        tokio::select! {
            message = messages.next() => match message {
                Some(nats::Heard::Message(message)) => {
                    let relayed = speakers.take(&message, &inner.links, Instant::now());
                    if let Some(Relayed { link, from, said: Some(said) }) = relayed {
                        heard.push(Heard::Said { link, from, said });
                    }
                }
                Some(nats::Heard::Missed) => heard.push(Heard::Missed),
                None => return,
            },
            _ = every.tick() => heard.extend(speakers.left(Instant::now()).into_iter().map(Heard::Left)),
        }
        for heard in heard {
            if inner.heard.send(heard).await.is_err() {
                return;
            }
        }
    }
}

/// Listens to whoever comes and has the key.
async fn listen(inner: Arc<Inner>, listener: TcpListener) {
    let (strangers, speakers) = (Arc::new(Semaphore::new(STRANGERS)), Arc::new(Semaphore::new(SPEAKERS)));
    let mut listening = JoinSet::new();
    loop {
        let Ok(stranger) = Arc::clone(&strangers).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (inner, speakers) = (Arc::clone(&inner), Arc::clone(&speakers));
                listening.spawn(async move {
                    let from = stream.peer_addr().ok();
                    if let Err(error) = listen_to(&inner, stream, (stranger, speakers)).await {
                        tracing::debug!(?from, %error, "a node is not listened to any more");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no other node can be listened to for now");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while listening.try_join_next().is_some() {}
    }
}

async fn listen_to(
    inner: &Arc<Inner>,
    stream: TcpStream,
    (stranger, speakers): (OwnedSemaphorePermit, Arc<Semaphore>),
) -> Result<(), Error> {
    let Surroundings { keys, random, node, .. } = &inner.surroundings;
    let (mut listening, Hello { node: from, address }) =
        Listening::to(stream, keys.clone(), random).await.inspect_err(|error| {
            if matches!(error, Error::Foreign) && inner.foreign.is_due() {
                tracing::warn!(%error, "somebody who is no node of this installation was turned away");
            }
        })?;
    drop(stranger);
    let Ok(_speaker) = speakers.try_acquire() else { return Err(Error::Crowded) };
    if from == *node {
        return Ok(());
    }
    // It is here, and may not be listed yet.
    speak_to(inner, from, address);
    let link = inner.links.fetch_add(1, Ordering::Relaxed);
    let ended = loop {
        match listening.hear().await {
            Ok(said) => {
                if inner.heard.send(Heard::Said { link, from, said }).await.is_err() {
                    return Ok(());
                }
            }
            Err(error) => break error,
        }
    };
    // Without a receiver the mesh is gone.
    let _ = inner.heard.send(Heard::Left(link)).await;
    Err(ended)
}
