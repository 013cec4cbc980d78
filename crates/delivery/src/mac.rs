//! The sums and signatures that vendors ask for.

use ring::{digest, hmac};

/// The HMAC-SHA-256 of a message.
pub(crate) fn hmac_sha256(key: &str, message: impl AsRef<[u8]>) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message.as_ref())
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
