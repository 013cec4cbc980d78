//! Carrying a run on until it ends, waits, or is lost.

use std::{pin::Pin, sync::Arc, time::Duration};

use flow::{
    Effect,
    run::{Event, RunError, Status, StepState},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use store::Then;
use tokio::sync::oneshot;

use super::{Execution, commit::Hold, step::Ended};
use crate::{
    feed::Feed,
    hub::{Control, Controlled},
};

type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>;

/// What a run waits for.
enum Rest {
    /// A pause so short that it stays in memory.
    Short,
    /// A long pause, or somebody outside.
    Long { wake_at: Option<clock::Timestamp> },
    /// Nothing.
    Endless,
}

impl Execution {
    /// Carries the run on.
    pub(crate) async fn drive(mut self, mut controlled: Controlled) {
        let is_let_go = self.carry_on(&mut controlled).await;
        self.shared.hub.leave(&controlled);
        if is_let_go {
            // Now, since whoever woke it before this told it here, and not the dispatcher.
            self.shared.work.notify_one();
        }
    }

    /// Says whether the run waits now, instead of having ended or being lost.
    async fn carry_on(&mut self, controlled: &mut Controlled) -> bool {
        let mut under_way = UnderWay::new();
        let mut cancelled = Vec::new();
        self.feed = Some(Arc::clone(&controlled.feed));
        self.show();
        loop {
            self.advance(None);
            if let Some(ending) = self.ending() {
                drop(std::mem::take(&mut under_way));
                if self.commit(Then::End(ending)).await == Hold::Kept {
                    for done in cancelled {
                        // Whoever cancelled may have gone; the run is cancelled all the same.
                        let _: Result<(), ()> = oneshot::Sender::send(done, ());
                    }
                }
                break;
            }
            if under_way.is_empty() && self.ready.is_empty() {
                match self.rest() {
                    Rest::Short => {}
                    Rest::Long { wake_at } => {
                        let release = Then::Release { status: Status::Waiting, wake_at };
                        return self.commit(release).await == Hold::Kept;
                    }
                    Rest::Endless if self.fail_stuck() => continue,
                    // It takes no end either: it is left to the next start, and not tried in a circle.
                    Rest::Endless => break,
                }
            }
            if self.start_ready(&controlled.feed, &mut under_way).await == Hold::Lost {
                break;
            }
            tokio::select! {
                Some(ended) = under_way.next() => self.ended(ended),
                () = until(self.next_due().map(|due| self.shared.clock.now().until(due))) => self.go_on().await,
                Some(control) = controlled.told() => match control {
                    Control::Woken => self.look_soon(),
                    Control::Cancel { by, done } => {
                        self.cancel(&by);
                        cancelled.extend(done);
                    }
                },
            }
        }
        false
    }

    /// Starts what may start, after a commit where one is due.
    async fn start_ready(&mut self, feed: &Feed, under_way: &mut UnderWay) -> Hold {
        let ready = std::mem::take(&mut self.ready);
        let effect = |at: &super::Ready| self.program.flow.node(at.node).effect;
        let has_effects = ready.iter().any(|at| effect(at) == Effect::Effectful);
        let answer_due = self.state.response().is_some() && !self.answered;
        // A step that costs something may start on pure steps that are not committed; nothing may start
        // on a step that has cost something and is not committed.
        let due = answer_due || has_effects || self.pending.costly || !self.pending.deliveries.is_empty();
        if due && !self.pending.events.is_empty() {
            if has_effects {
                let at = self.shared.clock.now().as_millis();
                for started in ready.iter().filter(|at| effect(at) == Effect::Effectful) {
                    let step = self.program.flow.graph().id(started.node).as_str().into();
                    self.pending.events.push(Event::StepStarted { step, attempt: started.attempt, at });
                }
            }
            if self.commit(Then::Hold).await == Hold::Lost {
                return Hold::Lost;
            }
        }
        if !ready.is_empty() && self.confirm_hold().await == Hold::Lost {
            return Hold::Lost;
        }
        for at in ready {
            if self.program.speaks[at.node.position()] {
                feed.keep();
            }
            self.publish(at, "running");
            feed.begin(at.node.position());
            under_way.push(Box::pin(self.start(at)));
        }
        Hold::Kept
    }

    fn ended(&mut self, ended: Ended) {
        self.pending.costly |= self.program.flow.node(ended.ready.node).effect != Effect::Pure;
        self.take(ended);
    }

    /// What a run waits for of which no step is under way.
    fn rest(&self) -> Rest {
        let now = self.shared.clock.now();
        let wake_at = self.next_due();
        let waits = |node| matches!(self.state.step(node), StepState::Waiting { .. });
        match wake_at {
            Some(due) if now.until(due) <= self.shared.options.release_after => Rest::Short,
            None if !self.program.flow.graph().nodes().any(waits) => Rest::Endless,
            wake_at => Rest::Long { wake_at },
        }
    }

    /// Ends a run that nothing would ever wake. Says whether it took the end.
    fn fail_stuck(&mut self) -> bool {
        tracing::error!(run = %self.identity.run, "a run waits for nothing");
        let message = "the run had nothing left to do and no end: an error of the server";
        let error = RunError { step: None, code: "internal_error".to_owned(), message: message.to_owned() };
        let at = self.shared.clock.now().as_millis();
        self.happened(Event::Failed { error, at }).is_ok()
    }

    /// When something in the run is due by itself: the end of a pause, or of a wait.
    fn next_due(&self) -> Option<clock::Timestamp> {
        self.pauses.iter().map(|(due, _)| *due).chain(self.next_look()).min()
    }

    /// Does what is due.
    async fn go_on(&mut self) {
        let now = self.shared.clock.now();
        self.end_pauses(now);
        if self.next_look().is_some_and(|due| due <= now) {
            self.look().await;
        }
    }

    fn end_pauses(&mut self, now: clock::Timestamp) {
        let (over, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pauses).into_iter().partition(|(due, _)| *due <= now);
        self.pauses = left;
        for (_, node) in over {
            let step = self.program.flow.graph().id(node).as_str().into();
            self.take_note(Event::PauseEnded { step, at: now.as_millis() });
        }
    }
}

/// Waits so long; for ever when there is nothing to wait for.
async fn until(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
