//! What a sender signs: `{timestamp}.{body}`, `v0:{header.x-ts}:{body}`.

use http::HeaderName;

use super::{Unverified, proof};
use crate::{Error, Refused};

/// The pieces that are signed, one after the other.
#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Literal(String),
    Timestamp,
    Body,
    Header(HeaderName),
    Query(String),
}

const FIELD: &str = "verification.signed";

impl Template {
    /// Reads a template, which must sign the body.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: String| {
            Error::config(FIELD, "wrong_form", reason, "Write it like `{timestamp}.{body}`.")
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(wrong("a brace is not closed.".to_owned()));
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let piece = piece(name).ok_or_else(|| {
                let known = "`{timestamp}`, `{body}`, `{header.x}` and `{query.x}` are";
                wrong(format!("`{{{name}}}` is not known here; {known}."))
            })?;
            pieces.push(piece);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::Body)) {
            return Err(wrong(
                "what is signed lacks `{body}`, so anyone could send another body.".to_owned(),
            ));
        }
        Ok(Self(pieces))
    }

    /// Whether the time is signed.
    pub(super) fn has_timestamp(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Timestamp))
    }

    /// Hands the signed bytes over, piece by piece.
    ///
    /// # Errors
    /// When a header or parameter that is signed does not come exactly once.
    pub(super) fn feed(
        &self,
        request: &Unverified,
        timestamp: &str,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), Refused> {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => take(text.as_bytes()),
                Piece::Timestamp => take(timestamp.as_bytes()),
                Piece::Body => take(request.body),
                Piece::Header(name) => take(proof::header(request.headers, name.as_str())?.as_bytes()),
                Piece::Query(name) => take(proof::parameter(request.query, name)?.as_bytes()),
            }
        }
        Ok(())
    }
}

fn piece(name: &str) -> Option<Piece> {
    match name.split_once('.') {
        None if name == "timestamp" => Some(Piece::Timestamp),
        None if name == "body" => Some(Piece::Body),
        Some(("header", name)) => name.parse().ok().map(Piece::Header),
        Some(("query", name)) if !name.is_empty() => Some(Piece::Query(name.to_owned())),
        _ => None,
    }
}
