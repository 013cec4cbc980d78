//! What every database behind the store must do.

mod accounts;
mod admission;
mod configuration;
mod deliveries;
mod fixture;
mod knowledge;
mod nodes;
mod plans;
mod queue;
mod runs;
mod writing;
