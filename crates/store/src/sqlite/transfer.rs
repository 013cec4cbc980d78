//! The folder that is moved.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use rusqlite::{Row, types::ValueRef};
use tokio::sync::mpsc;

use super::{FILE, claims, connect_to_read, connect_to_write, lock};
use crate::{
    Error, Fault,
    sql::Value,
    transfer::{Column, HEADER, Limits, Move, Sum, TRAILER, Table, quoted, values},
};

/// The folder, taken for this process.
pub(crate) struct Source {
    pub(crate) directory: PathBuf,
    path: PathBuf,
    _lock: File,
}

/// Some rows of a table.
pub(crate) struct Batch {
    /// A file of COPY's binary format.
    pub(crate) data: Bytes,
    pub(crate) sum: Sum,
    /// The key of the last row, as it is in `data`.
    pub(crate) last: Vec<u8>,
}

/// The batches of a table, as they are read by a thread of their own: one more waits, and one is made.
pub(crate) struct Batches(mpsc::Receiver<Result<Option<Batch>, Error>>);

impl Batches {
    /// The next; nothing when the table is read to its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        let stopped = || Error::Unavailable { reason: "reading the folder was stopped".to_owned() };
        self.0.recv().await.ok_or_else(stopped)?
    }
}

impl Source {
    /// Takes a folder and makes it ready to be read as a whole.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let failed = |reason: String| Error::Open { path: directory.display().to_string(), reason };
        if !directory.join(FILE).is_file() {
            return Err(failed(format!("there is no installation in it: it has no file `{FILE}`")));
        }
        let in_use = "a server has it open; stop that one first";
        let lock = lock(&directory.join("lock"), in_use).map_err(failed)?;
        let path = directory.join(FILE);
        let mut connection = connect_to_write(&path, directory, None)?;
        claims::settle(&mut connection).map_err(|error| Error::Write(error.into()))?;
        Ok(Self { directory: directory.to_owned(), path, _lock: lock })
    }

    pub(crate) fn failed(&self, reason: String) -> Error {
        Error::Open { path: self.directory.display().to_string(), reason }
    }

    /// What the database says of its tables.
    pub(crate) fn tables(&self) -> Result<Vec<Table>, Error> {
        let columns = || -> Result<Vec<(String, Column)>, Fault> {
            let connection = connect_to_read(&self.path)?;
            let sql =
                "SELECT t.name, c.name, c.type, c.pk FROM sqlite_master t JOIN pragma_table_info(t.name) c
                       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid";
            let mut query = connection.prepare(sql)?;
            let column = |row: &Row<'_>| {
                let (name, kind, key) = (row.get(1)?, row.get(2)?, row.get(3)?);
                Ok((row.get(0)?, Column { name, kind, key, counted: false }))
            };
            Ok(query.query_map([], column)?.collect::<Result<_, _>>()?)
        };
        columns().map(Table::collect).map_err(Error::Read)
    }

    /// Reads a table by key, behind a row that was read before.
    pub(crate) fn read(&self, table: &Move, after: Option<Vec<u8>>, limits: Limits) -> Batches {
        let (batches, read) = mpsc::channel(1);
        let reading = Reading { path: self.path.clone(), table: table.clone(), limits };
        tokio::task::spawn_blocking(move || {
            let end = reading.run(after, |batch| batches.blocking_send(Ok(Some(batch))).is_ok());
            // Whoever asked may not want more.
            let _ = batches.blocking_send(end.map(|()| None));
        });
        Batches(read)
    }
}

/// The statement that reads a table by key, from its first row or behind one.
fn select(table: &Move, from_first: bool) -> String {
    let key = table.names(&table.key);
    let places = (1..=table.key.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let behind = if from_first { String::new() } else { format!("WHERE ({key}) > ({places})") };
    format!("SELECT {} FROM {} {behind} ORDER BY {key}", table.all_names(), quoted(&table.name))
}

struct Reading {
    path: PathBuf,
    table: Move,
    limits: Limits,
}

impl Reading {
    /// Hands over the rows in batches, until they are no longer taken.
    fn run(&self, after: Option<Vec<u8>>, mut hand_over: impl FnMut(Batch) -> bool) -> Result<(), Error> {
        let failed = |error: rusqlite::Error| Error::Read(error.into());
        let connection = connect_to_read(&self.path).map_err(failed)?;
        let mut query = connection.prepare(&select(&self.table, after.is_none())).map_err(failed)?;
        let params = after.map_or(Ok(Vec::new()), |key| self.key(&key)).map_err(Error::Read)?;
        let mut rows = query.query(rusqlite::params_from_iter(params)).map_err(failed)?;
        let mut batch = Filling::default();
        while let Some(row) = rows.next().map_err(failed)? {
            batch.add(&self.table, row)?;
            if batch.is_full(self.limits)
                && let Some(batch) = std::mem::take(&mut batch).done(&self.table)
                && !hand_over(batch)
            {
                return Ok(());
            }
        }
        batch.done(&self.table).map(hand_over);
        Ok(())
    }

    fn key(&self, bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        let kinds = self.table.key.iter().filter_map(|place| self.table.columns.get(*place));
        let key = values(kinds.map(|(_, kind)| *kind), bytes);
        key.ok_or(Fault::Column { column: 0, expected: "the key of a row" })
    }
}

/// A batch that is being filled.
struct Filling {
    data: Vec<u8>,
    sum: Sum,
    /// Where the columns of the last row begin, and where it ends.
    columns: Vec<usize>,
}

impl Default for Filling {
    fn default() -> Self {
        Self { data: HEADER.to_vec(), sum: Sum::default(), columns: Vec::new() }
    }
}

impl Filling {
    fn add(&mut self, table: &Move, row: &Row<'_>) -> Result<(), Error> {
        let from = self.data.len();
        let count = i16::try_from(table.columns.len()).unwrap_or(i16::MAX);
        self.data.extend(count.to_be_bytes());
        self.columns.clear();
        for (place, (column, kind)) in table.columns.iter().enumerate() {
            self.columns.push(self.data.len());
            let value = row.get_ref(place).map_err(|error| Error::Read(error.into()))?;
            kind.put(value, &mut self.data).map_err(|expected| Error::Unmovable {
                table: table.name.clone(),
                column: column.clone(),
                row: named(table, row),
                expected,
            })?;
        }
        self.columns.push(self.data.len());
        self.sum.add(self.data.get(from..).unwrap_or_default());
        Ok(())
    }

    fn is_full(&self, limits: Limits) -> bool {
        self.sum.rows >= limits.rows || self.data.len() >= limits.bytes
    }

    /// The batch, when there is anything in it.
    fn done(mut self, table: &Move) -> Option<Batch> {
        let column = |place: &usize| {
            let (from, to) = (*self.columns.get(*place)?, *self.columns.get(place + 1)?);
            self.data.get(from..to)
        };
        let last = table.key.iter().map(column).collect::<Option<Vec<_>>>()?.concat();
        self.data.extend(TRAILER);
        Some(Batch { data: self.data.into(), sum: self.sum, last })
    }
}

/// How messages call a row: by its key.
fn named(table: &Move, row: &Row<'_>) -> String {
    let column = |place: &usize| match row.get_ref(*place) {
        Ok(ValueRef::Integer(number)) => number.to_string(),
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Blob(bytes)) => hex::encode(bytes),
        _ => "?".to_owned(),
    };
    table.key.iter().map(column).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::plan;

    /// The folder's tables, as they are moved.
    fn moves(source: &Source) -> Vec<Move> {
        let tables = source.tables().unwrap();
        let mut target = tables.clone();
        for column in target.iter_mut().flat_map(|table| &mut table.columns) {
            column.kind = match column.kind.as_str() {
                "INTEGER" => "bigint",
                "TEXT" => "text",
                _ => "bytea",
            }
            .to_owned();
        }
        plan(&tables, &target).unwrap()
    }

    #[test]
    fn no_table_is_sorted_to_be_read_by_its_key() {
        let folder = tempfile::tempdir().unwrap();
        connect_to_write(&folder.path().join(FILE), folder.path(), None).unwrap();
        let source = Source::open(folder.path()).unwrap();
        let connection = connect_to_read(&source.path).unwrap();
        let moves = moves(&source);
        assert!(moves.len() > 25, "{moves:?}");
        for table in moves {
            assert!(!table.key.is_empty(), "{table:?}");
            for (from_first, verb) in [(true, "SCAN"), (false, "SEARCH")] {
                let sql = format!("EXPLAIN QUERY PLAN {}", select(&table, from_first));
                let mut query = connection.prepare(&sql).unwrap();
                let nulls = vec![Value::Null; if from_first { 0 } else { table.key.len() }];
                let steps = query.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3));
                let steps: Vec<_> = steps.unwrap().map(Result::unwrap).collect();
                assert!(steps.len() == 1 && steps[0].starts_with(verb), "{sql}: {steps:?}");
            }
        }
    }

    /// A folder with so many variables, each of a thousand bytes, and the table of them.
    fn variables(count: u8) -> (tempfile::TempDir, Source, Move) {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect_to_write(&folder.path().join(FILE), folder.path(), None).unwrap();
        let sql = "INSERT INTO variable VALUES (zeroblob(16), zeroblob(16), ?1, ?2, 1)";
        for n in 0..count {
            connection.execute(sql, (format!("name {n}"), "v".repeat(1000))).unwrap();
        }
        drop(connection);
        let source = Source::open(folder.path()).unwrap();
        let table = moves(&source).into_iter().find(|table| table.name == "variable").unwrap();
        (folder, source, table)
    }

    async fn batches(source: &Source, table: &Move, after: Option<Vec<u8>>, limits: Limits) -> Vec<Batch> {
        let (mut reading, mut read) = (source.read(table, after, limits), Vec::new());
        while let Some(batch) = reading.next().await.unwrap() {
            read.push(batch);
        }
        read
    }

    #[tokio::test]
    async fn a_batch_is_bounded_in_rows_and_in_bytes() {
        let (_folder, source, table) = variables(25);
        let rows = batches(&source, &table, None, Limits { rows: 10, bytes: 1 << 20 }).await;
        assert_eq!(rows.iter().map(|batch| batch.sum.rows).collect::<Vec<_>>(), [10, 10, 5]);
        let bytes = batches(&source, &table, None, Limits { rows: 100, bytes: 4_000 }).await;
        assert_eq!(bytes.iter().map(|batch| batch.sum.rows).sum::<u64>(), 25);
        for batch in &bytes[..bytes.len() - 1] {
            assert!((4_000..5_200).contains(&batch.data.len()), "{}", batch.data.len());
        }
        assert_eq!(batches(&source, &table, None, Limits { rows: 5, bytes: 1 << 20 }).await.len(), 5);
        let (_folder, source, table) = variables(0);
        assert!(batches(&source, &table, None, Limits { rows: 10, bytes: 1 }).await.is_empty());
    }

    #[tokio::test]
    async fn behind_each_batch_stands_the_rest() {
        let (_folder, source, table) = variables(25);
        let limits = Limits { rows: 4, bytes: 1 << 20 };
        let all = batches(&source, &table, None, limits).await;
        for (at, batch) in all.iter().enumerate() {
            let rest = batches(&source, &table, Some(batch.last.clone()), limits).await;
            let data = |batches: &[Batch]| batches.iter().map(|batch| batch.data.clone()).collect::<Vec<_>>();
            assert_eq!(data(&rest), data(&all[at + 1..]));
        }
    }

    #[test]
    fn a_folder_without_an_installation_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let said = Source::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("no installation"), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
