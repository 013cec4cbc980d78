//! Finds the pieces of a vocabulary that a text begins with.

use std::ops::Range;

/// A set of byte strings with a number each, walked byte by byte.
///
/// Nodes lie in the order of a breadth-first walk, so that a node's children are neighbours and 9 bytes a node
/// suffice: 128,000 pieces take about 5 MB.
#[derive(Debug)]
pub(super) struct Trie {
    labels: Vec<u8>,
    /// The number of the string that ends at a node, or [`NONE`].
    values: Vec<u32>,
    /// Where a node's children begin; they end where the next node's begin.
    children: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Trie {
    /// A trie of `entries`; of equal strings the last counts. Fails if there are too many bytes to number.
    pub(super) fn new(mut entries: Vec<(&[u8], u32)>) -> Result<Self, String> {
        entries.sort();
        let mut trie = Self { labels: vec![0], values: Vec::new(), children: Vec::new() };
        // The range of entries below each node that is numbered but not yet filled in, and their shared length.
        let mut ranges: Vec<(Range<usize>, usize)> = vec![(0..entries.len(), 0)];
        let mut node = 0;
        while let Some((mut range, depth)) = ranges.get(node).cloned() {
            let mut value = NONE;
            while let Some((text, number)) = entries.get(range.start).filter(|_| !range.is_empty())
                && text.len() == depth
            {
                value = *number;
                range.start += 1;
            }
            trie.values.push(value);
            trie.children.push(u32::try_from(ranges.len()).map_err(|_| "it has too many pieces".to_owned())?);
            while !range.is_empty() {
                let label = entries[range.start].0[depth];
                let same = entries[range.clone()].iter().take_while(|(text, _)| text[depth] == label).count();
                trie.labels.push(label);
                ranges.push((range.start..range.start + same, depth + 1));
                range.start += same;
            }
            node += 1;
        }
        trie.children.push(u32::try_from(ranges.len()).map_err(|_| "it has too many pieces".to_owned())?);
        Ok(trie)
    }

    /// The strings that `text` begins with, shortest first: their lengths and numbers.
    pub(super) fn prefixes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let mut node = 0;
        let mut steps = text.iter().enumerate();
        std::iter::from_fn(move || {
            loop {
                let (place, byte) = steps.next()?;
                node = self.child(node, *byte)?;
                if let Some(number) = self.values.get(node).filter(|number| **number != NONE) {
                    return Some((place + 1, *number));
                }
            }
        })
    }

    fn child(&self, node: usize, label: u8) -> Option<usize> {
        let from = usize::try_from(*self.children.get(node)?).ok()?;
        let to = usize::try_from(*self.children.get(node + 1)?).ok()?;
        let place = self.labels.get(from..to)?.binary_search(&label).ok()?;
        Some(from + place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prefixes_are_those_of_a_plain_search(
            words in proptest::collection::vec("[abc]{0,4}", 0..30),
            text in "[abcd]{0,8}",
        ) {
            let entries: Vec<(&[u8], u32)> = words.iter().map(String::as_bytes).zip(0..).collect();
            let trie = Trie::new(entries.clone()).unwrap();
            let found: Vec<(usize, u32)> = trie.prefixes(text.as_bytes()).collect();
            let expected: Vec<(usize, u32)> = (1..=text.len())
                .filter_map(|length| {
                    let last = entries.iter().rev().find(|(word, _)| *word == &text.as_bytes()[..length])?;
                    Some((length, last.1))
                })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
