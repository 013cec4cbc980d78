//! The whole server as its users meet it: the real binary, real HTTP, a real receiver.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod delivering;
mod duplicates;
mod publishing;
mod refusing;
mod replying;
mod signatures;
mod sources;
mod tracing;
mod trouble;
