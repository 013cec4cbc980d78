//! Judges an inbound request and returns an admission that nobody has committed yet.
//!
//! No HTTP framework, no I/O, no clock: given a compiled [`Source`], a request whose body was read
//! already, and the state of its [`Limits`], it answers.
//!
//! 1. [`Source::compile`] checks a source's [`Config`] against its secrets and the flow's inputs.
//! 2. [`Source::before_body`] judges a request's [`Head`] and says how much body may be read.
//! 3. [`Screened::judge`] judges the whole and gives [`Judged`]: whether the request runs the flow or was filtered, and
//!    with it the flow's input, the dedupe claim, the event's [`Content`] and how to reply; or the [`Answer`] to a
//!    sender that only asks whether the address is right; or which public keys must be fetched first ([`KeysWanted`]).
//! 4. [`Source::stamp`] puts on every answer what the source says on each.
//!
//! Checks come in this order: method, address, path, size, client rate; then, with the body, size again, verification
//! on the raw bytes, handshake, source rate, parsing, dedupe key, fields, filter. So a stranger cannot
//! drain a source's bucket, and a request whose fields do not fit burns no dedupe key. What fails
//! is [`Refused`] with a [`Code`], each of which [`codes`] explains.

mod body;
mod cidr;
mod code;
mod config;
mod content;
mod contract;
mod cors;
mod docs;
mod error;
mod field;
mod files;
mod form;
mod infer;
mod judge;
mod keys;
mod limit;
mod origin;
mod original;
mod pairs;
mod redaction;
mod refused;
mod rotation;
mod rules;
mod scheme;
mod source;
mod static_reply;
mod tail;

pub use code::{Code, CodeEntry, codes};
pub use config::{Config, Dedupe, LimitConfig, Method, Previous, Rate, Reply, SourceField, Visibility};
pub use content::{Content, Headers, Part, RequestBody, RequestRecord, Values};
pub use contract::{Contract, pinned_version};
pub use cors::Cors;
pub use docs::{Docs, FieldChanges, FieldDocs, ProblemDocs, ReplyDocs, Sample, Text, changes};
pub use error::Error;
pub use files::{File, FileLimits};
pub use form::Form;
pub use infer::{Inferred, infer};
pub use judge::{Accepted, Judged, Screened};
pub use keys::{KeySet, KeysWanted, MalformedKeys};
pub use limit::Limits;
pub use original::{Again, Original};
pub use refused::{Problem, Refused};
pub use rotation::{kept, rotated};
pub use scheme::{
    Answer, Secrets, Verification, basic, dingtalk, dingtalk_events, feishu, github, gitlab, hmac, jwt, none,
    shopify, slack, standard_webhooks, stripe, token, wecom,
};
pub use source::{Head, Source, refusal_of_broken_source};
pub use static_reply::StaticReply;
