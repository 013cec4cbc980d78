//! What the writer knows of the database by heart. Only its thread writes, so nothing changes behind its back.

use rusqlite::Connection;

use super::{claims::Claims, heads::Heads, origins};
use crate::origin::Origins;

/// Kept in step with the transactions: after each, exactly one of [`Memory::committed`] and [`Memory::undone`].
pub(super) struct Memory {
    pub(super) claims: Claims,
    pub(super) heads: Heads,
    pub(super) origins: Origins,
}

impl Memory {
    /// Reads what the last writer left.
    pub(super) fn read(c: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { claims: Claims::read(c)?, heads: Heads::read(c)?, origins: origins::read(c)? })
    }

    /// The transaction is on stable storage.
    pub(super) fn committed(&mut self) {
        self.claims.committed();
        self.origins.committed();
    }

    /// The transaction was undone.
    pub(super) fn undone(&mut self) {
        self.claims.undone();
        self.heads.forget();
        self.origins.undone();
    }
}
