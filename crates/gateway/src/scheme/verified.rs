//! What comes of a verification.

use std::sync::Arc;

use bytes::Bytes;

use crate::{Refused, keys::KeySet};

/// A request whose sender is known.
#[derive(Debug)]
pub(crate) enum Verified {
    /// It brings an event.
    Event(Event),
    /// It only asks whether the address is the sender's to use; this is the answer.
    Handshake(Answer),
}

/// What a scheme knows of an event besides that it is from a sender.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// The body, where what came was encrypted.
    pub(crate) opened: Option<Opened>,
    /// The dedupe key, where no path can say where it is.
    pub(crate) dedupe_key: Option<String>,
    /// What this sender must be told in place of a receipt.
    pub(crate) acknowledgement: Option<Answer>,
}

/// A body that was encrypted.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
}

/// An answer with 200 that a sender's own rules ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its media type.
    pub content_type: &'static str,
    /// Its body.
    pub body: Bytes,
}

/// Why a request's sender is not known.
#[derive(Debug)]
pub(crate) enum Unproven {
    /// It is none of the source's.
    Refused(Refused),
    /// These keys do not say so yet; without newer ones the request is refused.
    KeysWanted(Arc<KeySet>, Refused),
}

impl Verified {
    /// An event that is what it looks like.
    pub(crate) fn plain() -> Self {
        Self::Event(Event::default())
    }
}

impl Answer {
    pub(crate) fn text(body: impl Into<Bytes>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    pub(crate) fn json(body: impl Into<Bytes>) -> Self {
        Self { content_type: "application/json", body: body.into() }
    }
}

impl From<Refused> for Unproven {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
