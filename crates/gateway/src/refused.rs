//! A refusal and the problem document (RFC 9457) that tells the caller of it.

use std::{borrow::Cow, time::Duration};

use flow::FieldProblem;
use http::{HeaderName, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Code;

/// A request that was refused. It says nothing of the source's secrets or of what the body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub code: Code,
    /// What happened in this case, in a sentence or two.
    pub detail: Cow<'static, str>,
    /// The fields that do not fit, for [`Code::FieldInvalid`] and the codes of files.
    pub errors: Vec<FieldProblem>,
    /// Headers of the answer, beside its content type: `Allow`, `Retry-After`, `RateLimit-*`, …
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What lies behind it, for those who run the source: it is recorded, and not told.
    pub cause: Option<String>,
}

/// The body of a refusal, sent as [`Problem::CONTENT_TYPE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem<'r> {
    /// Where the code is explained, such as `/errors/field_invalid`.
    pub r#type: String,
    /// The problem in a few words, the same each time.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened in this case.
    pub detail: &'r str,
    /// The stable code, such as `field_invalid`.
    pub code: &'static str,
    /// The fields that do not fit: of each its name, a code, what was expected and what came.
    #[serde(skip_serializing_if = "<[FieldProblem]>::is_empty")]
    #[schemars(with = "Vec<FieldError>")]
    pub errors: &'r [FieldProblem],
}

/// The schema of one field problem.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used; the values are flow's own type")]
struct FieldError {
    /// The field's name; of a file, where it is in the request, such as `file.resume`.
    field: String,
    /// `missing`, `wrong_type`, `too_long` or `not_allowed`; of a file, the problem's own code.
    code: String,
    /// What was expected, such as `integer`.
    expected: String,
    /// What came, such as `string`; the value itself is not repeated.
    got: String,
}

impl Problem<'_> {
    /// The media type of a problem document.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";
}

impl Refused {
    /// A refusal with a code and what happened in this case.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), cause: None }
    }

    /// The same refusal with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same refusal with `Retry-After` in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, whole_seconds(wait).into())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The answer's body.
    pub fn problem(&self) -> Problem<'_> {
        let entry = self.code.entry();
        Problem {
            r#type: format!("/errors/{}", self.code),
            title: entry.title,
            status: entry.status,
            detail: &self.detail,
            code: self.code.as_str(),
            errors: &self.errors,
        }
    }
}

/// A wait in whole seconds, rounded up, at least one.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn becomes_a_problem_document() {
        let mut refused = Refused::new(Code::FieldInvalid, "1 field does not fit.");
        refused.errors.push(FieldProblem {
            field: "query".into(),
            code: "missing".into(),
            expected: "string".into(),
            got: "nothing".into(),
        });
        assert_eq!(
            serde_json::to_value(refused.problem()).unwrap(),
            json!({
                "type": "/errors/field_invalid",
                "title": "Fields do not fit",
                "status": 422,
                "detail": "1 field does not fit.",
                "code": "field_invalid",
                "errors": [{"field": "query", "code": "missing", "expected": "string", "got": "nothing"}],
            })
        );
    }

    #[test]
    fn waits_are_rounded_up() {
        for (ms, said) in [(0, "1"), (1000, "1"), (1001, "2"), (59_999, "60")] {
            let refused = Refused::new(Code::ClientRateLimited, "").retry_after(Duration::from_millis(ms));
            assert_eq!(refused.headers, [(header::RETRY_AFTER, HeaderValue::from_static(said))]);
        }
    }
}
