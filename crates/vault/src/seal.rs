use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clock::Random;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The form of sealed bytes: this byte, the key's id (4), the nonce (12), ciphertext and tag.
const FORMAT: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;
const HEAD: usize = 1 + KEY_ID + NONCE;

/// A master key: 32 random bytes.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

/// The keys that open, and the first of them, which seals.
#[derive(Clone)]
pub struct KeyRing {
    /// Ready to derive: what HMAC makes of the key alone is made once.
    keys: Vec<(KeyId, hmac::Key)>,
    random: Random,
}

type KeyId = [u8; KEY_ID];

/// What sealed bytes belong to. They open only in the context they were sealed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The kind of object: `event`, `secret`, `journal`, …
    pub kind: &'static str,
    /// The object's id.
    pub id: &'a [u8],
}

/// A key that is not 32 bytes in base64.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the key is not 32 bytes in base64; make one with `openssl rand -base64 32`")]
pub struct MalformedKey;

/// Sealed bytes that cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// The bytes are not in the sealed form.
    #[error("the sealed bytes are damaged")]
    Damaged,
    /// They were sealed with a key that is not in the ring.
    #[error("the bytes were sealed with a key that this server does not have; add it to the older keys")]
    UnknownKey,
    /// They were changed, or belong to something else.
    #[error("the sealed bytes were changed, or belong to another object")]
    Tampered,
}

impl Key {
    /// Draws a new key.
    pub fn generate(random: &Random) -> Self {
        Self(Zeroizing::new(random.bytes()))
    }

    /// Reads a key written in base64.
    ///
    /// # Errors
    /// [`MalformedKey`].
    pub fn from_base64(text: &str) -> Result<Self, MalformedKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MalformedKey)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MalformedKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The key in base64, to be kept where only the operator can read it.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    /// Names the key without revealing it.
    fn id(&self) -> KeyId {
        let digest =
            Sha256::new().chain_update(b"linchpin key id").chain_update(self.0.as_slice()).finalize();
        let mut id = KeyId::default();
        id.copy_from_slice(&digest[..KEY_ID]);
        id
    }
}

/// HMAC-SHA-256 as a key derivation function (NIST SP 800-108, one block).
fn derive(key: &hmac::Key, context: Context) -> Zeroizing<[u8; 32]> {
    let mut mac = hmac::Context::with_key(key);
    mac.update(b"linchpin seal 1\0");
    mac.update(context.kind.as_bytes());
    mac.update(b"\0");
    mac.update(context.id);
    let mut derived = Zeroizing::new([0; 32]);
    derived.copy_from_slice(mac.sign().as_ref());
    derived
}

impl KeyRing {
    /// A ring that seals with `current` and also opens what `older` keys sealed.
    pub fn new(current: Key, older: Vec<Key>, random: Random) -> Self {
        let ready = |key: Key| (key.id(), hmac::Key::new(hmac::HMAC_SHA256, key.0.as_slice()));
        Self { keys: std::iter::once(current).chain(older).map(ready).collect(), random }
    }

    /// A ring with the current key alone: what a key of before sealed, it does not open.
    #[must_use]
    pub fn without_older(&self) -> Self {
        Self { keys: self.keys.iter().take(1).cloned().collect(), random: self.random.clone() }
    }

    /// Seals bytes in a context.
    #[expect(clippy::indexing_slicing, reason = "the ring always has a current key")]
    pub fn seal(&self, context: Context, plain: &[u8]) -> Vec<u8> {
        let (id, key) = &self.keys[0];
        let nonce: [u8; NONCE] = self.random.bytes();
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = encrypt(&derive(key, context), nonce, &mut sealed[HEAD..]);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens bytes that were sealed in the same context.
    ///
    /// # Errors
    /// When they are damaged, changed, of another context, or sealed with an unknown key.
    pub fn open(&self, context: Context, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (head, body) = sealed.split_at_checked(HEAD).ok_or(OpenError::Damaged)?;
        let (&format, head) = head.split_first().ok_or(OpenError::Damaged)?;
        let (id, nonce) = head.split_at(KEY_ID);
        if format != FORMAT {
            return Err(OpenError::Damaged);
        }
        let (_, key) = self.keys.iter().find(|(known, _)| known == id).ok_or(OpenError::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let mut body = body.to_vec();
        let opened = cipher(&derive(key, context)).open_in_place(nonce, Aad::empty(), &mut body);
        let length = opened.map_err(|_| OpenError::Tampered)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// A tag that only this server can make, for links that carry their own permission
    /// (HMAC-SHA-256, made with the current key).
    #[expect(clippy::indexing_slicing, reason = "the ring always has a current key")]
    pub fn tag(&self, context: Context) -> [u8; 32] {
        *derive(&self.keys[0].1, context)
    }

    /// Whether a tag was made by this server, with any of its keys; in constant time.
    pub fn is_tag(&self, context: Context, candidate: &[u8]) -> bool {
        use subtle::ConstantTimeEq;
        self.keys.iter().any(|(_, key)| derive(key, context).as_slice().ct_eq(candidate).into())
    }
}

#[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes"))
}

/// Encrypts in place; gives the tag. Each key belongs to one object and each nonce is random, so that no pair of
/// them comes twice.
#[expect(clippy::expect_used, reason = "AES-GCM fails only for more than 64 GiB")]
fn encrypt(key: &[u8; 32], nonce: [u8; NONCE], plain: &mut [u8]) -> ring::aead::Tag {
    let nonce = Nonce::assume_unique_for_key(nonce);
    cipher(key).seal_in_place_separate_tag(nonce, Aad::empty(), plain).expect("under 64 GiB")
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing of {}", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Context = Context { kind: "event", id: b"1" };

    fn ring(seed: u64) -> KeyRing {
        let random = Random::seeded(seed);
        KeyRing::new(Key::generate(&random), vec![], random)
    }

    #[test]
    fn opens_only_unchanged_and_in_its_place() {
        let ring = ring(1);
        let sealed = ring.seal(HERE, b"the manual");
        assert_eq!(ring.open(HERE, &sealed).unwrap(), b"the manual");
        assert_ne!(ring.seal(HERE, b"the manual"), sealed, "every nonce is new");
        assert_eq!(ring.open(Context { id: b"2", ..HERE }, &sealed), Err(OpenError::Tampered));
        assert_eq!(ring.open(Context { kind: "journal", ..HERE }, &sealed), Err(OpenError::Tampered));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open(HERE, &changed).is_err(), "byte {at}");
            assert!(ring.open(HERE, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn what_was_stored_opens() {
        // Made by another implementation, of the same form: the byte 1, the first four bytes of SHA-256 over
        // `linchpin key id` and the key, the nonce a0…ab, then AES-256-GCM under the key's HMAC of the context.
        let sealed = "AcPcuVmgoaKjpKWmp6ipqquoYYsyu2NgQ2ItFmKnZD9eGiaFtbvRPWXfhg==";
        let key = Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let ring = KeyRing::new(key, vec![], Random::seeded(1));
        assert_eq!(ring.open(HERE, &STANDARD.decode(sealed).unwrap()).unwrap(), b"the manual");
    }

    #[test]
    fn older_keys_still_open() {
        let random = Random::seeded(3);
        let (old, new) = (Key::generate(&random), Key::generate(&random));
        let sealed = KeyRing::new(old.clone(), vec![], random.clone()).seal(HERE, b"x");
        let rotated = KeyRing::new(new.clone(), vec![old], random.clone());
        assert_eq!(rotated.open(HERE, &sealed).unwrap(), b"x");
        assert_eq!(KeyRing::new(new, vec![], random).open(HERE, &sealed), Err(OpenError::UnknownKey));
    }

    #[test]
    fn keys_are_read_and_written() {
        let key = Key::generate(&Random::seeded(4));
        assert_eq!(Key::from_base64(&format!("{}\n", *key.to_base64())).unwrap().id(), key.id());
        for wrong in ["", "short", "AAAA", &"A".repeat(64)] {
            assert!(Key::from_base64(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{key:?} {:?}", ring(1)), "Key KeyRing of 1");
    }

    #[test]
    fn tags_are_this_servers_alone() {
        let tag = ring(1).tag(HERE);
        assert!(ring(1).is_tag(HERE, &tag));
        assert!(!ring(2).is_tag(HERE, &tag) && !ring(1).is_tag(Context { id: b"2", ..HERE }, &tag));
    }
}
