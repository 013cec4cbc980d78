//! A real store, real sockets and receivers of every character.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[path = "../support/vendors/mod.rs"]
mod vendors;

mod alerting;
mod arriving;
mod breaking;
mod order;
mod outbox;
mod pacing;
mod receiver;
mod robots;
mod tokens;
mod trouble;
mod wecom;
mod wecom_app;
mod workers;
