use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{BYTES_MAX, BlockKind, Format, Source, Text, extract};
use crate::Error;

fn named(name: &str, bytes: &[u8]) -> Text {
    extract(bytes, Source { name: Some(name), media_type: None }, BYTES_MAX).unwrap()
}

/// Each block as `kind: text`, for comparing at a glance.
fn outline(text: &Text) -> Vec<String> {
    let kind = |kind: &BlockKind| match kind {
        BlockKind::Heading { level } => format!("h{level}"),
        BlockKind::Paragraph => "p".to_owned(),
        BlockKind::List => "list".to_owned(),
        BlockKind::Table { header_bytes: 0 } => "table".to_owned(),
        BlockKind::Table { .. } => "table+".to_owned(),
        BlockKind::Code => "code".to_owned(),
    };
    text.blocks.iter().map(|block| format!("{}: {}", kind(&block.kind), text.of(block))).collect()
}

#[test]
fn markdown_keeps_its_structure() {
    let source = "---\ntitle: secret\n---\n# 说明书\n\nThe *first*\nparagraph with [a link](https://x.example).\n\n\
        - one\n- two\n  continued\n  - inner\n\n1. first\n2. second\n\n## Codes\n\n| code | meaning |\n|--|--|\n\
        | E3 | pump |\n\n```sh\nls -l\n  indented\n```\n\n> quoted\n\nlast ![alt text](x.png)";
    assert_eq!(
        outline(&named("manual.md", source.as_bytes())),
        [
            "h1: 说明书",
            "p: The first paragraph with a link.",
            "list: - one\n- two continued\n  - inner",
            "list: 1. first\n2. second",
            "h2: Codes",
            "table+: | code | meaning |\n| --- | --- |\n| E3 | pump |",
            "code: ls -l\n  indented",
            "p: quoted",
            "p: last alt text",
        ]
    );
}

#[test]
fn markdown_items_hold_paragraphs_code_and_tables() {
    let source = "1. first\n\n   more of it\n\n   ```\n   run\n   ```\n\n2. second\n\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n";
    assert_eq!(
        outline(&named("a.md", source.as_bytes())),
        ["list: 1. first\n   more of it\n   run\n2. second\n   a | b\n   1 | 2".replace("   ", "  ")]
    );
}

#[test]
fn html_inside_markdown_is_read_as_html() {
    let source =
        "before\n\n<div><p>一段<b>文字</b></p><script>bad()</script></div>\n\na<br>b <span>c</span>\n";
    assert_eq!(outline(&named("a.md", source.as_bytes())), ["p: before", "p: 一段文字", "p: a\nb c"]);
}

#[test]
fn wrapped_chinese_lines_join_without_a_space() {
    assert_eq!(
        outline(&named("a.md", "第一行\n第二行\nand then\nEnglish".as_bytes())),
        ["p: 第一行第二行 and then English"]
    );
}

#[test]
fn labelled_lines_stay_lines() {
    let source = "电话：010-1\n地址：北京\nand that\n**A:** yes: it\nis";
    assert_eq!(
        outline(&named("a.md", source.as_bytes())),
        ["p: 电话：010-1\n地址：北京 and that\nA: yes: it is"]
    );
}

#[test]
fn html_keeps_words_and_drops_noise() {
    let source = "<!doctype html><html><head><title>My &amp; page</title><style>p{}</style><script>var a='<p>no</p>'</script></head>\
        <body><nav><ul><li>Home</li></ul></nav><h1>Top</h1><p>Hello   <b>big</b>\nworld &copy; 2024</p>\
        <ul><li>one<ul><li>inner</li></ul></li><li><p>two</p><p>more</p></li></ul>\
        <table><tr><th>code</th><th>is</th></tr><tr><td>E3</td><td>a|b</td></tr></table>\
        <pre><code>x = 1\n  y</code></pre><p hidden>gone</p><img alt='a picture'><footer>© us</footer></body></html>";
    let text = named("x.html", source.as_bytes());
    assert_eq!(text.title.as_deref(), Some("My & page"));
    assert_eq!(
        outline(&text),
        [
            "h1: Top",
            "p: Hello big world © 2024",
            "list: - one\n  - inner\n- two\n  more",
            "table+: | code | is |\n| --- | --- |\n| E3 | a\\|b |",
            "code: x = 1\n  y",
            "p: a picture",
        ]
    );
}

#[test]
fn html_main_is_read_alone_unless_it_is_empty() {
    let page = |main: &str| format!("<title>t</title><div>menu</div><main>{main}</main><p>imprint</p>");
    assert_eq!(outline(&named("x.html", page("<p>words</p>").as_bytes())), ["p: words"]);
    assert_eq!(outline(&named("x.html", page("").as_bytes())), ["p: menu", "p: imprint"]);
}

#[test]
fn html_that_is_broken_still_gives_its_words() {
    let source = "<h2>Title<p>one<li>two</ul></table><td>three<pre>four<table><tr><td>five<td>six";
    let text = named("x.html", source.as_bytes()).text;
    for word in ["Title", "one", "two", "three", "four", "five", "six"] {
        assert!(text.contains(word), "{word} is missing from {text}");
    }
}

#[test]
fn a_table_for_layout_is_read_as_paragraphs() {
    let source = "<table><tr><td><p>one</p></td></tr><tr><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>";
    assert_eq!(outline(&named("x.html", source.as_bytes())), ["p: one", "p: a b"]);
}

#[test]
fn plain_text_is_paragraphs_between_blank_lines() {
    assert_eq!(
        outline(&named("a.txt", b"one\r\ntwo\r\n\r\n\r\n  three  \rfour")),
        ["p: one\ntwo", "p: three\nfour"]
    );
}

const CHINESE: &str = "第一章 安装说明\n\n请先关闭电源，再打开后盖。故障代码 E3 表示水泵堵塞。";

#[test]
fn encodings_are_recognised() {
    let utf_16 = |big: bool| -> Vec<u8> {
        CHINESE
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    };
    let gb18030 = encoding_rs::GB18030.encode(CHINESE).0.into_owned();
    let cases: [(&str, Vec<u8>); 7] = [
        ("UTF-8", CHINESE.into()),
        ("UTF-8 with mark", format!("\u{feff}{CHINESE}").into()),
        ("UTF-16LE with mark", [&[0xff, 0xfe][..], &utf_16(false)].concat()),
        ("UTF-16BE with mark", [&[0xfe, 0xff][..], &utf_16(true)].concat()),
        ("UTF-16LE", utf_16(false)),
        ("UTF-16BE", utf_16(true)),
        ("GB18030", gb18030),
    ];
    let expected = named("a.txt", CHINESE.as_bytes());
    for (encoding, bytes) in cases {
        assert_eq!(named("a.txt", &bytes), expected, "{encoding}");
    }
}

#[test]
fn short_texts_in_gb18030_are_recognised() {
    for text in ["你好", "退货政策", "价格：100 元", "The 水泵 is blocked"] {
        let bytes = encoding_rs::GB18030.encode(text).0;
        assert_eq!(named("a.txt", &bytes).text, text);
    }
}

#[test]
fn a_declared_encoding_is_believed() {
    let latin =
        encoding_rs::WINDOWS_1252.encode("<meta charset='iso-8859-1'><p>café déjà</p>").0.into_owned();
    assert_eq!(named("x.html", &latin).text, "café déjà");
    let big5 = encoding_rs::BIG5.encode("繁體中文").0.into_owned();
    let source = Source { media_type: Some("text/plain; charset=big5"), name: None };
    assert_eq!(extract(&big5, source, BYTES_MAX).unwrap().text, "繁體中文");
}

#[test]
fn slightly_damaged_utf_8_keeps_its_words() {
    let mut bytes = CHINESE.as_bytes().to_vec();
    bytes.pop();
    assert!(named("a.txt", &bytes).text.starts_with("第一章 安装说明"));
}

#[test]
fn what_is_not_text_is_refused() {
    let png = [0x89, b'P', b'N', b'G', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 1, 0];
    let refused = |source, bytes: &[u8]| extract(bytes, source, BYTES_MAX).unwrap_err();
    assert!(matches!(refused(Source::default(), &png), Error::NotText));
    let pdf = Source { name: Some("a.pdf"), media_type: None };
    assert!(matches!(refused(pdf, b"%PDF-1.7"), Error::Unsupported { kind } if kind == ".pdf"));
    let image = Source { name: None, media_type: Some("image/png") };
    assert!(matches!(refused(image, &png), Error::Unsupported { kind } if kind == "image/png"));
}

#[test]
fn size_is_bounded() {
    let result = extract(&[b'a'; 101], Source::default(), 100);
    assert!(matches!(result, Err(Error::TooLarge { bytes: 101, limit: 100 })));
    assert!(extract(&[b'a'; 100], Source::default(), 100).is_ok());
}

#[test]
fn formats_are_told_by_media_type_then_extension() {
    let of = |media_type, name| Format::of(Source { media_type, name }).unwrap();
    assert_eq!(of(Some("text/html; charset=utf-8"), Some("a.md")), Format::Html);
    assert_eq!(of(Some("text/plain"), Some("README.md")), Format::Markdown);
    assert_eq!(of(Some("application/octet-stream"), Some("a.HTM")), Format::Html);
    assert_eq!(of(None, Some("v1.2")), Format::Plain);
    assert_eq!(of(None, None), Format::Plain);
}

/// Nesting and repetition that make recursive or quadratic readers fail.
#[test]
fn hostile_input_is_read_in_bounded_time() {
    const TIMES: usize = 20_000;
    let mut mixed = String::new();
    for i in 0..TIMES / 10 {
        let _ = write!(mixed, "<div><table><tr><td><ul><li>{i}");
    }
    let cases = [
        ("x.html", "<div>".repeat(TIMES)),
        ("x.html", "<table><tr><td>".repeat(TIMES)),
        ("x.html", "<ul><li>a".repeat(TIMES)),
        ("x.html", "</div></ul></table></pre></main>".repeat(TIMES)),
        ("x.html", "<b <i <u \"'".repeat(TIMES)),
        ("x.html", "&amp".repeat(TIMES)),
        ("x.html", "<!--".repeat(TIMES)),
        ("x.html", mixed),
        ("x.md", "> ".repeat(TIMES)),
        ("x.md", "* ".repeat(TIMES)),
        ("x.md", "[".repeat(TIMES)),
        ("x.md", "![[](".repeat(TIMES)),
        ("x.md", "*a _b ".repeat(TIMES)),
        ("x.md", "`".repeat(TIMES)),
        ("x.md", "|".repeat(TIMES)),
        ("x.md", "a|b\n-|-\n".repeat(TIMES)),
        ("x.md", "\t".repeat(TIMES) + "- a\n"),
        ("x.md", "<div>\n\n".repeat(TIMES)),
        ("x.txt", "\n".repeat(TIMES)),
        ("x.txt", "\u{feff}\u{200b}\u{202e}".repeat(TIMES)),
    ];
    for (name, source) in cases {
        let start = Instant::now();
        let result = extract(source.as_bytes(), Source { name: Some(name), media_type: None }, BYTES_MAX);
        let head: String = source.chars().take(20).collect();
        assert!(start.elapsed() < Duration::from_secs(5), "{name} {head}: {:?}", start.elapsed());
        if let Ok(text) = result {
            check(&text);
        }
    }
}

/// What every [`Text`] promises.
fn check(text: &Text) {
    let mut end = 0;
    for block in &text.blocks {
        let between = text.text.get(end..block.range.start).unwrap();
        assert!(between.is_empty() || between == "\n\n", "between blocks: {between:?}");
        assert!(!text.of(block).trim().is_empty());
        end = block.range.end;
    }
    assert_eq!(end, text.text.len());
}

proptest! {
    #[test]
    fn any_bytes_give_a_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), format in 0..3usize) {
        let name = ["a.txt", "a.md", "a.html"][format];
        if let Ok(text) = extract(&bytes, Source { name: Some(name), media_type: None }, BYTES_MAX) {
            check(&text);
        }
    }

    #[test]
    fn any_markup_gives_a_well_formed_text(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<li>", "<ul>", "</ul>", "<ol>", "<table>", "</table>", "<tr>", "<td>", "<th>", "<pre>",
            "</pre>", "<h1>", "</h1>", "<nav>", "</nav>", "<main>", "</main>", "<br>", "<title>", "</title>",
            "# ", "- ", "1. ", "> ", "```", "| a | b |\n|--|--|\n", "\n", "\n\n", "    ", "*", "word", "中文。", "&lt;",
        ]), 0..60),
        format in 1..3usize,
    ) {
        check(&named(["", "a.md", "a.html"][format], parts.concat().as_bytes()));
    }
}
