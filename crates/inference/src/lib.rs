//! Chat, embedding and rerank behind one trait.
//!
//! A [`Provider`] answers a [`ChatRequest`] with an [`Answer`], streaming its text into a [`Sink`] on the way,
//! and turns texts into vectors. Whoever asks does not know whether the model runs at a vendor's
//! ([`openai::OpenAi`] speaks to all that follow OpenAI's interface) or inside this process (the crate
//! `local-models`).
//!
//! Every provider keeps the same promises:
//!
//! - **It ends in time**: [`Timeouts`] for the connection, the first token, each further token, and the whole.
//! - **It can be dropped**: dropping a call's future cancels it, frees its place and closes its connection.
//! - **It is bounded**: a [`Gate`] lets a number of calls run and a number wait; the next is told so at once.
//! - **It repeats only what was not begun**: a call is tried again after a 429 or a 5xx as [`Retry`] says, never
//!   once text has come.
//! - **Its errors say what to do**: [`Error::kind`] and [`Error::is_transient`] for the machine, a message
//!   without secrets and of bounded length for the person.

mod chat;
mod embed;
mod error;
mod gate;
pub mod openai;
mod provider;
mod rerank;
mod retry;
mod sink;
pub mod sse;
mod timeouts;

pub use chat::{Answer, ChatRequest, Finish, Message, Part, Role, Usage};
pub use embed::{EmbedRequest, Embeddings, Purpose};
pub use error::{Error, Kind, Phase};
pub use gate::{Gate, Place};
pub use provider::Provider;
pub use rerank::{Ranked, RerankRequest};
pub use retry::{Jitter, Retry};
pub use sink::Sink;
pub use timeouts::Timeouts;
