//! What every database behind the store must do.

mod accounts;
mod admission;
mod awaiting;
mod blobs;
mod configuration;
mod connection;
mod deliveries;
mod drafts;
mod expiring;
mod fixture;
mod knowledge;
mod lanes;
mod letters;
mod nodes;
mod partitions;
mod plans;
mod proxy;
mod queue;
mod replays;
mod retention;
mod runs;
mod schedules;
mod telling;
mod transfer;
mod usage;
mod writing;
