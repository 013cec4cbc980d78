//! What can go wrong with the store, told apart by what the caller can do: try again ([`Error::Unavailable`]), ask
//! for something else ([`Error::Conflict`]), or call somebody. No message holds what was stored.

use crate::Fault;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be opened.
    #[error("the database in {path} could not be opened: {reason}")]
    Open {
        /// Where it lies.
        path: String,
        /// Why.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought to version {to}")]
    Migrate {
        /// The version that failed.
        to: u32,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The write is not on stable storage, and nothing of it is kept. The same write may be tried again.
    #[error("the database cannot take writes now: {reason}")]
    Unavailable {
        /// Why, such as a full disk.
        reason: String,
    },
    /// A write failed by itself, its neighbours did not.
    #[error("a write failed")]
    Write(#[source] Fault),
    /// A read failed.
    #[error("a read failed")]
    Read(#[source] Fault),
    /// Something of this name exists already, or changed since it was read ([`STALE`](crate::STALE)).
    #[error("{0}")]
    Conflict(&'static str),
    /// A row that is to be moved to another database is none that it can hold.
    #[error(
        "the row {row} of `{table}` does not hold {expected}, in its column `{column}`; change it where it is now, by a \
         server, and move again"
    )]
    Unmovable {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The row's key.
        row: String,
        /// What should be there.
        expected: &'static str,
    },
    /// The content of a file cannot be read from the folder where it lies, or that cannot be tidied up.
    #[error("the folder for files cannot be read")]
    Blob(#[source] std::io::Error),
    /// Stored bytes do not open.
    #[error("a stored {kind} does not open")]
    Unseal {
        /// What it is.
        kind: &'static str,
        /// Why.
        #[source]
        source: vault::OpenError,
    },
    /// Stored bytes are not in the form they were stored in.
    #[error("a stored {kind} cannot be read")]
    Decode {
        /// What it is.
        kind: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}
