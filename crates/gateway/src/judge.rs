//! Judging a request whose body was read.

use std::borrow::Cow;

use bytes::Bytes;
use clock::Timestamp;
use flow::Span;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, digest::Output};
use store::DedupeClaim;

use crate::{
    Content, Dedupe, Error, Head, Limits, Refused, Reply, RequestRecord, Source,
    body::Parsed,
    keys::KeysWanted,
    origin::{Origin, Parts},
    pairs::Pairs,
    redaction::Redaction,
    rotation::Verifier,
    scheme::{Answer, Event, Scheme, Unproven, Unverified, Verified},
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
    /// What its sender must be told wherever another would get a receipt, always with 200.
    pub acknowledgement: Option<Answer>,
}

/// What comes of a request that was not refused.
#[derive(Debug)]
pub enum Judged {
    /// It brings an event.
    Accepted(Accepted),
    /// It only asks whether the address is its sender's to use; the answer goes with 200.
    Handshake(Answer),
    /// It cannot be judged before public keys were fetched.
    KeysWanted(KeysWanted),
}

/// Where a source's dedupe key comes from and how long it is remembered.
#[derive(Debug)]
pub(crate) struct DedupeKey {
    /// The first that is there counts.
    origins: Vec<Origin>,
    /// Whether the configuration says where it is.
    is_chosen: bool,
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

    /// Judges the whole request: verification on the raw bytes, handshake, source rate, parsing, dedupe key,
    /// fields. `now` is the time at which the body has been read, by which the source's bucket counts;
    /// signed times are compared with the time of receipt.
    ///
    /// # Errors
    /// The first check that fails, with a code of that check.
    pub fn judge(&self, body: &[u8], now: Timestamp) -> Result<Judged, Refused> {
        let Self { source, head, limits, .. } = self;
        source.check_size(body.len() as u64)?;
        let query = Pairs::parse(head.query.unwrap_or_default().as_bytes());
        let outcome = source.verifiers.verify(&Unverified {
            method: head.method,
            headers: head.headers,
            query: &query,
            body,
            received_at: head.received_at,
        });
        let (event, verifier) = match outcome {
            Ok((Verified::Event(event), verifier)) => (event, verifier),
            Ok((Verified::Handshake(answer), _)) => return Ok(Judged::Handshake(answer)),
            Err(Unproven::KeysWanted(keys, otherwise)) => {
                return Ok(Judged::KeysWanted(KeysWanted { keys, otherwise }));
            }
            Err(Unproven::Refused(refused)) => return Err(refused),
        };
        // A method that was let in for a handshake brings no events.
        source.check_method(head.method)?;
        limits.take_source(now)?;
        self.accept(body, query, event, verifier).map(Judged::Accepted)
    }

    fn accept(
        &self,
        body: &[u8],
        query: Pairs,
        event: Event,
        verifier: &Verifier,
    ) -> Result<Accepted, Refused> {
        let Self { source, head, parameters, .. } = self;
        let Event { opened, dedupe_key, acknowledgement } = event;
        let told = opened.as_ref().map_or(body, |opened| &opened.body);
        let mut parsed = Parsed::read(head.headers, opened.as_ref().map(|opened| opened.content_type), told)?;
        parsed.without(verifier.scheme.places_of_proofs());
        let redaction = &source.redaction;
        let mut parts = Parts { body: parsed, query, headers: head.headers, parameters, redaction };
        let dedupe = verifier.dedupe.as_ref();
        let dedupe = dedupe.and_then(|dedupe| dedupe.claim(&parts, dedupe_key.as_deref(), head));
        let input = source.mapping.take(&mut parts).map_err(|refused| hint(refused, &parts.body, told))?;
        let recorded = redaction.body(body);
        let content = Content {
            input: Cow::Borrowed(&input),
            request: Some(RequestRecord::new(head, &recorded, redaction)),
        };
        let content = content.to_json().into();
        Ok(Accepted { input, dedupe, content, reply: source.config().reply, acknowledgement })
    }
}

impl DedupeKey {
    pub(crate) fn compile(
        dedupe: &Dedupe,
        scheme: &dyn Scheme,
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Self, Error> {
        let window = dedupe.window;
        if let Some(from) = &dedupe.from {
            let origin = Origin::compile("dedupe.from", from, template, redaction)?;
            return Ok(Self { origins: vec![origin], is_chosen: true, window });
        }
        let own = |from: &&str| {
            let from = from.parse().map_err(|error: flow::PathError| {
                let suggestion = "Set `dedupe.from`.";
                Error::config("dedupe.from", "wrong_origin", error.to_string(), suggestion)
            })?;
            Origin::compile("dedupe.from", &from, template, redaction)
        };
        let origins = scheme.dedupe_keys().iter().map(own).collect::<Result<_, _>>()?;
        Ok(Self { origins, is_chosen: false, window })
    }

    /// The claim on the request's key: the scheme's own, unless another place was chosen. Nothing, null and the empty
    /// text are no key; a value that is not text counts as its JSON.
    fn claim(&self, parts: &Parts, own: Option<&str>, head: &Head) -> Option<DedupeClaim> {
        let own = own.filter(|_| !self.is_chosen).map(Sha256::digest);
        let digest = own.or_else(|| self.origins.iter().find_map(|origin| digest(&*origin.peek(parts)?)))?;
        let (key, _) = digest.split_first_chunk()?;
        Some(DedupeClaim { key: *key, expires_at: head.received_at.after(self.window.as_duration()) })
    }
}

fn digest(key: &Value) -> Option<Output<Sha256>> {
    match key {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(Sha256::digest(text)),
        other => Some(Sha256::digest(other.to_string())),
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
