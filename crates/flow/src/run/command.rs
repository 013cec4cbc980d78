//! What the reducer wants done. Commands are never stored: [`State::resume`](super::State::resume) finds the open
//! ones again, so whoever carries them out must expect each more than once.

use crate::{
    NodeIndex, Span,
    run::{Status, Wait},
};

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a step; answer with `StepSucceeded`, `StepFailed` or `StepWaiting`.
    Run {
        /// Which step.
        node: NodeIndex,
        /// The try, counted from 1.
        attempt: u32,
        /// Raised each time a person retries the run; part of the step's idempotency key.
        generation: u32,
    },
    /// Pause before the next try; answer with `PauseStarted`, once its end is drawn, and `PauseEnded`.
    Pause {
        /// Which step.
        node: NodeIndex,
        /// How long, without jitter.
        pause: Span,
        /// When it ends, if that was drawn before; milliseconds since 1970.
        until: Option<i64>,
    },
    /// Wait for something outside the run, for as long as it says; answer with `StepSucceeded` or `StepFailed`.
    Wait {
        /// Which step.
        node: NodeIndex,
        /// The try that waits.
        attempt: u32,
        /// What for.
        wait: Wait,
    },
    /// Stop a step that is under way; nothing it still says counts.
    Stop {
        /// Which step.
        node: NodeIndex,
    },
    /// Every step is settled: make the run's outputs; answer with `Concluded` or `Failed`.
    Conclude,
    /// The run has ended.
    End(Status),
}
