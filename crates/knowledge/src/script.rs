//! Which writing system a character belongs to: the one fact on which language, tokens, chunk sizes
//! and line joining rest. Ranges follow the Unicode block chart; rare blocks fall into `Other`.

/// A writing system, as coarse as retrieval needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Han,
    Kana,
    Hangul,
    /// Thai, Lao, Khmer and Myanmar: letters without spaces between words.
    SouthEastAsian,
    Latin,
    Cyrillic,
    Arabic,
    /// Any other letter.
    Other,
    Digit,
    /// Punctuation, spaces, symbols.
    None,
}

impl Script {
    pub(crate) fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Latin,
            '0'..='9' | '０'..='９' => Self::Digit,
            '\0'..='\u{7f}' => Self::None,
            '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}'
            | '々'
            | '〇' => Self::Han,
            '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{ff66}'..='\u{ff9f}' => Self::Kana,
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => Self::Hangul,
            '\u{0e01}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => {
                Self::SouthEastAsian
            }
            '\u{00c0}'..='\u{024f}' | '\u{1e00}'..='\u{1eff}' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ'
                if c.is_alphabetic() =>
            {
                Self::Latin
            }
            '\u{0400}'..='\u{052f}' => Self::Cyrillic,
            '\u{0600}'..='\u{06ff}' | '\u{0750}'..='\u{077f}' if c.is_alphabetic() => Self::Arabic,
            _ if c.is_alphabetic() => Self::Other,
            _ if c.is_numeric() => Self::Digit,
            _ => Self::None,
        }
    }

    /// Written without spaces between words, so that a line break inside a sentence means nothing.
    pub(crate) fn is_unspaced(self) -> bool {
        matches!(self, Self::Han | Self::Kana | Self::SouthEastAsian)
    }
}

/// Whether two characters of one wrapped line join without a space: both stand in unspaced text.
pub(crate) fn joins_without_space(before: char, after: char) -> bool {
    let wide = |c: char| {
        Script::of(c).is_unspaced() || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff65}')
    };
    wide(before) && wide(after)
}
