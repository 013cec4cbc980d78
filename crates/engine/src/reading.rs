//! Reading along a run from wherever a reader stands to its end.

use std::pin::Pin;

use store::WorkspaceId;
use tokio::time::Instant;

use crate::{Answer, Cursor, Engine, Error, Follower, Outcome, Tells, Told, progress::Progress};

/// What a reader was given when it submitted the event: see [`crate::Submitted`].
#[derive(Debug, Default)]
pub struct Given {
    /// What came of the run.
    pub outcome: Option<Outcome>,
    /// What will.
    pub answer: Option<Answer>,
    /// How it goes on.
    pub follower: Option<Follower>,
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// Something happened in the run.
    Told(Told),
    /// It has ended, or is parked; nothing comes behind that.
    Ended(Outcome),
    /// The time is up; nothing comes behind that.
    Late,
}

/// A reader of a run. Dropping it changes nothing for the run.
pub struct Reader {
    engine: Engine,
    workspace: WorkspaceId,
    cursor: Cursor,
    follower: Follower,
    /// The run by its journal, for as long as nothing else is known of it.
    journaled: Progress,
    waiting: Pin<Box<dyn Future<Output = Result<Option<Outcome>, Error>> + Send>>,
    end: End,
}

enum End {
    /// Not yet.
    Open,
    /// What is left to be told comes from the journal.
    Known(Progress, Outcome),
    /// All is told.
    Told,
}

impl Engine {
    /// Reads along a run, whoever runs it, from where a reader stands, until it ends or the time is up. `given` is what
    /// the reader was given when it submitted the event, if it did.
    ///
    /// # Errors
    /// When the run does not exist or its journal cannot be read.
    pub async fn reader(
        &self,
        workspace: WorkspaceId,
        cursor: Cursor,
        given: Given,
        deadline: Instant,
    ) -> Result<Reader, Error> {
        let Given { outcome, answer, follower } = given;
        let (engine, run) = (self.clone(), cursor.run());
        let waiting =
            Box::pin(async move { engine.wait(workspace, run, answer, (Tells::Progress, deadline)).await });
        // One that is there from the beginning has missed nothing.
        let is_new = follower.is_some();
        let follower = follower.unwrap_or_else(|| self.0.hub.follow(run));
        let (engine, journaled, end) = (self.clone(), Progress::default(), End::Open);
        let mut reader = Reader { engine, workspace, cursor, follower, journaled, waiting, end };
        match outcome {
            Some(outcome) => reader.finish(outcome).await?,
            None if is_new => {}
            None => reader.look().await?,
        }
        Ok(reader)
    }
}

impl Reader {
    /// What this reader has got so far.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// What comes next; nothing behind the end.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn next(&mut self) -> Result<Option<Read>, Error> {
        loop {
            if let End::Known(progress, outcome) = &self.end {
                let told = self.cursor.next(progress);
                let read = told.map_or_else(|| Read::Ended(outcome.clone()), Read::Told);
                if matches!(read, Read::Ended(_)) {
                    self.cursor.end();
                    self.end = End::Told;
                }
                return Ok(Some(read));
            }
            if matches!(self.end, End::Told) {
                return Ok(None);
            }
            if let Some(told) = self.live() {
                return Ok(Some(Read::Told(told)));
            }
            tokio::select! {
                biased;
                outcome = &mut self.waiting => {
                    let Some(outcome) = outcome? else {
                        self.end = End::Told;
                        return Ok(Some(Read::Late));
                    };
                    self.finish(outcome).await?;
                },
                is_over = self.follower.changed() => if is_over {
                    self.follower = self.engine.0.hub.follow(self.cursor.run());
                    self.look().await?;
                },
            }
        }
    }

    /// What is known of the run now.
    fn live(&mut self) -> Option<Told> {
        if self.follower.is_known() {
            return self.follower.next(&mut self.cursor);
        }
        self.cursor.next(&self.journaled)
    }

    /// The run has ended: what is left to be told comes from its journal.
    async fn finish(&mut self, outcome: Outcome) -> Result<(), Error> {
        let timeline = self.engine.timeline(self.workspace, self.cursor.run()).await?;
        self.end = End::Known(timeline.progress, outcome);
        Ok(())
    }

    /// What is committed of the run: until more is known, it is what there is to tell.
    async fn look(&mut self) -> Result<(), Error> {
        if !self.follower.is_known() {
            let timeline = self.engine.timeline(self.workspace, self.cursor.run()).await?;
            if timeline.outcome.tells(Tells::Progress) {
                self.end = End::Known(timeline.progress, timeline.outcome);
            } else {
                self.journaled = timeline.progress;
            }
        }
        Ok(())
    }
}
