//! How long a chat call may take.

use std::time::Duration;

/// How long a chat call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To reach the provider, for each try.
    pub connect: Duration,
    /// From the start of a try to the first token. What a server sends to keep the line open is no token;
    /// hidden reasoning is.
    pub first_token: Duration,
    /// From one token to the next.
    pub between_tokens: Duration,
    /// For the whole call: waiting for a place, every try and every pause between them.
    pub total: Duration,
}

impl Default for Timeouts {
    /// 10 s to connect, 60 s to the first token, 30 s between tokens, 5 minutes in all.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_token: Duration::from_secs(60),
            between_tokens: Duration::from_secs(30),
            total: Duration::from_secs(300),
        }
    }
}
