//! Where an answer's text goes while it comes.

use tokio::sync::mpsc::{self, error::TrySendError};

/// Takes an answer's text as it comes and passes it on to whoever watches, without ever waiting for them.
///
/// A watcher that is slower than the model gets the same text in fewer, longer pieces. What it has not taken by
/// the end of the answer it finds in the answer; a watcher that has gone is forgotten.
#[derive(Debug, Default)]
pub struct Sink {
    watcher: Option<mpsc::Sender<String>>,
    /// Text that found the channel full.
    held: String,
    begun: bool,
}

impl Sink {
    /// A sink that nobody watches.
    pub fn none() -> Self {
        Self::default()
    }

    /// A sink watched at the other end of `watcher`, whose capacity is the number of pieces under way.
    pub fn new(watcher: mpsc::Sender<String>) -> Self {
        Self { watcher: Some(watcher), ..Self::default() }
    }

    /// Takes the next piece of text. For providers.
    pub fn push(&mut self, text: &str) {
        self.begun |= !text.is_empty();
        self.held.push_str(text);
        self.flush();
    }

    /// Passes on what was held back, if there is room for it now. For providers, at the end of the answer.
    pub fn flush(&mut self) {
        let Some(watcher) = &self.watcher else {
            self.held.clear();
            return;
        };
        if self.held.is_empty() {
            return;
        }
        match watcher.try_send(std::mem::take(&mut self.held)) {
            Ok(()) => {}
            Err(TrySendError::Full(text)) => self.held = text,
            Err(TrySendError::Closed(_)) => self.watcher = None,
        }
    }

    /// Whether any text has come; a call that has begun is not tried again.
    pub fn has_begun(&self) -> bool {
        self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_watcher_gets_all_the_text_in_fewer_pieces() {
        let (sender, mut watcher) = mpsc::channel(1);
        let mut sink = Sink::new(sender);
        assert!(!sink.has_begun());
        for piece in ["a", "b", "c"] {
            sink.push(piece);
        }
        assert!(sink.has_begun());
        assert_eq!(watcher.try_recv().unwrap(), "a");
        sink.push("d");
        assert_eq!(watcher.try_recv().unwrap(), "bcd");
        sink.push("e");
        sink.push("f");
        assert_eq!(watcher.try_recv().unwrap(), "e");
        sink.flush();
        assert_eq!(watcher.try_recv().unwrap(), "f");
    }

    #[test]
    fn a_watcher_that_has_gone_costs_nothing() {
        let (sender, watcher) = mpsc::channel(1);
        drop(watcher);
        let mut sink = Sink::new(sender);
        for _ in 0..3 {
            sink.push("text");
        }
        assert!(sink.held.is_empty() && sink.watcher.is_none());
    }
}
