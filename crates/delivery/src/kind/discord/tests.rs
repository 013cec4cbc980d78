use std::time::Duration;

use serde_json::json;

use super::*;
use crate::kind::testing::{answer, bodies, calls, open, refusal, word};

const URL: &str = "https://discord.com/api/webhooks/1100000000000000001/aBcDeFgHiJkLmNoPqRsTuVwXyZ";

fn webhook(config: Value) -> Discord {
    open(config, json!({ "url": URL })).unwrap()
}

#[test]
fn nobody_is_notified_unless_it_is_said() {
    let said = bodies(&webhook(json!({})), json!("@everyone <@1> look")).unwrap();
    let nobody = json!({ "parse": [], "users": [], "roles": [] });
    assert_eq!(said, [json!({ "content": "@everyone <@1> look", "allowed_mentions": nobody })]);
    let mentions = json!({ "users": ["12"], "roles": ["34"], "everyone": true });
    let said = bodies(&webhook(json!({ "mentions": mentions })), json!("look")).unwrap();
    assert_eq!(said[0]["content"], "look\n@everyone<@12><@&34>");
    assert_eq!(
        said[0]["allowed_mentions"],
        json!({ "parse": ["everyone"], "users": ["12"], "roles": ["34"] })
    );
    let own =
        bodies(&webhook(json!({ "mentions": mentions })), json!({ "text": "look", "mentions": {} })).unwrap();
    assert_eq!(own[0]["content"], "look");
}

#[test]
fn name_picture_and_thread_are_the_destinations() {
    let config = json!({ "username": "Hub", "avatar_url": "https://a.b/c.png", "thread_id": "56" });
    let webhook = webhook(config);
    let call = calls(&webhook, json!("a")).unwrap().remove(0);
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&body["username"], &body["avatar_url"]), (&json!("Hub"), &json!("https://a.b/c.png")));
    let request = format!("{:?}", call.wire);
    assert!(request.contains("?wait=true&thread_id=56"), "{request}");
    assert_eq!(call.shown.url, "https://discord.com/•••");
    assert_eq!(webhook.redaction().scrub("token aBcDeFgHiJkLmNoPqRsTuVwXyZ"), "token •••");
}

#[test]
fn long_texts_go_in_parts_counted_in_characters() {
    assert_eq!(bodies(&webhook(json!({})), json!("😀".repeat(2000))).unwrap().len(), 1);
    let text = format!("```py\n{}```", "print('漏水')\n".repeat(400));
    let embeds = json!([{ "title": "E3" }]);
    let message = json!({ "text": text, "embeds": embeds, "mentions": { "users": ["12"] } });
    let bodies = bodies(&webhook(json!({})), message).unwrap();
    assert!(bodies.len() > 2);
    for (at, body) in bodies.iter().enumerate() {
        let content = body["content"].as_str().unwrap();
        assert!(content.chars().count() <= LIMIT, "{}", content.chars().count());
        assert_eq!(content.matches("```").count() % 2, 0, "{content}");
        assert_eq!(at == 0, content.contains("<@12>"), "{content}");
        assert_eq!(at == bodies.len() - 1, body["embeds"] == embeds, "{body}");
    }
}

#[test]
fn embeds_may_stand_alone() {
    let said = bodies(&webhook(json!({})), json!({ "embeds": [{ "title": "E3" }] })).unwrap();
    assert_eq!((&said[0]["content"], &said[0]["embeds"]), (&json!(""), &json!([{ "title": "E3" }])));
}

#[test]
fn what_discord_would_refuse_is_refused_at_once() {
    let unsendable = |body| bodies(&webhook(json!({})), body).unwrap_err().0;
    assert!(unsendable(json!(1)).contains("Discord takes a text"));
    assert!(unsendable(json!("")).contains("empty, which Discord refuses"));
    assert!(unsendable(json!({ "embeds": vec![json!({}); 11] })).contains("at most 10 embeds"));
    assert!(unsendable(json!({ "text": "a", "mentions": { "users": ["ann"] } })).contains("is a number"));
    let refused = |config, url: &str| refusal::<Discord>(config, json!({ "url": url }));
    assert!(refused(json!({}), "https://discord.com/api/webhooks/12").contains("`/webhooks/`"));
    assert!(refused(json!({ "username": "" }), URL).starts_with("username: "));
    assert!(refused(json!({ "thread_id": "x" }), URL).starts_with("thread_id: "));
    assert!(refused(json!({ "mentions": { "roles": ["x"] } }), URL).starts_with("mentions: "));
}

#[test]
fn an_answer_is_judged_by_status_and_code() {
    let verdict = |status: u16, body: &str| answer::judge(&answer(status, &[], body));
    for (status, body, expected) in [
        (204, "", "delivered"),
        (200, r#"{"id":"1","content":"a"}"#, "delivered"),
        (200, r#"{"type":0,"id":"1","content":"cut of"#, "delivered"),
        (200, "{}", "unknown"),
        (200, "<html>", "unknown"),
        (200, r#"{"message":"Unknown Webhook","code":10015}"#, "unknown"),
        (403, "<html>proxy</html>", "unknown"),
        (404, "", "permanent"),
        (429, "error code: 1015", "later"),
        (503, "", "retry"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
    for (code, expected) in [
        (10_003, "permanent"),
        (10_015, "permanent"),
        (20_028, "later"),
        (40_005, "permanent"),
        (50_001, "permanent"),
        (50_006, "permanent"),
        (50_013, "permanent"),
        (50_027, "permanent"),
        (50_035, "permanent"),
        (50_083, "permanent"),
        (130_000, "retry"),
        (200_000, "permanent"),
        (220_001, "permanent"),
        (0, "unknown"),
        (99_999, "unknown"),
    ] {
        let body = json!({ "message": "hint", "code": code }).to_string();
        assert_eq!(word(&verdict(400, &body)), expected, "{code}");
    }
}

#[test]
fn the_pause_is_read_where_discord_says_it() {
    let limited = r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#;
    for (headers, body, expected) in [
        (&[("retry-after", "65")][..], limited, Duration::from_millis(64_570)),
        (&[("retry-after", "65")], "", Duration::from_secs(65)),
        (&[("x-ratelimit-reset-after", "0.5")], "", Duration::from_millis(500)),
        (&[], r#"{"message":"a","retry_after":-1}"#, Duration::from_secs(30)),
    ] {
        let verdict = answer::judge(&answer(429, headers, body));
        assert!(
            matches!(verdict, Verdict::Retry { after: Some(after), .. } if after == expected),
            "{verdict:?}"
        );
    }
    let wrong =
        r#"{"message":"Invalid Form Body","code":50035,"errors":{"content":{"_errors":[{"code":"X"}]}}}"#;
    let Verdict::Permanent { reason, .. } = answer::judge(&answer(400, &[], wrong)) else {
        panic!("permanent")
    };
    assert!(reason.contains("content") && reason.contains('X'), "{reason}");
}
