//! Shows the loop close. Starts the server on an empty data directory, imports the after-sales assistant,
//! plays the chat robot and the ticket system (each fails its first attempt), sends a customer's question as
//! a signed webhook, and prints every hop as it happens. Or starts three nodes and kills one (`cluster.rs`).

mod cluster;
mod hops;
mod import;
mod receiver;
mod shop;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context;
use bench::process::Process;
use clap::Parser;
use hops::Hops;
use import::Owner;
use receiver::Receiver;
use serde_json::json;

#[derive(Parser)]
#[command(name = "demo", about = "Shows the loop close")]
struct Demo {
    /// The binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// The folder with the example.
    #[arg(long)]
    example: PathBuf,
    /// The folder with the models' weights.
    #[arg(long)]
    models: PathBuf,
    /// The data directory; emptied first.
    #[arg(long)]
    data: PathBuf,
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Show three nodes on this database of PostgreSQL, which must be empty, and that nothing is lost when one of
    /// them is killed.
    #[arg(long, value_name = "POSTGRES-URL")]
    cluster: Option<String>,
    /// End when all of it has happened, instead of staying up.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Demo::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Demo {
    async fn run(self) -> anyhow::Result<()> {
        if self.data.exists() {
            std::fs::remove_dir_all(&self.data).context("the data directory cannot be emptied")?;
        }
        std::fs::create_dir_all(&self.data)?;
        match &self.cluster {
            Some(database) => cluster::show(&self, database).await,
            None => self.one().await,
        }
    }

    /// One node, one question, hop by hop.
    async fn one(self) -> anyhow::Result<()> {
        let (receiver, heard) = Receiver::start().await?;
        let server = self.start().await?;
        println!("linchpin answers on http://{} after {} ms", self.listen, server.started_in.as_millis());
        let owner = Owner::set_up(self.listen, &self.said()).await?;
        let source = import::example(&owner, (&self.linchpin, &self.example), &receiver, json!({})).await?;
        let mut hops = Hops::begin(heard);
        let question = shop::question();
        println!("\nA customer asks: {}\n", question["query"].as_str().unwrap_or_default());
        let asked = tokio::spawn(shop::ask(self.listen, source, question));
        hops.watch(&owner, asked).await?;
        println!("\nThe console: {}", owner.login_link().await?);
        if self.once {
            return server.end().await;
        }
        println!("It stays up until you press Ctrl+C.");
        tokio::signal::ctrl_c().await?;
        server.end().await
    }

    async fn start(&self) -> anyhow::Result<Process> {
        let (listen, data, models) =
            (self.listen.to_string(), self.data.display().to_string(), self.models.display().to_string());
        // The receiver plays systems on this machine, which the guard refuses unless the operator allows it.
        let mut arguments = vec!["serve", "--listen", &listen, "--data-dir", &data, "--models-dir", &models];
        arguments.extend(["--allow-cidr", "127.0.0.0/8"]);
        let server =
            Process::start_saying(&self.linchpin, &arguments, self.listen, ("/readyz", &self.said())).await;
        server.with_context(|| format!("is another server on {listen}?"))
    }

    /// Where the server's words go: the first one prints the link that makes the owner.
    fn said(&self) -> PathBuf {
        self.data.with_extension("out")
    }
}
