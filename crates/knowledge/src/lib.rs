//! Extract, chunk, embed, index and retrieve.
//!
//! A document's way in: [`extract::extract`] turns its bytes into a structured [`Text`],
//! [`chunk::split`] cuts that into [`Chunk`]s, an [`Embed`] turns them into vectors, and
//! [`Index::apply`] makes them findable. A question's way: embed it with [`Purpose::Query`], then
//! [`Index::search`], or [`search::across`] for several knowledge bases at once.
//!
//! Everything so far but [`Embed`] is synchronous CPU work over memory: run it off the async threads.
//! An index holds no state of its own: it is a cache that is rebuilt from stored chunks and
//! vectors, so losing it loses nothing.
//!
//! [`library`] puts these together over the database: bases, documents, their ingestion as durable
//! jobs, and search.

pub mod chunk;
mod embed;
mod error;
pub mod evaluate;
pub mod extract;
mod index;
mod keyword;
pub mod language;
pub mod library;
mod script;
pub mod search;
pub mod tokens;
pub mod vector;

pub use chunk::Chunk;
pub use embed::{Embed, EmbedError, Purpose};
pub use error::Error;
pub use extract::Text;
pub use index::{Change, ChunkId, Contents, DocumentId, Entry, Index, Limits};
pub use language::Language;
pub use library::{Embedder, Embedders, Ingestion, Library, ModelError, Passage, Question, Settings};
pub use search::{Filter, Hit, Mode, Query};
