//! Long texts as several messages.

use crate::{
    call::Unsendable,
    split::{Unit, split},
};

/// The most messages that one delivery becomes: as many as the strictest robots take in a minute.
const PARTS: usize = 20;

/// The longest number before a part, `(20/20)` and a line's end, in any unit.
pub(crate) const NUMBER: usize = 9;

/// What closing a code block at a part's end and opening it again takes at most.
const FENCES: usize = 2 * (FENCE + 2);

/// The longest line that is repeated to open a code block again.
const FENCE: usize = 20;

/// How much text one message holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The most of it.
    pub(crate) most: usize,
    /// In what that is counted.
    pub(crate) unit: Unit,
    /// Whether the text is Markdown with fenced code blocks, which each part has to close by itself.
    pub(crate) fenced: bool,
}

/// A text as the contents of one message, or of several that are numbered `(1/3)`. `vendor` is who refuses an
/// empty one.
pub(crate) fn parts(text: &str, room: Room, vendor: &str) -> Result<Vec<String>, Unsendable> {
    if text.trim().is_empty() {
        return Err(Unsendable(format!("the text is empty, which {vendor} refuses")));
    }
    if room.unit.of(text) <= room.most {
        return Ok(vec![text.to_owned()]);
    }
    let fenced = room.fenced && text.contains("```");
    let taken = if fenced { NUMBER + FENCES } else { NUMBER };
    let pieces = split(text, room.most.saturating_sub(taken), room.unit);
    let total = pieces.len();
    if total > PARTS {
        return Err(Unsendable(format!(
            "the text has {} bytes, which makes {total} messages to {vendor}; one delivery becomes {PARTS} at most: \
             shorten it",
            text.len()
        )));
    }
    let pieces = if fenced { closed(&pieces) } else { pieces.into_iter().map(str::to_owned).collect() };
    let numbered = |(at, piece): (usize, String)| format!("({}/{total})\n{piece}", at + 1);
    Ok(pieces.into_iter().enumerate().map(numbered).collect())
}

/// The pieces with every code block closed where its piece ends, and opened again in the next.
fn closed<'t>(pieces: &[&'t str]) -> Vec<String> {
    let mut open: Option<Fence<'t>> = None;
    let last = pieces.len().saturating_sub(1);
    let close = |(at, piece): (usize, &'t str)| {
        let mut whole = open.map(Fence::opening).unwrap_or_default();
        whole += piece;
        open = piece.lines().fold(open, Fence::after);
        if let Some(fence) = open.filter(|_| at < last) {
            whole += if whole.ends_with('\n') { "" } else { "\n" };
            whole += &"`".repeat(fence.ticks);
        }
        whole
    };
    pieces.iter().copied().enumerate().map(close).collect()
}

/// The line that opened a code block.
#[derive(Clone, Copy)]
struct Fence<'t> {
    ticks: usize,
    language: &'t str,
}

impl<'t> Fence<'t> {
    /// What is open after a line, when `open` was before it.
    fn after(open: Option<Self>, line: &'t str) -> Option<Self> {
        let line = line.trim();
        let rest = line.trim_start_matches('`');
        let ticks = line.len() - rest.len();
        match open {
            Some(fence) if ticks >= fence.ticks && rest.is_empty() => None,
            None if (3..=FENCE / 2).contains(&ticks) && !rest.contains('`') => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_' | '#' | '.');
                let language = Some(rest).filter(|rest| rest.len() <= FENCE / 2 && rest.chars().all(plain));
                Some(Self { ticks, language: language.unwrap_or_default() })
            }
            _ => open,
        }
    }

    fn opening(self) -> String {
        format!("{}{}\n", "`".repeat(self.ticks), self.language)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BYTES: Room = Room { most: 100, unit: Unit::Bytes, fenced: false };

    #[test]
    fn a_short_text_is_one_message_and_an_empty_or_endless_one_none() {
        assert_eq!(parts("short", BYTES, "Chat").unwrap(), ["short"]);
        assert!(parts(" \n", BYTES, "Chat").unwrap_err().0.contains("empty, which Chat refuses"));
        assert!(parts(&"x".repeat(2000), BYTES, "Chat").unwrap_err().0.contains("shorten it"));
    }

    #[test]
    fn a_code_block_that_is_cut_is_closed_and_opened_again() {
        let line = "let answer = 42;\n";
        let text = format!("Do this:\n```rust\n{}```\nand that.", line.repeat(6));
        let parts = parts(&text, Room { fenced: true, ..BYTES }, "Chat").unwrap();
        assert!(parts.len() > 2, "{parts:?}");
        for (at, part) in parts.iter().enumerate() {
            assert!(part.len() <= 100, "{part}");
            assert_eq!(part.matches("```").count() % 2, 0, "{part}");
            assert_eq!(at == 0, part.contains("Do this:"), "{part}");
        }
        assert!(parts[1].starts_with(&format!("(2/{})\n```rust\nlet answer", parts.len())), "{}", parts[1]);
        assert_eq!(parts.concat().matches(line).count(), 6, "no line of it is lost");
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let pieces = ["````md\n```\n", "x\n```\n", "````\nafter"];
        assert_eq!(closed(&pieces), ["````md\n```\n````", "````md\nx\n```\n````", "````md\n````\nafter"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn parts_are_whole_numbered_and_within_the_room(
            text in "([a-z ]{1,30}|\n\n|(汉字。){10}|😀|\"){1,40}",
            most in 100_usize..400,
            unit in prop::sample::select(vec![Unit::Bytes, Unit::Characters, Unit::Json]),
        ) {
            prop_assume!(!text.trim().is_empty() && unit.of(&text) < 10 * most / 2);
            let parts = parts(&text, Room { most, unit, fenced: true }, "Chat").unwrap();
            let total = parts.len();
            prop_assert!(parts.iter().all(|part| unit.of(part) <= most));
            let rest = |(at, part): (usize, &String)| {
                let number = if total == 1 { String::new() } else { format!("({}/{total})\n", at + 1) };
                part.strip_prefix(&number).unwrap().to_owned()
            };
            prop_assert_eq!(parts.iter().enumerate().map(rest).collect::<String>(), text);
        }

        #[test]
        fn code_blocks_stay_within_the_room(text in "(```[a-z]{0,12}\n|```\n|[a-z\"\n]{1,60}){1,30}", most in 100_usize..300) {
            prop_assume!(!text.trim().is_empty());
            let room = Room { most, unit: Unit::Json, fenced: true };
            if let Ok(parts) = parts(&text, room, "Chat") {
                prop_assert!(parts.iter().all(|part| Unit::Json.of(part) <= most));
            }
        }
    }
}
