//! Whether the server's keys are those of its database.

use vault::{Context, KeyRing, OpenError};

use crate::{Error, Store};

/// What is sealed, and one row of each: the newest where they are many.
pub(crate) const SEALED: [(&str, &str); 6] = [
    ("secret", "SELECT sealed FROM secret LIMIT 1"),
    ("source", "SELECT sealed FROM source LIMIT 1"),
    ("destination", "SELECT sealed FROM destination LIMIT 1"),
    ("provider", "SELECT sealed FROM provider LIMIT 1"),
    ("delivery", "SELECT sealed FROM delivery_live ORDER BY number DESC LIMIT 1"),
    ("event", "SELECT sealed FROM event ORDER BY number DESC LIMIT 1"),
];

impl Store {
    /// Checks that this server has the keys that what it stored was sealed with. Without them it would
    /// start, open nothing of what there is, and seal what is new with another key. A damaged row is no
    /// reason not to start: it says so when it is read.
    ///
    /// # Errors
    /// [`Error::Unseal`] for what was sealed with a key that this server does not have.
    pub async fn keys_check(&self) -> Result<(), Error> {
        for (kind, sql) in SEALED {
            let sealed: Option<Vec<u8>> = self.row(sql, vec![], |row| row.get(0)).await?;
            check(&self.keys, sealed.iter().map(|sealed| (kind, sealed.as_slice())))?;
        }
        Ok(())
    }
}

/// Whether these keys are those that each of these was sealed with.
pub(crate) fn check<'s>(
    keys: &KeyRing,
    sealed: impl IntoIterator<Item = (&'static str, &'s [u8])>,
) -> Result<(), Error> {
    for (kind, sealed) in sealed {
        // The key is looked for before the context counts, so none is needed.
        if let Err(source @ OpenError::UnknownKey) = keys.open(Context { kind, id: b"" }, sealed) {
            return Err(Error::Unseal { kind, source });
        }
    }
    Ok(())
}
