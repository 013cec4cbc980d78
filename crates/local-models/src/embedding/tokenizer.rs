//! Cuts a text into the word pieces of a SentencePiece unigram model.

use std::{fs::File, io::Read, path::Path};

use super::{
    charsmap::Charsmap,
    normalizer::{character_length, normalize},
    trie::Trie,
    vocabulary::Vocabulary,
};
use crate::error::Error;

/// The largest vocabulary that is read, in bytes.
const FILE: u64 = 64 * 1024 * 1024;

/// Stands for what the vocabulary lacks.
const UNKNOWN: u32 = 0;
/// Begins every text.
const BEGIN: u32 = 1;
/// Ends every text.
const END: u32 = 2;

/// How much less likely than the least likely piece an unknown character is, as a logarithm.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Cuts texts into tokens.
#[derive(Debug)]
pub struct Tokenizer {
    pieces: Trie,
    scores: Vec<f32>,
    unknown_score: f32,
    charsmap: Charsmap,
}

impl Tokenizer {
    /// Reads a SentencePiece model's file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let mut file = Vec::new();
        File::open(path).map_err(read)?.take(FILE).read_to_end(&mut file).map_err(read)?;
        Self::parse(&file).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
    }

    /// Reads a SentencePiece model. An error says what is wrong with it.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, String> {
        let Vocabulary { pieces, charsmap } = Vocabulary::parse(file)?;
        let texts = pieces.iter().zip(0..).filter(|(piece, _)| piece.is_text && !piece.text.is_empty());
        let least = pieces.iter().map(|piece| piece.score).fold(f32::INFINITY, f32::min);
        Ok(Self {
            pieces: Trie::new(texts.map(|(piece, number)| (piece.text, number)).collect())?,
            scores: pieces.iter().map(|piece| piece.score).collect(),
            unknown_score: least - UNKNOWN_PENALTY,
            charsmap: Charsmap::parse(charsmap)?,
        })
    }

    /// How many tokens there are.
    pub fn size(&self) -> usize {
        self.scores.len()
    }

    /// The text's tokens, between those of beginning and end.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let normal = normalize(text, &self.charsmap);
        let mut tokens = self.best(&normal);
        tokens.push(BEGIN);
        tokens.reverse();
        if tokens.len() == 1 {
            tokens.push(UNKNOWN);
        }
        tokens.push(END);
        tokens
    }

    /// The likeliest way to cut the text, last token first: each place is reached by the best of the pieces that
    /// end there (Viterbi's algorithm), earlier beginnings winning ties.
    fn best(&self, text: &[u8]) -> Vec<u32> {
        #[derive(Clone, Copy)]
        struct Place {
            score: f32,
            from: usize,
            token: u32,
        }
        let unreached = Place { score: f32::NEG_INFINITY, from: 0, token: UNKNOWN };
        let mut places = vec![unreached; text.len() + 1];
        places[0].score = 0.0;
        let mut at = 0;
        while at < text.len() {
            let character = character_length(text[at]).min(text.len() - at);
            let base = places[at].score;
            let mut reach = |length: usize, score: f32, token| {
                let place = &mut places[at + length];
                // From the first place of all, everything is better than nothing.
                if score > place.score {
                    *place = Place { score, from: at, token };
                }
            };
            let mut known = false;
            for (length, token) in self.pieces.prefixes(&text[at..]) {
                known |= length == character;
                reach(length, base + self.scores.get(token as usize).copied().unwrap_or_default(), token);
            }
            if !known {
                reach(character, base + self.unknown_score, UNKNOWN);
            }
            at += character;
        }
        let mut tokens = Vec::with_capacity(text.len() / 3 + 3);
        let mut at = text.len();
        while at > 0 {
            let Place { from, token, .. } = places[at];
            // A run of unknown characters is one token.
            if token != UNKNOWN || tokens.last() != Some(&UNKNOWN) {
                tokens.push(token);
            }
            // Strictly back, whatever a damaged vocabulary says.
            at = from.min(at - 1);
        }
        tokens
    }
}

#[cfg(test)]
mod tests;
