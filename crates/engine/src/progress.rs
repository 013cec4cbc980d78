//! How far a run has come, as readers of its stream see it: where each step stands, and what the AI steps say while they
//! say it.
//!
//! Nothing is queued for a reader. It is told the difference between what it knows and what is so: the slower it reads,
//! the fewer and longer are the pieces. One that comes back says by its [`Cursor`] what it knows, and what it has read of
//! a text is known by its hash. So it can go on at another node, after a crash, or from the journal, and what it gets
//! between two resets is always the text that the step gave.

mod cursor;
mod text;

use std::sync::Arc;

use flow::run::{State, StepPath, StepState};
use serde::{Deserialize, Serialize};

pub use cursor::{Cursor, Told};
use text::{Mark, Text};

use crate::Program;

/// The bytes of text that are kept of a run while it is under way.
pub(crate) const KEPT: usize = 256 << 10;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Its turn has not come.
    Pending,
    /// A try is under way.
    Running,
    /// A try failed; the next one follows a pause.
    Paused,
    /// It waits for something outside the run.
    Waiting,
    /// It gave its output.
    Succeeded,
    /// It failed and left by `failed`.
    Recovered,
    /// It failed the run.
    Failed,
    /// No branch led to it.
    Skipped,
    /// It was under way when the run ended.
    Stopped,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    steps: Vec<Shown>,
}

#[derive(Clone, Debug)]
struct Shown {
    step: StepPath,
    standing: Standing,
    text: Text,
}

/// What one node tells another of a run that is under way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advance {
    /// Whether it is all there is, and not only what has changed.
    is_whole: bool,
    steps: Vec<Piece>,
}

/// What has changed of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    /// Its place in the flow.
    nth: usize,
    step: StepPath,
    standing: Standing,
    /// How its text goes on, and from where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<(Mark, String)>,
}

impl Standing {
    const ALL: [(Self, &str, u8); 9] = [
        (Self::Pending, "pending", b'-'),
        (Self::Running, "running", b'r'),
        (Self::Paused, "paused", b'p'),
        (Self::Waiting, "waiting", b'w'),
        (Self::Succeeded, "succeeded", b's'),
        (Self::Recovered, "recovered", b'c'),
        (Self::Failed, "failed", b'f'),
        (Self::Skipped, "skipped", b'k'),
        (Self::Stopped, "stopped", b'x'),
    ];

    pub(crate) const fn of(state: &StepState) -> Self {
        match state {
            StepState::Pending => Self::Pending,
            StepState::Running { .. } => Self::Running,
            StepState::Paused { .. } => Self::Paused,
            StepState::Waiting { .. } => Self::Waiting,
            StepState::Succeeded { .. } => Self::Succeeded,
            StepState::Recovered { .. } => Self::Recovered,
            StepState::Failed => Self::Failed,
            StepState::Skipped => Self::Skipped,
            StepState::Stopped => Self::Stopped,
        }
    }

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    const fn letter(self) -> char {
        Self::ALL[self as usize].2 as char
    }

    fn from_letter(letter: u8) -> Option<Self> {
        Self::ALL.iter().find(|(_, _, known)| *known == letter).map(|(standing, ..)| *standing)
    }

    /// Whether the step gives nothing more, as things stand.
    const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::Recovered | Self::Failed | Self::Skipped | Self::Stopped)
    }
}

impl Progress {
    /// How far a run has come by its state. What steps are saying now, that does not know.
    pub(crate) fn of(program: &Program, state: &State) -> Self {
        let steps = program.flow.graph().nodes().map(|node| {
            let standing = Standing::of(state.step(node));
            let speaks = program.speaks[node.position()] && standing == Standing::Succeeded;
            let text = match state.output(node).filter(|_| speaks) {
                Some(output) => Text::whole(Arc::clone(output)),
                None if standing == Standing::Running => Text::missed(),
                None => Text::empty(),
            };
            Shown { step: program.flow.graph().id(node).as_str().into(), standing, text }
        });
        Self { steps: steps.collect() }
    }

    /// Whether it is known at all.
    pub(crate) fn is_known(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The bytes of text that it keeps.
    pub(crate) fn size(&self) -> usize {
        self.steps.iter().map(|shown| shown.text.size()).sum()
    }

    /// Takes over where the steps stand, and keeps what those that are under way have said.
    pub(crate) fn show(&mut self, now: Self) {
        let before = std::mem::replace(self, now).steps;
        for (shown, before) in self.steps.iter_mut().zip(before) {
            if shown.text.is_missed() || before.text.is_same(&shown.text) {
                shown.text = before.text;
            }
        }
    }

    /// Says that a try of a step begins.
    pub(crate) fn begin(&mut self, nth: usize) {
        if let Some(shown) = self.steps.get_mut(nth) {
            shown.standing = Standing::Running;
            shown.text = Text::empty();
        }
    }

    /// A step says something.
    pub(crate) fn say(&mut self, nth: usize, text: &str) {
        if let Some(shown) = self.steps.get_mut(nth) {
            shown.text.push(text);
        }
    }

    /// Keeps no more than so many bytes of text, by half of the longest text each time: to cut off as much as came would
    /// move all of it each time.
    pub(crate) fn keep(&mut self, bytes: usize) {
        while self.size() > bytes {
            let longest = self.steps.iter_mut().max_by_key(|shown| shown.text.size());
            let Some(shown) = longest else { return };
            shown.text.keep_last(shown.text.size() / 2);
        }
    }

    /// Takes over what another node tells. Without what was before, that is nothing.
    pub(crate) fn learn(&mut self, advance: Advance) {
        if advance.is_whole {
            let mut known = std::mem::take(&mut self.steps).into_iter();
            let steps = advance.steps.into_iter().map(|Piece { step, standing, said, .. }| {
                let mut text = known.next().map_or_else(Text::missed, |known| known.text);
                match said {
                    Some((at, more)) => text.take(at, &more),
                    None => text = Text::missed(),
                }
                Shown { step, standing, text }
            });
            self.steps = steps.collect();
            return;
        }
        for Piece { nth, standing, said, .. } in advance.steps {
            let Some(shown) = self.steps.get_mut(nth) else { continue };
            shown.standing = standing;
            if let Some((at, more)) = said {
                shown.text.take(at, &more);
            }
        }
    }

    /// All there is, for another node; of the texts as much as fits into a word between nodes, the last ones first. Readers
    /// there get the others from the journal.
    pub(crate) fn whole(&self) -> Advance {
        let mut room = KEPT;
        let piece = |(nth, shown): (usize, &Shown)| {
            let all = shown.text.all().filter(|all| all.more.len() <= room);
            room -= all.as_ref().map_or(0, |all| all.more.len());
            let said = all.map(|all| (all.from, all.more.to_owned()));
            Piece { nth, step: shown.step.clone(), standing: shown.standing, said }
        };
        let mut steps: Vec<Piece> = self.steps.iter().enumerate().rev().map(piece).collect();
        steps.reverse();
        Advance { is_whole: true, steps }
    }

    /// What has changed since another node knew this.
    pub(crate) fn since(&self, known: &mut Cursor) -> Advance {
        Advance { is_whole: false, steps: known.catch_up(self) }
    }
}

impl Advance {
    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        !self.is_whole && self.steps.is_empty()
    }
}

#[cfg(test)]
mod tests;
