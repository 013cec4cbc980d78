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
    /// The longest first: of one that contains another, nothing may be left.
    secrets: Vec<Secret>,
}

impl Redaction {
    /// Adds a secret as it goes over the wire.
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            let place = self.secrets.partition_point(|known| known.expose().len() >= secret.len());
            self.secrets.insert(place, Secret::from(secret));
        }
    }

    /// These secrets and those of one call.
    pub(crate) fn with<'a>(&'a self, more: &[Secret]) -> Cow<'a, Self> {
        let mut all = Cow::Borrowed(self);
        for secret in more {
            all.to_mut().add(secret.expose());
        }
        all
    }

    /// The text with every secret hidden.
    pub(crate) fn scrub<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        self.secrets.iter().fold(text.into(), |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), HIDDEN).into() } else { text }
        })
    }

    /// What was cut, without the beginning of a secret at its end: the cut may have gone through one, and what
    /// is left of that would not be found.
    pub(crate) fn before_cut<'a>(&self, mut bytes: &'a [u8]) -> &'a [u8] {
        // Again, as long as there is one: what is taken away may have been the end of a whole secret.
        while let Some(begun) = self.secrets.iter().filter_map(|secret| begun(bytes, secret)).max() {
            bytes = bytes.get(..bytes.len() - begun).unwrap_or_default();
        }
        bytes
    }

    /// Whether the bytes hold a secret.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        self.secrets.iter().any(|secret| holds(secret.expose().as_bytes()))
    }
}

/// How many bytes of a secret, but not all, stand at the end of others.
fn begun(bytes: &[u8], secret: &Secret) -> Option<usize> {
    let secret = secret.expose().as_bytes();
    (1..secret.len()).rev().find(|&length| secret.get(..length).is_some_and(|begin| bytes.ends_with(begin)))
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
        assert!(matches!(redaction.with(&[]), Cow::Borrowed(_)));
        assert_eq!(redaction.with(&["of-one-call".into()]).scrub("hunter22, of-one-call"), "•••, •••");
    }

    #[test]
    fn leaves_nothing_of_a_secret_that_contains_another() {
        for order in [["hunter22", "hunter22-and-more"], ["hunter22-and-more", "hunter22"]] {
            let mut redaction = Redaction::default();
            for secret in order {
                redaction.add(secret);
            }
            assert_eq!(redaction.scrub("a hunter22-and-more, hunter22"), "a •••, •••");
        }
    }

    #[test]
    fn a_cut_leaves_no_beginning_of_a_secret() {
        let mut redaction = Redaction::default();
        redaction.add("hunter22");
        redaction.add("22-汉-tail");
        let kept = |text: &str| String::from_utf8(redaction.before_cut(text.as_bytes()).to_vec()).unwrap();
        assert_eq!(kept("a hunter2"), "a ");
        assert_eq!(kept("a hunter22-汉"), "a ", "nor that of another which the first one's end begins");
        assert_eq!(kept("a hunter22."), "a hunter22.", "a whole one is left to be hidden");
        assert_eq!(redaction.before_cut(b"22-\xE6"), b"", "also when it goes through a character");
        assert_eq!(Redaction::default().before_cut(b"abc"), b"abc");
    }
}
