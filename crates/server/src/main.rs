//! The binary `linchpin`: hooks, API, console, metrics, and the command line.

mod api;
mod app;
mod cli;
mod config;
mod hooks;
mod operation;
mod serve;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
