//! The load harness. Each role runs in a process of its own: the server under test, the floor (`bare`),
//! the outside world (`world`: a model endpoint and a receiver) and the load (`load`, `heavy`, `pace`); `run` starts
//! them and prints the table. `cluster` does so on PostgreSQL, with several nodes as well; `knowledge` measures what
//! retrieval finds.

mod area;
mod bare;
mod busy;
mod client;
mod cluster;
mod connection;
mod deliveries;
mod delivery;
mod flows;
mod footprint;
mod heavy;
mod knowledge;
mod latency;
mod limit;
mod load;
mod machine;
mod pace;
mod postgres;
mod report;
mod results;
mod role;
mod run;
mod sources;
mod stage;
mod subject;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures Linchpin against its floor")]
enum Command {
    /// Start everything, measure, print the table.
    Run(run::Run),
    /// Measure on PostgreSQL: one node, several, and what becomes of the runs of one that dies.
    Cluster(cluster::Cluster),
    /// Measure what sources bear: signatures, floods, challenges, schedules.
    Sources(sources::Sources),
    /// Measure what deliveries bear: the top rate, receivers that hang, are down, drip or never end.
    Deliveries(deliveries::Deliveries),
    /// Measure what retrieval finds, on `XQuAD`; fails when the hybrid finds too little.
    Knowledge(knowledge::Knowledge),
    #[command(flatten)]
    Role(Role),
}

#[derive(Subcommand)]
enum Role {
    /// The floor: an axum handler that group-commits one 600-byte row and answers 202.
    Bare(bare::Bare),
    /// OpenAI-compatible model endpoints, with a delay or without, and a receiver.
    World(world::World),
    /// The load: so many connections, each with one request under way.
    Load(load::Load),
    /// The load of many large bodies at once, and small ones between.
    Heavy(heavy::Heavy),
    /// The load at a rate, with the time from each event's acceptance to its delivery's arrival.
    Pace(pace::Pace),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match Command::parse() {
            Command::Run(run) => run.execute().await,
            Command::Cluster(cluster) => cluster.execute().await,
            Command::Sources(sources) => sources.execute().await,
            Command::Deliveries(deliveries) => deliveries.execute().await,
            Command::Knowledge(knowledge) => knowledge.execute().await,
            Command::Role(Role::Bare(bare)) => bare.serve().await,
            Command::Role(Role::World(world)) => world.serve().await,
            Command::Role(Role::Load(load)) => load.print().await,
            Command::Role(Role::Heavy(heavy)) => heavy.print().await,
            Command::Role(Role::Pace(pace)) => pace.print().await,
        }
    })
}
