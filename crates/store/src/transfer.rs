//! Moving an installation from SQLite to PostgreSQL.
//!
//! Table by table, in batches by key; each is committed together with how far it brought its table. So what was stopped
//! at any moment goes on where it stood, and nothing comes twice. At the end both databases are read anew and compared.
//! What is sealed is copied as it is: the nodes of the target need the key of the source.
//!
//! The tables and their columns are those that both databases have, by what they say of themselves. A table or a
//! column that only one has stops the move, unless it is named as left out (`plan`). An unfinished move marks the
//! target, which no server serves then. It marks the folder as well (`mark`), and a server that opens that one wipes the
//! mark off: what goes on afterwards is no longer what was copied.

mod mark;
mod plan;
mod tuple;

use std::{collections::HashMap, path::Path};

use clock::Random;
use vault::Secret;

pub(crate) use mark::served;
pub(crate) use plan::{Column, Move, Table, is_moved, plan, quoted};
pub use tuple::Sum;
pub(crate) use tuple::{HEADER, TRAILER, row, values};

use crate::{
    Error,
    postgres::{Progress, Target},
    sqlite::{Batches, Source},
};

/// What a transfer is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To copy what is not copied yet.
    Copy,
    /// To throw away what an unfinished transfer has brought, and copy all.
    Restart,
    /// To compare, and change nothing.
    Compare,
}

/// How far the last transfer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// There was none.
    Nothing,
    /// It was stopped in the midst.
    Begun,
    /// It is done: nothing is left to copy.
    Finished,
}

/// What a step of copying has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: String,
    /// How many rows of it came by this step.
    pub added: u64,
    /// How many are in the target now.
    pub rows: u64,
    /// Whether these are all.
    pub complete: bool,
}

/// A table in both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The table.
    pub table: String,
    /// What is in the folder.
    pub source: Sum,
    /// What was read of the folder when it was copied.
    pub copied: Sum,
    /// What is in PostgreSQL.
    pub target: Sum,
}

impl Comparison {
    /// Whether the table has arrived, and nothing has changed since.
    pub fn agrees(&self) -> bool {
        self.source == self.target && self.source == self.copied
    }
}

/// How much one batch holds at most, in rows and in bytes; a row is not divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) rows: u64,
    pub(crate) bytes: usize,
}

const LIMITS: Limits = Limits { rows: 10_000, bytes: 4 << 20 };

/// A transfer from a folder to PostgreSQL. No server can open the folder while it lives.
pub struct Transfer {
    pub(crate) limits: Limits,
    source: Source,
    target: Target,
    tables: Vec<Move>,
    before: Before,
    progress: HashMap<String, Progress>,
    /// The table that is being copied, and what is read of it.
    copying: usize,
    reading: Option<Batches>,
    /// The table that is compared next.
    comparing: usize,
}

impl Transfer {
    /// Opens both ends: takes the folder for itself, brings the schemas up to date, and marks both.
    ///
    /// # Errors
    /// When a server has the folder open, or there is no installation in it; when the target is not reached, or holds
    /// anything but an earlier part of this transfer.
    pub async fn open(from: &Path, to: &Secret, purpose: Purpose, random: &Random) -> Result<Self, Error> {
        let source = Source::open(from)?;
        let (target, begun) = Target::open(to.expose(), purpose).await?;
        let mark = mark::read(from).map_err(|error| source.failed(error.to_string()))?;
        let before = match (begun, mark) {
            (Some(begun), Some(mark)) if begun.source == mark.id => match purpose {
                _ if begun.finished => Before::Finished,
                Purpose::Restart => Before::Nothing,
                _ => Before::Begun,
            },
            (_, Some(mark)) if mark.moved => return Err(source.failed(mark::MOVED.to_owned())),
            (Some(begun), _) if !begun.finished && purpose == Purpose::Restart => Before::Nothing,
            (Some(_), _) => return Err(target.failed(OTHERS)),
            (None, _) if purpose == Purpose::Compare => return Err(target.failed(NOTHING)),
            (None, _) => Before::Nothing,
        };
        let tables = plan(&source.tables()?, &target.tables().await?);
        let tables = tables.map_err(|reason| target.failed(&reason))?;
        if before == Before::Nothing {
            target.clear(&tables).await?;
            let id = match mark {
                Some(mark) => mark.id,
                None => mark::draw(from, random).map_err(|error| source.failed(error.to_string()))?,
            };
            target.begin(id).await?;
        }
        let progress = target.progress().await?;
        let copying = if before == Before::Finished { tables.len() } else { 0 };
        let (limits, reading, comparing) = (LIMITS, None, 0);
        Ok(Self { limits, source, target, tables, before, progress, copying, reading, comparing })
    }

    /// How far the last transfer came.
    pub const fn before(&self) -> Before {
        self.before
    }

    /// Copies the next batch and waits until it is on stable storage; nothing when all is copied.
    ///
    /// # Errors
    /// When the one cannot be read or the other not be written, or a row is none that PostgreSQL can hold. What was
    /// copied stays; another transfer goes on from there.
    pub async fn copy(&mut self) -> Result<Option<Copied>, Error> {
        let Some(table) = self.tables.get(self.copying) else { return Ok(None) };
        let progress = self.progress.entry(table.name.clone()).or_default();
        let reading = match &mut self.reading {
            Some(reading) => reading,
            none => none.insert(self.source.read(table, progress.last.clone(), self.limits)),
        };
        let (added, complete) = if let Some(batch) = reading.next().await? {
            let (added, after) = (batch.sum.rows, progress.with(&batch));
            self.target.write(table, batch, &after).await?;
            *progress = after;
            (added, false)
        } else {
            self.target.complete(table).await?;
            self.reading = None;
            self.copying += 1;
            (0, true)
        };
        Ok(Some(Copied { table: table.name.clone(), added, rows: progress.sum.rows, complete }))
    }

    /// Reads the next table anew on both sides; nothing when all are compared.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn compare(&mut self) -> Result<Option<Comparison>, Error> {
        let Some(table) = self.tables.get(self.comparing) else { return Ok(None) };
        let here = async {
            let (mut sum, mut reading) = (Sum::default(), self.source.read(table, None, self.limits));
            while let Some(batch) = reading.next().await? {
                sum.join(&batch.sum);
            }
            Ok(sum)
        };
        let (source, target) = tokio::try_join!(here, self.target.sum(table))?;
        let copied = self.progress.get(&table.name).map(|progress| progress.sum).unwrap_or_default();
        self.comparing += 1;
        Ok(Some(Comparison { table: table.name.clone(), source, copied, target }))
    }

    /// Ends the transfer, after all tables were found to agree: servers may open the target, and the folder no more.
    ///
    /// # Errors
    /// When a mark cannot be set.
    pub async fn finish(self) -> Result<(), Error> {
        // In this order: what stops between the two is served by neither, and can be ended again.
        mark::moved(&self.source.directory).map_err(|error| self.source.failed(error.to_string()))?;
        self.target.finish().await
    }
}

const OTHERS: &str = "it holds what was moved from another folder, or from this one before a server ran on it again; \
                      give an empty database or schema, or --restart to throw away what an unfinished migration \
                      brought";

const NOTHING: &str = "nothing was moved into it that could be compared";
