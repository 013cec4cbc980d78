//! Steps that wait for something outside the run. A step does its part, says what it waits for, and is done with its
//! worker; a run of which nothing else is under way is let go. What it waits for wakes it, in the transaction in which
//! it comes. A new thing to wait for is a variant of [`Awaited`] and one of [`Came`].

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use clock::Timestamp;
use flow::{
    NodeIndex,
    run::{Event, Wait},
};
use serde_json::Value;
use store::DeliveryState;

use super::{Execution, Ready, step::Ended};
use crate::{Awaited, Came, NodeError, StepOutcome};

/// How soon it is looked again when the store could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// A step that waits.
pub(super) struct Waiting {
    node: NodeIndex,
    attempt: u32,
    wait: Wait,
}

/// What is seen of what a step waits for.
enum Look {
    Open,
    Came(Box<Came>),
    /// It is no more.
    Gone,
}

impl Awaited {
    const DELIVERY: &'static str = "delivery";

    fn journaled(self, at: Timestamp, until: Option<Timestamp>) -> Wait {
        let Self::Delivery(id) = self;
        Wait {
            what: Self::DELIVERY.into(),
            on: id.to_string().into(),
            at: at.as_millis(),
            until: until.map(Timestamp::as_millis),
        }
    }

    fn of(wait: &Wait) -> Option<Self> {
        match &*wait.what {
            Self::DELIVERY => wait.on.parse().ok().map(Self::Delivery),
            _ => None,
        }
    }
}

impl Waiting {
    fn gives_up(&self) -> Option<Timestamp> {
        self.wait.until.map(Timestamp::from_millis)
    }
}

impl Execution {
    /// What happens in the run when a step begins to wait. It gives up when its own timeout is over; without one it waits
    /// as long as it takes.
    pub(super) fn begins_to_wait(&self, ready: Ready, input: Option<Arc<Value>>, awaited: Awaited) -> Event {
        let Ready { node, attempt, .. } = ready;
        let node = self.program.flow.node(node);
        let now = self.shared.clock.now();
        let until = node.timeout.map(|timeout| now.after(timeout.as_duration()));
        let (step, wait) = (node.id.as_str().into(), awaited.journaled(now, until));
        Event::StepWaiting { step, attempt, wait, input }
    }

    pub(super) fn wait(&mut self, node: NodeIndex, attempt: u32, wait: Wait) {
        self.waits.push(Waiting { node, attempt, wait });
    }

    /// What some step waits for may have come.
    pub(super) fn look_soon(&mut self) {
        self.look_at = Some(self.shared.clock.now());
    }

    /// When it is to be looked next whether a wait is over.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        self.waits.iter().filter_map(Waiting::gives_up).chain(self.look_at).min()
    }

    /// Looks at what the steps wait for, and lets those go on that need not wait any more.
    pub(super) async fn look(&mut self) {
        self.look_at = None;
        for waiting in std::mem::take(&mut self.waits) {
            let now = self.shared.clock.now();
            match self.came(&waiting.wait).await {
                Ok(Look::Came(came)) => {
                    let result = self.resumed(waiting.node, &came);
                    self.end_wait(&waiting, result, now);
                }
                Ok(Look::Gone) => self.end_wait(&waiting, Err(gone(&waiting.wait)), now),
                Ok(Look::Open) if waiting.gives_up().is_some_and(|until| until <= now) => {
                    self.end_wait(&waiting, Err(in_vain(&waiting.wait)), now);
                }
                Ok(Look::Open) => self.waits.push(waiting),
                Err(error) => {
                    tracing::warn!(run = %self.identity.run, %error, "what a run waits for could not be read");
                    self.look_at = Some(now.after(RETRY));
                    self.waits.push(waiting);
                }
            }
        }
    }

    /// Whether what a step waits for has come.
    async fn came(&self, wait: &Wait) -> Result<Look, store::Error> {
        let Some(Awaited::Delivery(id)) = Awaited::of(wait) else { return Ok(Look::Gone) };
        let found = self.shared.store.delivery_outcome(self.identity.place.workspace, id).await?;
        Ok(found.map_or(Look::Gone, |(delivery, last)| match delivery.state {
            DeliveryState::Pending | DeliveryState::Blocked => Look::Open,
            // A person may have been done with a dead letter before the run came to look.
            DeliveryState::Delivered
            | DeliveryState::Dead
            | DeliveryState::Discarded
            | DeliveryState::Replaced => Look::Came(Box::new(Came::Delivery { delivery, last })),
        }))
    }

    /// What the step makes of it; a panic is its failure, not the server's.
    fn resumed(&self, node: NodeIndex, came: &Came) -> Result<StepOutcome, NodeError> {
        let known = self.program.flow.node(node);
        let kind = self.shared.registry.get(&known.kind, Some(known.version));
        let (Some(kind), Some(config)) = (kind, self.program.config(node)) else {
            let message = format!("this server has no kind `{}@{}`", known.kind, known.version);
            return Err(NodeError::permanent("kind_missing", message));
        };
        let caught = std::panic::catch_unwind(AssertUnwindSafe(|| kind.resume(config, came)));
        caught.unwrap_or_else(|_| {
            tracing::error!(run = %self.identity.run, step = %known.id, "a step panicked when it was resumed");
            Err(NodeError::permanent(
                "internal_error",
                "the step failed by an error of the server; its log says more",
            ))
        })
    }

    fn end_wait(&mut self, waiting: &Waiting, result: Result<StepOutcome, NodeError>, now: Timestamp) {
        let took = Timestamp::from_millis(waiting.wait.at).until(now);
        let Waiting { node, attempt, .. } = *waiting;
        // Nothing starts on it before it is committed: a dead letter may yet be sent, and would then tell otherwise.
        self.pending.costly = true;
        let ready = Ready { node, attempt, generation: self.state.generation() };
        self.take(Ended { ready, input: None, result, took });
    }
}

fn gone(wait: &Wait) -> NodeError {
    let message = format!(
        "the {} that the step waits for, {}, is not in the database any more; replay the event",
        wait.what, wait.on
    );
    NodeError::permanent("wait_lost", message)
}

fn in_vain(wait: &Wait) -> NodeError {
    let message = format!(
        "the {} that the step waits for was not settled in time; it goes on by itself. Raise the step's `timeout` if it \
         may take longer",
        wait.what
    );
    // Another try would do the step's part again, which is still under way.
    NodeError::permanent("timeout", message)
}
