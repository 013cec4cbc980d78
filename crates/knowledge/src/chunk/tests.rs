use std::fmt::Write as _;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Chunk, Sizes, families, split, split_at, split_questions, tokens};
use crate::extract::{BYTES_MAX, Source, Text, extract};

fn markdown(source: &str) -> Text {
    extract(source.as_bytes(), Source { name: Some("a.md"), media_type: None }, BYTES_MAX).unwrap()
}

fn chunks(source: &str, target: usize, max: usize, overlap: usize) -> Vec<Chunk> {
    split(&markdown(source), Sizes::new(target, max, overlap).unwrap())
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

#[test]
fn chunks_carry_the_headings_above_them() {
    let source = "intro\n\n# 手册\n\n总说明\n\n## 安装\n\n步骤\n\n### 电源\n\n220 V\n\n## 清洁\n\n用布\n\n# Notes\n\nend";
    let found: Vec<(String, String)> =
        chunks(source, 50, 100, 0).into_iter().map(|c| (c.headings.join("/"), c.text)).collect();
    let expected = [
        ("", "intro"),
        ("手册", "总说明"),
        ("手册/安装", "步骤"),
        ("手册/安装/电源", "220 V"),
        ("手册/清洁", "用布"),
        ("Notes", "end"),
    ];
    assert_eq!(found, expected.map(|(headings, text)| (headings.to_owned(), text.to_owned())));
}

#[test]
fn headings_alone_are_not_lost() {
    let found = chunks("# A\n\n## B\n\n## C\n\ntext\n\n# D\n\n# E", 50, 100, 0);
    let shown: Vec<String> = found.iter().map(Chunk::searchable).collect();
    assert_eq!(shown, ["A\nB", "A > C\ntext", "D", "E"]);
}

#[test]
fn a_long_title_is_given_whole_as_text() {
    let title = "word ".repeat(100);
    let found = chunks(&format!("# {title}\n\nbody"), 256, 512, 0);
    assert_eq!(found.len(), 1);
    assert!(found[0].text.starts_with(title.trim()));
    assert_eq!(found[0].headings[0].chars().count(), 120);
}

#[test]
fn blocks_are_gathered_up_to_the_target() {
    let source = "aaaa aaaa\n\nbbbb bbbb\n\ncccc cccc\n\ndddd";
    assert_eq!(texts(&chunks(source, 6, 16, 0)), ["aaaa aaaa\n\nbbbb bbbb", "cccc cccc\n\ndddd"]);
    // A block between target and maximum stays whole.
    assert_eq!(texts(&chunks(source, 1, 16, 0)), ["aaaa aaaa", "bbbb bbbb", "cccc cccc", "dddd"]);
}

#[test]
fn long_paragraphs_break_between_sentences_and_overlap() {
    let source = "甲是第一句话。乙是第二句话！丙是第三句话？“丁是第四句。”戊是第五句话。";
    let found = chunks(source, 16, 16, 8);
    assert_eq!(
        texts(&found),
        [
            "甲是第一句话。乙是第二句话！",
            "乙是第二句话！丙是第三句话？",
            "丙是第三句话？“丁是第四句。”",
            "“丁是第四句。”戊是第五句话。",
        ]
    );
    let english = "Mind the gap. It is 3.5 cm wide. Dr. No said so! Did he? Yes, he did so twice.";
    let found = chunks(english, 16, 16, 0);
    assert_eq!(
        texts(&found),
        ["Mind the gap. It is 3.5 cm wide. Dr. No said so! Did he?", "Yes, he did so twice."]
    );
}

#[test]
fn a_sentence_without_end_is_cut_between_words_then_characters() {
    for chunk in chunks(&"word ".repeat(100), 20, 20, 0) {
        assert!(chunk.text.split(' ').all(|word| word == "word"), "{}", chunk.text);
    }
    let found = chunks(&"好".repeat(50), 20, 20, 0);
    assert_eq!(found.iter().map(|c| c.text.chars().count()).collect::<Vec<_>>(), [20, 20, 10]);
    let found = chunks(&"x".repeat(200), 20, 20, 0);
    assert_eq!(found.iter().map(|c| c.text.len()).collect::<Vec<_>>(), [80, 80, 40]);
}

#[test]
fn a_split_table_repeats_its_heading_row() {
    let mut source = "| code | meaning |\n|--|--|\n".to_owned();
    for i in 0..30 {
        let _ = writeln!(source, "| E{i} | pump number {i} is blocked |");
    }
    let found = chunks(&source, 40, 40, 0);
    assert!(found.len() > 3);
    for chunk in &found {
        assert!(chunk.text.starts_with("| code | meaning |\n| --- | --- |\n| E"), "{}", chunk.text);
        assert!(tokens(&chunk.text) <= 40);
    }
    let rows: usize = found.iter().map(|c| c.text.lines().count() - 2).sum();
    assert_eq!(rows, 30);
}

#[test]
fn lists_and_tables_that_fit_stay_whole() {
    let list = "- one item\n- another item\n- a third item";
    let found = chunks(&format!("Some words before the list.\n\n{list}"), 10, 40, 0);
    assert_eq!(texts(&found), ["Some words before the list.", list]);
}

#[test]
fn spans_and_lines_point_into_the_text() {
    let text = markdown("# One\n\nfirst\n\nsecond  \nline\n\n# Two\n\nthird");
    let found = split(&text, Sizes::default());
    let lines: Vec<&str> = text.text.lines().collect();
    for chunk in &found {
        assert_eq!(&text.text[chunk.span.clone()], chunk.text);
        let cited = lines[chunk.lines.start as usize - 1..chunk.lines.end as usize - 1].join("\n");
        assert_eq!(cited, chunk.text);
    }
    assert_eq!(found.iter().map(|c| c.lines.clone()).collect::<Vec<_>>(), [3..7, 10..11]);
}

#[test]
fn sizes_that_contradict_each_other_are_refused() {
    for (target, max, overlap) in [(0, 100, 0), (101, 100, 0), (10, 15, 0), (10, 100, 6)] {
        assert!(Sizes::new(target, max, overlap).is_err(), "{target} {max} {overlap}");
    }
    assert!(Sizes::new(100, 100, 50).is_ok());
}

#[test]
fn a_separator_cuts_whatever_the_structure() {
    let text = markdown("# One\n\nfirst\n\n##### second ##### third\n\n- a\n- b ##### ");
    let found = split_at(&text, "#####", Sizes::default());
    assert_eq!(texts(&found), ["One\n\nfirst\n\nsecond", "third\n\n- a\n- b"]);
    assert_eq!(split_at(&text, "", Sizes::default()).len(), 1);
    let long = split_at(&markdown(&"Some words. ".repeat(100)), "#####", Sizes::new(16, 16, 0).unwrap());
    assert!(long.len() > 10 && long.iter().all(|chunk| tokens(&chunk.text) <= 16));
}

#[test]
fn children_lie_inside_their_parents() {
    let text = markdown(
        "# A\n\none two three.\n\nfour five six.\n\nseven eight nine.\n\n# B\n\n水泵每月清洗。软管每年更换。",
    );
    let found = families(&text, Sizes::new(16, 16, 0).unwrap(), Sizes::new(4, 16, 0).unwrap());
    let shown: Vec<(&str, Vec<&str>)> =
        found.iter().map(|f| (f.parent.text.as_str(), texts(&f.children))).collect();
    assert_eq!(
        shown,
        [
            (
                "one two three.\n\nfour five six.\n\nseven eight nine.",
                vec!["one two three.", "four five six.", "seven eight nine."]
            ),
            ("水泵每月清洗。软管每年更换。", vec!["水泵每月清洗。软管每年更换。"]),
        ]
    );
    let ordinals: Vec<u32> = found.iter().flat_map(|f| &f.children).map(|child| child.ordinal).collect();
    assert_eq!(ordinals, [0, 1, 2, 3]);
    assert_eq!(found[1].children[0].headings, ["B"]);
}

#[test]
fn answers_are_found_below_their_questions() {
    let source = "# 常见问题\n\n前言\n\nQ1: How long?\nA: Two years.\n\nWith receipt.\n\n问：怎么清洗？\n答：用布擦。\n\n\
        Q: Nobody knows?\n\n## More\n\n| question | answer |\n|--|--|\n| E3 \\| E4? | pump |\n| 颜色？ | 红 |\n\nend";
    let found = split_questions(&markdown(source), Sizes::default());
    let shown: Vec<String> =
        found.iter().map(|c| format!("{} = {}", c.headings.join(" > "), c.text)).collect();
    assert_eq!(
        shown,
        [
            "常见问题 = 前言",
            "常见问题 > How long? = Two years.\n\nWith receipt.",
            "常见问题 > 怎么清洗？ = 用布擦。",
            "常见问题 = Nobody knows?",
            "常见问题 > More > E3 \\| E4? = pump",
            "常见问题 > More > 颜色？ = 红",
            "常见问题 > More = end",
        ]
    );
}

#[test]
fn questions_and_answers_may_be_lists() {
    let found = split_questions(
        &markdown("- Question: A?\n- Answer: B.\n- and C.\n- Q: D?\n- A: E."),
        Sizes::default(),
    );
    let shown: Vec<String> =
        found.iter().map(|c| format!("{} = {}", c.headings.join(" > "), c.text)).collect();
    assert_eq!(shown, ["A? = B.\n- and C.", "D? = E."]);
}

/// Documents of every kind of block, in Chinese and English, with sentences from one word to some
/// hundred.
fn documents() -> impl Strategy<Value = String> {
    let sentence = prop_oneof![
        4 => "[A-Z][a-z]{1,9}( [a-z]{1,9}){0,20}[.!?] ?",
        4 => "[\u{4e00}-\u{4e40}]{1,40}[。！？]",
        1 => "[a-z0-9]{1,200}",
        1 => "[\u{4e00}-\u{4e40}]{50,150}",
    ];
    let paragraph = prop::collection::vec(sentence, 1..12).prop_map(|sentences| sentences.concat());
    let line = "[a-z\u{4e00}-\u{4e20} ]{1,60}";
    let block = prop_oneof![
        2 => (1..5usize, line).prop_map(|(level, title)| format!("{} {title}", "#".repeat(level))),
        5 => paragraph,
        2 => prop::collection::vec(line, 1..12).prop_map(|items| format!("- {}", items.join("\n- "))),
        1 => prop::collection::vec(line, 1..12).prop_map(|rows| {
            format!("| head | {} |\n|---|---|\n| x | {} |", rows[0], rows.join(" |\n| y | "))
        }),
        1 => prop::collection::vec(line, 1..12).prop_map(|lines| format!("```\n{}\n```", lines.join("\n"))),
    ];
    prop::collection::vec(block, 0..12).prop_map(|blocks| blocks.join("\n\n"))
}

fn sizes() -> impl Strategy<Value = Sizes> {
    (16..200usize, 1..=100usize, 0..=50usize).prop_map(|(max, target, overlap)| {
        let target = (max * target / 100).max(1);
        Sizes::new(target, max, target * overlap / 100).unwrap()
    })
}

/// Characters of the text that no chunk and no heading path holds, white space apart.
fn lost(text: &Text, chunks: &[Chunk]) -> String {
    let mut held = vec![false; text.text.len()];
    for chunk in chunks {
        held[chunk.span.clone()].fill(true);
    }
    for block in &text.blocks {
        let title = text.of(block).to_owned();
        if chunks.iter().any(|chunk| chunk.headings.contains(&title)) {
            held[block.range.clone()].fill(true);
        }
    }
    text.text.char_indices().filter(|(at, c)| !held[*at] && !c.is_whitespace()).map(|(_, c)| c).collect()
}

proptest! {
    #[test]
    fn nothing_is_lost_too_long_or_out_of_order(source in documents(), sizes in sizes()) {
        let text = markdown(&source);
        let found = split(&text, sizes);
        prop_assert_eq!(lost(&text, &found), "");
        for (index, chunk) in found.iter().enumerate() {
            prop_assert_eq!(chunk.ordinal as usize, index);
            prop_assert!(tokens(&chunk.text) <= sizes.max(), "{} > {}", tokens(&chunk.text), sizes.max());
            prop_assert!(!chunk.text.trim().is_empty());
            prop_assert!(chunk.text.ends_with(&text.text[chunk.span.clone()]));
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].span.start < pair[1].span.start && pair[0].span.end < pair[1].span.end);
        }
        prop_assert_eq!(&found, &split(&text, sizes));
    }

    #[test]
    fn every_sentence_that_fits_is_whole_in_some_chunk(source in documents(), sizes in sizes()) {
        let text = markdown(&source);
        let found = split(&text, sizes);
        for block in text.blocks.iter().filter(|b| b.kind == crate::extract::BlockKind::Paragraph) {
            for sentence in text.of(block).unicode_sentences().map(str::trim) {
                if tokens(sentence) <= sizes.max() {
                    prop_assert!(found.iter().any(|chunk| chunk.text.contains(sentence)), "{sentence}");
                }
            }
        }
    }

    #[test]
    fn other_ways_of_cutting_lose_nothing_either(source in documents(), sizes in sizes()) {
        let text = markdown(&source);
        let children: Vec<Chunk> = families(&text, Sizes::default(), sizes).into_iter().flat_map(|f| f.children).collect();
        // A table of two columns gives up its rules and its heading row as pairs.
        let pairs = if source.contains("| head |") { Vec::new() } else { vec![split_questions(&text, sizes)] };
        for found in pairs.into_iter().chain([split_at(&text, "\n\n", sizes), children]) {
            prop_assert_eq!(lost(&text, &found), "");
            for (index, chunk) in found.iter().enumerate() {
                prop_assert_eq!(chunk.ordinal as usize, index);
                prop_assert!(tokens(&chunk.text) <= sizes.max());
            }
        }
    }
}
