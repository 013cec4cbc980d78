//! The embedding model as a whole: texts to vectors, in the caller's thread.

use std::path::Path;

use super::{
    network::{Network, TOKENS},
    tokenizer::Tokenizer,
};
use crate::error::Error;

/// Texts that are worked on together.
const GROUP: usize = 64;

/// The embedding model, loaded: about 95 MB.
pub struct Embedder {
    tokenizer: Tokenizer,
    network: Network,
}

/// Vectors and what they cost.
pub(crate) struct Embedded {
    pub(crate) vectors: Vec<Vec<f32>>,
    /// Tokens of all texts together, those of beginning and end included.
    pub(crate) tokens: usize,
}

impl Embedder {
    /// Loads the model from a folder with `sp.model` and `weights.npz`. Takes about half a second.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("sp.model");
        let tokenizer = Tokenizer::load(&path)?;
        if tokenizer.size() > TOKENS {
            let reason = format!("it has {} pieces, but the network knows {TOKENS}", tokenizer.size());
            return Err(Error::Damaged { path, reason });
        }
        let network = Network::load(&folder.join("weights.npz"))?;
        Ok(Self { tokenizer, network })
    }

    /// The vectors of texts, each of [`DIMENSIONS`](super::DIMENSIONS) numbers and length 1.
    pub fn embed(&self, texts: &[String]) -> Vec<Vec<f32>> {
        self.embed_unless(texts, &|| false).map(|embedded| embedded.vectors).unwrap_or_default()
    }

    /// As [`Self::embed`]; `None` once `cancelled` says so.
    pub(crate) fn embed_unless(&self, texts: &[String], cancelled: &dyn Fn() -> bool) -> Option<Embedded> {
        let mut embedded = Embedded { vectors: Vec::with_capacity(texts.len()), tokens: 0 };
        for group in texts.chunks(GROUP) {
            let tokens: Vec<Vec<u32>> = group.iter().map(|text| self.tokenizer.encode(text)).collect();
            embedded.tokens += tokens.iter().map(Vec::len).sum::<usize>();
            embedded.vectors.extend(self.network.embed(&tokens, cancelled)?);
        }
        Some(embedded)
    }

    /// The tokens of a text.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text)
    }
}
