use std::time::Duration;

use serde_json::json;

use super::*;
use crate::kind::testing::{answer, bodies, calls, open, refusal, word};

const URL: &str = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

fn webhook(config: Value) -> Slack {
    open(config, json!({ "url": URL })).unwrap()
}

#[test]
fn a_text_is_read_with_slacks_marks_or_as_it_is() {
    let marked = bodies(&webhook(json!({})), json!("*E3* & <https://a.b|link>")).unwrap();
    assert_eq!(marked, [json!({ "text": "*E3* & <https://a.b|link>" })]);
    let plain = bodies(&webhook(json!({ "format": "text" })), json!("1 < 2 & <!channel>")).unwrap();
    assert_eq!(plain, [json!({ "text": "1 &lt; 2 &amp; &lt;!channel&gt;", "mrkdwn": false })]);
    let own = bodies(&webhook(json!({})), json!({ "text": "a", "format": "text" })).unwrap();
    assert_eq!(own[0]["mrkdwn"], false);
}

#[test]
fn blocks_go_as_they_are_unless_slack_would_refuse_them() {
    let section = |text: &str| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let message = json!({ "text": "E3", "blocks": [section("*E3*"), { "type": "divider" }] });
    assert_eq!(bodies(&webhook(json!({})), message.clone()).unwrap(), [message]);
    for (blocks, reason) in [
        (json!([section("a"), section(&"汉".repeat(3001))]), "blocks[1].text has over 3000"),
        (json!([{ "text": "a" }]), "blocks[0] has no `type`"),
        (json!(vec![section("a"); 51]), "at most 50 blocks"),
    ] {
        let said = bodies(&webhook(json!({})), json!({ "blocks": blocks })).unwrap_err().0;
        assert!(said.contains(reason), "{said}");
    }
    assert!(bodies(&webhook(json!({})), json!({ "blocks": [section(&"汉".repeat(3000))] })).is_ok());
}

#[test]
fn long_texts_go_in_parts_counted_in_characters() {
    let text = "漏水时请先关闭进水阀。\n".repeat(3_636);
    assert_eq!(bodies(&webhook(json!({})), json!(text)).unwrap().len(), 2, "43,632 characters");
    let whole = "汉".repeat(LIMIT);
    assert_eq!(bodies(&webhook(json!({})), json!(whole)).unwrap().len(), 1);
    let escaped = bodies(&webhook(json!({ "format": "text" })), json!("<".repeat(LIMIT / 2))).unwrap();
    assert_eq!(escaped.len(), 3, "counted as it is sent");
}

#[test]
fn the_token_never_shows() {
    let webhook = webhook(json!({}));
    let call = calls(&webhook, json!("a")).unwrap().remove(0);
    assert_eq!(call.shown.url, "https://hooks.slack.com/•••");
    let echo = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX, XXXXXXXXXXXXXXXXXXXXXXXX";
    assert_eq!(webhook.redaction().scrub(echo), "•••, •••");
}

#[test]
fn what_slack_would_refuse_is_refused_at_once() {
    let unsendable = |body| bodies(&webhook(json!({})), body).unwrap_err().0;
    assert!(unsendable(json!(1)).contains("Slack takes a text"));
    assert!(unsendable(json!("")).contains("empty, which Slack refuses"));
    assert!(unsendable(json!({ "txt": "a" })).contains("Did you mean `text`?"));
    let refused = refusal::<Slack>(json!({}), json!({ "url": "https://hooks.slack.com/workflows/T1" }));
    assert!(refused.contains("`/services/`"), "{refused}");
}

#[test]
fn an_answer_is_judged_by_its_word() {
    let verdict = |status: u16, body: &str| answer::judge(&answer(status, &[], body));
    for (status, body, expected) in [
        (200, "ok", "delivered"),
        (200, "ok\n", "delivered"),
        (200, "", "unknown"),
        (200, "okay", "unknown"),
        (500, "ok", "retry"),
        (400, "invalid_payload", "permanent"),
        (400, "no_text", "permanent"),
        (400, "invalid_blocks", "permanent"),
        (400, "too_many_attachments", "permanent"),
        (400, "user_not_found", "permanent"),
        (403, "action_prohibited", "permanent"),
        (403, "posting_to_general_channel_denied", "permanent"),
        (403, "invalid_token", "permanent"),
        (404, "channel_not_found", "permanent"),
        (404, "no_service", "permanent"),
        (404, "no_team", "permanent"),
        (404, "no_active_hooks", "permanent"),
        (404, "something_new", "permanent"),
        (410, "channel_is_archived", "disabled"),
        (403, "<html>proxy</html>", "unknown"),
        (500, "rollup_error", "retry"),
        (503, "", "retry"),
        (429, "rate_limited", "later"),
        (200, "message_limit_exceeded", "later"),
        (302, "", "permanent"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
    let asked = answer::judge(&answer(429, &[("retry-after", "7")], "rate_limited"));
    assert!(matches!(asked, Verdict::Retry { after: Some(after), .. } if after == Duration::from_secs(7)));
}
