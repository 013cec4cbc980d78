//! The node kinds in runs of a real engine, over a real store, against a model and a server of the test's own.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

mod after_sales;
mod contract;
mod http;
mod knowledge;
mod llm;
mod server;
mod world;
