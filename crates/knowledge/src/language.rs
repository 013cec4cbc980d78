//! Which language a text is in, by the share of each script. Chunks and questions are judged alike,
//! because keyword scores mean something only between texts of one language.

use serde::{Deserialize, Serialize};

use crate::script::Script;

/// A language, or a family that script alone cannot tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Language {
    /// Han characters without kana.
    Chinese,
    /// Kana, with or without Han characters.
    Japanese,
    /// Hangul.
    Korean,
    /// English and every other language in Latin letters.
    Latin,
    /// Russian and its neighbours.
    Cyrillic,
    /// Arabic, Persian, Urdu.
    Arabic,
    /// Any other script.
    Other,
}

impl Language {
    /// The main language of a text, or `None` where nothing speaks for one: no letters, or only
    /// codes such as `AB-1200`.
    ///
    /// One Han character counts as three letters: a Chinese text is that much shorter than its
    /// English translation, so in a mixed text the two weigh what they say.
    pub fn of(text: &str) -> Option<Self> {
        let shares = Shares::of(text);
        let (language, weight) = shares.strongest();
        (weight > 0).then_some(language)
    }
}

#[derive(Default)]
struct Shares {
    han: usize,
    kana: usize,
    hangul: usize,
    latin: usize,
    cyrillic: usize,
    arabic: usize,
    other: usize,
}

impl Shares {
    fn of(text: &str) -> Self {
        let mut shares = Self::default();
        // Latin letters are held back until their word ends: a word with a digit is a code.
        let (mut word, mut is_code) = (0, false);
        for c in text.chars() {
            let script = Script::of(c);
            match script {
                Script::Latin => word += 1,
                Script::Digit => is_code = true,
                Script::None if matches!(c, '-' | '_' | '.' | '/' | '#') => {}
                _ => {
                    shares.latin += if is_code { 0 } else { word };
                    (word, is_code) = (0, false);
                }
            }
            shares.count(script);
        }
        shares.latin += if is_code { 0 } else { word };
        shares
    }

    fn count(&mut self, script: Script) {
        match script {
            Script::Han => self.han += 3,
            Script::Kana => self.kana += 2,
            Script::Hangul => self.hangul += 2,
            Script::Cyrillic => self.cyrillic += 1,
            Script::Arabic => self.arabic += 1,
            Script::SouthEastAsian | Script::Other => self.other += 1,
            Script::Latin | Script::Digit | Script::None => {}
        }
    }

    fn strongest(&self) -> (Language, usize) {
        // Japanese is written with both; a stray kana in a Chinese text does not make it Japanese.
        let japanese = if self.kana * 10 >= self.han { self.kana + self.han } else { 0 };
        let chinese = if japanese == 0 { self.han } else { 0 };
        [
            (Language::Chinese, chinese),
            (Language::Japanese, japanese),
            (Language::Korean, self.hangul),
            (Language::Latin, self.latin),
            (Language::Cyrillic, self.cyrillic),
            (Language::Arabic, self.arabic),
            (Language::Other, self.other),
        ]
        .into_iter()
        .fold((Language::Chinese, 0), |best, next| if next.1 > best.1 { next } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_are_told_apart() {
        for (text, language) in [
            ("机器显示故障代码，怎么办？", Language::Chinese),
            ("The machine shows an error. What now?", Language::Latin),
            ("Où est le mode d’emploi ?", Language::Latin),
            ("これは取扱説明書です", Language::Japanese),
            ("설명서는 어디에 있습니까?", Language::Korean),
            ("Где инструкция?", Language::Cyrillic),
            ("أين الدليل؟", Language::Arabic),
            ("Πού είναι το εγχειρίδιο;", Language::Other),
        ] {
            assert_eq!(Language::of(text), Some(language), "{text}");
        }
    }

    #[test]
    fn a_mixed_text_has_the_language_that_says_more() {
        assert_eq!(Language::of("使用 kubectl get pods 命令查看运行状态"), Some(Language::Chinese));
        assert_eq!(Language::of("How do I say 你好 to a customer politely?"), Some(Language::Latin));
        assert_eq!(Language::of("E3 是什么"), Some(Language::Chinese));
        assert_eq!(Language::of("北京市朝阳区 (Chaoyang District) 的服务网点"), Some(Language::Chinese));
    }

    #[test]
    fn codes_numbers_and_nothing_speak_for_no_language() {
        for text in ["", "  ", "308", "E3", "AB-1200", "v1.2.3", "12 % / 3", "— … 。"] {
            assert_eq!(Language::of(text), None, "{text}");
        }
    }

    #[test]
    fn one_kana_does_not_make_chinese_japanese() {
        assert_eq!(Language::of("这家叫做の的商店卖各种各样的日用商品和食品饮料"), Some(Language::Chinese));
    }
}
