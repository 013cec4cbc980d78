//! Models by the names that flows use, and what their errors mean to a step.

use std::sync::Arc;

use async_trait::async_trait;
use engine::NodeError;
use inference::{Error, Kind, Provider};
pub use knowledge::ModelError;
use store::Place;

/// Finds chat models.
#[async_trait]
pub trait Models: Send + Sync + 'static {
    /// The chat model of this name: who runs it, and what the provider calls it.
    async fn chat(&self, place: Place, name: &str) -> Result<(Arc<dyn Provider>, String), ModelError>;
}

/// What it means to a step that a model cannot be had by its name.
pub(crate) fn not_found(error: &ModelError) -> NodeError {
    let message = error.to_string();
    match error {
        ModelError::Lookup { .. } => NodeError::transient("model_unavailable", message),
        ModelError::Missing { .. } => NodeError::permanent("model_missing", message),
        _ => NodeError::permanent("model_rejected", message),
    }
}

/// What it means to a step that a model gave nothing: a stable code, whether another try may help, and what to do.
pub(crate) fn failed(error: &Error) -> NodeError {
    let (code, advice) = match error.kind() {
        Kind::Unauthorised => ("model_unauthorised", "set the provider's key again"),
        Kind::Quota => ("model_quota", "top up the account, or choose a model of another provider"),
        Kind::RateLimited => {
            ("model_rate_limited", "give the step a `retry`, or ask the provider for a higher limit")
        }
        Kind::Overloaded => ("model_unavailable", "give the step a `retry`, or choose another model"),
        Kind::BadRequest => ("model_rejected", "change what the step asks, or choose another model"),
        Kind::ContextTooLong => ("context_too_long", "send fewer or shorter messages and excerpts"),
        Kind::Timeout => ("timeout", "ask for fewer tokens, or choose a faster model"),
        Kind::Malformed => ("model_malformed", "try again; if it stays, check the provider's address"),
        Kind::Cancelled => ("model_cancelled", "try again"),
        Kind::Unsupported => ("model_rejected", "choose another model"),
        Kind::Unavailable => ("model_unavailable", "check the provider's address and whether it runs"),
    };
    // A broken stream is malformed too, and seldom breaks twice.
    let transient = error.is_transient() || matches!(error.kind(), Kind::Malformed | Kind::Cancelled);
    NodeError { transient, ..NodeError::permanent(code, format!("{}; {advice}", chain(error))) }
}

/// The error and its causes in one line.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.map(ToString::to_string).fold(error.to_string(), |said, cause| {
        // Many errors repeat their cause in their own message; say each thing once.
        if said.ends_with(&cause) { said } else { said + ": " + &cause }
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use inference::Phase;

    use super::*;

    #[test]
    fn errors_have_a_code_a_way_on_and_say_whether_to_try_again() {
        let (provider, message) = (|| "vendor".to_owned(), || "no".to_owned());
        let dns = outbound::Error::Dns {
            host: "api.example".into(),
            source: Arc::new(std::io::Error::other("no such host")),
        };
        for (error, code, transient) in [
            (Error::Unauthorised { provider: provider(), message: message() }, "model_unauthorised", false),
            (
                Error::RateLimited { provider: provider(), message: message(), retry_after: None },
                "model_rate_limited",
                true,
            ),
            (Error::Busy { provider: provider(), waiting: 3 }, "model_unavailable", true),
            (Error::BadRequest { provider: provider(), message: message() }, "model_rejected", false),
            (Error::ContextTooLong { provider: provider(), message: message() }, "context_too_long", false),
            (
                Error::Timeout {
                    provider: provider(),
                    phase: Phase::FirstToken,
                    limit: Duration::from_secs(1),
                },
                "timeout",
                true,
            ),
            (Error::Malformed { provider: provider(), reason: message() }, "model_malformed", true),
            (Error::Unreachable { provider: provider(), source: dns }, "model_unavailable", true),
            (
                Error::Unavailable { provider: provider(), reason: message(), source: None },
                "model_unavailable",
                false,
            ),
        ] {
            let said = failed(&error);
            assert_eq!((said.code, said.transient), (code, transient), "{error}");
            assert!(said.message.contains("; "), "{}", said.message);
        }
    }

    #[test]
    fn the_cause_is_said_once() {
        let refusal = outbound::Guard::default().judge("10.0.0.1", [10, 0, 0, 1].into()).unwrap_err();
        let error = Error::Unreachable { provider: "vendor".into(), source: refusal.into() };
        let said = failed(&error).message;
        assert_eq!(said.matches("outbound.allow_cidrs").count(), 1, "{said}");
    }
}
