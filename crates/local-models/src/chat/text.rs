//! Turns the bytes of tokens into text that can be shown: whole characters, up to a stop text.

/// A model's text on its way out.
///
/// A token may end in the middle of a character, and a stop text may begin in one token and end in another; what
/// might still become part of either is held back.
#[derive(Debug)]
pub(super) struct Text {
    stops: Vec<String>,
    /// Bytes that are not a whole character yet.
    bytes: Vec<u8>,
    /// Text that may be the beginning of a stop text.
    held: String,
    stopped: bool,
}

impl Text {
    /// Text that ends before the first of `stops`; empty ones are ignored.
    pub(super) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        Self { stops, bytes: Vec::new(), held: String::new(), stopped: false }
    }

    /// Whether a stop text has come.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes the next token's bytes and gives the text that is sure by now, often none.
    pub(super) fn push(&mut self, token: &[u8]) -> String {
        self.bytes.extend_from_slice(token);
        let text = self.whole_characters();
        self.held.push_str(&text);
        self.release()
    }

    /// Gives what was held back, since nothing more comes; an incomplete character becomes `U+FFFD`.
    pub(super) fn finish(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        let rest = String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned();
        self.held.push_str(&rest);
        let sure = self.release();
        sure + &std::mem::take(&mut self.held)
    }

    fn release(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.stopped = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let doubtful = self.stops.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or_default();
        let rest = self.held.split_off(self.held.len() - doubtful);
        std::mem::replace(&mut self.held, rest)
    }

    /// Takes the whole characters off the bytes; what can never become one becomes `U+FFFD`.
    fn whole_characters(&mut self) -> String {
        let mut text = String::new();
        let mut rest = &self.bytes[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                }
                Err(error) => {
                    let (valid, broken) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    match error.error_len() {
                        Some(length) => {
                            text.push(char::REPLACEMENT_CHARACTER);
                            rest = &broken[length..];
                            continue;
                        }
                        None => rest = broken,
                    }
                }
            }
            break;
        }
        self.bytes = rest.to_vec();
        text
    }
}

/// How many bytes at the end of `text` are the beginning of `stop`, short of all of it.
fn overlap(text: &str, stop: &str) -> usize {
    let starts = stop.char_indices().map(|(at, _)| at).skip(1);
    starts.filter(|length| text.ends_with(&stop[..*length])).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(tokens: &[&[u8]], stops: &[&str]) -> (Vec<String>, bool) {
        let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
        let mut text = Text::new(&stops);
        let mut pieces: Vec<String> = tokens.iter().map(|token| text.push(token)).collect();
        pieces.push(text.finish());
        (pieces, text.is_stopped())
    }

    #[test]
    fn a_character_comes_out_whole() {
        let bytes = "你".as_bytes();
        let (pieces, _) = run(&[&bytes[..1], &bytes[1..2], &bytes[2..], b"!"], &[]);
        assert_eq!(pieces, ["", "", "你", "!", ""]);
        assert_eq!(run(&[&bytes[..2]], &[]).0, ["", "\u{fffd}"]);
        assert_eq!(run(&[b"a\xffb"], &[]).0, ["a\u{fffd}b", ""]);
    }

    #[test]
    fn a_stop_text_ends_the_text_wherever_it_is_cut() {
        let check = |tokens: &[&[u8]], stops: &[&str], pieces: &[&str], stopped: bool| {
            let found = run(tokens, stops);
            assert_eq!(found.0, pieces, "{stops:?}");
            assert_eq!(found.1, stopped, "{stops:?}");
        };
        check(&[b"one EN", b"D two"], &["END"], &["one ", "", ""], true);
        check(&[b"one EN", b"vy"], &["END"], &["one ", "ENvy", ""], false);
        check(&[b"E", b"E", b"ND"], &["END"], &["", "E", "", ""], true);
        check(&[b"one EN"], &["END"], &["one ", "EN"], false);
        check(&[b"a\n\nb"], &["", "\n\n", "b"], &["a", ""], true);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_the_same(
            text in "[ab你 ]{0,20}",
            stop in "[ab你]{1,3}",
            size in 1usize..5,
        ) {
            let tokens: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let (pieces, stopped) = run(&tokens, &[&stop]);
            let expected = text.find(&stop).map_or(&text[..], |at| &text[..at]);
            prop_assert_eq!(pieces.concat(), expected);
            prop_assert_eq!(stopped, text.contains(&stop));
        }
    }
}
