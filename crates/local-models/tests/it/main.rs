//! The models themselves, as far as their files are there.

#[cfg(feature = "chat")]
mod chat;
#[cfg(feature = "embedding")]
mod embedding;
#[cfg(any(feature = "chat", feature = "embedding"))]
mod models;
