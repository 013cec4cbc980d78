//! What the databases would do for each statement of the store.

mod postgres;
mod sqlite;
mod statements;
