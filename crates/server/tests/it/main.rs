//! The whole server as its users meet it: the real binary, real HTTP, a real receiver.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod calling;
mod delivering;
mod duplicates;
mod live;
mod operating;
mod publishing;
mod refusing;
mod replying;
mod secrets;
mod signatures;
mod sources;
mod tracing;
mod trouble;
