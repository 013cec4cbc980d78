//! Providers against a real HTTP server on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

mod chat;
mod embeddings;
mod server;
mod trouble;
