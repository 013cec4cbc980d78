//! Judges an inbound request and returns an admission that nobody has committed yet.
//!
//! No HTTP framework, no I/O, no clock: given a compiled [`Source`], a request whose body was read
//! already, and the state of its [`Limits`], it answers.
//!
//! 1. [`Source::compile`] checks a source's [`Config`] against its secrets and the flow's inputs.
//! 2. [`Source::before_body`] judges a request's [`Head`] and says how much body may be read.
//! 3. [`Screened::judge`] judges the whole and gives [`Accepted`]: the flow's input, the dedupe
//!    claim, the event's [`Content`] and how to reply.
//!
//! Checks come in this order: method, path, size, client rate; then, with the body, size again,
//! verification on the raw bytes, source rate, parsing, dedupe key, fields. So a stranger cannot
//! drain a source's bucket, and a request whose fields do not fit burns no dedupe key. What fails
//! is [`Refused`] with a [`Code`], each of which [`codes`] explains.

mod body;
mod code;
mod config;
mod content;
mod docs;
mod error;
mod field;
mod infer;
mod judge;
mod limit;
mod origin;
mod original;
mod pairs;
mod redaction;
mod refused;
mod scheme;
mod source;
mod tail;

pub use code::{Code, CodeEntry, codes};
pub use config::{Config, Dedupe, LimitConfig, Method, Rate, Reply, SourceField, Visibility};
pub use content::{Content, Headers, RequestBody, RequestRecord, Values};
pub use docs::{Docs, FieldChanges, FieldDocs, ProblemDocs, ReplyDocs, Sample, Text, changes};
pub use error::Error;
pub use infer::{Inferred, infer};
pub use judge::{Accepted, Screened};
pub use limit::Limits;
pub use original::{Again, Original};
pub use refused::{Problem, Refused};
pub use scheme::{Secrets, Verification, none, standard_webhooks, token};
pub use source::{Head, Source, refusal_of_broken_source};
