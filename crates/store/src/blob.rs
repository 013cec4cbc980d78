//! Files that came with events. Each content is stored once in a workspace, by its SHA-256, in the database or in a
//! folder beside it.
//!
//! A content is on stable storage before its event is committed, which names it then in `blob_use`. So a crash between
//! the two leaves a content that nobody uses, and never an event without its files. One that nobody uses is deleted a
//! day after it was last given: what is given again in the second half of that day is said to be new, so an event that
//! is on its way finds it still there.

mod folder;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use clock::Timestamp;
use futures_util::{StreamExt, TryStreamExt, stream};
use vault::Context;

pub(crate) use folder::Folder;

use crate::{
    Error, EventId, Store, WorkspaceId,
    retention::{DAY, SLICE},
    sql::{Row, Statement, Value, values},
    write::{Outcome, Write},
};

/// A file that comes with an event.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// Its content; sealed before it is stored.
    pub content: Bytes,
}

/// For how long a content that was given is taken to be there.
const FRESH: Duration = Duration::from_secs(DAY.as_secs() / 2);

/// How many files of one event are stored at the same time.
const AT_ONCE: usize = 4;

/// How much is deleted in one write: the pages of a large row are many.
const DELETED_BYTES: i64 = 4 << 20;

/// A content in the order of age.
pub(crate) type Place = (Timestamp, WorkspaceId, [u8; 32]);

/// What is before every content.
pub(crate) const FIRST: Place = (Timestamp::from_millis(0), WorkspaceId::from_bytes([0; 16]), [0; 32]);

impl Store {
    /// The content of a file of an event.
    ///
    /// # Errors
    /// When it cannot be read, or does not open.
    pub async fn event_file(
        &self,
        workspace: WorkspaceId,
        event: EventId,
        sha256: [u8; 32],
    ) -> Result<Option<Bytes>, Error> {
        let sql = "SELECT event FROM blob_use WHERE event = ?1 AND sha256 = ?2 AND workspace = ?3";
        let used = self.row(sql, values![event.number(), sha256, workspace], |row| row.get::<i64>(0)).await?;
        match used {
            Some(_) => self.blob_get(workspace, sha256).await,
            None => Ok(None),
        }
    }

    /// A content of a workspace, by its SHA-256.
    ///
    /// # Errors
    /// When it cannot be read, or does not open.
    pub async fn blob_get(&self, workspace: WorkspaceId, sha256: [u8; 32]) -> Result<Option<Bytes>, Error> {
        let sql = "SELECT file, sealed FROM blob WHERE workspace = ?1 AND sha256 = ?2";
        let held = |row: &Row<'_>| Ok((row.get::<Option<String>>(0)?, row.get::<Option<Vec<u8>>>(1)?));
        let Some((file, sealed)) = self.row(sql, values![workspace, sha256], held).await? else {
            return Ok(None);
        };
        let store = self.clone();
        off_the_async_threads(move || {
            let sealed = match (sealed, file) {
                (Some(sealed), _) => sealed,
                (None, Some(file)) => store.folder()?.read(&file).map_err(Error::Blob)?,
                (None, None) => return Err(Error::Conflict("a stored file has no content")),
            };
            store.unseal("blob", &id(workspace, &sha256), &sealed).map(|content| Some(content.into()))
        })
        .await
    }

    /// How many bytes each of these contents of a workspace has; those that it has not are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn blob_sizes(
        &self,
        workspace: WorkspaceId,
        contents: impl IntoIterator<Item = [u8; 32]>,
    ) -> Result<HashMap<[u8; 32], u64>, Error> {
        let asked: Vec<_> = contents.into_iter().map(|sha256| values![workspace, sha256]).collect();
        let sql = "SELECT sha256, size FROM blob WHERE workspace = ?1 AND sha256 = ?2";
        let sized = |row: &Row<'_>| Ok((row.get(0)?, row.get::<i64>(1)?.unsigned_abs()));
        Ok(self.read(move |c| c.each(sql, asked, sized)).await?.into_iter().collect())
    }

    /// Puts files on stable storage, as far as they are not there.
    pub(crate) async fn blobs_put(&self, workspace: WorkspaceId, files: &[NewFile]) -> Result<(), Error> {
        let fresh = self.now().before(FRESH);
        let asked: Vec<_> = files.iter().map(|file| values![workspace, file.sha256, fresh]).collect();
        let sql = "SELECT sha256 FROM blob WHERE workspace = ?1 AND sha256 = ?2 AND stored_at >= ?3";
        let there: Vec<[u8; 32]> = self.read(move |c| c.each(sql, asked, |row| row.get(0))).await?;
        let mut seen: HashSet<[u8; 32]> = there.into_iter().collect();
        let new: Vec<NewFile> = files.iter().filter(|file| seen.insert(file.sha256)).cloned().collect();
        stream::iter(new)
            .map(|file| self.blob_put(workspace, file))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn blob_put(&self, workspace: WorkspaceId, file: NewFile) -> Result<(), Error> {
        let (store, now) = (self.clone(), self.now());
        let row = off_the_async_threads(move || {
            let NewFile { sha256, content } = file;
            let context = Context { kind: "blob", id: &id(workspace, &sha256) };
            let sealed = store.keys.seal(context, &content);
            let (file, sealed) = match &store.blobs {
                None => (None, Some(sealed)),
                Some(folder) => {
                    // Whoever gives the same content at the same time writes another file; one of them is swept away.
                    let mark = store.ids.next::<EventId>();
                    let name = folder::name(workspace, &sha256, mark.as_bytes());
                    folder.write(&name, &sealed).map_err(|error| unwritable(&error))?;
                    (Some(name), None)
                }
            };
            let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
            Ok(values![workspace, sha256, size, now, file, sealed])
        });
        let put = Statement::new(
            "INSERT INTO blob (workspace, sha256, size, stored_at, file, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (workspace, sha256) DO UPDATE SET stored_at = excluded.stored_at",
            row.await?,
        );
        match self.write(Write::Blob(put)).await? {
            Outcome::Changed(_) => Ok(()),
            _ => Err(Error::Conflict("the file was not stored")),
        }
    }

    fn folder(&self) -> Result<&Folder, Error> {
        let missing = "the file lies in a folder, and `blobs.directory` names none";
        self.blobs.as_deref().ok_or(Error::Conflict(missing))
    }

    /// Deletes what nobody uses among the contents after one that were last given before a time. Gives where to go on.
    pub(crate) async fn prune_blobs(&self, after: Place, before: Timestamp) -> Result<Option<Place>, Error> {
        let (stored_at, workspace, sha256) = after;
        let oldest = values![stored_at, workspace, sha256, before, SLICE];
        let seen: Vec<(Place, i64, bool)> = self
            .rows(BY_AGE, oldest, |row| {
                let place = (row.time(0)?, row.get(1)?, row.get(2)?);
                Ok((place, row.get(3)?, row.get::<Option<i64>>(4)?.is_some()))
            })
            .await?;
        let last = (seen.len() == SLICE as usize).then(|| seen.last().map(|(place, ..)| *place)).flatten();
        let mut slice = Vec::new();
        let mut bytes = 0;
        for ((_, workspace, sha256), size, is_used) in seen {
            if is_used {
                continue;
            }
            slice.push(Statement::new(DELETE, values![workspace, sha256, before]));
            bytes += size;
            if bytes > DELETED_BYTES {
                self.change(std::mem::take(&mut slice)).await?;
                bytes = 0;
            }
        }
        if !slice.is_empty() {
            self.change(slice).await?;
        }
        Ok(last)
    }

    /// Deletes the files of a part of the folder that no row names, and that have been there for a day.
    pub(crate) async fn sweep_blobs(&self, part: u8) -> Result<(), Error> {
        let Some(folder) = self.blobs.clone() else { return Ok(()) };
        let (reading, before) = (Arc::clone(&folder), self.now().before(DAY));
        let old =
            off_the_async_threads(move || reading.older_than(part, before).map_err(Error::Blob)).await?;
        for names in old.chunks(SLICE as usize) {
            let known =
                |name: &String| folder::content(name).map(|(workspace, sha256)| values![workspace, sha256]);
            let asked: Vec<Vec<Value>> = names.iter().filter_map(known).collect();
            let sql = "SELECT file FROM blob WHERE workspace = ?1 AND sha256 = ?2";
            let named: Vec<Option<String>> = self.read(move |c| c.each(sql, asked, |row| row.get(0))).await?;
            let named: HashSet<String> = named.into_iter().flatten().collect();
            let gone: Vec<String> = names.iter().filter(|name| !named.contains(*name)).cloned().collect();
            let folder = Arc::clone(&folder);
            off_the_async_threads(move || folder.remove(&gone).map_err(Error::Blob)).await?;
        }
        Ok(())
    }
}

/// The contents by age, after one, and whether anybody uses each. A subquery in the place of a value is asked for each
/// row by the index, whatever PostgreSQL thinks of how many there are.
const BY_AGE: &str = "SELECT b.stored_at, b.workspace, b.sha256, b.size,
         (SELECT u.event FROM blob_use u WHERE u.workspace = b.workspace AND u.sha256 = b.sha256 LIMIT 1)
     FROM blob b WHERE (b.stored_at, b.workspace, b.sha256) > (?1, ?2, ?3) AND b.stored_at < ?4
     ORDER BY b.stored_at, b.workspace, b.sha256 LIMIT ?5";

/// Deletes a content that nobody uses, and that was not given meanwhile.
const DELETE: &str = "DELETE FROM blob WHERE workspace = ?1 AND sha256 = ?2 AND stored_at < ?3
     AND NOT EXISTS (SELECT 1 FROM blob_use u WHERE u.workspace = ?1 AND u.sha256 = ?2)";

/// What a content is sealed for.
fn id(workspace: WorkspaceId, sha256: &[u8; 32]) -> Vec<u8> {
    [&workspace.as_bytes()[..], sha256].concat()
}

fn unwritable(error: &std::io::Error) -> Error {
    tracing::warn!(%error, "a file cannot be stored in its folder");
    Error::Unavailable { reason: "the folder for files refuses to be written".to_owned() }
}

/// Does what takes its time with many bytes, or with a disk.
async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let stopped = |_| Error::Unavailable { reason: "the server is stopping".to_owned() };
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}
