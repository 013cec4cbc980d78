//! The relay: the words of a link over NATS, for a node that no link can be made to. Each node hears what is said under
//! its own subject, sealed as everything on NATS is. Nothing is kept: what is too large or too much is not said.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use store::NodeId;

use crate::{Dropped, Error, Nats, Subscription, link::SILENCE, said::Said, wishes::LinkId};

/// Nodes that may speak to one by the relay at once.
const SPEAKERS: usize = 512;

/// What stands before a word: who says it (16), and its number (8). The numbers of a node rise, so that nobody can say a
/// word again.
const SPEAKER: usize = 16;
const NUMBER: usize = 8;

/// The relay, as one node uses it.
pub(crate) struct Relay {
    nats: Nats,
    node: NodeId,
    said: AtomicU64,
}

/// A word that came.
#[derive(Debug, PartialEq)]
pub(crate) struct Relayed {
    pub(crate) link: LinkId,
    pub(crate) from: NodeId,
    /// What it says; nothing when the node says no more than that it is there.
    pub(crate) said: Option<Said>,
}

/// Who speaks to this node by the relay.
#[derive(Debug, Default)]
pub(crate) struct Speakers(HashMap<NodeId, Speaker>);

#[derive(Debug)]
struct Speaker {
    /// The number of its last word.
    number: u64,
    heard_at: Instant,
    /// None while it is silent.
    link: Option<LinkId>,
}

impl Relay {
    pub(crate) fn new(nats: Nats, node: NodeId) -> Self {
        Self { nats, node, said: AtomicU64::new(1) }
    }

    /// Says a word that is encoded already to a node, without waiting.
    pub(crate) fn say(&self, to: NodeId, word: &[u8]) -> Result<(), Dropped> {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        let head = [self.node.as_bytes().as_slice(), &number.to_be_bytes()].concat();
        self.nats.publish(&subject(to), &[&head, word].concat())
    }

    /// What is said to this node.
    pub(crate) async fn hear(&self) -> Result<Subscription, Error> {
        self.nats.subscribe(&subject(self.node)).await
    }

    /// Waits until there is a connection.
    pub(crate) async fn connected(&self) {
        self.nats.connected().await;
    }
}

impl Speakers {
    /// Takes a message; `None` for what is old, or no word. A node that spoke for the first time, or again, gets its link
    /// from `links`.
    pub(crate) fn take(&mut self, message: &[u8], links: &AtomicU64, now: Instant) -> Option<Relayed> {
        let (head, word) = message.split_at_checked(SPEAKER + NUMBER)?;
        let (node, number) = head.split_at_checked(SPEAKER)?;
        let from = NodeId::from_bytes(node.try_into().ok()?);
        let number = u64::from_be_bytes(number.try_into().ok()?);
        let said = if word.is_empty() { None } else { Some(serde_json::from_slice(word).ok()?) };
        if !self.0.contains_key(&from) && !self.has_room() {
            return None;
        }
        let speaker = self.0.entry(from).or_insert(Speaker { number: 0, heard_at: now, link: None });
        if number <= speaker.number {
            return None;
        }
        (speaker.number, speaker.heard_at) = (number, now);
        let link = *speaker.link.get_or_insert_with(|| links.fetch_add(1, Ordering::Relaxed));
        Some(Relayed { link, from, said })
    }

    /// The links of those who have been silent for too long.
    pub(crate) fn left(&mut self, now: Instant) -> Vec<LinkId> {
        let silent = self.0.values_mut().filter(|speaker| now.duration_since(speaker.heard_at) > SILENCE);
        silent.filter_map(|speaker| speaker.link.take()).collect()
    }

    /// Makes room for another, in place of who has been silent for the longest time.
    fn has_room(&mut self) -> bool {
        if self.0.len() < SPEAKERS {
            return true;
        }
        let silent = self.0.iter().filter(|(_, speaker)| speaker.link.is_none());
        let longest = silent.min_by_key(|(_, speaker)| speaker.heard_at).map(|(node, _)| *node);
        longest.is_some_and(|node| self.0.remove(&node).is_some())
    }
}

fn subject(node: NodeId) -> String {
    format!("node.{node}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(node: u8, number: u64, word: &str) -> Vec<u8> {
        [[node; 16].as_slice(), &number.to_be_bytes(), word.as_bytes()].concat()
    }

    #[test]
    fn a_word_is_taken_once_and_in_its_order() {
        let (mut speakers, links, now) = (Speakers::default(), AtomicU64::default(), Instant::now());
        let mut take = |node, number, word: &str| speakers.take(&message(node, number, word), &links, now);
        let relayed = |link, node, said| Some(Relayed { link, from: NodeId::from_bytes([node; 16]), said });
        assert_eq!(take(1, 1, "\"missed\""), relayed(0, 1, Some(Said::Missed)));
        assert_eq!(take(1, 1, "\"missed\""), None, "again");
        assert_eq!(take(1, 3, ""), relayed(0, 1, None), "it is there");
        assert_eq!(take(1, 2, "\"missed\""), None, "late");
        assert_eq!(take(2, 1, "\"missed\""), relayed(1, 2, Some(Said::Missed)));
        assert_eq!(take(1, 4, "no word"), None);
        assert_eq!(speakers.take(&[1; 23], &links, now), None, "too short");
    }

    #[test]
    fn who_is_silent_has_left_and_comes_back_by_another_link() {
        let (mut speakers, links, begun) = (Speakers::default(), AtomicU64::default(), Instant::now());
        speakers.take(&message(1, 1, ""), &links, begun).unwrap();
        assert!(speakers.left(begun + SILENCE).is_empty());
        let later = begun + SILENCE + Duration::from_secs(1);
        assert_eq!(speakers.left(later), [0]);
        assert!(speakers.left(later).is_empty(), "it left once");
        assert_eq!(speakers.take(&message(1, 1, ""), &links, later), None, "a word of before");
        assert_eq!(speakers.take(&message(1, 2, ""), &links, later).unwrap().link, 1);
    }

    #[test]
    fn those_who_speak_are_bounded() {
        let (mut speakers, links, now) = (Speakers::default(), AtomicU64::default(), Instant::now());
        let speak = |speakers: &mut Speakers, n: usize| {
            let message = [&(n as u128).to_be_bytes()[..], &1_u64.to_be_bytes()].concat();
            speakers.take(&message, &links, now).is_some()
        };
        assert!((0..SPEAKERS).all(|n| speak(&mut speakers, n)));
        assert!(!speak(&mut speakers, SPEAKERS));
        speakers.left(now + 2 * SILENCE);
        assert!(speak(&mut speakers, SPEAKERS), "in place of one that is silent");
        assert_eq!(speakers.0.len(), SPEAKERS);
    }
}
