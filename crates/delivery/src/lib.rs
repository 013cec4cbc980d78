//! Drains the outbox: build, sign, send, judge, retry, dead-letter.
//!
//! A step commits what it wants to say as a delivery in the outbox; a [`Drain`] takes it from there until the
//! receiver has it or its tries are used up. Each destination has a worker of its own, so that one that hangs
//! delays no other, and this node sends only to destinations that it owns, so that what is under way is known
//! in memory. [`Waker`] tells a drain of new work; nothing is polled but for safety.
//!
//! A delivery is sent *at least once*: an attempt is committed after its answer, so a crash between the two
//! sends again, under the same id (`webhook-id`, `Idempotency-Key`), by which the receiver can tell.
//!
//! What an answer means:
//! - 2xx: arrived (a chat robot says so in the body). 408, 425, 429, 5xx and every failure to get a whole answer
//!   (DNS, connection, TLS, time, broken HTTP): tried again as the policy says, later if `Retry-After` asks for
//!   it, by up to one hour.
//! - Other 4xx: a dead letter at once, unless the destination has `retry_client_errors`. 410 also switches the
//!   destination off; what waits for it is kept.
//! - 3xx: a dead letter: redirects are not followed.
//! - An address that the operator does not allow: a dead letter that names the setting; when it is allowed, it
//!   can be replayed.
//!
//! A mail is judged by SMTP's codes: 2xx arrived, 4xx tried again, 5xx a dead letter. Recipients that are put off get it by
//! a next attempt, which is made for them alone; those that are refused are named.
//!
//! A dead letter that is replayed starts its policy anew and keeps its id. A message that a chat robot takes only
//! in parts is sent part by part within an attempt; the next attempt goes on after the parts that were accepted.
//!
//! A receiver that is down is left alone by its breaker. When it is back, what it failed comes forward without waiting for
//! its next try, unless the receiver said when to come again.
//!
//! A new kind of destination is one file under `kind` and one line in `kind::KINDS`.

mod address;
mod attempt;
mod auth;
mod breaker;
mod call;
mod config;
mod credential;
mod drain;
mod error;
mod files;
mod history;
mod kind;
mod letters;
mod mac;
mod oauth2;
mod pacer;
mod parts;
mod record;
mod recovery;
mod redact;
mod retry;
mod schema;
mod secrets;
mod settings;
mod settled;
mod signing;
mod smtp;
mod split;
mod trial;
mod verdict;
mod waker;
mod worker;

pub use call::Unsendable;
pub use config::{Destination, parse};
pub use drain::{Drain, Measure, Surroundings};
pub use error::Error;
pub use files::Files;
pub use letters::{LetterOrder, Letters};
pub use record::{
    AttemptRecord, Body, Encoding, ErrorRecord, Exchange, Outcome, Parts, Reply, RequestRecord,
    ResponseRecord, Timing,
};
pub use schema::{KindSchema, config_schema, html_field, kinds};
pub use secrets::{changed_secrets, secret_names};
pub use settled::{Settled, Tripped};
pub use signing::{MadeKey, Rotation, Scheme, SignedBy, completed, rotated};
pub use trial::{Trial, Trials, Tried};
pub use waker::Waker;
