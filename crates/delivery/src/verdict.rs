//! What an answer means for a delivery.

use std::time::Duration;

use http::{
    StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use outbound::{Kind, Response};

use crate::redact::Redaction;

/// What an answer, or its absence, means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has taken it.
    Delivered,
    /// It may be taken later.
    Retry {
        /// Why not now.
        reason: String,
        /// How long the receiver asks to wait.
        after: Option<Duration>,
        /// The most attempts that this is worth, where that may be fewer than the policy's.
        at_most: Option<u32>,
    },
    /// It will never be taken as it is.
    Permanent {
        /// Why, and what to do.
        reason: String,
        /// Why the destination as a whole takes nothing any more, if so.
        disable: Option<&'static str>,
    },
}

impl Verdict {
    pub(crate) fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None, at_most: None }
    }

    /// It may be taken after a while, if the receiver says how long.
    pub(crate) fn later(reason: impl Into<String>, after: impl Into<Option<Duration>>) -> Self {
        Self::Retry { reason: reason.into(), after: after.into(), at_most: None }
    }

    /// Nobody here knows what the answer means: never a success, and not worth days.
    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None, at_most: Some(UNKNOWN_TRIES) }
    }

    pub(crate) fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into(), disable: None }
    }

    /// The same without a secret that the receiver may have repeated.
    #[must_use]
    pub(crate) fn scrubbed(mut self, redaction: &Redaction) -> Self {
        if let Self::Retry { reason, .. } | Self::Permanent { reason, .. } = &mut self {
            *reason = redaction.scrub(std::mem::take(reason)).into_owned();
        }
        self
    }
}

/// How often a message is tried whose answers nobody here knows.
const UNKNOWN_TRIES: u32 = 4;

/// How much of a vendor's own words is repeated, in characters.
const QUOTED: usize = 300;

/// What is said of a destination whose receiver is gone for good.
pub(crate) const GONE: &str = "the receiver answered 410 Gone: it wants no more deliveries; check the address, then \
                               switch the destination on again";

/// Judges by the HTTP status alone: 2xx is taken; 408, 425, 429 and 5xx may pass; redirects are failures;
/// 410 switches the destination off; other 4xx are permanent, or not, as the destination says.
pub(crate) fn judge_status(response: &Response, retry_client_errors: bool) -> Verdict {
    let status = response.status;
    let reason = format!("the receiver answered {status}");
    match status.as_u16() {
        200..=299 => Verdict::Delivered,
        408 | 425 | 429 | 500..=599 => {
            Verdict::Retry { reason, after: outbound::retry_after(&response.headers), at_most: None }
        }
        410 => Verdict::Permanent { reason, disable: Some(GONE) },
        300..=399 => Verdict::permanent(redirected(response)),
        400..=499 if retry_client_errors => Verdict::retry(reason),
        _ => Verdict::permanent(format!("{reason}, and trying again would not change that")),
    }
}

/// Judges an answer that is not in its vendor's form: by its status, unless that speaks of success. A page of
/// HTML comes from something between, a proxy or a login page, whose refusals say nothing about the message.
pub(crate) fn judge_foreign(response: &Response, vendor: &str) -> Verdict {
    let status = response.status;
    let page =
        response.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
            || response.body.trim_ascii_start().starts_with(b"<");
    match status.as_u16() {
        408 | 425 | 429 => judge_status(response, false),
        200..=299 | 400..=499 if page || status.is_success() => Verdict::unknown(format!(
            "the answer is {status}, but not {vendor}'s: something between may have answered"
        )),
        _ => judge_status(response, false),
    }
}

/// So much of a vendor's own words as is worth repeating.
pub(crate) fn quoted(text: &str) -> String {
    text.trim().chars().take(QUOTED).collect()
}

/// Judges a call that brought no whole answer. What may pass is tried again; an address that the operator
/// does not allow is not, since only a person can change that, and replays then.
pub(crate) fn judge_error(error: &outbound::Error) -> Verdict {
    let reason = error.chain();
    match error.kind() {
        Kind::Refused => Verdict::permanent(format!("{reason}; after that, replay this delivery")),
        _ if error.is_transient() => Verdict::retry(reason),
        _ => Verdict::permanent(reason),
    }
}

fn redirected(response: &Response) -> String {
    let to = response.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let to = to.map(|to| to.chars().take(300).collect::<String>()).unwrap_or_default();
    let what = match (response.status, to.as_str()) {
        (StatusCode::NOT_MODIFIED, _) | (_, "") => format!("the receiver answered {}", response.status),
        (status, to) => format!("the receiver answered {status} and points to {to}"),
    };
    format!("{what}; redirects are not followed: set the destination's address to the final one")
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Response {
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: pairs.collect::<HeaderMap>(),
            body: bytes::Bytes::new(),
            truncated: false,
            decompressed: false,
        }
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Delivered => "delivered",
            Verdict::Retry { .. } => "retry",
            Verdict::Permanent { disable: None, .. } => "permanent",
            Verdict::Permanent { disable: Some(_), .. } => "disable",
        }
    }

    #[test]
    fn statuses() {
        let table = [
            ("delivered", vec![200, 201, 202, 204, 299]),
            ("retry", vec![408, 425, 429, 500, 502, 503, 504, 599]),
            (
                "permanent",
                vec![300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 451, 600],
            ),
            ("disable", vec![410]),
        ];
        for (expected, statuses) in table {
            for status in statuses {
                assert_eq!(word(&judge_status(&answer(status, &[]), false)), expected, "{status}");
            }
        }
        for (status, expected) in [(404, "retry"), (422, "retry"), (410, "disable"), (302, "permanent")] {
            assert_eq!(word(&judge_status(&answer(status, &[]), true)), expected, "{status} with retries");
        }
    }

    #[test]
    fn an_answer_in_no_known_form_is_never_a_success() {
        let verdict = |status: u16, body: &'static str| {
            judge_foreign(&Response { body: body.into(), ..answer(status, &[]) }, "WeCom")
        };
        let page = "\n<!doctype html><title>Log in</title>";
        for (status, body) in [(200, ""), (202, "ok"), (200, page), (403, page), (410, page)] {
            assert!(matches!(verdict(status, body), Verdict::Retry { at_most: Some(4), .. }), "{status}");
        }
        for (status, body, expected) in [
            (502, page, "retry"),
            (429, page, "retry"),
            (404, "", "permanent"),
            (410, "", "disable"),
            (302, page, "permanent"),
        ] {
            assert_eq!(word(&verdict(status, body)), expected, "{status}");
        }
    }

    #[test]
    fn the_receivers_wish_to_wait_is_read() {
        let verdict = judge_status(&answer(503, &[("retry-after", "120")]), false);
        assert!(
            matches!(verdict, Verdict::Retry { after: Some(after), .. } if after == Duration::from_secs(120))
        );
    }

    #[test]
    fn a_redirect_says_where_to_and_what_to_do() {
        let Verdict::Permanent { reason, .. } =
            judge_status(&answer(301, &[("location", "https://b.c/")]), false)
        else {
            panic!("a redirect is permanent")
        };
        assert!(reason.contains("https://b.c/") && reason.contains("not followed"), "{reason}");
    }

    #[test]
    fn errors() {
        let refused = outbound::Guard::default().judge("erp.local", "10.0.0.7".parse().unwrap()).unwrap_err();
        let Verdict::Permanent { reason, disable: None } = judge_error(&refused.into()) else {
            panic!("a refusal is permanent")
        };
        assert!(reason.contains("10.0.0.7") && reason.contains(outbound::ALLOW_SETTING), "{reason}");
        let limit = Duration::from_secs(10);
        let late = outbound::Error::Timeout { phase: outbound::Phase::Body, limit };
        assert_eq!(
            judge_error(&late),
            Verdict::retry("time ran out after 10000 ms while reading the answer")
        );
        let url = outbound::Error::InvalidUrl { reason: "x".into() };
        assert_eq!(word(&judge_error(&url)), "permanent");
    }
}
