//! Judging a request whose body was read.

use std::borrow::Cow;

use bytes::Bytes;
use clock::Timestamp;
use flow::Span;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::{DedupeClaim, NewFile};

use crate::{
    Content, Dedupe, Error, Head, Limits, Refused, Reply, RequestBody, RequestRecord, Source,
    body::{self, Parsed},
    files::Upload,
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
    /// The files that came with it. They are on stable storage before the event is.
    pub files: Vec<NewFile>,
    /// How it is answered.
    pub reply: Reply,
}

/// Where a source's dedupe key comes from and how long it is remembered.
#[derive(Debug)]
pub(crate) struct DedupeKey {
    origin: Origin,
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
    /// fields. `now` is the time at which the body has been read, by which the source's bucket counts;
    /// signed times are compared with the time of receipt.
    ///
    /// # Errors
    /// The first check that fails, with a code of that check.
    pub fn judge(&self, body: &Bytes, now: Timestamp) -> Result<Accepted, Refused> {
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
        let body = &body::unpacked(head.headers, body, self.body_limit())?;
        let content_type = body::content_type(head.headers)?;
        let parsed = Parsed::read(content_type, body, &source.config().limits.files)?;
        let whole = self.whole_file(content_type, body, &parsed)?;
        let redaction = &source.redaction;
        let mut parts = Parts { body: parsed, whole, query, headers: head.headers, parameters, redaction };
        let dedupe = source.dedupe.as_ref().and_then(|dedupe| dedupe.claim(&parts, head));
        let input = source.mapping.take(&mut parts).map_err(|refused| hint(refused, &parts.body, body))?;
        let recorded = RequestBody::of_parts(body, &parts);
        let content = Content {
            input: Cow::Borrowed(&input),
            request: Some(RequestRecord::new(head, recorded, redaction)),
        };
        let content = content.to_json().into();
        Ok(Accepted { input, dedupe, content, files: files(parts), reply: source.config().reply })
    }

    /// The body as a file, where a field takes it as one, or where it is large and nothing else.
    fn whole_file(
        &self,
        content_type: &str,
        body: &Bytes,
        parsed: &Parsed,
    ) -> Result<Option<Upload>, Refused> {
        let is_taken = self.source.mapping.takes_body_as_file();
        let is_file = match parsed {
            Parsed::Nothing | Parsed::Multipart(_) => false,
            Parsed::Bytes(_) => true,
            _ => is_taken,
        };
        if !is_file {
            return Ok(None);
        }
        let upload = Upload::whole(self.head.headers, content_type, body.clone());
        self.source.config().limits.files.check(&upload)?;
        Ok((is_taken || body.len() > RequestBody::IN_PLACE).then_some(upload))
    }
}

/// The contents of the files.
fn files(parts: Parts) -> Vec<NewFile> {
    let of_form = match parts.body {
        Parsed::Multipart(contents) => contents.files,
        _ => Vec::new(),
    };
    of_form.into_iter().chain(parts.whole).map(|upload| upload.stored).collect()
}

impl DedupeKey {
    pub(crate) fn compile(
        dedupe: &Dedupe,
        scheme: &dyn Scheme,
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Self, Error> {
        let own = || scheme.dedupe_key().parse();
        let from = dedupe.from.clone().map_or_else(own, Ok).map_err(|error| {
            let suggestion = "Set `dedupe.from`.";
            Error::config("dedupe.from", "wrong_origin", error.to_string(), suggestion)
        })?;
        let origin = Origin::compile("dedupe.from", &from, template, redaction)?;
        Ok(Self { origin, window: dedupe.window })
    }

    /// The claim on the request's key. Nothing, null and the empty text are no key; a value that is not
    /// text counts as its JSON.
    fn claim(&self, parts: &Parts, head: &Head) -> Option<DedupeClaim> {
        let found = self.origin.peek(parts)?;
        let digest = match found.as_ref() {
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
