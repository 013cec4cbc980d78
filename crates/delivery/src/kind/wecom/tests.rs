use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::kind::{
    read,
    testing::{message, stamp},
};

const URL: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx";

fn open(config: Value, url: &str) -> Result<Wecom, Error> {
    Wecom::open(read("", config)?, read("secrets", json!({ "url": url }))?)
}

fn sent(config: Value, body: Value) -> Result<Vec<Value>, Unsendable> {
    let robot = open(config, URL).unwrap();
    let calls = Kind::calls(&robot, message(body), &stamp())?;
    Ok(calls.iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect())
}

fn unsendable(config: Value, body: Value) -> String {
    sent(config, body).unwrap_err().0
}

#[test]
fn a_text_becomes_one_message_in_the_destinations_format() {
    assert_eq!(
        sent(json!({}), json!("**E3** means a leak")).unwrap(),
        [json!({ "msgtype": "markdown", "markdown": { "content": "**E3** means a leak" } })]
    );
    assert_eq!(
        sent(
            json!({ "format": "text", "mentions": { "users": ["@all"], "mobiles": ["13800001111"] } }),
            json!("a")
        )
        .unwrap(),
        [json!({ "msgtype": "text", "text":
            { "content": "a", "mentioned_list": ["@all"], "mentioned_mobile_list": ["13800001111"] } })]
    );
    assert_eq!(
        sent(json!({ "format": "markdown_v2" }), json!("| a |")).unwrap(),
        [json!({ "msgtype": "markdown_v2", "markdown_v2": { "content": "| a |" } })]
    );
}

#[test]
fn a_message_may_choose_its_own_format_and_mentions() {
    let body = json!({ "text": "fire", "format": "text", "mentions": { "users": ["ann"] } });
    let said = sent(json!({ "mentions": { "users": ["bob"] } }), body).unwrap();
    assert_eq!(
        said,
        [json!({ "msgtype": "text", "text": { "content": "fire", "mentioned_list": ["ann"] } })]
    );
    let said = sent(json!({ "mentions": { "users": ["ann", "bob"] } }), json!("fire")).unwrap();
    assert_eq!(said[0]["markdown"]["content"], "fire\n<@ann><@bob>");
}

#[test]
fn what_a_robot_cannot_say_is_a_failure_with_a_reason() {
    assert!(unsendable(json!({}), json!(1)).contains("takes a text"));
    assert!(unsendable(json!({}), json!(" \n")).contains("empty"));
    assert!(unsendable(json!({}), json!({ "texte": "a" })).contains("Did you mean `text`?"));
    assert!(unsendable(json!({}), json!({ "title": "a" })).contains("title"));
    let mobiles = json!({ "text": "a", "mentions": { "mobiles": ["13800001111"] } });
    assert!(unsendable(json!({}), mobiles).contains("format text"));
    let long = "x".repeat(20 * TEXT_LIMIT);
    assert!(unsendable(json!({ "format": "text" }), json!(long)).contains("shorten it"));
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let said = unsendable(json!({}), json!({ "text": "a", "mentions": { "users": many } }));
    assert!(said.contains("at most 50"), "{said}");
}

#[test]
fn articles_become_news() {
    let article = json!({ "title": "E3", "url": "https://example.com/e3", "description": "Leaks",
        "picture": "https://example.com/e3.png" });
    let said =
        sent(json!({}), json!({ "articles": [article.clone(), { "title": "a", "url": "b" }] })).unwrap();
    let shown = json!({ "title": "E3", "url": "https://example.com/e3", "description": "Leaks",
        "picurl": "https://example.com/e3.png" });
    let news = json!({ "articles": [shown, { "title": "a", "url": "b" }] });
    assert_eq!(said, [json!({ "msgtype": "news", "news": news })]);
    for (wrong, reason) in [
        (json!({ "articles": vec![article.clone(); 9] }), "at most 8"),
        (json!({ "articles": [article, { "title": "", "url": "b" }] }), "articles[1] needs"),
        (json!({ "articles": [{ "title": "a", "url": "b" }], "text": "c" }), "articles alone"),
        (json!({ "articles": [] }), "empty"),
    ] {
        let said = unsendable(json!({}), wrong);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn settings_that_wecom_would_refuse_are_refused_at_once() {
    let refusal = |config, url| open(config, url).err().expect("these settings cannot be used").to_string();
    assert!(refusal(json!({}), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send").contains("`key`"));
    assert!(refusal(json!({}), "qyapi.weixin.qq.com").starts_with("secrets.url: "));
    for mentions in [json!({ "users": ["@all"] }), json!({ "mobiles": ["1"] }), json!({ "users": ["<a>"] })] {
        assert!(refusal(json!({ "mentions": mentions }), URL).starts_with("mentions: "));
    }
    let v2 = json!({ "format": "markdown_v2", "mentions": { "users": ["ann"] } });
    assert!(refusal(v2, URL).contains("markdown_v2 cannot"));
}

#[test]
fn the_key_never_shows() {
    let robot = open(json!({}), URL).unwrap();
    let call = robot.draft.call(Bytes::new());
    assert_eq!(call.shown.url, "https://qyapi.weixin.qq.com/•••");
    let echo = format!("no such robot 693a91f6-7xxx at {URL}");
    assert_eq!(robot.redaction().scrub(echo), "no such robot ••• at https://qyapi.weixin.qq.com•••");
}

#[test]
fn a_200_is_judged_by_its_code() {
    let verdict = |status: u16, body: &str| {
        answer::judge(&Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            truncated: false,
            decompressed: false,
        })
    };
    let code = |code: i64| verdict(200, &json!({ "errcode": code, "errmsg": "hint" }).to_string());
    assert_eq!(verdict(200, r#"{"errcode":0,"errmsg":"ok"}"#), Verdict::Delivered);
    for retried in [45009, 45033, -1] {
        assert!(matches!(code(retried), Verdict::Retry { at_most: None, .. }), "{retried}");
    }
    assert!(matches!(code(45009), Verdict::Retry { after: Some(_), .. }));
    for permanent in [93000, 40001, 40008, 40058] {
        assert!(matches!(code(permanent), Verdict::Permanent { disable: None, .. }), "{permanent}");
    }
    let gone = verdict(500, r#"{"errcode":0,"errmsg":"ok"}"#);
    assert!(matches!(gone, Verdict::Retry { .. }), "the status has to agree");
    // Never a success, and not tried for days.
    for unknown in [1, 40014, 999_999] {
        assert!(matches!(code(unknown), Verdict::Retry { at_most: Some(_), .. }), "{unknown}");
    }
    for strange in ["", "<html>log in</html>", "{}", r#"{"errcode":"0"}"#, "null"] {
        assert!(matches!(verdict(200, strange), Verdict::Retry { at_most: Some(_), .. }), "{strange}");
    }
    let throttled = verdict(200, r#"{"errcode":7,"errmsg":"api freq out of limit"}"#);
    assert!(matches!(throttled, Verdict::Retry { after: Some(_), at_most: None, .. }));
    assert!(matches!(verdict(502, ""), Verdict::Retry { .. }));
    assert!(matches!(verdict(404, ""), Verdict::Permanent { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn long_texts_go_whole_in_numbered_parts_within_the_limit(
        text in "([a-z ]{1,300}|\n\n|(汉字。){100}|😀|<@x>){1,60}",
        format in prop::sample::select(vec![Format::Text, Format::Markdown, Format::MarkdownV2]),
        mention in any::<bool>(),
    ) {
        prop_assume!(!text.trim().is_empty());
        let mention = mention && format != Format::MarkdownV2;
        let users = if mention { vec!["ann".to_owned()] } else { vec![] };
        let mentions = Mentions { users, mobiles: vec![] };
        let contents = contents(&text, format, &mentions).unwrap();
        let limit = if format == Format::Text { TEXT_LIMIT } else { MARKDOWN_LIMIT };
        prop_assert!(contents.iter().all(|content| content.len() <= limit));
        let marks = if format == Format::Markdown { mentions.marks() } else { String::new() };
        let total = contents.len();
        let joined: String = contents
            .iter()
            .enumerate()
            .map(|(at, content)| {
                let number = if total == 1 { String::new() } else { format!("({}/{total})\n", at + 1) };
                let rest = content.strip_prefix(&number).unwrap();
                if at == 0 { rest.strip_suffix(&marks).unwrap() } else { rest }
            })
            .collect();
        prop_assert_eq!(joined, text);
    }
}
