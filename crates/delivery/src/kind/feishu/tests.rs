use serde_json::{Value, json};

use super::*;
use crate::kind::testing::{AT_S, answer, bodies, calls, open, refusal, word};

const URL: &str = "https://open.feishu.cn/open-apis/bot/v2/hook/4f2e1a9b-77aa-4c1d-9c3e-aa11bb22cc33";

fn robot(config: Value) -> Feishu {
    open(config, json!({ "url": URL })).unwrap()
}

fn unsendable(config: Value, body: Value) -> String {
    bodies(&robot(config), body).unwrap_err().0
}

#[test]
fn a_text_becomes_a_card_a_post_or_a_text() {
    let element = json!({ "tag": "markdown", "content": "**E3**" });
    let card = json!({ "schema": "2.0", "body": { "elements": [element] } });
    let body = json!({ "msg_type": "interactive", "card": card });
    assert_eq!(bodies(&robot(json!({})), json!("**E3**")).unwrap(), [body]);
    let titled =
        bodies(&robot(json!({ "title": "Alarm" })), json!({ "text": "a", "title": "Leak" })).unwrap();
    assert_eq!(titled[0]["card"]["header"], json!({ "title": { "tag": "plain_text", "content": "Leak" } }));
    let post = json!({ "title": "Alarm", "content": [[{ "tag": "text", "text": "a" }]] });
    assert_eq!(
        bodies(&robot(json!({ "format": "post", "title": "Alarm" })), json!("a")).unwrap(),
        [json!({ "msg_type": "post", "content": { "post": { "zh_cn": post } } })]
    );
    let text = bodies(&robot(json!({ "title": "Alarm" })), json!({ "text": "a", "format": "text" })).unwrap();
    assert_eq!(text, [json!({ "msg_type": "text", "content": { "text": "Alarm\na" } })]);
}

#[test]
fn mentions_are_written_as_each_form_wants_them() {
    let robot = robot(json!({ "mentions": { "users": ["ou_1"], "all": true } }));
    let said = |format: &str| bodies(&robot, json!({ "text": "a", "format": format })).unwrap().remove(0);
    assert_eq!(
        said("markdown")["card"]["body"]["elements"][0]["content"],
        "a <at id=all></at> <at id=ou_1></at>"
    );
    assert_eq!(said("text")["content"]["text"], "a <at user_id=\"all\"></at> <at user_id=\"ou_1\"></at>");
    let line = said("post")["content"]["post"]["zh_cn"]["content"][0].clone();
    let at = |id: &str| json!({ "tag": "at", "user_id": id });
    assert_eq!(line, json!([{ "tag": "text", "text": "a" }, at("all"), at("ou_1")]));
}

#[test]
fn a_card_or_a_post_goes_as_it_is() {
    let card = json!({ "schema": "2.0", "body": { "elements": [] } });
    let said = bodies(&robot(json!({})), json!({ "card": card })).unwrap();
    assert_eq!(said, [json!({ "msg_type": "interactive", "card": card })]);
    let post = json!({ "en_us": { "title": "a", "content": [[]] } });
    let said = bodies(&robot(json!({})), json!({ "post": post })).unwrap();
    assert_eq!(said, [json!({ "msg_type": "post", "content": { "post": post } })]);
    for (wrong, reason) in [
        (json!({ "card": card, "post": post }), "not both"),
        (json!({ "card": "{}" }), "are objects"),
        (json!({ "card": card, "text": "a" }), "leave `text`"),
        (json!({ "card": { "a": "x".repeat(LIMIT) } }), "at most 20000 bytes"),
    ] {
        let said = unsendable(json!({}), wrong);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_secret_signs_each_attempt_in_the_body() {
    // Made by Python's `hmac`, as the vendor's page describes it; it publishes no example.
    assert_eq!(sign(&"demo".into(), 1_599_360_473), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
    let robot: Feishu = open(json!({}), json!({ "url": URL, "secret": "s3cret-key" })).unwrap();
    let call = calls(&robot, json!("a")).unwrap().remove(0);
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let signed = sign(&"s3cret-key".into(), AT_S);
    assert_eq!((&body["timestamp"], &body["sign"]), (&json!(AT_S.to_string()), &json!(signed)));
    let redaction = robot.redaction().with(&call.hidden);
    let echo =
        format!("{} s3cret-key 4f2e1a9b-77aa-4c1d-9c3e-aa11bb22cc33", String::from_utf8_lossy(&call.body));
    let shown = redaction.scrub(echo);
    assert!(shown.ends_with("••• •••") && !shown.contains(&signed), "{shown}");
    assert_eq!(call.shown.url, "https://open.feishu.cn/•••");
}

#[test]
fn long_texts_go_in_parts_within_the_limit_of_the_body() {
    let text = "他说\"漏水\"，请先关阀。\n\n".repeat(1500);
    let mentions = json!({ "all": true });
    for format in ["text", "post", "markdown"] {
        let config = json!({ "format": format, "title": "Alarm", "mentions": mentions });
        let robot: Feishu = open(config, json!({ "url": URL, "secret": "s3cret-key" })).unwrap();
        let calls = calls(&robot, json!(text)).unwrap();
        assert!(calls.len() > 2 && calls.iter().all(|call| call.body.len() <= LIMIT), "{}", calls.len());
        let mentioning = calls.iter().filter(|call| {
            String::from_utf8_lossy(&call.body).contains("=all>")
                || String::from_utf8_lossy(&call.body).contains("all\\\">")
                || String::from_utf8_lossy(&call.body).contains(r#""user_id":"all""#)
        });
        assert_eq!(mentioning.count(), 1, "mentioned once");
    }
}

#[test]
fn what_feishu_would_refuse_is_refused_at_once() {
    assert!(unsendable(json!({}), json!([])).contains("a Feishu robot takes a text"));
    assert!(unsendable(json!({}), json!("")).contains("empty, which Feishu refuses"));
    assert!(
        unsendable(json!({}), json!({ "text": "a", "mentions": { "users": ["<x>"] } })).contains("Open ID")
    );
    let refused = |config, secrets| refusal::<Feishu>(config, secrets);
    assert!(
        refused(json!({}), json!({ "url": "https://open.feishu.cn/open-apis/bot/v2/hook/" }))
            .contains("`/hook/`")
    );
    assert!(
        refused(json!({}), json!({ "url": URL, "secret": "" })).starts_with("secrets.secret: it is empty")
    );
    assert!(refused(json!({ "title": "x".repeat(501) }), json!({ "url": URL })).starts_with("title: "));
}

#[test]
fn an_answer_is_judged_by_its_code() {
    let verdict = |status: u16, body: &str| answer::judge(&answer(status, &[], body));
    for (code, expected) in [
        (0, "delivered"),
        (11_232, "later"),
        (9_499, "permanent"),
        (11_246, "permanent"),
        (19_001, "permanent"),
        (19_002, "permanent"),
        (19_007, "permanent"),
        (19_021, "permanent"),
        (19_022, "permanent"),
        (19_024, "permanent"),
        (1, "unknown"),
        (19_099, "unknown"),
    ] {
        assert_eq!(
            word(&verdict(200, &json!({ "code": code, "msg": "hint" }).to_string())),
            expected,
            "{code}"
        );
    }
    for (status, body, expected) in [
        (200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, "delivered"),
        (200, r#"{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}"#, "delivered"),
        (200, r#"{"StatusCode":19001,"StatusMessage":"no"}"#, "permanent"),
        (200, r#"{"code":9499,"msg":"frequency limited psm[a.b]appID[1500]"}"#, "later"),
        (429, r#"{"code":99991400,"msg":"request trigger frequency limit"}"#, "later"),
        (400, r#"{"code":9499,"msg":"Bad Request"}"#, "permanent"),
        (500, r#"{"code":0,"msg":"success"}"#, "unknown"),
        (200, r#"{"msg":"success"}"#, "unknown"),
        (200, "<html>", "unknown"),
        (503, "", "retry"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
}
