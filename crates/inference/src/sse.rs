//! Reads server-sent events from bytes as they come.
//!
//! Follows the event stream format of the HTML standard (section 9.2.6) for `data` and `event`, with two
//! tolerances that vendors need: an event that the end of the stream cuts short of its blank line counts, and
//! bytes are not required to be UTF-8 here (whoever reads the data will tell).

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its type; empty if it has none.
    pub name: String,
    /// Its data lines, joined by line feeds.
    pub data: Vec<u8>,
}

/// An event or a line is longer than the parser's bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {limit} bytes")]
pub struct TooLong {
    /// The bound in bytes.
    pub limit: usize,
}

/// Splits a stream of bytes into events; pieces may be cut anywhere.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    line: Vec<u8>,
    event: Event,
    /// Whether the event has a data line, be it an empty one.
    has_data: bool,
    /// Whether the last byte was a carriage return, whose line feed is still to come or not.
    after_return: bool,
    /// Whether a line has been read: a byte order mark counts in the first only.
    begun: bool,
}

impl Parser {
    /// A parser that holds up to `limit` bytes of a line and of an event.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            after_return: false,
            begun: false,
        }
    }

    /// Takes the next piece and appends the events that it completes to `events`.
    pub fn push(&mut self, mut piece: &[u8], events: &mut Vec<Event>) -> Result<(), TooLong> {
        if self.after_return && !piece.is_empty() {
            self.after_return = false;
            piece = piece.strip_prefix(b"\n").unwrap_or(piece);
        }
        while let Some(end) = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.extend(&piece[..end])?;
            let returned = piece[end] == b'\r';
            piece = &piece[end + 1..];
            if returned {
                self.after_return = piece.is_empty();
                piece = piece.strip_prefix(b"\n").unwrap_or(piece);
            }
            self.end_line(events)?;
        }
        self.extend(piece)
    }

    /// Says that nothing more comes; returns the event that was under way, if it has data.
    pub fn finish(&mut self) -> Result<Option<Event>, TooLong> {
        let mut events = Vec::new();
        self.end_line(&mut events)?;
        self.end_event(&mut events);
        Ok(events.pop())
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.limit {
            return Err(TooLong { limit: self.limit });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), TooLong> {
        let line = std::mem::take(&mut self.line);
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if !self.begun => rest,
            _ => &line,
        };
        self.begun = true;
        if line.is_empty() {
            self.end_event(events);
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.event.data.len() + value.len() + 1 > self.limit {
                    return Err(TooLong { limit: self.limit });
                }
                if self.has_data {
                    self.event.data.push(b'\n');
                }
                self.event.data.extend_from_slice(value);
                self.has_data = true;
            }
            b"event" => self.event.name = String::from_utf8_lossy(value).into_owned(),
            // Comments have no field name; `id` and `retry` are for browsers that reconnect.
            _ => {}
        }
        Ok(())
    }

    fn end_event(&mut self, events: &mut Vec<Event>) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            events.push(event);
        }
    }
}

#[cfg(test)]
mod tests;
