//! A look at a database from outside the server: it changes nothing, waits for nobody, and works beside a server that runs.

use std::{fs::File, path::Path};

use clock::Timestamp;
use vault::{Context, KeyRing};

use crate::{
    Destination, EnvironmentId, Error, Location, destination, keys::SEALED, postgres, read::Reader,
    sql::Fault, sqlite,
};

/// What a look at a database found.
#[derive(Debug)]
pub struct Inspection {
    /// The version of its schema; 0 of one that is empty.
    pub version: u32,
    /// The version that this build knows, and brings an older one to.
    pub newest: u32,
    /// Its own time, if it has one.
    pub time: Option<Timestamp>,
    /// What was sealed, by a row of each kind; nothing of a schema of another version.
    sealed: Vec<(&'static str, Vec<u8>)>,
    destinations: Vec<(String, Destination)>,
    /// The providers of models by name, each with its settings as JSON, without secrets.
    pub providers: Vec<(String, String)>,
}

/// Whether there is a database in a folder, and who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// There is none yet.
    Fresh,
    /// There is one, and no server has it open.
    Free,
    /// A server has it open.
    Served,
}

/// Looks whether there is a database in a folder, and whether a server has it open.
///
/// # Errors
/// When the folder cannot be read.
pub fn presence(directory: &Path) -> std::io::Result<Presence> {
    if !directory.join(sqlite::FILE).try_exists()? {
        return Ok(Presence::Fresh);
    }
    // Shared, and given back at once: a server that has it is not touched by that.
    match File::open(directory.join("lock")).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => Ok(Presence::Free),
        Ok(Err(std::fs::TryLockError::WouldBlock)) => Ok(Presence::Served),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Presence::Free),
        Ok(Err(std::fs::TryLockError::Error(error))) | Err(error) => Err(error),
    }
}

impl Inspection {
    /// Looks at the database there.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn of(location: &Location) -> Result<Self, Error> {
        match location {
            Location::Folder { directory, .. } => {
                let directory = directory.clone();
                let looked = tokio::task::spawn_blocking(move || sqlite::inspect(&directory, look)).await;
                looked.map_err(|_| Error::Unavailable { reason: "the look at it broke off".to_owned() })?
            }
            Location::Postgres(url) => postgres::inspect(url.expose(), look).await,
        }
    }

    /// Whether these keys open what was sealed.
    ///
    /// # Errors
    /// [`Error::Unseal`] for what was sealed with a key that is not among them.
    pub fn keys_check(&self, keys: &KeyRing) -> Result<(), Error> {
        crate::keys::check(keys, self.sealed.iter().map(|(kind, sealed)| (*kind, sealed.as_slice())))
    }

    /// The destinations: environment, name, and what these keys open of it.
    pub fn destinations(&self, keys: &KeyRing) -> Vec<(&str, &str, Result<Destination, Error>)> {
        let open = |found: &Destination| {
            let context = Context { kind: "destination", id: found.id.as_bytes() };
            let secrets = keys.open(context, &found.secrets);
            let secrets = secrets.map_err(|source| Error::Unseal { kind: "destination", source })?;
            Ok(Destination { secrets, ..found.clone() })
        };
        let all = self.destinations.iter();
        all.map(|(environment, found)| (environment.as_str(), found.name.as_str(), open(found))).collect()
    }
}

/// What one reading finds; what is sealed stays so.
fn look(
    reader: &Reader<'_>,
    (version, newest): (u32, u32),
    time: Option<Timestamp>,
) -> Result<Inspection, Fault> {
    let mut found = Inspection {
        version,
        newest,
        time,
        sealed: Vec::new(),
        destinations: Vec::new(),
        providers: Vec::new(),
    };
    // Another version has perhaps other tables.
    if version != newest {
        return Ok(found);
    }
    for (kind, sql) in SEALED {
        let sealed = reader.row(sql, [], |row| row.get::<Vec<u8>>(0))?;
        found.sealed.extend(sealed.map(|sealed| (kind, sealed)));
    }
    let environments = reader.rows("SELECT id, name FROM environment", [], |row| {
        Ok((row.get::<EnvironmentId>(0)?, row.get::<String>(1)?))
    })?;
    let named = |found: Destination| {
        let known = environments.iter().find(|(id, _)| *id == found.place.environment);
        (known.map(|(_, name)| name.clone()).unwrap_or_default(), found)
    };
    found.destinations = destination::everywhere(reader)?.into_iter().map(named).collect();
    let providers = "SELECT name, config FROM provider ORDER BY name";
    found.providers = reader.rows(providers, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found)
}
