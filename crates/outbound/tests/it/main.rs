//! The client against real sockets on the loopback interface, with servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

mod answers;
mod connections;
mod guarding;
mod lines;
mod proxies;
mod server;
mod streams;
mod time;
mod tls;
