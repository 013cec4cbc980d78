//! The whole server as its users meet it: the real binary, real HTTP, a real receiver.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "../support/mod.rs"]
mod support;

mod access;
mod calling;
mod delivering;
mod duplicates;
mod endpoint;
mod erp;
mod failing;
mod importing;
mod ingesting;
mod knowledge;
mod live;
mod mistakes;
mod models;
mod operating;
mod providers;
mod publishing;
mod refusing;
mod replying;
mod secrets;
mod signatures;
mod sources;
mod timers;
mod tracing;
mod trouble;
