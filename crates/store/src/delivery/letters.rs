//! Dead letters: replayed, edited, discarded, one at once or many by a job.
//!
//! A replayed one is due again under its id. One that is edited or discarded leaves for the finished deliveries, with its
//! attempts; what was edited goes out under an id of its own. Whatever keeps its lane halted lets it go on.

use clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Closed, DeliveryFilter, Lane, lane, list::LOOK_INTO};
use crate::{
    DeliveryId, DestinationId, Error, Job, JobStatus, News, Place, Store, WorkspaceId,
    read::Reader,
    sql::{Fault, Row, Sql, Statement, values},
};

/// What is done with dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterAction {
    /// They are due again.
    Replay,
    /// They are given up.
    Discard,
}

/// A dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// Whether there is such a destination: nobody sends it otherwise.
    pub goes: bool,
    /// What it must keep its place in.
    pub lane: Option<Lane>,
    /// How far a job is that is done with it and all before it.
    pub position: i64,
}

/// Some dead letters, oldest first.
#[derive(Clone, Debug)]
pub struct LetterSlice {
    /// Those that fit the filter.
    pub letters: Vec<Letter>,
    /// How far a job is that is done with all of them.
    pub position: i64,
    /// Whether there are none behind it.
    pub is_last: bool,
}

/// What came of a job's next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is done.
    Done,
    /// Nothing is: somebody else was done with one of the letters meanwhile.
    Changed,
    /// Nothing is: the job is not held any more.
    Lost,
}

impl Store {
    /// Makes a dead letter due again, under its old id: at the end of its lane, if it has one, where the order then
    /// goes on without it. Says whether there was one, whose destination is still there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delivery_replay(&self, workspace: WorkspaceId, id: DeliveryId) -> Result<bool, Error> {
        let Some(letter) = self.letter(workspace, id).await? else { return Ok(false) };
        self.done_with(replay(&letter, (self.now(), FRESH)), letter.destination).await
    }

    /// Gives a dead letter up: it is finished, and goes with its trace. Says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delivery_discard(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
        by: &str,
    ) -> Result<bool, Error> {
        let Some(letter) = self.letter(workspace, id).await? else { return Ok(false) };
        self.done_with(discard(&letter, by, self.now()), letter.destination).await
    }

    /// Sends another message in place of a dead letter, which is finished then. Gives the id of the new delivery; `None`
    /// when there is no such dead letter, or its destination is gone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delivery_replace(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
        message: &[u8],
        by: &str,
    ) -> Result<Option<DeliveryId>, Error> {
        let Some(letter) = self.letter(workspace, id).await? else { return Ok(None) };
        let (now, new) = (self.now(), self.ids.next::<DeliveryId>());
        let sealed = self.seal("delivery", new.as_bytes(), message);
        let closed = Closed { by: by.to_owned(), replaced_by: Some(new) };
        let take_place = values![id.number(), id, new.number(), new, now, sealed];
        let take_place = Statement::new(TAKE_PLACE, take_place).or_conflict(NO_LETTER);
        let mut statements = enter(&letter);
        statements.push(take_place);
        statements.extend(leave(&letter, ("replaced", &closed), now));
        Ok(self.done_with(statements, letter.destination).await?.then_some(new))
    }

    /// The next dead letters that fit a filter behind a position, -1 at first: `limit` are looked at, or fewer.
    ///
    /// # Errors
    /// When the database cannot be read or an attempt does not open.
    pub async fn letter_slice(
        &self,
        filter: DeliveryFilter,
        after: i64,
        limit: usize,
    ) -> Result<LetterSlice, Error> {
        let said = filter.reason.clone();
        let limit = if said.is_some() { limit.min(LOOK_INTO) } else { limit };
        let mut slice = self.read(move |c| slice(c, &filter, after, limit)).await?;
        if let Some(said) = said {
            let numbers = slice.letters.iter().map(|letter| letter.position).collect();
            let fit = self.delivery_saying(numbers, &said).await?;
            slice.letters.retain(|letter| fit.contains(&letter.position));
        }
        Ok(slice)
    }

    /// How many dead letters fit a filter, whatever their attempts say.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn letter_count(&self, filter: DeliveryFilter) -> Result<u64, Error> {
        self.read(move |c| count(c, &filter)).await
    }

    /// Commits the next step of a job with dead letters together with how far it is then, so that none is taken twice,
    /// whatever happens to the node. Those that are replayed are sent when nothing fresh is due.
    ///
    /// At most one of the letters may have a lane, or all of them the same: two locks might be waited for in two orders.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn letter_commit(
        &self,
        held: &Job,
        (status, progress): (JobStatus, &Json),
        (action, by): (LetterAction, &str),
        letters: &[Letter],
    ) -> Result<Taken, Error> {
        let now = self.now();
        let mut statements = vec![self.job_progress(held, status, progress, None).or_conflict(LOST)];
        for letter in letters {
            statements.extend(match action {
                LetterAction::Replay => replay(letter, (now, BACKLOG)),
                LetterAction::Discard => discard(letter, by, now),
            });
        }
        match self.change(statements).await {
            Ok(_) => {}
            Err(Error::Conflict(LOST)) => return Ok(Taken::Lost),
            Err(Error::Conflict(_)) => return Ok(Taken::Changed),
            Err(error) => return Err(error),
        }
        let destinations = letters.iter().map(|letter| letter.destination).collect();
        self.tell(News { destinations, ..News::default() });
        Ok(Taken::Done)
    }

    async fn letter(&self, workspace: WorkspaceId, id: DeliveryId) -> Result<Option<Letter>, Error> {
        self.row(
            format!("{LETTER} AND d.id = ?2 AND o.workspace = ?3"),
            values![id.number(), id, workspace],
            letter,
        )
        .await
    }

    /// Whether what was to be done with a dead letter is done.
    async fn done_with(&self, statements: Vec<Statement>, destination: DestinationId) -> Result<bool, Error> {
        match self.change(statements).await {
            Err(Error::Conflict(_)) => return Ok(false),
            changed => changed?,
        };
        self.tell(News { destinations: [destination].into(), ..News::default() });
        Ok(true)
    }
}

pub(super) const NO_LETTER: &str = "the delivery is no dead letter, or its destination is gone";

const LOST: &str = "the job is not held any more";

/// With what is due already, or when none of that is.
const FRESH: i64 = 0;
const BACKLOG: i64 = 1;

/// The writes by which a dead letter is due again.
fn replay(letter: &Letter, (now, rank): (Timestamp, i64)) -> Vec<Statement> {
    let (id, destination) = (letter.id, letter.destination);
    match letter.lane {
        None => {
            let params = values![id.number(), id, now, rank];
            vec![Statement::new(REPLAY, params).or_conflict(NO_LETTER)]
        }
        Some(lane) => lane::rejoin((destination, lane), id, (now, rank)),
    }
}

fn discard(letter: &Letter, by: &str, now: Timestamp) -> Vec<Statement> {
    let closed = Closed { by: by.to_owned(), replaced_by: None };
    let mut statements = enter(letter);
    statements.extend(leave(letter, ("discarded", &closed), now));
    statements
}

/// Before anything is changed in a lane it is locked.
fn enter(letter: &Letter) -> Vec<Statement> {
    let lock = |lane| Statement::new(lane::LOCK, values![letter.destination, lane]);
    letter.lane.map(lock).into_iter().collect()
}

/// The writes by which a dead letter is finished, and its lane goes on.
fn leave(letter: &Letter, (status, closed): (&str, &Closed), now: Timestamp) -> Vec<Statement> {
    let number = letter.id.number();
    let finish = values![number, letter.id, now, status, json!(closed).to_string(), Vec::<u8>::new()];
    let mut statements = vec![
        Statement::new(FINISH, finish).or_conflict(NO_LETTER),
        Statement::new("DELETE FROM delivery_live WHERE number = ?1", values![number]),
    ];
    if let Some(lane) = letter.lane {
        statements.push(Statement::new(lane::ADVANCE, values![letter.destination, lane, now]));
    }
    statements
}

fn slice(c: &Reader<'_>, filter: &DeliveryFilter, after: i64, limit: usize) -> Result<LetterSlice, Fault> {
    let (from, before) = filter.bounds();
    let after = after.max(from);
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut numbers: Vec<i64> = if let Some(destination) = filter.destination {
        c.rows(c.text(&OLDEST_OF), values![destination, after, before, most], |row| row.get(0))?
    } else {
        let asked = origins(c, filter)?.into_iter().map(|origin| values![origin, after, before, most]);
        c.each(c.text(&OLDEST), asked, |row| row.get(0))?
    };
    numbers.sort_unstable();
    let is_last = numbers.len() < limit;
    numbers.truncate(limit);
    let position = numbers.last().copied().unwrap_or(after);
    let row = format!("{LETTER} AND o.workspace = ?2 AND o.environment = ?3 AND (o.flow = ?4 OR ?4 IS NULL)");
    let Place { workspace, environment } = filter.place;
    let asked = numbers.iter().map(|number| values![*number, workspace, environment, filter.flow]);
    Ok(LetterSlice { letters: c.each(&row, asked, letter)?, position, is_last })
}

fn count(c: &Reader<'_>, filter: &DeliveryFilter) -> Result<u64, Fault> {
    let (after, before) = filter.bounds();
    let counts: Vec<i64> = if let Some(destination) = filter.destination {
        let Place { workspace, environment } = filter.place;
        let asked = values![destination, after, before, workspace, environment, filter.flow];
        c.rows(COUNT_OF, asked, |row| row.get(0))?
    } else {
        let asked = origins(c, filter)?.into_iter().map(|origin| values![origin, after, before]);
        c.each(c.text(&COUNT), asked, |row| row.get(0))?
    };
    Ok(counts.into_iter().map(i64::unsigned_abs).sum())
}

fn origins(c: &Reader<'_>, filter: &DeliveryFilter) -> Result<Vec<i64>, Fault> {
    let sql =
        "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2 AND (flow = ?3 OR ?3 IS NULL)";
    let Place { workspace, environment } = filter.place;
    c.rows(sql, values![workspace, environment, filter.flow], |row| row.get(0))
}

fn letter(row: &Row<'_>) -> Result<Letter, Fault> {
    Ok(Letter {
        id: row.get(0)?,
        destination: row.get(1)?,
        goes: row.get::<Option<DestinationId>>(2)?.is_some(),
        lane: row.get(3)?,
        position: row.get(4)?,
    })
}

/// The dead letter of a number.
const LETTER: &str = "SELECT d.id, d.destination, t.id, d.lane, d.number
     FROM delivery_live d JOIN origin o ON o.number = d.origin LEFT JOIN destination t ON t.id = d.destination
     WHERE d.number = ?1 AND d.status = 'dead'";

const REPLAY: &str = "UPDATE delivery_live SET status = 'pending', due_at = ?3, rank = ?4
     WHERE number = ?1 AND id = ?2 AND status = 'dead'
         AND EXISTS (SELECT 1 FROM destination t WHERE t.id = delivery_live.destination)";

/// Puts a delivery in place of a dead letter: at the end of its lane, where it is blocked until the lane goes on.
const TAKE_PLACE: &str = "INSERT INTO delivery_live
         (number, id, origin, destination, run, step, status, attempts, lane, turn, due_at, created_at, sealed, replay_of)
     SELECT ?3, ?4, d.origin, d.destination, d.run, d.step, CASE WHEN d.lane IS NULL THEN 'pending' ELSE 'blocked' END, 0,
         d.lane, CASE WHEN d.lane IS NOT NULL THEN
             (SELECT coalesce(max(l.turn), 0) + 1 FROM delivery_live l
              WHERE l.destination = d.destination AND l.lane = d.lane AND l.turn IS NOT NULL) END,
         ?5, ?5, ?6, d.id
     FROM delivery_live d
     WHERE d.number = ?1 AND d.id = ?2 AND d.status = 'dead'
         AND EXISTS (SELECT 1 FROM destination t WHERE t.id = d.destination)";

/// Copies a dead letter to what is finished; all its attempts have rows of their own.
const FINISH: &str = "INSERT INTO delivery
         (number, id, origin, destination, run, step, attempts, created_at, finished_at, sealed, began_at, record,
          replay_of, status, closed)
     SELECT number, id, origin, destination, run, step, attempts, created_at, ?3, sealed, ?3, ?6, replay_of, ?4, ?5
     FROM delivery_live WHERE number = ?1 AND id = ?2 AND status = 'dead'";

/// The oldest dead letters of an origin between two numbers.
const OLDEST: Sql = Sql::Each {
    sqlite: "SELECT number FROM delivery_live WHERE origin = ?1 AND status = 'dead' AND number > ?2 AND number < ?3
             ORDER BY number LIMIT ?4",
    postgres: "SELECT number FROM delivery_live
               WHERE (origin, status, number) > (?1, 'dead', ?2) AND (origin, status, number) < (?1, 'dead', ?3)
               ORDER BY origin, status, number LIMIT ?4",
};

/// The oldest of a destination.
const OLDEST_OF: Sql = Sql::Each {
    sqlite: "SELECT number FROM delivery_live WHERE status = 'dead' AND destination = ?1 AND number > ?2 AND number < ?3
             ORDER BY number LIMIT ?4",
    postgres: "SELECT number FROM delivery_live
               WHERE status = 'dead' AND (destination, number) > (?1, ?2) AND (destination, number) < (?1, ?3)
               ORDER BY destination, number LIMIT ?4",
};

const COUNT: Sql = Sql::Each {
    sqlite: "SELECT count(*) FROM delivery_live
             WHERE origin = ?1 AND status = 'dead' AND number > ?2 AND number < ?3",
    postgres: "SELECT count(*) FROM delivery_live
               WHERE (origin, status, number) > (?1, 'dead', ?2) AND (origin, status, number) < (?1, 'dead', ?3)",
};

const COUNT_OF: &str = "SELECT count(*) FROM delivery_live d JOIN origin o ON o.number = d.origin
     WHERE d.status = 'dead' AND d.destination = ?1 AND d.number > ?2 AND d.number < ?3
         AND o.workspace = ?4 AND o.environment = ?5 AND (o.flow = ?6 OR ?6 IS NULL)";
