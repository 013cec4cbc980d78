//! Requests by pages of other origins: what a browser is told that asks for them (the Fetch standard's CORS protocol).

use flow::Span;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Method, config::span};

/// Which pages may call the source from a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// The pages' origins, such as `https://shop.example`; or `*` alone, for every page.
    pub origins: Vec<String>,
    /// Headers that pages may send, beside `Content-Type` and `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// How long a browser remembers the permission, 0s to 1d.
    #[serde(default = "Cors::default_max_age")]
    pub max_age: Span,
    /// Whether browsers send cookies and logins along. Not with `*`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub credentials: bool,
}

/// A source's compiled [`Cors`].
#[derive(Debug)]
pub(crate) struct CrossOrigin {
    /// `None` for every origin.
    origins: Option<Vec<HeaderValue>>,
    credentials: bool,
    /// What only a preflight's answer says.
    permissions: HeaderMap,
}

/// Headers that pages may always send, and those of answers that they may read.
const ALWAYS_SENT: &str = "content-type, idempotency-key";
const READABLE: HeaderValue = HeaderValue::from_static(
    "linchpin-event, linchpin-duplicate, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, \
     deprecation, sunset, link",
);
const TRUE: HeaderValue = HeaderValue::from_static("true");

impl Cors {
    const fn default_max_age() -> Span {
        Span::from_secs(600)
    }

    /// Compiles it for a source that takes these methods.
    pub(crate) fn compile(&self, methods: &[Method]) -> Result<CrossOrigin, Error> {
        span("cors.max_age", self.max_age, [Span::from_secs(0), Span::from_secs(86_400)])?;
        let origins = self.origins()?;
        if self.credentials && origins.is_none() {
            let reason = "credentials are never sent to a source that every page may call.";
            return Err(Error::config(
                "cors.credentials",
                "not_with_any",
                reason,
                "Name the pages' origins.",
            ));
        }
        let mut sent = ALWAYS_SENT.to_owned();
        for (at, name) in self.headers.iter().enumerate() {
            let known: HeaderName = name.parse().map_err(|_| {
                let reason = format!("`{name}` is no name for a header.");
                Error::config(format!("cors.headers[{at}]"), "wrong_form", reason, "Write it like `x-shop`.")
            })?;
            sent = format!("{sent}, {known}");
        }
        let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
        let max_age = self.max_age.as_duration().as_secs().to_string();
        let permissions = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, sent),
            (header::ACCESS_CONTROL_MAX_AGE, max_age),
        ];
        let permissions = permissions.into_iter().filter_map(|(name, text)| Some((name, text.parse().ok()?)));
        Ok(CrossOrigin { origins, credentials: self.credentials, permissions: permissions.collect() })
    }

    fn origins(&self) -> Result<Option<Vec<HeaderValue>>, Error> {
        if self.origins == ["*"] {
            return Ok(None);
        }
        if self.origins.is_empty() {
            let reason = "no origin is named.";
            return Err(Error::config("cors.origins", "empty", reason, "Name one, or leave `cors` away."));
        }
        let read = |(at, origin): (usize, &String)| {
            let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin(origin));
            value.ok_or_else(|| {
                let reason = format!("`{origin}` is no origin.");
                let suggestion = "Write it as browsers do, like `https://shop.example:8443`, or `*` alone.";
                Error::config(format!("cors.origins[{at}]"), "wrong_form", reason, suggestion)
            })
        };
        self.origins.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }
}

/// Whether a text is an origin as browsers serialise it: scheme, host and port, and nothing behind.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(|letter| is_plain(letter) || "+-.".contains(letter));
    is_scheme && !host.is_empty() && host.chars().all(|letter| is_plain(letter) || "-._:[]".contains(letter))
}

impl CrossOrigin {
    /// The headers of the answer to a preflight; `None` for the preflight of a page that may not call.
    pub(crate) fn preflight(&self, request: &HeaderMap) -> Option<HeaderMap> {
        request.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        self.allowed(request.get(header::ORIGIN)?)?;
        let mut answer = self.permissions.clone();
        self.stamp(request, &mut answer);
        answer.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        let asked = "access-control-request-method, access-control-request-headers";
        answer.append(header::VARY, HeaderValue::from_static(asked));
        Some(answer)
    }

    /// Puts on any answer what lets the page read it.
    pub(crate) fn stamp(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.origins.is_some() {
            // Also for a request without an origin: a cache must not give its answer to a page.
            answer.append(header::VARY, HeaderValue::from_static("origin"));
        }
        let came = request.get(header::ORIGIN);
        let Some(origin) = came.and_then(|origin| self.allowed(origin)) else { return };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
        if self.credentials {
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
    }

    /// What `Access-Control-Allow-Origin` says to a page of this origin.
    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match &self.origins {
            None => Some(HeaderValue::from_static("*")),
            Some(known) => known.contains(origin).then(|| origin.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compile(origins: &[&str], credentials: bool) -> Result<CrossOrigin, Error> {
        let origins = origins.iter().map(ToString::to_string).collect();
        let headers = vec!["X-Shop".to_owned()];
        Cors { origins, headers, max_age: Span::from_secs(60), credentials }
            .compile(&[Method::Post, Method::Put])
    }

    fn asking(origin: &str) -> HeaderMap {
        [(header::ORIGIN, origin), (header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")]
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn said(headers: &HeaderMap) -> Vec<(&str, &str)> {
        let mut said: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        said.sort_unstable();
        said
    }

    #[test]
    fn a_preflight_says_what_a_page_may_send() {
        let cors = compile(&["https://shop.example", "http://localhost:3000"], true).unwrap();
        let answer = cors.preflight(&asking("http://localhost:3000")).unwrap();
        assert_eq!(
            said(&answer),
            [
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-headers", "content-type, idempotency-key, x-shop"),
                ("access-control-allow-methods", "POST, PUT"),
                ("access-control-allow-origin", "http://localhost:3000"),
                ("access-control-max-age", "60"),
                ("vary", "access-control-request-method, access-control-request-headers"),
                ("vary", "origin"),
            ]
        );
        assert!(cors.preflight(&asking("https://shop.example.evil")).is_none());
        assert!(cors.preflight(&HeaderMap::new()).is_none(), "no preflight");
    }

    #[test]
    fn every_page_is_a_star_and_one_of_some_is_named() {
        let stamped = |cors: &CrossOrigin, origin: &str| {
            let mut answer = HeaderMap::new();
            cors.stamp(&asking(origin), &mut answer);
            (answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).cloned(), answer.contains_key(header::VARY))
        };
        let any = compile(&["*"], false).unwrap();
        assert_eq!(stamped(&any, "null"), (Some(HeaderValue::from_static("*")), false));
        let some = compile(&["https://shop.example"], false).unwrap();
        let named = HeaderValue::from_static("https://shop.example");
        assert_eq!(stamped(&some, "https://shop.example"), (Some(named), true));
        assert_eq!(stamped(&some, "https://other.example"), (None, true), "a cache must tell them apart");
    }

    #[test]
    fn what_browsers_would_not_take_is_refused() {
        for (origins, credentials, field) in [
            (&["*"][..], true, "cors.credentials"),
            (&[], false, "cors.origins"),
            (&["https://a.example", "*"], false, "cors.origins[1]"),
            (&["https://a.example/"], false, "cors.origins[0]"),
            (&["https://A.example"], false, "cors.origins[0]"),
            (&["a.example"], false, "cors.origins[0]"),
            (&["null"], false, "cors.origins[0]"),
        ] {
            assert_eq!(compile(origins, credentials).unwrap_err().problem().field, field, "{origins:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_is_for_every_page_with_credentials(
            any: bool, credentials: bool, origin in "[ -~]{0,30}|https://shop\\.example",
        ) {
            let Ok(cors) = compile(if any { &["*"] } else { &["https://shop.example"] }, credentials) else {
                return Ok(());
            };
            let mut answer = HeaderMap::new();
            cors.stamp(&asking(&origin), &mut answer);
            let allowed = answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            let with_credentials = answer.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
            let is_right = |allowed| allowed == origin.as_str() || (allowed == "*" && !with_credentials);
            prop_assert!(allowed.is_none_or(is_right));
            prop_assert_eq!(allowed.is_some(), any || origin == "https://shop.example");
        }
    }
}
