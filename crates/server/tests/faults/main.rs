//! What survives: kill -9 at every named place and at random, a full disk, and a cluster whose nodes, database, bus and
//! lines fail. The ledger is kept outside the processes that die.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[expect(dead_code, unused_imports, reason = "the other test binary uses the rest")]
#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, reason = "the store's own tests use the rest")]
#[path = "../../../store/src/tests/proxy.rs"]
mod proxy;

#[path = "../../../cluster/tests/support/nats_server.rs"]
mod nats_server;

mod books;
mod burst;
mod cluster;
mod disk;
mod kills;
mod outside;
mod points;
mod postgres;
mod senders;
mod storm;
mod takeovers;
mod ticks;
