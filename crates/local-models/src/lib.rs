//! The chat and embedding models that run inside the process, so that a fresh install works with no key and no
//! network.
//!
//! [`Local`] is a [`Provider`](inference::Provider) like any other. Each model runs in a thread of its own behind
//! a bounded queue; it is loaded when first called, and a call that is dropped is given up between two steps of
//! the work. The models' files are fetched when the product is built or installed, never at run time.
//!
//! | feature | model | needs | memory |
//! |---|---|---|---|
//! | `embedding` (on by default) | `use-multilingual-v3`: 512 numbers a text, many languages in one space | pure Rust | 95 MB |
//! | `chat` | `smollm2-135m-instruct`, or any GGUF file | C++: cmake, clang; minutes to build | 100 MB, and as much again in use |

#[cfg(any(test, feature = "chat"))]
pub mod chat;
#[cfg(feature = "embedding")]
pub mod embedding;
mod error;
mod provider;
#[cfg(any(test, feature = "chat", feature = "embedding"))]
mod worker;

pub use error::Error;
pub use provider::{ChatModel, Local, Settings};
