//! The encrypted envelope of WeCom and DingTalk: `base64(AES-256-CBC(16 random bytes ‖ length ‖ message ‖
//! receiver))`, signed by the SHA-1 of token, timestamp, nonce and ciphertext in alphabetical order. The vendors'
//! rules are "加解密方案说明" (WeCom) and "消息体加密解密" (DingTalk); they are the same.

use aes::Aes256;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use clock::Timestamp;
use flow::Span;
use sha1::{Digest, Sha1};
use vault::Secret;

use super::{
    hmac::Unit,
    proof::{self, Tolerance},
};
use crate::{Code, Error, Refused};

/// What opens, and seals, the envelopes of one receiver.
pub(super) struct Envelopes {
    tokens: Vec<Secret>,
    keys: Vec<Key>,
    receiver: String,
    unit: Unit,
    tolerance: Tolerance,
}

/// An AES key, whose first half is the initialisation vector as well.
pub(super) struct Key([u8; 32]);

/// The token and the key that a sender uses, of several while one replaces another.
#[derive(Clone, Copy)]
pub(super) struct Used<'e> {
    token: &'e Secret,
    key: &'e Key,
}

/// What is signed, and the signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'r> {
    pub(super) signature: &'r str,
    pub(super) timestamp: &'r str,
    pub(super) nonce: &'r str,
    pub(super) ciphertext: &'r str,
}

/// The padding fills blocks of this size, twice that of the cipher.
const PADDED: usize = 32;

/// The random bytes and the length before the message.
const HEAD: usize = 20;

/// The vendors' keys are 43 characters of base64 whose last two bits are not always zero.
const KEY_TEXT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Envelopes {
    /// Takes the tokens and keys that a vendor's console shows. `receiver` is what it puts behind each message; `unit`
    /// is what its signed times count, and `tolerance` how far they may be from now.
    pub(super) fn new(
        (tokens, aes_keys): (&[Secret], &[Secret]),
        receiver: &str,
        (unit, tolerance): (Unit, Span),
    ) -> Result<Self, Error> {
        super::present("tokens", tokens)?;
        super::count("aes_keys", aes_keys.len())?;
        let key = |text: &Secret| {
            let key = KEY_TEXT.decode(text.expose().trim()).ok();
            key.and_then(|bytes| bytes.try_into().ok()).map(Key)
        };
        let keys = aes_keys.iter().map(key).collect::<Option<Vec<_>>>().ok_or_else(|| {
            let reason = "a key is not 43 characters of base64.";
            Error::secrets("aes_keys", "wrong_form", reason, "Copy it from the sender's console again.")
        })?;
        let tolerance = Tolerance::of(tolerance)?;
        Ok(Self { tokens: tokens.to_vec(), keys, receiver: receiver.to_owned(), unit, tolerance })
    }

    /// The message in an envelope, and by what it was opened. The signature comes first: nothing that is not signed is
    /// decrypted, and only who holds a token learns that a clock is wrong.
    pub(super) fn open(
        &self,
        sealed: Sealed,
        received_at: Timestamp,
    ) -> Result<(Vec<u8>, Used<'_>), Refused> {
        let given = sealed.signature.as_bytes();
        let signs = |token: &&Secret| proof::equal(signature(token, &sealed).as_bytes(), given);
        let token = self.tokens.iter().find(signs).ok_or_else(|| {
            let detail =
                "The signature is not that of timestamp, nonce and ciphertext under a token of this source.";
            proof::unauthorised(Code::SignatureInvalid, detail)
        })?;
        let signed_ms = self.unit.read(sealed.timestamp).ok_or_else(|| {
            let detail = format!("`timestamp` is not a count of {}.", self.unit.word());
            proof::unauthorised(Code::TimestampOutOfRange, detail)
        })?;
        self.tolerance.check("`timestamp`", signed_ms, received_at)?;
        let opened = self.keys.iter().find_map(|key| {
            let message = self.message(key, STANDARD.decode(sealed.ciphertext).ok()?)?;
            Some((message, Used { token, key }))
        });
        opened.ok_or_else(|| {
            let detail =
                "The message does not open with a key of this source, or is meant for another receiver.";
            Refused::new(Code::DecryptionFailed, detail)
        })
    }

    /// An answer in an envelope, as JSON with the names that DingTalk gives them. It takes the envelope that it
    /// answers in place of chance: no two have the same nonce and time.
    pub(super) fn seal(
        &self,
        message: &[u8],
        Used { token, key }: Used,
        answered: Sealed,
        timestamp_ms: i64,
    ) -> Option<Vec<u8>> {
        let random = Sha1::new().chain_update(key.0).chain_update(answered.signature).finalize();
        let length = u32::try_from(message.len()).ok()?.to_be_bytes();
        let mut plain = [&random[..16], &length, message, self.receiver.as_bytes()].concat();
        let padding = PADDED - plain.len() % PADDED;
        plain.resize(plain.len() + padding, u8::try_from(padding).ok()?);
        let length = plain.len();
        let cipher = cbc::Encryptor::<Aes256>::new(&key.0.into(), &key.iv().into());
        let ciphertext = STANDARD.encode(cipher.encrypt_padded::<NoPadding>(&mut plain, length).ok()?);
        let timestamp = timestamp_ms.to_string();
        let sealed =
            Sealed { signature: "", timestamp: &timestamp, nonce: answered.nonce, ciphertext: &ciphertext };
        let answer = serde_json::json!({
            "msg_signature": signature(token, &sealed),
            "timeStamp": timestamp,
            "nonce": answered.nonce,
            "encrypt": ciphertext,
        });
        Some(answer.to_string().into_bytes())
    }

    /// The message under this key, if it is for this receiver.
    fn message(&self, key: &Key, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let cipher = cbc::Decryptor::<Aes256>::new(&key.0.into(), &key.iv().into());
        let length = cipher.decrypt_padded::<NoPadding>(&mut bytes).ok()?.len();
        let padding = usize::from(*bytes.get(length.checked_sub(1)?)?);
        if !(1..=PADDED).contains(&padding) {
            return None;
        }
        bytes.truncate(length.checked_sub(padding)?);
        let size = bytes.get(HEAD - 4..HEAD)?.try_into().ok().map(u32::from_be_bytes)?;
        let end = HEAD.checked_add(usize::try_from(size).ok()?)?;
        if bytes.get(end..)? != self.receiver.as_bytes() {
            return None;
        }
        bytes.truncate(end);
        bytes.drain(..HEAD);
        Some(bytes)
    }
}

impl Key {
    fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.0[..16]);
        iv
    }
}

impl std::fmt::Debug for Envelopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelopes").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

fn signature(token: &Secret, sealed: &Sealed) -> String {
    let mut parts = [token.expose(), sealed.timestamp, sealed.nonce, sealed.ciphertext];
    parts.sort_unstable();
    let digest = parts.into_iter().fold(Sha1::new(), Digest::chain_update).finalize();
    hex::encode(digest)
}
