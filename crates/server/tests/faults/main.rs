//! What survives: kill -9 at every named place and at random, and a full disk. The ledger is kept outside
//! the process that dies.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[expect(dead_code, unused_imports, reason = "the other test binary uses the rest")]
#[path = "../support/mod.rs"]
mod support;

mod books;
mod disk;
mod kills;
mod outside;
mod points;
mod senders;
