//! The binary `linchpin`: hooks, API, console, metrics, and the command line.

mod alerts;
mod api;
mod app;
mod changes;
mod cli;
mod config;
mod console;
mod destination_metrics;
mod docs;
mod hooks;
mod internal;
mod linger;
mod listen;
mod models;
mod operation;
mod roles;
mod serve;
mod well_known;
mod world;

use std::process::ExitCode;

/// An eighth of the time under load went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
