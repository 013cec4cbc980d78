//! The command line.

mod doctor;
mod event;
mod flow;
mod folder;
mod import;
mod migrate;
mod offline;
mod remote;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Webhook in, AI flow, webhook out: a hub that puts AI into the systems a company already has.
#[derive(Parser)]
#[command(name = "linchpin", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    Doctor(doctor::Doctor),
    /// Check, import and export flows.
    #[command(subcommand)]
    Flow(flow::Flow),
    /// Replay events.
    #[command(subcommand)]
    Event(event::Event),
    Migrate(migrate::Migrate),
    /// Print the node kinds and the error codes as JSON.
    #[command(hide = true)]
    Catalogue,
    /// Print the OpenAPI document of the API.
    #[command(hide = true)]
    Openapi,
}

/// Runs the command line; exit codes are 0 for done, 1 for failed, 2 for wrong arguments.
pub(crate) fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Doctor(doctor) => wait(doctor.run()),
        Command::Flow(flow) => wait(flow.run()),
        Command::Event(event) => wait(event.run()),
        Command::Migrate(migrate) => wait(migrate.run()),
        Command::Catalogue => offline::catalogue().and_then(|catalogue| print(&catalogue)),
        Command::Openapi => print(&crate::api::openapi()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("linchpin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command that waits for the network.
fn wait(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

fn print(value: &impl serde::Serialize) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}
