//! What a token says, judged by the server's own time.

use clock::Timestamp;
use flow::Span;
use serde_json::{Map, Value};

use crate::Code;

/// What a source asks of a token's claims.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) issuer: Option<String>,
    pub(super) audience: Vec<String>,
    pub(super) required: Vec<String>,
    pub(super) leeway: Span,
}

impl Rules {
    /// Checks the claims of a token whose signature is right. A claim of a wrong type counts as wrong, never as
    /// absent.
    ///
    /// # Errors
    /// The first claim that is wrong: the code, and why.
    pub(super) fn check(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), (Code, String)> {
        let invalid = |detail: String| Err((Code::TokenInvalid, detail));
        let lacks = |name: &&String| claims.get(*name).is_none_or(Value::is_null);
        if let Some(name) = self.required.iter().find(lacks) {
            return invalid(format!("The token lacks the claim `{name}`."));
        }
        let leeway_s = i64::try_from(self.leeway.as_millis() / 1_000).unwrap_or(i64::MAX);
        if time(claims, "exp")?.is_some_and(|expires| now.as_secs() >= expires.saturating_add(leeway_s)) {
            return Err((Code::TokenExpired, "The token is over (`exp`).".to_owned()));
        }
        if time(claims, "nbf")?.is_some_and(|begins| now.as_secs() < begins.saturating_sub(leeway_s)) {
            return Err((Code::TokenExpired, "The token is not valid yet (`nbf`).".to_owned()));
        }
        if self.issuer.as_deref().is_some_and(|issuer| claims.get("iss").is_none_or(|iss| iss != issuer)) {
            return invalid("The token is from another issuer (`iss`).".to_owned());
        }
        if !self.audience.is_empty() && !self.is_for_us(claims.get("aud")) {
            return invalid("The token is for another audience (`aud`).".to_owned());
        }
        Ok(())
    }

    fn is_for_us(&self, aud: Option<&Value>) -> bool {
        let named = match aud {
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        named.iter().any(|named| self.audience.iter().any(|ours| named == ours.as_str()))
    }
}

/// A claim's time, in whole seconds since 1970.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, (Code, String)> {
    #[expect(clippy::cast_possible_truncation, reason = "the fraction of a second does not matter, and ends are held to")]
    let seconds = |number: f64| number as i64;
    match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(seconds(number))),
            None => Err((Code::TokenInvalid, format!("The token's claim `{name}` is not a number."))),
        },
    }
}
