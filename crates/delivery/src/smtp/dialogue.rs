//! What was said between this server and a mail server, as it is recorded.

use crate::{Body, record::BODY_LIMIT, redact::Redaction};

/// What was said: `>` goes before what this server said, `<` before what the other did.
#[derive(Debug, Default)]
pub(crate) struct Dialogue {
    text: String,
    truncated: bool,
}

impl Dialogue {
    pub(super) fn said(&mut self, what: &str) {
        self.add('>', what);
    }

    pub(super) fn heard(&mut self, what: &str) {
        self.add('<', what);
    }

    /// As it is kept.
    pub(crate) fn kept(&self, redaction: &Redaction) -> Body {
        Body::of(self.text.as_bytes(), self.truncated, redaction)
    }

    /// Whether anything was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn add(&mut self, who: char, what: &str) {
        if self.text.len() >= BODY_LIMIT {
            self.truncated = true;
            return;
        }
        self.text.push(who);
        self.text.push(' ');
        self.text.extend(what.trim_end().chars().filter(|c| !c.is_control()));
        self.text.push('\n');
    }
}
