//! The house's own chores. `cargo xtask --help` lists them.

mod bench;
mod certificates;
mod codegen;
mod demo;
mod faults;
mod fuzz;
mod models;
mod postgres;
mod senders;
mod shell;
mod system;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", about = "The house's own chores")]
enum Chore {
    /// Install what the tests need, start it, and run them all.
    Test(test::Test),
    /// Let a cluster's nodes, its database and the lines between fail, for minutes on end.
    Faults(faults::Faults),
    /// Send a server requests of every kind that chance can make up, a million of them.
    Fuzz(fuzz::Fuzz),
    /// Check the house rules that no compiler knows.
    Tidy,
    /// Write what is generated: the OpenAPI document and the documentation made from the code.
    Codegen {
        /// Only say whether something would change; fail if so.
        #[arg(long)]
        check: bool,
    },
    /// Fetch the weights of the models in the process into `models/`.
    Models,
    /// Set everything up, and show the loop close.
    Demo(demo::Demo),
    /// Measure the optimised binary and print the table of figures to reach.
    Bench(Box<bench::Bench>),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Test(test) => test.run(),
        Chore::Faults(faults) => faults.run(),
        Chore::Fuzz(fuzz) => fuzz.run(),
        Chore::Tidy => tidy::run(),
        Chore::Codegen { check } => codegen::run(check),
        Chore::Models => models::fetch(),
        Chore::Demo(demo) => demo.run(),
        Chore::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
