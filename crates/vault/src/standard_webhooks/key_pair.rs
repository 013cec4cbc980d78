//! Scheme `v1a`: ed25519 over the same `id.timestamp.body`. The receiver holds a public key, with which nobody can sign.
//!
//! A private key is `whsk_` and the base64 of 64 bytes, the seed and the public key; a public key is `whpk_` and the
//! base64 of 32.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clock::Random;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::content;
use crate::Secret;

/// A private key and its public one. It never prints.
#[derive(Clone)]
pub struct KeyPair(Arc<Ed25519KeyPair>);

/// The key by which a receiver verifies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Text that is no private key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signing key is not `whsk_` followed by the base64 of an ed25519 seed and its public key")]
pub struct MalformedKeyPair;

const VERSION: &str = "v1a,";
const SEED: usize = 32;

impl KeyPair {
    /// What a private key begins with.
    pub const PREFIX: &str = "whsk_";

    /// Draws a new key. It is written by [`Secret`], the only form in which it can be kept.
    pub fn generate(random: &Random) -> Secret {
        let mut bytes = Zeroizing::new([0; 2 * SEED]);
        random.fill(&mut bytes[..SEED]);
        let (seed, public) = bytes.split_at_mut(SEED);
        public.copy_from_slice(of_seed(seed).public_key().as_ref());
        Secret::from(format!("{}{}", Self::PREFIX, STANDARD.encode(*bytes)))
    }

    /// Reads a private key: the seed and the public key, or the seed alone.
    ///
    /// # Errors
    /// [`MalformedKeyPair`], also when the public key is another one's.
    pub fn parse(text: &str) -> Result<Self, MalformedKeyPair> {
        let encoded = text.trim().strip_prefix(Self::PREFIX).ok_or(MalformedKeyPair)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| MalformedKeyPair)?);
        let pair = match bytes.split_at_checked(SEED) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            None => return Err(MalformedKeyPair),
        };
        pair.map(|pair| Self(Arc::new(pair))).map_err(|_| MalformedKeyPair)
    }

    /// Signs a message: `v1a,` and 88 characters of base64. The time is in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut signature = VERSION.to_owned();
        STANDARD.encode_string(self.0.sign(&content(id, timestamp_s, body)), &mut signature);
        signature
    }

    /// The key to verify by.
    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; SEED];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }
}

impl PublicKey {
    /// A short name of it, made of it alone: 16 hexadecimal digits.
    pub fn id(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.0).into();
        digest.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
    }

    /// Whether one of the header's signatures is of this key.
    pub fn verify(&self, id: &str, timestamp_s: i64, body: &[u8], signature_header: &str) -> bool {
        let (key, content) = (UnparsedPublicKey::new(&ED25519, self.0), content(id, timestamp_s, body));
        let candidates = signature_header.split(' ').filter_map(|one| one.strip_prefix(VERSION));
        candidates.filter_map(|one| STANDARD.decode(one).ok()).any(|one| key.verify(&content, &one).is_ok())
    }
}

#[expect(clippy::expect_used, reason = "ed25519 takes any 32 bytes as a seed")]
fn of_seed(seed: &[u8]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("ed25519 takes any 32 bytes as a seed")
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "whpk_{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair of {}", self.public_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key and signature that another implementation made.
    const KEY: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const SIGNATURE: &str =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn signs_as_another_implementation() {
        let pair = KeyPair::parse(KEY).unwrap();
        assert_eq!(pair.sign(ID, 1_614_265_330, BODY), SIGNATURE);
        assert_eq!(pair.public_key().to_string(), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let public = KeyPair::parse(KEY).unwrap().public_key();
        let verify = |id: &str, at, body: &[u8], header: &str| public.verify(id, at, body, header);
        assert!(verify(ID, 1_614_265_330, BODY, &format!("v1,abc {SIGNATURE} v1a,")));
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert!(!verify(ID, 1_614_265_330, &body, SIGNATURE), "byte {at} of the body");
        }
        for at in 0..SIGNATURE.len() {
            let changed = format!("{}~{}", &SIGNATURE[..at], &SIGNATURE[at + 1..]);
            assert!(!verify(ID, 1_614_265_330, BODY, &changed), "byte {at} of the signature");
        }
        assert!(!verify("msg_", 1_614_265_330, BODY, SIGNATURE) && !verify(ID, 1, BODY, SIGNATURE));
    }

    #[test]
    fn a_drawn_key_is_read_again_and_has_a_name_of_its_own() {
        let random = Random::seeded(1);
        let (one, other) = (KeyPair::generate(&random), KeyPair::generate(&random));
        let (one, other) = (KeyPair::parse(one.expose()).unwrap(), KeyPair::parse(other.expose()).unwrap());
        assert!(one.public_key().verify("a", 1, b"b", &one.sign("a", 1, b"b")));
        assert!(!one.public_key().verify("a", 1, b"b", &other.sign("a", 1, b"b")));
        assert_ne!(one.public_key().id(), other.public_key().id());
        assert_eq!(one.public_key().id().len(), 16);
        assert!(!format!("{one:?}").contains("whsk_"));
    }

    #[test]
    fn what_is_no_key_pair_is_refused() {
        let bytes = STANDARD.decode(&KEY[5..]).unwrap();
        let whole = |bytes: &[u8]| format!("whsk_{}", STANDARD.encode(bytes));
        let seed = KeyPair::parse(&whole(&bytes[..32])).unwrap();
        assert_eq!(seed.public_key(), KeyPair::parse(&format!(" {KEY}\n")).unwrap().public_key());
        let mut foreign = bytes.clone();
        foreign[63] ^= 1;
        for wrong in ["", "whsk_", &KEY[5..], &whole(&bytes[..31]), &whole(&bytes[..33]), &whole(&foreign)] {
            assert_eq!(KeyPair::parse(wrong).err(), Some(MalformedKeyPair), "{wrong}");
        }
    }
}
