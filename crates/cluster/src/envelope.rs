//! What nodes send each other, sealed with the installation's key: who carries it reads nothing, and nobody else can
//! make one. It may come late, or twice.

use std::sync::atomic::{AtomicU64, Ordering};

use clock::Random;
use vault::{Context, KeyRing, OpenError};

/// The form of an envelope: who sent it (16), its number (8), what is sealed.
const SENDER: usize = 16;
const NUMBER: usize = 8;

/// Seals what this process sends, and opens what others send.
#[derive(Debug)]
pub(crate) struct Sealer {
    keys: KeyRing,
    sender: [u8; SENDER],
    sent: AtomicU64,
}

impl Sealer {
    pub(crate) fn new(keys: KeyRing, random: &Random) -> Self {
        Self { keys, sender: random.bytes(), sent: AtomicU64::new(0) }
    }

    /// Seals a message for a subject.
    pub(crate) fn seal(&self, subject: &str, plain: &[u8]) -> Vec<u8> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let mut envelope = [self.sender.as_slice(), &number.to_be_bytes()].concat();
        let sealed = self.keys.seal(Context { kind: "bus", id: &id(subject, &envelope) }, plain);
        envelope.extend_from_slice(&sealed);
        envelope
    }

    /// What was sealed for this subject; `None` if this process did so itself.
    pub(crate) fn open(&self, subject: &str, envelope: &[u8]) -> Result<Option<Vec<u8>>, OpenError> {
        if envelope.starts_with(&self.sender) {
            return Ok(None);
        }
        let (head, sealed) = envelope.split_at_checked(SENDER + NUMBER).ok_or(OpenError::Damaged)?;
        self.keys.open(Context { kind: "bus", id: &id(subject, head) }, sealed).map(Some)
    }
}

/// Each envelope has an id of its own, and so a key of its own: see [`vault`].
fn id(subject: &str, head: &[u8]) -> Vec<u8> {
    [head, subject.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use vault::Key;

    use super::*;

    /// Two processes with a key, and one with another.
    fn sealers() -> [Sealer; 3] {
        let random = Random::seeded(1);
        let key = Key::generate(&random);
        let sealer = |key: Key| Sealer::new(KeyRing::new(key, vec![], random.clone()), &random);
        [sealer(key.clone()), sealer(key), sealer(Key::generate(&random))]
    }

    #[test]
    fn others_with_the_key_open_it_for_its_subject() {
        let [one, two, stranger] = sealers();
        let sealed = one.seal("a.news", b"x");
        assert_eq!(two.open("a.news", &sealed), Ok(Some(b"x".to_vec())));
        assert_eq!(one.open("a.news", &sealed), Ok(None), "its own");
        assert_eq!(two.open("a.else", &sealed), Err(OpenError::Tampered));
        assert_eq!(stranger.open("a.news", &sealed), Err(OpenError::UnknownKey));
        assert_ne!(one.seal("a.news", b"x")[..SENDER + NUMBER], sealed[..SENDER + NUMBER]);
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let [one, two, _] = sealers();
        let sealed = one.seal("a", b"x");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(two.open("a", &changed).is_err(), "byte {at}");
            assert!(two.open("a", &sealed[..at]).is_err(), "cut at {at}");
        }
    }
}
