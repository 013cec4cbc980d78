//! The command line.

mod serve;

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
    /// Print the OpenAPI document of the API.
    #[command(hide = true)]
    Openapi,
}

/// Runs the command line; exit codes are 0 for done, 1 for failed, 2 for wrong arguments.
pub(crate) fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
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

fn print(value: &impl serde::Serialize) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}
