//! Signatures as the Standard Webhooks specification defines them, over `id.timestamp.body`, in base64: scheme
//! `v1`, HMAC-SHA-256, by [`SigningKey`]; scheme `v1a`, ed25519, by [`KeyPair`].
//!
//! The rules are those of the specification, version 1.0.0: a secret of `v1` is `whsec_` and the base64 of
//! 24 to 64 bytes; the header `webhook-signature` holds one or more signatures, separated by
//! spaces, each with its version before a comma.

mod key_pair;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clock::Random;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::Secret;
pub use key_pair::{KeyPair, MalformedKeyPair, PublicKey};

/// The key that both ends share. It never prints and is wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey(zeroize::Zeroizing<Vec<u8>>);

/// Text that is no signing key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signing key is not `whsec_` followed by the base64 of 24 to 64 bytes")]
pub struct MalformedSigningKey;

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";

impl SigningKey {
    /// Draws a new key of 32 bytes. It is written by [`Secret`], the only form in which it can be kept.
    pub fn generate(random: &Random) -> Secret {
        let bytes = zeroize::Zeroizing::new(random.bytes::<32>());
        Secret::from(format!("{PREFIX}{}", STANDARD.encode(*bytes)))
    }

    /// Reads a key. The prefix may be missing, as some senders show the base64 alone.
    ///
    /// # Errors
    /// [`MalformedSigningKey`].
    pub fn parse(text: &str) -> Result<Self, MalformedSigningKey> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text));
        let bytes = zeroize::Zeroizing::new(bytes.map_err(|_| MalformedSigningKey)?);
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(MalformedSigningKey) }
    }

    /// Signs a message: `v1,` and 44 characters of base64. The time is in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut signature = VERSION.to_owned();
        STANDARD.encode_string(self.mac(id, timestamp_s, body), &mut signature);
        signature
    }

    /// Whether one of the header's signatures is this key's, in time that does not depend on which,
    /// or on how much of one is right.
    pub fn verify(&self, id: &str, timestamp_s: i64, body: &[u8], signature_header: &str) -> bool {
        let expected = self.sign(id, timestamp_s, body);
        let candidates = signature_header.split(' ').map(|one| one.as_bytes().ct_eq(expected.as_bytes()));
        candidates.fold(Choice::from(0), |any, right| any | right).into()
    }

    fn mac(&self, id: &str, timestamp_s: i64, body: &[u8]) -> [u8; 32] {
        let mut mac = new_mac(&self.0);
        mac.update(id.as_bytes());
        mac.update(format!(".{timestamp_s}.").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
}

/// What is signed.
fn content(id: &str, timestamp_s: i64, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), format!(".{timestamp_s}.").as_bytes(), body].concat()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn new_mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use http::HeaderMap;

    use super::*;

    /// The key of the specification's own example.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn key() -> SigningKey {
        SigningKey::parse(KEY).unwrap()
    }

    #[test]
    fn signs_as_the_specifications_example() {
        let signature = key().sign(ID, 1_614_265_330, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn agrees_with_the_reference_implementation() {
        let reference = standardwebhooks::Webhook::new(KEY).unwrap();
        for (id, at, body) in [(ID, 1_614_265_330, BODY), ("", 0, b""), ("a.b", -7, "你好".as_bytes())] {
            let signature = reference.sign(id, at, body).unwrap();
            assert_eq!(key().sign(id, at, body), signature);
            assert!(key().verify(id, at, body, &signature));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut headers = HeaderMap::new();
        let signature = key().sign(ID, now.try_into().unwrap(), BODY);
        for (name, value) in [
            ("webhook-id", ID),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &format!("v1a,xyz {signature}")),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        reference.verify(BODY, &headers).unwrap();
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let right = key().sign(ID, 1, BODY);
        let other = SigningKey::parse(&format!("whsec_{}", "A".repeat(32))).unwrap().sign(ID, 1, BODY);
        assert!(key().verify(ID, 1, BODY, &format!("v1a,abc {other} {right} v1,")));
        assert!(!key().verify(ID, 1, BODY, &format!("v1a,abc {other}")));
        let unversioned = right.strip_prefix("v1,").unwrap();
        for wrong in
            ["", " ", "v1", "v1,", unversioned, &format!("v2,{unversioned}"), &right.replace(',', ", ")]
        {
            assert!(!key().verify(ID, 1, BODY, wrong), "{wrong}");
        }
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let right = key().sign(ID, 1, BODY);
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert!(!key().verify(ID, 1, &body, &right), "byte {at} of the body");
        }
        for at in 0..ID.len() {
            let id = format!("{}~{}", &ID[..at], &ID[at + 1..]);
            assert!(!key().verify(&id, 1, BODY, &right), "byte {at} of the id");
        }
        for at in 0..right.len() {
            let changed = format!("{}~{}", &right[..at], &right[at + 1..]);
            assert!(!key().verify(ID, 1, BODY, &changed), "byte {at} of the signature");
        }
        assert!(!key().verify(ID, 2, BODY, &right) && !key().verify(ID, -1, BODY, &right));
    }

    #[test]
    fn keys_are_of_the_right_length_and_never_print() {
        assert!(SigningKey::parse(&KEY[6..]).is_ok() && SigningKey::parse(&format!(" {KEY}\n")).is_ok());
        let long = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert!(SigningKey::parse(&long(64)).is_ok());
        for wrong in ["", "whsec_", "whsec_short", &long(23), &long(65), &KEY.replace("whsec", "whsk")] {
            assert_eq!(SigningKey::parse(wrong).err(), Some(MalformedSigningKey), "{wrong}");
        }
        assert_eq!(format!("{:?}", key()), "SigningKey");
        let drawn = SigningKey::generate(&Random::seeded(1));
        let drawn = SigningKey::parse(drawn.expose()).unwrap();
        assert!(
            drawn.verify(ID, 1, BODY, &drawn.sign(ID, 1, BODY))
                && !drawn.verify(ID, 1, BODY, &key().sign(ID, 1, BODY))
        );
    }
}
