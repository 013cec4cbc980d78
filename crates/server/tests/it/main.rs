//! The whole server as its users meet it: the real binary, real HTTP, a real receiver.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "../support/mod.rs"]
mod support;

#[path = "../../../cluster/tests/support/nats_server.rs"]
mod nats_server;

#[expect(dead_code, reason = "the tests of `delivery` use the rest")]
#[path = "../../../delivery/tests/support/mail_server.rs"]
mod mail_server;
#[path = "../../../gateway/tests/support/signing.rs"]
mod signing;
#[expect(dead_code, reason = "the tests of `delivery` use the rest")]
#[path = "../../../delivery/tests/support/vendors/mod.rs"]
mod vendors;

mod access;
mod alerting;
mod awaiting;
mod branches;
mod browsers;
mod bus;
mod calling;
mod cancelling;
mod commands;
mod contracts;
mod delivering;
mod destinations;
mod doctoring;
mod documenting;
mod documents;
mod duplicates;
mod endpoint;
mod erp;
mod event_source;
mod failing;
mod fates;
mod files;
mod filtering;
mod forms;
mod fuzzed;
mod handshakes;
mod importing;
mod ingesting;
mod jobs;
mod keys;
mod knowledge;
mod letters;
mod listening;
mod live;
mod mailing;
mod mapping;
mod migrating;
mod mistakes;
mod models;
mod networks;
mod nodes;
mod operating;
mod owners;
mod parking;
mod providers;
mod proxying;
mod publishing;
mod racing;
mod refusals;
mod refusing;
mod replays;
mod replying;
mod responding;
mod retention;
mod robots;
mod rotating;
mod schedules;
mod secrets;
mod senders;
mod shedding;
mod signatures;
mod signing_keys;
mod sockets;
mod sources;
mod speaker;
mod starting;
mod stopping;
mod streaming;
mod timers;
mod tracing;
mod trials;
mod trouble;
mod wecom;
