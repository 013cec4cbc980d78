use serde_json::{Value, json};

use super::*;
use crate::kind::testing::{answer, bodies, calls, open, refusal, word};

const URL: &str = "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec33";
const SECRET: &str = "SEC00000000000000000000000000000000";

fn robot(config: Value) -> Dingtalk {
    open(config, json!({ "url": URL })).unwrap()
}

fn unsendable(config: Value, body: Value) -> String {
    bodies(&robot(config), body).unwrap_err().0
}

#[test]
fn a_text_becomes_markdown_whose_title_is_its_first_line() {
    let text = "\n## **E3** means a leak\nClose the tap.";
    let body = json!({ "msgtype": "markdown", "markdown": { "title": "E3 means a leak", "text": text } });
    assert_eq!(bodies(&robot(json!({})), json!(text)).unwrap(), [body]);
    let own = json!({ "text": "a", "title": "Leak" });
    assert_eq!(bodies(&robot(json!({ "title": "Alarm" })), own).unwrap()[0]["markdown"]["title"], "Leak");
    assert_eq!(
        bodies(&robot(json!({ "title": "Alarm" })), json!("a")).unwrap()[0]["markdown"]["title"],
        "Alarm"
    );
    let empty = json!({ "text": "a", "title": " " });
    assert_eq!(
        bodies(&robot(json!({})), empty).unwrap()[0]["markdown"]["title"],
        "a",
        "an empty one is none"
    );
    let text = bodies(&robot(json!({ "format": "text" })), json!("a")).unwrap();
    assert_eq!(text, [json!({ "msgtype": "text", "text": { "content": "a" } })]);
}

#[test]
fn whoever_is_mentioned_stands_in_the_text_as_well() {
    let mentions = json!({ "mobiles": ["13800001111"], "users": ["ann"] });
    let said = bodies(&robot(json!({ "mentions": mentions })), json!("Look, @ann")).unwrap();
    assert_eq!(said[0]["markdown"]["text"], "Look, @ann\n\n@13800001111");
    let at = json!({ "atMobiles": ["13800001111"], "atUserIds": ["ann"], "isAtAll": false });
    assert_eq!(said[0]["at"], at);
    let everybody = json!({ "text": "Look", "mentions": { "all": true } });
    let said = bodies(&robot(json!({})), everybody).unwrap();
    assert_eq!((&said[0]["at"]["isAtAll"], &said[0]["markdown"]["text"]), (&json!(true), &json!("Look")));
}

#[test]
fn long_texts_go_in_parts_within_the_limit_of_the_body() {
    let text = "他说\"漏水\"，请先关阀。\n\n".repeat(1500);
    let robot = robot(json!({ "mentions": { "users": ["ann"] } }));
    let calls = calls(&robot, json!(text)).unwrap();
    assert!(calls.len() > 2, "{}", calls.len());
    assert!(calls.iter().all(|call| call.body.len() <= LIMIT));
    let mentioning = calls.iter().filter(|call| String::from_utf8_lossy(&call.body).contains("ann"));
    assert_eq!(mentioning.count(), 1, "mentioned once");
}

#[test]
fn a_secret_signs_each_attempt_in_the_query() {
    // Made by Python's `hmac`, as the vendor's page describes it; it publishes no example.
    assert_eq!(sign(&SECRET.into(), 1_577_262_236_757), "l1sc1FiJhsle5MqEg5Ztx0hD67nSbtohvBQANvSNofE=");
    let robot: Dingtalk = open(json!({}), json!({ "url": URL, "secret": SECRET })).unwrap();
    let call = calls(&robot, json!("a")).unwrap().remove(0);
    let request = format!("{:?}", call.wire);
    let query = "&timestamp=1577262236757&sign=l1sc1FiJhsle5MqEg5Ztx0hD67nSbtohvBQANvSNofE%3D";
    assert!(request.contains(query), "{request}");
    assert_eq!(call.shown.url, "https://oapi.dingtalk.com/•••");
    let echo = format!("token 566cc69da782ec33, {SECRET}, l1sc1FiJhsle5MqEg5Ztx0hD67nSbtohvBQANvSNofE=");
    let redaction = robot.redaction().with(&call.hidden);
    assert_eq!(redaction.scrub(echo), "token •••, •••, •••");
    let request = format!("{:?}", calls(&super::tests::robot(json!({})), json!("a")).unwrap()[0].wire);
    assert!(!request.contains("sign="), "{request}");
}

#[test]
fn what_a_robot_cannot_say_is_a_failure_with_a_reason() {
    assert!(unsendable(json!({}), json!(1)).contains("a DingTalk robot takes a text"));
    assert!(unsendable(json!({}), json!(" ")).contains("empty, which DingTalk refuses"));
    assert!(unsendable(json!({}), json!({ "texte": "a" })).contains("Did you mean `text`?"));
    let long = json!({ "text": "a", "title": "x".repeat(501) });
    assert!(unsendable(json!({}), long).contains("title is longer"));
    assert!(unsendable(json!({}), json!("x".repeat(400_000))).contains("shorten it"));
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    assert!(
        unsendable(json!({}), json!({ "text": "a", "mentions": { "users": many } })).contains("at most 50")
    );
}

#[test]
fn settings_that_dingtalk_would_refuse_are_refused_at_once() {
    let refused = |config, secrets| refusal::<Dingtalk>(config, secrets);
    assert!(
        refused(json!({}), json!({ "url": "https://oapi.dingtalk.com/robot/send" }))
            .contains("`access_token`")
    );
    assert!(
        refused(json!({}), json!({ "url": URL, "secret": "" })).starts_with("secrets.secret: it is empty")
    );
    assert!(refused(json!({ "title": "x".repeat(501) }), json!({ "url": URL })).starts_with("title: "));
    assert!(
        refused(json!({ "mentions": { "users": ["a b"] } }), json!({ "url": URL })).starts_with("mentions: ")
    );
}

#[test]
fn a_200_is_judged_by_its_code() {
    let verdict = |status: u16, body: &str| answer::judge(&answer(status, &[], body));
    let code =
        |code: i64, message: &str| verdict(200, &json!({ "errcode": code, "errmsg": message }).to_string());
    for (number, expected) in [
        (0, "delivered"),
        (-1, "retry"),
        (130_101, "later"),
        (410_100, "later"),
        (300_001, "permanent"),
        (300_005, "permanent"),
        (310_000, "permanent"),
        (400_013, "permanent"),
        (400_101, "permanent"),
        (400_102, "permanent"),
        (400_105, "permanent"),
        (400_106, "permanent"),
        (40_035, "permanent"),
        (43_004, "permanent"),
        (430_103, "permanent"),
        (460_101, "permanent"),
        (1, "unknown"),
        (88, "unknown"),
    ] {
        assert_eq!(word(&code(number, "hint")), expected, "{number}");
    }
    assert_eq!(word(&code(300_001, "send too fast")), "later", "the words tell, too");
    for (message, advice) in [
        ("keywords not in content", "one of the robot's keywords"),
        ("sign not match", "signing secret"),
        ("invalid timestamp", "clock"),
        ("ip 1.2.3.4 not in whitelist", "this server's address"),
        ("what", "security settings"),
    ] {
        let Verdict::Permanent { reason, .. } = code(310_000, message) else { panic!("{message}") };
        assert!(reason.contains(advice) && reason.contains(message), "{reason}");
    }
    for (status, body, expected) in [
        (200, "<html>log in</html>", "unknown"),
        (200, r#"{"errcode":"0"}"#, "unknown"),
        (200, "", "unknown"),
        (403, "<html>proxy</html>", "unknown"),
        (502, "", "retry"),
        (404, "", "permanent"),
        (500, r#"{"errcode":0}"#, "unknown"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
}
