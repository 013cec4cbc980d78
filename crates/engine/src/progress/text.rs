//! The text of a step while it is made, as far as it is kept.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Numbers the texts of this process.
static EPOCH: AtomicU64 = AtomicU64::new(1);

/// A place in a text, and what is before it: by that a reader shows which text it has read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Bytes before it.
    pub(super) at: usize,
    /// Their hash, by FNV-1a: it can be carried on without reading them again.
    pub(super) hash: u64,
}

impl Mark {
    /// Where every text begins.
    pub(super) const START: Self = Self { at: 0, hash: 0xcbf2_9ce4_8422_2325 };

    /// The place behind this text.
    #[must_use]
    pub(super) fn after(self, text: &str) -> Self {
        let hash = text
            .bytes()
            .fold(self.hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { at: self.at + text.len(), hash }
    }
}

/// A text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Tells it from another text, whose beginning may be another. One that only grows stays the same.
    epoch: u64,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// It was begun before anybody read along, so nobody can be told of it until it is there whole.
    Missed,
    /// What was said from a mark on; what was before is not kept.
    Said { begins: Mark, ends: Mark, text: String },
    /// A step's output, whose `text` it is.
    Whole(Arc<Value>),
}

/// What a reader does not know yet of a text.
pub(super) struct Beyond<'a> {
    /// Where it begins.
    pub(super) from: Mark,
    /// What follows.
    pub(super) more: &'a str,
    /// Which text it is of.
    pub(super) epoch: u64,
}

impl Text {
    fn new(kept: Kept) -> Self {
        Self { epoch: EPOCH.fetch_add(1, Ordering::Relaxed), kept }
    }

    /// One of which nothing is said yet.
    pub(super) fn empty() -> Self {
        Self::new(Kept::Said { begins: Mark::START, ends: Mark::START, text: String::new() })
    }

    /// One whose beginning was missed.
    pub(super) fn missed() -> Self {
        Self::new(Kept::Missed)
    }

    /// The one of an output.
    pub(super) fn whole(output: Arc<Value>) -> Self {
        Self::new(Kept::Whole(output))
    }

    pub(super) fn is_missed(&self) -> bool {
        matches!(self.kept, Kept::Missed)
    }

    /// Whether both are the same without a look at what they say.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.kept, &other.kept) {
            (Kept::Whole(one), Kept::Whole(other)) => Arc::ptr_eq(one, other),
            (Kept::Said { ends: one, .. }, Kept::Said { ends: other, .. }) => one.at == 0 && other.at == 0,
            _ => false,
        }
    }

    /// The bytes that it keeps for itself.
    pub(super) fn size(&self) -> usize {
        match &self.kept {
            Kept::Said { text, .. } => text.len(),
            Kept::Missed | Kept::Whole(_) => 0,
        }
    }

    /// Where what is kept begins, and what that is.
    fn kept(&self) -> Option<(Mark, &str)> {
        match &self.kept {
            Kept::Missed => None,
            Kept::Said { begins, text, .. } => Some((*begins, text)),
            Kept::Whole(output) => Some((Mark::START, text_of(output))),
        }
    }

    /// Goes on with this. A whole text has its end already.
    pub(super) fn push(&mut self, more: &str) {
        if let Kept::Said { ends, text, .. } = &mut self.kept {
            text.push_str(more);
            *ends = ends.after(more);
        }
    }

    /// Keeps no more than so many bytes: the last ones.
    pub(super) fn keep_last(&mut self, bytes: usize) {
        if let Kept::Said { begins, text, .. } = &mut self.kept
            && text.len() > bytes
        {
            let cut = boundary(text, text.len() - bytes);
            *begins = begins.after(&text[..cut]);
            text.drain(..cut);
            text.shrink_to_fit();
        }
    }

    /// Takes a piece of the same text as somebody else has it, which begins at a mark.
    pub(super) fn take(&mut self, at: Mark, more: &str) {
        if let Kept::Said { ends, .. } = &self.kept
            && *ends == at
        {
            return self.push(more);
        }
        // It overlaps with what is known, is another text, or something was missed in between.
        let kept = self.kept().filter(|_| self.has(at));
        let (begins, mut text) = match kept {
            Some((begins, text)) => (begins, text[..at.at - begins.at].to_owned()),
            None => (at, String::new()),
        };
        text.push_str(more);
        *self = Self::new(Kept::Said { begins, ends: at.after(more), text });
    }

    /// What a reader does not know that has read as far as `mark`, and found that in this text when it has its `epoch`.
    /// It begins there, or else with what is kept; `None` when there is nothing.
    pub(super) fn beyond(&self, mark: Mark, epoch: u64) -> Option<Beyond<'_>> {
        let (begins, text) = self.kept()?;
        let fits = if epoch == self.epoch { mark.at >= begins.at } else { self.has(mark) };
        let from = if fits { mark } else { begins };
        let more = text.get(from.at - begins.at..)?;
        Some(Beyond { from, more, epoch: self.epoch })
            .filter(|beyond| !beyond.more.is_empty() || from != mark)
    }

    /// All that is kept.
    pub(super) fn all(&self) -> Option<Beyond<'_>> {
        self.kept().map(|(from, more)| Beyond { from, more, epoch: self.epoch })
    }

    /// Whether what a reader has read is what this text begins with, as far as that can be told.
    fn has(&self, mark: Mark) -> bool {
        let Some((begins, text)) = self.kept() else { return false };
        let read = mark.at.checked_sub(begins.at).and_then(|length| text.get(..length));
        read.is_some_and(|read| begins.after(read) == mark)
    }
}

/// The text that an output of an AI step has.
fn text_of(output: &Value) -> &str {
    output["text"].as_str().unwrap_or_default()
}

/// The first place from here on that is between two characters.
pub(super) fn boundary(text: &str, from: usize) -> usize {
    (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
