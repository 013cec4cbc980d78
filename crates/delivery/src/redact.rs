//! Keeps secrets out of what is recorded.

use std::borrow::Cow;

use vault::Secret;

/// What stands in a secret's place.
pub(crate) const HIDDEN: &str = "•••";

/// Texts shorter than this are too common to be taken for a secret wherever they occur.
const SHORTEST: usize = 6;

/// The secrets of a destination, to be found in what a receiver echoes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redaction {
    secrets: Vec<Secret>,
}

impl Redaction {
    /// Adds a secret as it goes over the wire.
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.secrets.push(Secret::from(secret));
        }
    }

    /// The text with every secret hidden.
    pub(crate) fn scrub<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        self.secrets.iter().fold(text.into(), |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), HIDDEN).into() } else { text }
        })
    }

    /// Whether the bytes hold a secret.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        self.secrets.iter().any(|secret| holds(secret.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_every_occurrence() {
        let mut redaction = Redaction::default();
        redaction.add("hunter22");
        redaction.add("key");
        assert_eq!(redaction.scrub("a hunter22, hunter22 key"), "a •••, ••• key");
        assert!(matches!(redaction.scrub("nothing here"), Cow::Borrowed(_)));
        assert!(redaction.is_in(b"\xFFhunter22") && !redaction.is_in(b"hunter2"));
    }
}
