//! Cuts texts into windows and lays windows side by side.
//!
//! A token's row depends on the four tokens before it and behind it, no more: two layers whose widest window
//! reaches two tokens to each side. So a long text is worked on in windows of [`WINDOW`] tokens, each with four
//! more at both ends whose rows are not counted, and the sums of the windows add up to the sum of the text: the
//! vector is that of the whole text, however long, in bounded memory.

use std::ops::Range;

/// How far a window reaches to each side.
pub(super) const REACH: usize = 2;
/// How far two layers of windows reach.
const CONTEXT: usize = 2 * REACH;

/// The tokens of a text that are counted at once.
pub(super) const WINDOW: usize = 384;
/// The tokens that are worked on at once: enough to be worth the way of the weights from memory, few enough for
/// what they become to stay near the processor.
const BATCH: usize = 512;

/// A run of tokens that is worked on at once, and the rows of it that count.
pub(super) struct Window<'a> {
    pub(super) text: usize,
    pub(super) tokens: &'a [u32],
    pub(super) counted: Range<usize>,
}

/// Where the windows of a batch lie: one behind the other, with rows of zeros between them.
pub(super) struct Layout {
    pub(super) starts: Vec<usize>,
    lengths: Vec<usize>,
    pub(super) rows: usize,
}

impl Layout {
    pub(super) fn new(batch: &[Window<'_>]) -> Self {
        let mut layout = Self { starts: Vec::new(), lengths: Vec::new(), rows: 0 };
        for window in batch {
            layout.starts.push(layout.rows);
            layout.lengths.push(window.tokens.len());
            layout.rows += window.tokens.len() + REACH;
        }
        layout
    }

    /// The rows that hold tokens.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.starts.iter().zip(&self.lengths).flat_map(|(start, length)| *start..start + length)
    }
}

/// Cuts a text into windows.
pub(super) fn windows(text: usize, tokens: &[u32]) -> impl Iterator<Item = Window<'_>> {
    (0..tokens.len()).step_by(WINDOW).map(move |start| {
        let end = (start + WINDOW).min(tokens.len());
        let from = start.saturating_sub(CONTEXT);
        let to = (end + CONTEXT).min(tokens.len());
        Window { text, tokens: &tokens[from..to], counted: start - from..end - from }
    })
}

/// How many of the windows make a batch: at least one.
pub(super) fn batch_length(windows: &[Window<'_>]) -> usize {
    let mut rows = 0;
    let fitting = windows.iter().take_while(|window| {
        rows += window.tokens.len() + REACH;
        rows <= BATCH
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_count_each_token_once_and_know_their_neighbours() {
        let tokens: Vec<u32> = (0..1000).collect();
        let mut counted: Vec<u32> = Vec::new();
        for window in windows(0, &tokens) {
            counted.extend(&window.tokens[window.counted.clone()]);
            let first = window.tokens[window.counted.start];
            assert_eq!(window.counted.start, CONTEXT.min(first as usize));
        }
        assert_eq!(counted, tokens);
    }

    #[test]
    fn a_batch_takes_what_fits_and_at_least_one() {
        let tokens: Vec<u32> = (0..300).collect();
        let three: Vec<_> = (0..3).flat_map(|text| windows(text, &tokens)).collect();
        assert_eq!(batch_length(&three), 1);
        let short: Vec<_> = (0..100).flat_map(|text| windows(text, &tokens[..30])).collect();
        assert_eq!(batch_length(&short), BATCH / (30 + REACH));
    }
}
