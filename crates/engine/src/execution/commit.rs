//! Commit points.

use std::time::Duration;

use faults::CrashPoint;
use flow::run::Event;
use store::{Committed, RunCommit, Then};
use tokio::time::Instant;

use super::Execution;
use crate::{Change, Shared, Tells, Update};

/// The longest pause between two tries to commit while the database takes no writes.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether the run is still ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Kept,
    /// Another node has it, or the server stops: what is not committed does not count. A row that still names
    /// this node stays its own, run by nobody, until the node leaves or its lease ends; then it is queued again.
    Lost,
}

impl Execution {
    /// Commits what has happened, and what becomes of the run. While the database takes no writes it
    /// is tried again: what a step gave is not thrown away.
    pub(super) async fn commit(&mut self, then: Then) -> Hold {
        // A try that has ended did not take the worker along, and is not made again.
        let ended = |event: &Event| matches!(event, Event::StepSucceeded { .. } | Event::StepFailed { .. });
        let absolved = self.deaths > 0 && self.pending.events.iter().any(ended);
        let record = match (!self.pending.events.is_empty()).then(|| self.encode_pending()).transpose() {
            Ok(record) => record,
            Err(error) => {
                tracing::error!(run = %self.identity.run, %error, "a run cannot be journaled");
                return Hold::Lost;
            }
        };
        let ends = matches!(then, Then::End(_));
        let commit = RunCommit {
            held: self.held,
            seq: self.records,
            record,
            deliveries: std::mem::take(&mut self.pending.deliveries),
            absolved,
            then,
        };
        let records = self.records + u32::from(commit.record.is_some());
        let destinations: Vec<_> = commit.deliveries.iter().map(|delivery| delivery.destination).collect();
        faults::hit(CrashPoint::BeforeStepCommit);
        let asked_at = Instant::now();
        if persist(&self.shared, commit).await == Hold::Lost {
            return Hold::Lost;
        }
        self.confirmed_at = asked_at;
        faults::hit(if ends { CrashPoint::AfterRunEnd } else { CrashPoint::AfterStepCommit });
        self.records = records;
        self.pending.costly = false;
        if absolved {
            self.deaths = 0;
        }
        if !destinations.is_empty() {
            self.shared.world.deliveries_made(&destinations);
        }
        self.tell();
        Hold::Kept
    }

    /// Makes sure that the run is still this node's before it does something outside. While the process stood still,
    /// or the database could not be reached, another node may have taken it over and done it.
    pub(super) async fn confirm_hold(&mut self) -> Hold {
        while !self.shared.lease.has_run_since(self.confirmed_at) {
            let mut stopping = self.shared.stopping.subscribe();
            tokio::select! {
                () = self.shared.lease.running() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return Hold::Lost,
            }
            let nothing = RunCommit {
                held: self.held,
                seq: self.records,
                record: None,
                deliveries: Vec::new(),
                absolved: false,
                then: Then::Hold,
            };
            let asked_at = Instant::now();
            if persist(&self.shared, nothing).await == Hold::Lost {
                return Hold::Lost;
            }
            self.confirmed_at = asked_at;
        }
        Hold::Kept
    }

    /// Tells callers and viewers what is committed.
    fn tell(&mut self) {
        let outcome = self.outcome();
        let (place, run, event) = (self.identity.place, self.identity.run, self.identity.event);
        self.shared.hub.publish(|| Update { place, run, event, change: Change::Committed(outcome.status) });
        self.show();
        if outcome.tells(Tells::Answer) {
            self.answered = true;
            self.shared.hub.answer(run, &outcome);
        }
    }
}

/// Puts a commit on stable storage, however long the database takes no writes.
pub(crate) async fn persist(shared: &Shared, commit: RunCommit) -> Hold {
    let run = commit.held.id;
    let sealed = shared.store.run_seal(commit);
    let mut pause = Duration::from_millis(50);
    let mut stopping = shared.stopping.subscribe();
    loop {
        match shared.store.run_commit(&sealed).await {
            Ok(Committed::Done) => return Hold::Kept,
            Ok(Committed::Lost) => {
                tracing::warn!(%run, "another node has taken the run over");
                return Hold::Lost;
            }
            Err(error) => tracing::warn!(%run, %error, "a run waits to be committed"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = stopping.wait_for(|stopping| *stopping) => return Hold::Lost,
        }
    }
}
