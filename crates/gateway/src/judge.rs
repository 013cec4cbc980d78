//! Judging a request whose body was read.

use std::borrow::Cow;

use bytes::Bytes;
use clock::Timestamp;
use flow::Span;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, digest::Output};
use store::{DedupeClaim, NewFile};

use crate::{
    Content, Dedupe, Error, Head, Limits, Refused, Reply, RequestBody, RequestRecord, Source,
    body::{self, Parsed},
    files::Upload,
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
    /// How many bytes more its body has in memory than came, since it was compressed.
    pub grown: usize,
    /// The files that came with it. They are on stable storage before the event is.
    pub files: Vec<NewFile>,
    /// How it is answered.
    pub reply: Reply,
    /// What its sender must be told wherever another would get a receipt, always with 200.
    pub acknowledgement: Option<Answer>,
}

/// What comes of a request that was not refused.
#[derive(Debug)]
pub enum Judged {
    /// It brings an event, which runs the flow.
    Accepted(Accepted),
    /// The source's filter holds it back: it is recorded and answered, and runs nothing.
    Filtered(Accepted),
    /// It only asks whether the address is its sender's to use; the answer goes with 200.
    Handshake(Answer),
    /// It cannot be judged before public keys were fetched.
    KeysWanted(KeysWanted),
}

/// Where a source's dedupe key comes from and how long it is remembered.
#[derive(Debug)]
pub(crate) struct DedupeKey {
    /// The first that is there counts; none when the source's [`Rules`](crate::rules::Rules) give the key.
    origins: Vec<Origin>,
    /// Whether the configuration says what it is.
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

    /// Judges the whole request: verification on the raw bytes, handshake, source rate, parsing, dedupe key, fields,
    /// filter. `now` is the time at which the body has been read, by which the source's bucket counts;
    /// signed times are compared with the time of receipt.
    ///
    /// # Errors
    /// The first check that fails, with a code of that check.
    pub fn judge(&self, body: &Bytes, now: Timestamp) -> Result<Judged, Refused> {
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
        self.accept(body, query, event, verifier)
    }

    fn accept(
        &self,
        body: &Bytes,
        query: Pairs,
        event: Event,
        verifier: &Verifier,
    ) -> Result<Judged, Refused> {
        let Self { source, head, parameters, .. } = self;
        let Event { opened, dedupe_key, acknowledgement } = event;
        let is_opened = opened.is_some();
        let (told, content_type) = if let Some(opened) = opened {
            (Bytes::from(opened.body), opened.content_type)
        } else {
            let unpacked = body::unpacked(head.headers, body, self.body_limit())?;
            (unpacked, body::content_type(head.headers)?)
        };
        let grown = if is_opened { 0 } else { told.len().saturating_sub(body.len()) };
        let mut parsed = Parsed::read(content_type, &told, &source.config().limits.files)?;
        parsed.without(verifier.scheme.places_of_proofs());
        let whole = self.whole_file(content_type, &told, &parsed)?;
        let redaction = &source.redaction;
        let mut parts = Parts { body: parsed, whole, query, headers: head.headers, parameters, redaction };
        let dedupe = verifier.dedupe.as_ref();
        let mut claim = dedupe.and_then(|dedupe| dedupe.claim(&parts, dedupe_key.as_deref(), head));
        let ruled = source.rules.as_ref().map(|rules| (rules, rules.names(&parts, &source.template)));
        let input = source.mapping.take(&mut parts).map_err(|refused| hint(refused, &parts.body, &told))?;
        let mut passes = true;
        if let Some((rules, names)) = ruled {
            let ruling = rules.judge(names, &input)?;
            passes = ruling.passes;
            let claimed = |(key, dedupe): (Value, &DedupeKey)| dedupe.claim_of(&digest(&key)?, head);
            claim = ruling.key.zip(dedupe).map_or(claim, claimed);
        }
        // What came encrypted is recorded so.
        let shown = redaction.body(if is_opened { body } else { &told });
        let recorded =
            if is_opened { RequestBody::of(&shown) } else { RequestBody::of_parts(&shown, &parts) };
        let content = Content {
            input: Cow::Borrowed(&input),
            request: Some(RequestRecord::new(head, recorded, redaction)),
        };
        let content = content.to_json().into();
        let reply = source.config().reply.clone();
        let files = files(parts);
        let accepted = Accepted { input, dedupe: claim, content, grown, files, reply, acknowledgement };
        Ok(if passes { Judged::Accepted(accepted) } else { Judged::Filtered(accepted) })
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
        let window = dedupe.window;
        if dedupe.key.is_some() {
            return Ok(Self { origins: Vec::new(), is_chosen: true, window });
        }
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
        self.claim_of(&digest, head)
    }

    fn claim_of(&self, digest: &Output<Sha256>, head: &Head) -> Option<DedupeClaim> {
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
