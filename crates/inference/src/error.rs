//! What can go wrong with a call to a model.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

/// The longest message of a provider that is kept, in characters.
const MESSAGE: usize = 500;

/// A call to a model that brought no answer.
///
/// Messages name the provider as the workspace calls it. What the provider itself said is kept up to 500
/// characters, without the key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The provider does not accept the key.
    #[error("{provider} does not accept the key, or the key may not use this model: {message}")]
    Unauthorised {
        /// The provider's name.
        provider: String,
        /// What the provider said.
        message: String,
    },
    /// The account has nothing left to spend.
    #[error("the account at {provider} has no credit or quota left: {message}")]
    Quota {
        /// The provider's name.
        provider: String,
        /// What the provider said.
        message: String,
    },
    /// Too many requests.
    #[error("{provider} limits the rate of requests: {message}{}", asked(*retry_after))]
    RateLimited {
        /// The provider's name.
        provider: String,
        /// What the provider said.
        message: String,
        /// How long it wants us to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// The provider is in trouble.
    #[error("{provider} cannot answer now (status {status}): {message}{}", asked(*retry_after))]
    Overloaded {
        /// The provider's name.
        provider: String,
        /// The HTTP status.
        status: u16,
        /// What the provider said.
        message: String,
        /// How long it wants us to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// Too many calls wait for this provider already.
    #[error("{provider} has {waiting} calls waiting already; try again later or allow it more at once")]
    Busy {
        /// The provider's name.
        provider: String,
        /// The bound that was reached.
        waiting: usize,
    },
    /// The provider does not understand the request.
    #[error("{provider} does not take the request: {message}")]
    BadRequest {
        /// The provider's name.
        provider: String,
        /// What the provider said.
        message: String,
    },
    /// The conversation is longer than the model's memory.
    #[error(
        "the conversation is too long for the model: {message}; shorten it or choose a model with more context"
    )]
    ContextTooLong {
        /// The provider's name.
        provider: String,
        /// What the provider said.
        message: String,
    },
    /// Time ran out.
    #[error("{provider} took longer than {} ms {}", limit.as_millis(), phase.describe())]
    Timeout {
        /// The provider's name.
        provider: String,
        /// What took too long.
        phase: Phase,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The answer makes no sense.
    #[error("the answer of {provider} cannot be understood: {reason}")]
    Malformed {
        /// The provider's name.
        provider: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The call was given up by whoever made it.
    #[error("the call to {provider} was cancelled")]
    Cancelled {
        /// The provider's name.
        provider: String,
    },
    /// The provider could not be reached, or the connection broke.
    #[error("{provider} cannot be reached")]
    Unreachable {
        /// The provider's name.
        provider: String,
        /// The cause.
        #[source]
        source: outbound::Error,
    },
    /// The model cannot run.
    #[error("{provider} is not available: {reason}")]
    Unavailable {
        /// The provider's name.
        provider: String,
        /// What is missing and what to do.
        reason: String,
        /// The cause, if there is one beneath.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },
    /// The provider cannot do this at all.
    #[error("{provider} has no {what}; choose another provider for it")]
    Unsupported {
        /// The provider's name.
        provider: String,
        /// What was asked.
        what: &'static str,
    },
}

/// An [`Error`] without its particulars, for decisions and for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`Error::Unauthorised`].
    Unauthorised,
    /// [`Error::Quota`].
    Quota,
    /// [`Error::RateLimited`].
    RateLimited,
    /// [`Error::Overloaded`] or [`Error::Busy`].
    Overloaded,
    /// [`Error::BadRequest`].
    BadRequest,
    /// [`Error::ContextTooLong`].
    ContextTooLong,
    /// [`Error::Timeout`].
    Timeout,
    /// [`Error::Malformed`].
    Malformed,
    /// [`Error::Cancelled`].
    Cancelled,
    /// [`Error::Unreachable`] or [`Error::Unavailable`].
    Unavailable,
    /// [`Error::Unsupported`].
    Unsupported,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reaching the provider.
    Connect,
    /// The first token.
    FirstToken,
    /// The next token.
    BetweenTokens,
    /// The whole call.
    Total,
}

impl Error {
    /// The error's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unauthorised { .. } => Kind::Unauthorised,
            Self::Quota { .. } => Kind::Quota,
            Self::RateLimited { .. } => Kind::RateLimited,
            Self::Overloaded { .. } | Self::Busy { .. } => Kind::Overloaded,
            Self::BadRequest { .. } => Kind::BadRequest,
            Self::ContextTooLong { .. } => Kind::ContextTooLong,
            Self::Timeout { .. } => Kind::Timeout,
            Self::Malformed { .. } => Kind::Malformed,
            Self::Cancelled { .. } => Kind::Cancelled,
            Self::Unreachable { .. } | Self::Unavailable { .. } => Kind::Unavailable,
            Self::Unsupported { .. } => Kind::Unsupported,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_transient(),
            _ => matches!(self.kind(), Kind::RateLimited | Kind::Overloaded | Kind::Timeout),
        }
    }

    /// How long the provider wants us to wait, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Overloaded { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Phase {
    fn describe(self) -> &'static str {
        match self {
            Self::Connect => "to be reached",
            Self::FirstToken => "to give a first token",
            Self::BetweenTokens => "to give the next token",
            Self::Total => "in all",
        }
    }
}

/// The wait that a provider asks for, as a message's end.
fn asked(wait: Option<Duration>) -> String {
    wait.map(|wait| format!("; it asks for a pause of {} s", wait.as_secs_f32().ceil())).unwrap_or_default()
}

/// What a provider said, fit to be shown: one line of bounded length, without `secret`.
pub(crate) fn presentable(message: &str, secret: Option<&str>) -> String {
    let hidden = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => message.replace(secret, "***"),
        None => message.to_owned(),
    };
    let line: String = hidden
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .fold(String::new(), |mut line, word| {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            line
        });
    match line.char_indices().nth(MESSAGE) {
        _ if line.is_empty() => "no reason given".to_owned(),
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_asked_for_is_said() {
        let limited = |retry_after| Error::RateLimited {
            provider: "vendor".to_owned(),
            message: "slow down".to_owned(),
            retry_after,
        };
        assert_eq!(limited(None).to_string(), "vendor limits the rate of requests: slow down");
        let said = limited(Some(Duration::from_millis(1_200))).to_string();
        assert_eq!(said, "vendor limits the rate of requests: slow down; it asks for a pause of 2 s");
    }

    #[test]
    fn a_providers_words_are_shown_in_one_line_without_the_key() {
        assert_eq!(presentable("Bad\n  key: sk-1 \u{0} ", Some("sk-1")), "Bad key: ***");
        assert_eq!(presentable(" \n", None), "no reason given");
        assert_eq!(presentable("plain", Some("")), "plain");
        let long = presentable(&"长".repeat(10_000), None);
        assert_eq!(long.chars().count(), MESSAGE + 1);
    }
}
