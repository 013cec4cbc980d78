//! What senders compute, written from their documentation and apart from the code that verifies it.

use aes::Aes256;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cbc::cipher::{
    BlockModeEncrypt, KeyIvInit,
    block_padding::{NoPadding, Pkcs7},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(crate) fn hmac_sha256(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// An envelope as WeCom and DingTalk describe it; `key` as their consoles show it.
pub(crate) fn envelope(key: &str, message: &[u8], receiver: &str) -> String {
    let key: [u8; 32] = STANDARD.decode(format!("{key}=")).unwrap().try_into().unwrap();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut plain = [b"0123456789abcdef", &length[..], message, receiver.as_bytes()].concat();
    let padding = 32 - plain.len() % 32;
    plain.resize(plain.len() + padding, u8::try_from(padding).unwrap());
    let length = plain.len();
    let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
    STANDARD.encode(cipher.encrypt_padded::<NoPadding>(&mut plain, length).unwrap())
}

/// The signature of an envelope: of token, timestamp, nonce and ciphertext.
pub(crate) fn sha1_of_sorted(mut parts: [&str; 4]) -> String {
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// As Feishu's "事件解密" describes it: the key is the SHA-256 of the Encrypt Key, the vector stands before the
/// ciphertext.
pub(crate) fn lark(encrypt_key: &str, message: &[u8]) -> String {
    let key: [u8; 32] = Sha256::digest(encrypt_key).into();
    let iv = *b"fedcba9876543210";
    let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
    let sealed = cipher.encrypt_padded_vec::<Pkcs7>(message);
    serde_json::json!({ "encrypt": STANDARD.encode([&iv[..], &sealed].concat()) }).to_string()
}

/// `X-Lark-Signature`; `before` are timestamp and nonce.
pub(crate) fn lark_signature(encrypt_key: &str, before: [&str; 2], body: &[u8]) -> String {
    let signed = [before[0].as_bytes(), before[1].as_bytes(), encrypt_key.as_bytes(), body].concat();
    hex::encode(Sha256::digest(signed))
}

/// A JSON Web Token by HMAC-SHA-256 under any bytes, whatever its header says.
pub(crate) fn jwt(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac_sha256(secret, &[signed.as_bytes()])))
}
