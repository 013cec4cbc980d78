//! A real store, real sockets and receivers of every character.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[path = "../support/mail_server.rs"]
#[expect(dead_code, reason = "the tests of the server ask for more")]
mod mail_server;
#[path = "../support/vendors/mod.rs"]
mod vendors;

mod alerting;
mod arriving;
mod breaking;
mod mail;
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
