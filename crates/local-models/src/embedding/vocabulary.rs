//! Reads a SentencePiece model: its pieces with their scores, and its table of replacements.
//!
//! Source: `sentencepiece_model.proto` of the SentencePiece project. `ModelProto` holds `pieces` (1) and
//! `normalizer_spec` (3); a piece holds its text (1), score (2) and type (3); the normalizer's specification
//! holds the precompiled table (2) and three switches (3 to 5) that are on unless said otherwise.

use super::protobuf::{Value, fields};

/// What a SentencePiece model says.
#[derive(Debug, Default)]
pub(super) struct Vocabulary<'a> {
    /// The pieces; their places are the tokens' numbers.
    pub(super) pieces: Vec<Piece<'a>>,
    /// The table of replacements.
    pub(super) charsmap: &'a [u8],
}

/// A word piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a [u8],
    /// The logarithm of its probability.
    pub(super) score: f32,
    /// Whether it stands for text, unlike the markers of beginning, end and the unknown.
    pub(super) is_text: bool,
}

const NORMAL: u64 = 1;
const USER_DEFINED: u64 = 4;

impl<'a> Vocabulary<'a> {
    /// Reads a model's file. An error says what is wrong with it.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, String> {
        let mut vocabulary = Self::default();
        for field in fields(file) {
            let field = field?;
            match (field.number, field.value) {
                (1, Value::Bytes(message)) => vocabulary.pieces.push(piece(message)?),
                (3, Value::Bytes(message)) => vocabulary.charsmap = charsmap(message)?,
                _ => {}
            }
        }
        if vocabulary.pieces.is_empty() {
            return Err("it has no pieces".to_owned());
        }
        Ok(vocabulary)
    }
}

fn piece(message: &[u8]) -> Result<Piece<'_>, String> {
    let mut piece = Piece { text: &[], score: 0.0, is_text: true };
    for field in fields(message) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Bytes(text)) => piece.text = text,
            (2, Value::Fixed32(score)) => piece.score = f32::from_le_bytes(score),
            (3, Value::Varint(kind)) => piece.is_text = matches!(kind, NORMAL | USER_DEFINED),
            _ => {}
        }
    }
    if !piece.score.is_finite() {
        return Err("a piece's score is not a number".to_owned());
    }
    Ok(piece)
}

fn charsmap(message: &[u8]) -> Result<&[u8], String> {
    let mut charsmap: &[u8] = &[];
    for field in fields(message) {
        let field = field?;
        match (field.number, field.value) {
            (2, Value::Bytes(table)) => charsmap = table,
            (3..=5, Value::Varint(0)) => {
                return Err("it wants blanks to be treated in a way not known here".to_owned());
            }
            _ => {}
        }
    }
    Ok(charsmap)
}
