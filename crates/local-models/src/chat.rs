//! The chat model: any GGUF file, run by llama.cpp.
//!
//! The model that comes along is SmolLM2-135M-Instruct in 4 bits: enough to try a flow without a key or a
//! network, in simple English. A better GGUF file is a setting away.
//!
//! llama.cpp is C++, and an exception in it would end the process, so whatever could raise one is kept from it:
//! schemas are bounded before they become grammars, and a token is offered to a grammar only through a call that
//! catches.

#[cfg(feature = "chat")]
mod generator;
#[cfg(feature = "chat")]
mod prompt;
#[cfg(feature = "chat")]
mod sampler;
mod schema;
#[cfg(feature = "chat")]
mod service;
mod text;

#[cfg(feature = "chat")]
pub(crate) use generator::Source;
#[cfg(feature = "chat")]
pub(crate) use service::Service;

/// The name of the model that comes along, as a request gives it.
pub const MODEL: &str = "smollm2-135m-instruct";

/// The file of the model that comes along.
pub const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
