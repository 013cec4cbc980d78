//! What a reader of a run has been told.

use std::fmt::{self, Write};

use flow::run::StepPath;
use store::RunId;

use super::{
    KEPT, Piece, Progress, Standing,
    text::{Mark, boundary},
};

/// The most text that is told at once, in bytes.
const PIECE: usize = 16 << 10;

/// What a reader is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A step stands elsewhere now.
    Step {
        /// Which step.
        step: StepPath,
        /// Where.
        state: &'static str,
    },
    /// A step's text goes on.
    Token {
        /// Which step.
        step: StepPath,
        /// What follows.
        text: String,
    },
    /// A step's text begins anew: what was told of it does not count.
    Reset {
        /// Which step.
        step: StepPath,
    },
}

/// What a reader of a run has been told: where it takes that for each step to stand, and how far it has read each text.
/// As text it is what the reader comes back with, to any node, at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    run: RunId,
    steps: Vec<Known>,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    standing: Standing,
    read: Mark,
    /// The text in which `read` was found; 0 for none.
    epoch: u64,
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        (self.standing, self.read) == (other.standing, other.read)
    }
}

impl Eq for Known {}

impl Known {
    const NOTHING: Self = Self { standing: Standing::Pending, read: Mark::START, epoch: 0 };
}

impl Cursor {
    /// That of a reader who knows nothing.
    pub fn new(run: RunId) -> Self {
        Self { run, steps: Vec::new(), has_ended: false }
    }

    /// Reads what a reader of this run came back with; `None` when it is of another run, or nothing that was given out.
    pub fn parse(run: RunId, text: &str) -> Option<Self> {
        let mut parts = text.split('~');
        if parts.next()? != tag(run) {
            return None;
        }
        let standings = parts.next()?.bytes().map(Standing::from_letter).collect::<Option<Vec<_>>>()?;
        let steps = standings.into_iter().map(|standing| Known { standing, ..Known::NOTHING }).collect();
        let mut cursor = Self { run, steps, has_ended: false };
        for part in parts {
            if part == END {
                cursor.has_ended = true;
                continue;
            }
            let [step, at, hash] = part.split('-').collect::<Vec<_>>().try_into().ok()?;
            let read = Mark { at: at.parse().ok()?, hash: u64::from_str_radix(hash, 16).ok()? };
            cursor.steps.get_mut(step.parse::<usize>().ok()?)?.read = read;
        }
        Some(cursor)
    }

    /// The run that it is of.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Whether the reader has been told how the run ended.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub(crate) fn end(&mut self) {
        self.has_ended = true;
    }

    /// The next thing that a reader does not know. Texts come before the end of their step.
    pub(crate) fn next(&mut self, progress: &Progress) -> Option<Told> {
        if self.steps.len() < progress.steps.len() {
            self.steps.resize(progress.steps.len(), Known::NOTHING);
        }
        self.steps.iter_mut().zip(&progress.steps).find_map(|(known, shown)| {
            let differs = known.standing != shown.standing;
            if differs && !shown.standing.is_settled() {
                known.standing = shown.standing;
                return Some(Told::Step { step: shown.step.clone(), state: shown.standing.as_str() });
            }
            // What follows on something that it has not read waits until the text is there whole.
            let beyond = shown.text.beyond(known.read, known.epoch);
            if let Some(beyond) = beyond.filter(|beyond| beyond.from == known.read || beyond.from.at == 0) {
                let step = shown.step.clone();
                if beyond.from != known.read {
                    *known = Known { read: beyond.from, epoch: beyond.epoch, ..*known };
                    return Some(Told::Reset { step });
                }
                let text = &beyond.more[..boundary(beyond.more, PIECE.min(beyond.more.len()))];
                *known = Known { read: beyond.from.after(text), epoch: beyond.epoch, ..*known };
                return Some(Told::Token { step, text: text.to_owned() });
            }
            differs.then(|| {
                known.standing = shown.standing;
                Told::Step { step: shown.step.clone(), state: shown.standing.as_str() }
            })
        })
    }

    /// Everything that is not known, for a reader that takes over texts of which only the end is kept.
    pub(super) fn catch_up(&mut self, progress: &Progress) -> Vec<Piece> {
        self.steps.resize(progress.steps.len(), Known::NOTHING);
        let steps = self.steps.iter_mut().zip(&progress.steps).enumerate();
        let pieces = steps.filter_map(|(nth, (known, shown))| {
            let beyond = shown.text.beyond(known.read, known.epoch);
            if beyond.is_none() && known.standing == shown.standing {
                return None;
            }
            known.standing = shown.standing;
            let said = beyond.map(|beyond| {
                *known = Known { read: beyond.from.after(beyond.more), epoch: beyond.epoch, ..*known };
                (beyond.from, beyond.more)
            });
            // More would not fit into a word between nodes.
            let said =
                said.filter(|(_, more)| more.len() <= KEPT).map(|(from, more)| (from, more.to_owned()));
            Some(Piece { nth, step: shown.step.clone(), standing: shown.standing, said })
        });
        pieces.collect()
    }
}

/// What marks a cursor whose reader knows the end.
const END: &str = "end";

/// What tells the cursors of one run from those of another.
fn tag(run: RunId) -> String {
    let hash = Mark::START.after(&run.to_string()).hash;
    format!("{:08x}", hash >> 32)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~", tag(self.run))?;
        for known in &self.steps {
            f.write_char(known.standing.letter())?;
        }
        for (nth, Known { read, .. }) in self.steps.iter().enumerate().filter(|(_, known)| known.read.at > 0)
        {
            write!(f, "~{nth}-{}-{:x}", read.at, read.hash)?;
        }
        if self.has_ended { write!(f, "~{END}") } else { Ok(()) }
    }
}
