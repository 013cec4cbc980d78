//! Claims on dedupe keys.
//!
//! A key is as good as random, so a claim that goes straight into an index dirties a page of its own:
//! more bytes for the WAL and the checkpoint than the event itself. So the claims of a transaction are appended
//! to a log, in one row, and the writer knows the log's claims in memory; when there are many, they move to
//! the index in the order of their keys, a few with each transaction, so that neighbours share a page.
//! This is the log-structured merge of O'Neil et al. (1996), with one memory component and one of disk.
//!
//! Only the writer thread claims, so what it knows is all there is. A restart reads the log again.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params, types::Type};

use crate::EventId;

/// How many claims the log holds before they move to the index: the more, the more of them share a page.
/// A hash table of 2¹⁷ places is full at seven eighths, less what one transaction may add at the end: about
/// 5 MB, and as much again while they move. Their sorting keeps the writer for some 9 ms.
const LOG: usize = 114_688 - super::writer::BATCH;

/// How many claims move for each that is made, so that a move is over long before the next begins.
const PACE: usize = 3;

/// How many rows of the log one transaction deletes at most.
const CUT: i64 = 4096;

/// A dedupe key and its source, in one: see [`crate::event::dedupe_key`].
type Key = [u8; 16];

#[derive(Clone, Copy, Debug)]
struct Claim {
    event: EventId,
    expires_at: i64,
}

/// What one claim takes in the log: its key, its event and its expiry.
const LOGGED: usize = 16 + 16 + 8;

impl Claim {
    fn log(&self, key: Key, row: &mut Vec<u8>) {
        row.extend_from_slice(&key);
        row.extend_from_slice(self.event.as_bytes());
        row.extend_from_slice(&self.expires_at.to_be_bytes());
    }

    fn logged(bytes: &[u8; LOGGED]) -> (Key, Self) {
        let part = |at: usize| std::array::from_fn(|i| bytes[at + i]);
        let expires_at = i64::from_be_bytes(std::array::from_fn(|i| bytes[32 + i]));
        (part(0), Self { event: EventId::from_bytes(part(16)), expires_at })
    }
}

/// What the writer knows of claims.
pub(super) struct Claims {
    log: usize,
    fresh: HashMap<Key, Claim>,
    /// The log's rows that hold them: those after the first up to and with the second.
    rows: (i64, i64),
    moving: Option<Moving>,
    /// How far the search for expired claims has come in the index.
    swept: Option<Key>,
    /// What to put back when the transaction under way fails: a key and its claim before.
    undo: Vec<(Key, Option<Claim>)>,
    /// Where the move stands when the transaction under way succeeds.
    moved: Option<Moved>,
    /// Whether it adds a row to the log.
    logged: bool,
}

/// Claims on their way from the log to the index.
struct Moving {
    /// By key.
    claims: Vec<(Key, Claim)>,
    /// The log's rows that hold them: those after the first up to and with the second.
    rows: (i64, i64),
    moved: Moved,
}

#[derive(Clone, Copy, Default)]
struct Moved {
    /// Claims that are in the index.
    claims: usize,
    /// Rows deleted from the log, once all claims are in the index.
    rows: i64,
}

impl Moving {
    /// Puts so many claims into the index, or deletes as many rows of the log as hold so many.
    fn go_on(&self, c: &Connection, pace: usize) -> rusqlite::Result<Moved> {
        let Moved { claims, rows } = self.moved;
        let some: Vec<_> = self.claims.iter().skip(claims).take(pace).collect();
        if some.is_empty() {
            let (after, last) = self.rows;
            let [pace, all] = [pace, self.claims.len()].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
            let some = ((last - after).saturating_mul(pace) / all + 1).min(CUT);
            let upto = (after + rows + some).min(last);
            c.prepare_cached("DELETE FROM dedupe_log WHERE id > ?1 AND id <= ?2")?.execute([after, upto])?;
            return Ok(Moved { claims, rows: upto - after });
        }
        let mut insert = c.prepare_cached(
            "INSERT INTO dedupe (key, event, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET event = ?2, expires_at = ?3",
        )?;
        for (key, claim) in &some {
            insert.execute(params![key, claim.event, claim.expires_at])?;
        }
        Ok(Moved { claims: claims + some.len(), rows })
    }
}

impl Claims {
    /// Reads the log that the last writer left.
    pub(super) fn read(c: &Connection) -> rusqlite::Result<Self> {
        Self::with_log(c, LOG)
    }

    /// The same, with another size of the log.
    fn with_log(c: &Connection, log: usize) -> rusqlite::Result<Self> {
        let mut claims = Self {
            log,
            fresh: HashMap::new(),
            rows: (0, 0),
            moving: None,
            swept: None,
            undo: Vec::new(),
            moved: None,
            logged: false,
        };
        let mut query = c.prepare("SELECT id, claims FROM dedupe_log ORDER BY id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let after = if claims.fresh.is_empty() { id - 1 } else { claims.rows.0 };
            claims.rows = (after, id);
            let bytes = row.get_ref(1)?.as_blob()?;
            let (logged, rest) = bytes.as_chunks::<LOGGED>();
            if !rest.is_empty() {
                let reason = "a row of the log of dedupe claims is cut short".into();
                return Err(rusqlite::Error::FromSqlConversionFailure(1, Type::Blob, reason));
            }
            claims.fresh.extend(logged.iter().map(Claim::logged));
        }
        Ok(claims)
    }

    /// Claims a key for an event, or says which event holds it.
    pub(super) fn claim(
        &mut self,
        c: &Connection,
        key: Key,
        event: EventId,
        (now, expires_at): (i64, i64),
    ) -> rusqlite::Result<Option<EventId>> {
        if let Some(held) = self.held(c, key)?.filter(|held| held.expires_at > now) {
            return Ok(Some(held.event));
        }
        let before = self.fresh.insert(key, Claim { event, expires_at });
        self.undo.push((key, before));
        Ok(None)
    }

    /// The newest claim of a key, living or not.
    fn held(&self, c: &Connection, key: Key) -> rusqlite::Result<Option<Claim>> {
        if let Some(claim) = self.fresh.get(&key) {
            return Ok(Some(*claim));
        }
        if let Some(Moving { claims, .. }) = &self.moving
            && let Ok(at) = claims.binary_search_by_key(&key, |(key, _)| *key)
        {
            return Ok(claims.get(at).map(|(_, claim)| *claim));
        }
        c.prepare_cached("SELECT event, expires_at FROM dedupe WHERE key = ?1")?
            .query_row([key], |row| Ok(Claim { event: row.get(0)?, expires_at: row.get(1)? }))
            .optional()
    }

    /// Logs the claims of the transaction and moves some older ones to the index, as its last part.
    pub(super) fn finish(&mut self, c: &Connection) -> rusqlite::Result<()> {
        if self.undo.is_empty() {
            return Ok(());
        }
        let mut row = Vec::with_capacity(self.undo.len() * LOGGED);
        for (key, _) in &self.undo {
            if let Some(claim) = self.fresh.get(key) {
                claim.log(*key, &mut row);
            }
        }
        c.prepare_cached("INSERT INTO dedupe_log (id, claims) VALUES (?1, ?2)")?
            .execute(params![self.rows.1 + 1, row])?;
        self.logged = true;
        if let Some(moving) = &self.moving {
            self.moved = Some(moving.go_on(c, self.undo.len().saturating_mul(PACE))?);
        }
        Ok(())
    }

    /// The transaction is on stable storage.
    pub(super) fn committed(&mut self) {
        self.undo.clear();
        self.rows.1 += i64::from(std::mem::take(&mut self.logged));
        if let (Some(moved), Some(moving)) = (self.moved.take(), &mut self.moving) {
            moving.moved = moved;
            if moving.rows.0 + moved.rows == moving.rows.1 {
                self.moving = None;
            }
        }
        // A key that is claimed again and again, each time after its claim has expired, adds rows and no key.
        let rows = usize::try_from(self.rows.1 - self.rows.0).unwrap_or(usize::MAX);
        if self.moving.is_none() && self.fresh.len().max(rows) >= self.log {
            let mut claims: Vec<_> = self.fresh.drain().collect();
            // After a restart amid a move it is larger, for it took what was moving as well.
            self.fresh.shrink_to(self.log);
            claims.sort_unstable_by_key(|(key, _)| *key);
            self.moving = Some(Moving { claims, rows: self.rows, moved: Moved::default() });
            self.rows.0 = self.rows.1;
        }
    }

    /// The transaction was undone.
    pub(super) fn undone(&mut self) {
        self.moved = None;
        self.logged = false;
        for (key, before) in self.undo.drain(..).rev() {
            match before {
                Some(claim) => self.fresh.insert(key, claim),
                None => self.fresh.remove(&key),
            };
        }
    }

    /// Looks at the next claims of the index and deletes the expired ones; gives how many those were.
    /// The whole index is looked at in turn, for a second index, by time, would cost each claim a page.
    pub(super) fn sweep(&mut self, c: &Connection, limit: u32, now: i64) -> rusqlite::Result<usize> {
        // No key at all comes before every key.
        let after = self.swept.as_ref().map_or(&[][..], |key| &key[..]);
        let last: Option<Key> = c
            .prepare_cached(
                "SELECT max(key) FROM (SELECT key FROM dedupe WHERE key > ?1 ORDER BY key LIMIT ?2)",
            )?
            .query_row(params![after, limit], |row| row.get(0))?;
        let Some(last) = last else {
            self.swept = None;
            return Ok(0);
        };
        let deleted = c
            .prepare_cached("DELETE FROM dedupe WHERE key > ?1 AND key <= ?2 AND expires_at <= ?3")?
            .execute(params![after, last, now])?;
        self.swept = Some(last);
        Ok(deleted)
    }
}

/// Puts all claims of the log into the index, in one transaction: for who reads the database without a writer.
pub(super) fn settle(c: &mut Connection) -> rusqlite::Result<()> {
    let transaction = c.transaction()?;
    let Claims { fresh, rows, .. } = Claims::read(&transaction)?;
    let mut claims: Vec<_> = fresh.into_iter().collect();
    claims.sort_unstable_by_key(|(key, _)| *key);
    if !claims.is_empty() {
        let all = claims.len();
        Moving { claims, rows, moved: Moved::default() }.go_on(&transaction, all)?;
        transaction.execute("DELETE FROM dedupe_log", [])?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests;
