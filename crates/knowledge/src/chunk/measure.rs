//! How long a text is for a model, without the model's tokenizer.

use crate::script::Script;

/// Weights are quarter tokens, so that sums stay whole.
pub(super) const WEIGHT_PER_TOKEN: usize = 4;

/// An estimate of a text's tokens, additive but for rounding: four letters of Latin script, two of
/// other alphabets, or one Chinese, Japanese or Korean character to a token. Common tokenizers take
/// fewer for plain English and up to a third more for code.
pub fn tokens(text: &str) -> usize {
    weight(text).div_ceil(WEIGHT_PER_TOKEN)
}

pub(super) fn weight(text: &str) -> usize {
    text.chars().map(weight_of).sum()
}

pub(super) fn weight_of(c: char) -> usize {
    if c.is_ascii() {
        return 1;
    }
    match Script::of(c) {
        Script::Latin | Script::Digit => 1,
        Script::Cyrillic | Script::Arabic | Script::SouthEastAsian | Script::Other => 2,
        Script::Han | Script::Kana | Script::Hangul | Script::None => WEIGHT_PER_TOKEN,
    }
}
