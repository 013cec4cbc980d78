use proptest::prelude::*;

use super::{Keyword, SLOTS_MAX, Terms};
use crate::Language;
use crate::index::Slot;

fn of(texts: &[(Slot, &str)]) -> Keyword {
    let mut keyword = Keyword::default();
    for (slot, text) in texts {
        keyword.insert(*slot, Language::of(text), Terms::of(text));
    }
    keyword
}

fn scores(keyword: &Keyword, question: &str) -> Vec<f32> {
    keyword.scores(&Terms::of_question(question))
}

#[test]
fn scores_are_those_of_the_formula() {
    let keyword = of(&[(0, "pump pump valve"), (1, "pump"), (2, "hose")]);
    // N = 3, mean length 5/3, pump in 2 texts, valve in 1.
    let mean = 5.0 / 3.0;
    let term =
        |idf: f32, count: f32, length: f32| idf * 1.9 * count / (count + 0.9 * (0.6 + 0.4 * length / mean));
    let (pump, valve) = (1.6f32.ln(), (1.0f32 + 2.5 / 1.5).ln());
    let expected = [term(pump, 2.0, 3.0) + term(valve, 1.0, 3.0), term(pump, 1.0, 1.0), 0.0];
    for (score, expected) in scores(&keyword, "valve pump").iter().zip(expected) {
        assert!((score - expected).abs() < 1e-5, "{score} {expected}");
    }
}

#[test]
fn each_language_has_its_own_statistics() {
    let alone = of(&[(0, "水泵堵塞"), (1, "更换软管")]);
    let beside = of(&[
        (0, "水泵堵塞"),
        (1, "更换软管"),
        (2, "the pump is blocked"),
        (3, "replace the hose by a new one"),
    ]);
    assert_eq!(scores(&alone, "水泵"), scores(&beside, "水泵")[..2]);
    assert_eq!(scores(&beside, "水泵")[2..], [0.0, 0.0]);
}

#[test]
fn rare_words_weigh_more_and_repetition_saturates() {
    let keyword = of(&[(0, "a b c"), (1, "a b d"), (2, "a a a"), (3, "a e f")]);
    let found = scores(&keyword, "a c");
    assert!(found[0] > found[2] && found[2] > found[1]);
    let often = "pump ".repeat(1_000);
    let keyword = of(&[(0, &often), (1, "pump pump pump")]);
    let found = scores(&keyword, "pump");
    assert!(found[0] < found[1] * 2.0);
}

#[test]
fn a_question_of_any_length_costs_a_bounded_number_of_terms() {
    let question: Vec<String> = (0..10_000).map(|n| format!("w{n}")).collect();
    let terms = Terms::of_question(&question.join(" "));
    assert_eq!(terms.counts.len(), 256);
}

#[test]
fn purging_gives_the_memory_back() {
    let mut keyword = of(&[(0, "keep this")]);
    let before = keyword.bytes();
    for slot in 1..200 {
        let text = format!("unique{slot} words{slot} here{slot}");
        keyword.insert(slot, Language::of(&text), Terms::of(&text));
    }
    assert!(keyword.bytes() > before + 199 * 3 * 50);
    for slot in 1..200 {
        keyword.remove(slot, None);
    }
    keyword.purge();
    let kept = keyword.bytes() - keyword.lengths.capacity() * 4;
    assert!(kept <= before, "{kept} {before}");
    assert!(scores(&keyword, "keep")[0] > 0.0);
}

#[test]
fn the_highest_slot_fits_a_posting() {
    let mut keyword = Keyword::default();
    let slot = Slot::try_from(SLOTS_MAX - 1).unwrap();
    keyword.insert(slot, None, Terms::of("1"));
    assert!(scores(&keyword, "1").last().unwrap() > &0.0);
}

proptest! {
    /// Removing, purging or not, leaves the scores of an index that never held what was removed.
    #[test]
    fn removal_equals_never_having_been(
        texts in prop::collection::vec(("[a-f]( [a-f]){0,6}|[水泵软管]{1,6}", any::<bool>()), 1..30),
        purged in any::<bool>(),
    ) {
        let slots: Vec<Slot> = (0..).take(texts.len()).collect();
        let all: Vec<(Slot, &str)> = slots.iter().zip(&texts).map(|(slot, (text, _))| (*slot, text.as_str())).collect();
        let mut changed = of(&all);
        for ((slot, text), (_, keep)) in all.iter().zip(&texts) {
            if !keep {
                changed.remove(*slot, Language::of(text));
            }
        }
        if purged {
            changed.purge();
        }
        let kept: Vec<(Slot, &str)> =
            all.iter().zip(&texts).filter(|(_, (_, keep))| *keep).map(|(entry, _)| *entry).collect();
        let rebuilt = of(&kept);
        for question in ["a b b", "水泵 a", "软管水泵"] {
            let (changed, rebuilt) = (scores(&changed, question), scores(&rebuilt, question));
            for (slot, _) in &all {
                let at = |scores: &[f32]| scores.get(*slot as usize).copied().unwrap_or_default().to_bits();
                prop_assert_eq!(at(&changed), at(&rebuilt));
            }
        }
    }
}
