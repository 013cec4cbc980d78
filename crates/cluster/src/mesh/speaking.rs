//! Speaking to one node.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use clock::Random;
use store::NodeId;
use tokio::sync::mpsc;

use super::{Heard, Inner, LONGEST_PAUSE, PAUSE, Surroundings};
use crate::{
    Dropped,
    link::{Error, PULSE, Speaking},
    relay::Relay,
    said::Hello,
};

/// A way to a node.
enum Road<'a> {
    Link(&'a mut Speaking),
    Relay(&'a Relay, NodeId),
}

/// Speaks to a node for as long as it is listed: by a link, and by the relay while none can be made.
pub(super) async fn speak(
    inner: Arc<Inner>,
    (node, address): (NodeId, String),
    (mut words, behind): (mpsc::Receiver<Bytes>, Arc<AtomicBool>),
) {
    let Surroundings { keys, random, node: here, address: own, .. } = &inner.surroundings;
    let hello = Hello { node: *here, address: own.clone() };
    let reach = || Speaking::to(&address, keys.clone(), &hello);
    loop {
        let mut link = match reach().await {
            Ok(link) => link,
            Err(error) => {
                tracing::debug!(%node, %address, %error, "a node cannot be reached for now");
                tokio::select! {
                    link = reach_at_last(random, reach) => link,
                    never = relay(&inner, node, (&mut words, &behind)) => match never {},
                }
            }
        };
        let error = say_all(&inner, Road::Link(&mut link), node, (&mut words, &behind)).await;
        tracing::debug!(%node, %address, %error, "a node is not spoken to for now");
        tokio::time::sleep(random.jitter(PAUSE, 0.3)).await;
    }
}

/// Tries until a link is made.
async fn reach_at_last<F>(random: &Random, reach: impl Fn() -> F) -> Speaking
where
    F: Future<Output = Result<Speaking, Error>>,
{
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(random.jitter(pause, 0.3)).await;
        if let Ok(link) = reach().await {
            return link;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Speaks to a node by the relay whenever there is one.
async fn relay(
    inner: &Inner,
    node: NodeId,
    (words, behind): (&mut mpsc::Receiver<Bytes>, &AtomicBool),
) -> Infallible {
    let Some(relay) = &inner.relay else { return std::future::pending().await };
    loop {
        relay.connected().await;
        let error = say_all(inner, Road::Relay(relay, node), node, (words, behind)).await;
        tracing::debug!(%node, %error, "nothing is relayed to a node for now");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Says what there is to say until the road ends, at first everything: what was said before is old. A node that is behind
/// is told everything again, once there is room for that.
async fn say_all(
    inner: &Inner,
    mut road: Road<'_>,
    node: NodeId,
    (words, behind): (&mut mpsc::Receiver<Bytes>, &AtomicBool),
) -> Error {
    while words.try_recv().is_ok() {}
    behind.store(true, Ordering::Relaxed);
    loop {
        if words.is_empty()
            && behind.swap(false, Ordering::Relaxed)
            && inner.heard.send(Heard::Reached(node)).await.is_err()
        {
            return Error::Ended;
        }
        let word = match tokio::time::timeout(PULSE, words.recv()).await {
            Ok(Some(word)) => word,
            Ok(None) => return Error::Ended,
            // It says no more than that it is there.
            Err(_) => Bytes::new(),
        };
        if let Err(error) = road.say(&word, behind).await {
            return error;
        }
    }
}

impl Road<'_> {
    async fn say(&mut self, word: &Bytes, behind: &AtomicBool) -> Result<(), Error> {
        match self {
            Self::Link(link) => link.say(word).await,
            Self::Relay(relay, node) => match relay.say(*node, word) {
                // One that is too large would be so again.
                Ok(()) | Err(Dropped::TooLarge) => Ok(()),
                Err(Dropped::Full) => {
                    behind.store(true, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                    Ok(())
                }
                Err(Dropped::Unconnected) => Err(Error::Ended),
            },
        }
    }
}
