//! The load harness. Each role runs in a process of its own: the server under test, the floor (`bare`),
//! the outside world (`world`: a model endpoint and a receiver) and the load (`load`); `run` starts them
//! and prints the table.

mod bare;
mod load;
mod report;
mod run;
mod world;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures Linchpin against its floor")]
enum Command {
    /// Start everything, measure, print the table.
    Run(run::Run),
    #[command(flatten)]
    Role(Role),
}

#[derive(Subcommand)]
enum Role {
    /// The floor: an axum handler that group-commits one 600-byte row and answers 202.
    Bare(bare::Bare),
    /// An OpenAI-compatible model endpoint and a receiver, both without delay.
    World(world::World),
    /// The load: so many connections, each with one request under way.
    Load(load::Load),
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match Command::parse() {
            Command::Run(run) => run.execute().await,
            Command::Role(Role::Bare(bare)) => bare.serve().await,
            Command::Role(Role::World(world)) => world.serve().await,
            Command::Role(Role::Load(load)) => load.print().await,
        }
    })
}
