//! An Encrypt Key: it opens bodies, and signs them.

use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use sha2::{Digest, Sha256};
use vault::Secret;

pub(super) struct Opener {
    secret: Secret,
    /// The SHA-256 of the secret.
    key: [u8; 32],
}

impl Opener {
    pub(super) fn new(secret: &Secret) -> Self {
        Self { secret: secret.clone(), key: Sha256::digest(secret.expose()).into() }
    }

    /// The signature of a body, in hexadecimal digits. `before` are timestamp and nonce.
    pub(super) fn signature(&self, before: [&str; 2], body: &[u8]) -> String {
        let digest = before.into_iter().fold(Sha256::new(), Digest::chain_update);
        hex::encode(digest.chain_update(self.secret.expose()).chain_update(body).finalize())
    }

    /// What `base64(iv ‖ AES-256-CBC(text))` holds; `None` under another key.
    pub(super) fn open(&self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = STANDARD.decode(text).ok()?;
        let (iv, ciphertext) = bytes.split_first_chunk_mut::<16>()?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &(*iv).into());
        let length = cipher.decrypt_padded::<Pkcs7>(ciphertext).ok()?.len();
        bytes.truncate(16 + length);
        bytes.drain(..16);
        Some(bytes)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}
