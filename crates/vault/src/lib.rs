//! Keys, sealed bytes and secrets that never print.
//!
//! Everything that must not be read from a stolen disk is sealed with AES-256-GCM. A [`KeyRing`]
//! holds the master keys; each sealed object gets a key of its own, derived from a master key and
//! the object's context, so that random nonces never come near the 2³² uses of one key that
//! NIST SP 800-38D allows, and so that sealed bytes moved to another row do not open there.

mod placeholder;
mod seal;
mod secret;
pub mod standard_webhooks;

pub use placeholder::{Unresolved, resolve};
pub use seal::{Context, Key, KeyRing, MalformedKey, OpenError};
pub use secret::Secret;
