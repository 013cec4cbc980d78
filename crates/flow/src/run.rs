//! The run reducer: what has happened decides what happens next.
//!
//! [`State::apply`] takes one [`Event`] and gives the [`Command`]s that follow from it. It knows
//! no time, no chance and no I/O: whoever drives it carries the commands out and feeds back what
//! came of them. Folding the journaled events over a fresh state gives the live state, and
//! [`State::resume`] gives the commands that were still open.

mod command;
mod event;
mod reduce;
mod state;

pub use command::Command;
pub use event::{Event, RunError, StepError, StepPath, Wait};
pub use state::{Illegal, State, Status, StepState};

#[cfg(test)]
mod tests;
