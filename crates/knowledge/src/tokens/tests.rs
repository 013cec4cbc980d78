use proptest::prelude::*;

use super::{TERM_BYTES_MAX, all};

#[test]
fn chinese_is_cut_into_words_and_the_words_inside_them() {
    assert_eq!(all("南京市长江大桥"), ["南京", "京市", "南京市", "长江", "大桥", "长江大桥"]);
    assert_eq!(all("如何退货？"), ["如何", "退货"]);
}

#[test]
fn english_is_lower_cased_and_singular() {
    assert_eq!(all("The Machine's BATTERIES, please!"), ["the", "machine", "battery", "please"]);
    assert_eq!(all("don't café naïve"), ["dont", "cafe", "naive"]);
    assert_eq!(all("state-of-the-art example.com"), ["state", "of", "the", "art", "example", "com"]);
}

#[test]
fn codes_are_found_however_they_are_typed() {
    assert_eq!(all("显示E3错误"), ["显示", "e3", "错误"]);
    assert_eq!(all("AB-1200"), ["ab", "1200", "ab1200"]);
    assert_eq!(all("ＡＢ－１２００"), ["ab", "1200", "ab1200"]);
    assert_eq!(all("ab1200"), ["ab1200"]);
    assert_eq!(all("max_retries_2"), ["max", "retry", "2", "maxretries2"]);
}

#[test]
fn numbers_keep_their_value() {
    assert_eq!(
        all("3.5 kg, 1,000 or 1，000; v1.2.3. 1,2"),
        ["3.5", "kg", "1000", "or", "1000", "v1.2.3", "1", "2"]
    );
}

#[test]
fn other_scripts_give_pairs_or_words() {
    assert_eq!(all("取扱せつめい"), ["取", "扱", "せつ", "つめ", "めい"]);
    assert_eq!(all("설명서 책"), ["설명", "명서", "책"]);
    assert_eq!(all("Где инструкция?"), ["где", "инструкция"]);
}

#[test]
fn punctuation_gives_nothing() {
    assert!(all("，。！？…—“”《》 \t\n - _ ' . , 🙂 $%").is_empty());
}

#[test]
fn hostile_lengths_are_cut() {
    let terms = all(&"a1".repeat(100_000));
    assert_eq!(terms.len(), 1);
    assert!(terms[0].len() <= TERM_BYTES_MAX);
    assert!(all(&"锅".repeat(20_000)).len() <= 40_000);
    assert!(all(&"-'".repeat(50_000)).is_empty());
}

proptest! {
    #[test]
    fn terms_are_clean_and_stable(text in "\\PC{0,60}") {
        for term in all(&text) {
            prop_assert!(!term.is_empty());
            prop_assert!(term.len() <= TERM_BYTES_MAX);
            prop_assert!(!term.contains(char::is_whitespace));
        }
        prop_assert_eq!(all(&text), all(&text));
    }

    #[test]
    fn case_does_not_matter(text in "[a-zA-Z0-9 -]{0,40}") {
        prop_assert_eq!(all(&text.to_uppercase()), all(&text.to_lowercase()));
    }
}
