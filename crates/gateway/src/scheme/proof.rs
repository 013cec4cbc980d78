//! Reading a request's proofs: each must come exactly once, and be of this time.

use clock::Timestamp;
use flow::Span;
use http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;
use vault::Secret;

use crate::{Code, Error, Refused, config, pairs::Pairs};

/// The value of a header that must come exactly once: of two, it would be unclear which was signed.
pub(super) fn header<'r>(headers: &'r HeaderMap, name: &str) -> Result<&'r str, Refused> {
    let mut values = headers.get_all(name).iter();
    let wrong = match (values.next(), values.next()) {
        (None, _) => "is missing",
        (Some(_), Some(_)) => "came more than once",
        (Some(value), None) => match value.to_str() {
            Ok("") => "is empty",
            Ok(value) => return Ok(value),
            Err(_) => "is not plain text",
        },
    };
    Err(unauthorised(Code::SignatureMissing, format!("The header `{name}` {wrong}.")))
}

/// The value of a query parameter that must come exactly once.
pub(super) fn parameter<'r>(query: &'r Pairs, name: &'r str) -> Result<&'r str, Refused> {
    let mut values = query.all(name);
    let wrong = match (values.next(), values.next()) {
        (None, _) => "is missing",
        (Some(_), Some(_)) => "came more than once",
        (Some(""), None) => "is empty",
        (Some(value), None) => return Ok(value),
    };
    Err(unauthorised(Code::SignatureMissing, format!("The query parameter `{name}` {wrong}.")))
}

/// A refusal of a request that is not signed as it should be.
pub(super) fn unauthorised(code: Code, detail: impl Into<std::borrow::Cow<'static, str>>) -> Refused {
    let challenge = HeaderValue::from_static("Signature");
    Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

/// Whether the text is one of the secrets. It is compared with each, so that the time does not tell which.
pub(super) fn is_one_of(secrets: &[Secret], shown: &[u8]) -> bool {
    secrets.iter().fold(false, |known, secret| known | secret.is(shown))
}

/// Whether two digests are the same, in time that depends on their lengths only.
pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// How far a signed time may be from the time of receipt, either way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance(Span);

impl Tolerance {
    /// Checks a configured tolerance: 1s to 1d.
    pub(super) fn of(tolerance: Span) -> Result<Self, Error> {
        let bounds = [Span::from_secs(1), Span::from_secs(86_400)];
        config::span("verification.tolerance", tolerance, bounds).map(|()| Self(tolerance))
    }

    /// Refuses what was signed too long ago, or will be. `what` names the signed time.
    pub(super) fn check(self, what: &str, signed_ms: i64, received_at: Timestamp) -> Result<(), Refused> {
        let apart_ms = received_at.as_millis().abs_diff(signed_ms);
        if apart_ms / 1_000 <= self.0.as_millis() / 1_000 {
            return Ok(());
        }
        let detail = format!(
            "{what} is {} s from this server's time; at most {} s are allowed.",
            apart_ms / 1_000,
            self.0.as_millis() / 1_000
        );
        Err(unauthorised(Code::TimestampOutOfRange, detail))
    }
}
