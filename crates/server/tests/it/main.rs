//! The whole server as its users meet it: the real binary, real HTTP, a real receiver.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[expect(dead_code, unused_imports, reason = "the other test binary uses the rest")]
#[path = "../support/mod.rs"]
mod support;

mod access;
mod calling;
mod delivering;
mod duplicates;
mod live;
mod mistakes;
mod operating;
mod publishing;
mod refusing;
mod replying;
mod secrets;
mod signatures;
mod sources;
mod tracing;
mod trouble;
