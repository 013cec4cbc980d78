//! Judging a request whose body was read.

use std::borrow::Cow;

use bytes::Bytes;
use clock::Timestamp;
use flow::Span;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::DedupeClaim;

use crate::{
    Content, Dedupe, Error, Head, Limits, Refused, Reply, RequestRecord, Source,
    body::Parsed,
    origin::{Origin, Parts},
    pairs::Pairs,
    redaction::Redaction,
    scheme::{Scheme, Unverified},
    tail::{Parameters, Template},
};

/// A request that passed what is judged before its body is read.
#[derive(Debug)]
pub struct Screened<'r> {
    source: &'r Source,
    head: Head<'r>,
    parameters: Parameters<'r>,
    limits: &'r Limits,
}

/// A request that may be admitted. Nothing of it is committed yet.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The flow's input, checked against its fields, defaults filled in.
    pub input: Map<String, Value>,
    /// The claim on its dedupe key, if it has one.
    pub dedupe: Option<DedupeClaim>,
    /// The event's [`Content`] as JSON.
    pub content: Bytes,
    /// How it is answered.
    pub reply: Reply,
}

/// What is to be done with a request that was not refused.
#[derive(Clone, Debug)]
pub enum Judged {
    /// It runs the flow.
    Accepted(Accepted),
    /// The source's filter holds it back: it is recorded and answered, and runs nothing.
    Filtered(Accepted),
}

/// Where a source's dedupe key comes from and how long it is remembered.
#[derive(Debug)]
pub(crate) struct DedupeKey {
    /// A place in the request; `None` when the source's [`Rules`](crate::rules::Rules) give the key.
    origin: Option<Origin>,
    window: Span,
}

impl<'r> Screened<'r> {
    pub(crate) const fn new(
        source: &'r Source,
        head: Head<'r>,
        parameters: Parameters<'r>,
        limits: &'r Limits,
    ) -> Self {
        Self { source, head, parameters, limits }
    }

    /// How many bytes of the body to read at most, before [`Screened::overrun`] is the answer.
    pub const fn body_limit(&self) -> u64 {
        self.source.config().limits.body.0
    }

    /// The refusal of a body that turned out larger than [`Screened::body_limit`].
    pub fn overrun(&self) -> Refused {
        self.source.too_large()
    }

    /// Judges the whole request: verification on the raw bytes, source rate, parsing, dedupe key,
    /// fields, filter. `now` is the time at which the body has been read, by which the source's bucket counts;
    /// signed times are compared with the time of receipt.
    ///
    /// # Errors
    /// The first check that fails, with a code of that check.
    pub fn judge(&self, body: &[u8], now: Timestamp) -> Result<Judged, Refused> {
        let Self { source, head, parameters, limits } = self;
        source.check_size(body.len() as u64)?;
        let query = Pairs::parse(head.query.unwrap_or_default().as_bytes());
        source.scheme.verify(&Unverified {
            headers: head.headers,
            query: &query,
            body,
            received_at: head.received_at,
        })?;
        limits.take_source(now)?;
        let parsed = Parsed::read(head.headers, body)?;
        let redaction = &source.redaction;
        let mut parts = Parts { body: parsed, query, headers: head.headers, parameters, redaction };
        let mut dedupe = source.dedupe.as_ref().and_then(|dedupe| dedupe.claim(&parts, head));
        let ruled = source.rules.as_ref().map(|rules| (rules, rules.names(&parts, &source.template)));
        let input = source.mapping.take(&mut parts).map_err(|refused| hint(refused, &parts.body, body))?;
        let mut passes = true;
        if let Some((rules, names)) = ruled {
            let ruling = rules.judge(names, &input)?;
            passes = ruling.passes;
            let claim = |(key, dedupe): (Value, &DedupeKey)| dedupe.claim_of(&key, head);
            dedupe = ruling.key.zip(source.dedupe.as_ref()).map_or(dedupe, claim);
        }
        let content = Content {
            input: Cow::Borrowed(&input),
            request: Some(RequestRecord::new(head, body, redaction)),
        };
        let content = content.to_json().into();
        let accepted = Accepted { input, dedupe, content, reply: source.config().reply.clone() };
        Ok(if passes { Judged::Accepted(accepted) } else { Judged::Filtered(accepted) })
    }
}

impl DedupeKey {
    pub(crate) fn compile(
        dedupe: &Dedupe,
        scheme: &dyn Scheme,
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Self, Error> {
        if dedupe.key.is_some() {
            return Ok(Self { origin: None, window: dedupe.window });
        }
        let own = || scheme.dedupe_key().parse();
        let from = dedupe.from.clone().map_or_else(own, Ok).map_err(|error| {
            let suggestion = "Set `dedupe.from`.";
            Error::config("dedupe.from", "wrong_origin", error.to_string(), suggestion)
        })?;
        let origin = Origin::compile("dedupe.from", &from, template, redaction)?;
        Ok(Self { origin: Some(origin), window: dedupe.window })
    }

    /// The claim on the key at its place.
    fn claim(&self, parts: &Parts, head: &Head) -> Option<DedupeClaim> {
        self.claim_of(self.origin.as_ref()?.peek(parts)?.as_ref(), head)
    }

    /// The claim on a key. Nothing, null and the empty text are no key; a value that is not
    /// text counts as its JSON.
    fn claim_of(&self, key: &Value, head: &Head) -> Option<DedupeClaim> {
        let digest = match key {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => Sha256::digest(text),
            other => Sha256::digest(other.to_string()),
        };
        let (key, _) = digest.split_first_chunk()?;
        Some(DedupeClaim { key: *key, expires_at: head.received_at.after(self.window.as_duration()) })
    }
}

/// A form that reads like JSON was most likely sent without its content type, as curl does.
fn hint(refused: Refused, parsed: &Parsed, body: &[u8]) -> Refused {
    let like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    if !matches!(parsed, Parsed::Form(_)) || !like_json {
        return refused;
    }
    let detail = "The body looks like JSON but was sent as a form; send it with \
                  `Content-Type: application/json`.";
    Refused { detail: detail.into(), ..refused }
}
