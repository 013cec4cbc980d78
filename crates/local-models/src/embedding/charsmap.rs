//! The table of replacements of a SentencePiece model (here: NFKC and the spelling of blanks).
//!
//! The table is the size of a trie in bytes, the trie, and the replacements, each ended by a zero byte. The
//! trie is a double array as the library darts-clone lays it out: a unit holds a label in its low byte, a mark
//! in bit 8 that a value follows, and the offset to its children in the bits above 9, shifted left by 8 if bit
//! 9 is set; a value unit has bit 31 set.

/// Replaces the beginnings of texts.
#[derive(Debug, Default)]
pub(super) struct Charsmap {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

impl Charsmap {
    /// Reads the table. An error says what is wrong with it.
    pub(super) fn parse(table: &[u8]) -> Result<Self, String> {
        if table.is_empty() {
            return Ok(Self::default());
        }
        let cut_short = || "its table of replacements is cut short".to_owned();
        let (size, rest) = table.split_first_chunk().ok_or_else(cut_short)?;
        let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|_| cut_short())?;
        let (trie, replacements) = rest.split_at_checked(size).ok_or_else(cut_short)?;
        let (units, _) = trie.as_chunks();
        Ok(Self {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.to_vec(),
        })
    }

    /// The longest beginning of `text` that has a replacement: its length, at least 1, and what replaces it.
    pub(super) fn longest(&self, text: &[u8]) -> Option<(usize, &[u8])> {
        let mut node = offset(*self.units.first()?);
        let mut longest = None;
        for (place, &byte) in text.iter().enumerate() {
            node ^= usize::from(byte);
            // A table with an offset beyond its end matches no further.
            let Some(&unit) = self.units.get(node) else { break };
            if unit & 0x8000_00ff != u32::from(byte) {
                break;
            }
            node ^= offset(unit);
            if unit & 0x100 != 0
                && let Some(&value) = self.units.get(node)
            {
                longest = Some((place + 1, value & 0x7fff_ffff));
            }
        }
        let (length, value) = longest?;
        let replacement = self.replacements.get(usize::try_from(value).ok()?..)?;
        let end = replacement.iter().position(|byte| *byte == 0).unwrap_or(replacement.len());
        Some((length, &replacement[..end]))
    }
}

fn offset(unit: u32) -> usize {
    let shift = (unit & 0x200) >> 6;
    // At most 22 bits shifted by 8, which every platform's `usize` here holds.
    usize::try_from((unit >> 10) << shift).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_table_replaces_nothing_and_a_short_one_is_an_error() {
        assert_eq!(Charsmap::parse(&[]).unwrap().longest(b"a"), None);
        assert!(Charsmap::parse(&[1, 0]).is_err());
        assert!(Charsmap::parse(&[8, 0, 0, 0, 1, 2, 3]).is_err());
    }

    #[test]
    fn the_longest_beginning_is_replaced() {
        // Root with its children at 256; `a` there, with a value and its own child `b`, with a value.
        let mut units = vec![0u32; 1024];
        units[0] = 256 << 10;
        let a = 256 ^ usize::from(b'a');
        units[a] = (256 << 10) | 0x100 | u32::from(b'a');
        let a_children = a ^ 256;
        units[a_children] = 0x8000_0000;
        let b = a_children ^ usize::from(b'b');
        units[b] = (512 << 10) | 0x100 | u32::from(b'b');
        units[b ^ 512] = 0x8000_0000 | 2;
        let mut table = 4096u32.to_le_bytes().to_vec();
        table.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        table.extend(b"x\0yz\0");
        let charsmap = Charsmap::parse(&table).unwrap();
        assert_eq!(charsmap.longest(b"ac"), Some((1, &b"x"[..])));
        assert_eq!(charsmap.longest(b"abc"), Some((2, &b"yz"[..])));
        assert_eq!(charsmap.longest(b"b"), None);
        assert_eq!(charsmap.longest(b""), None);
    }

    proptest! {
        #[test]
        fn no_table_panics(table in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,20}") {
            if let Ok(charsmap) = Charsmap::parse(&table)
                && let Some((length, _)) = charsmap.longest(text.as_bytes())
            {
                prop_assert!((1..=text.len()).contains(&length));
            }
        }
    }
}
